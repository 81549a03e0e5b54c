/* fake_ctl - farmmake's side of farmcc's socket, for tests: does what it is told, right or wrong.
 *
 *     fake_ctl SOCKET SCRIPT [COUNT]
 *
 * Serves COUNT connections, one after the other, in one of the ways of the table at the end, and
 * prints what farmcc said, a line each. A remote compile is done by the real compiler, with the text
 * in the place of the source for as long as it takes.
 */
#include "base/err.h"
#include "base/fs.h"
#include "core/lz.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

enum { WAIT_MS = 60000, FILE_BYTES_MAX = 64 << 20 };

struct client {
	int fd;
	struct job_spec spec;
	char *compiler;
	struct buf text;
	uint8_t frame[WIRE_FRAME_MAX];
};

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "fake_ctl: %s: %s\n", what, strerror(errno));
	exit(1);
}

static bool read_all(int fd, uint8_t *p, size_t n)
{
	while (n) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
		if (poll(&poll_fd, 1, WAIT_MS) != 1)
			die("no word from farmcc");
		ssize_t got = read(fd, p, n);
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

static void print(const struct msg *m)
{
	const char *name = msg_name(m->type);
	if (m->type == MSG_CC_BEGIN)
		printf("%s %s [%s] %s -> %s in %s\n", name,
			m->cc_begin.distributable ? "remote" : "local", m->cc_begin.reason,
			m->cc_begin.spec.source, m->cc_begin.spec.output, m->cc_begin.spec.cwd);
	else if (m->type == MSG_CC_LOCAL)
		printf("%s %s\n", name, m->cc_local);
	else if (m->type == MSG_CC_STAGED)
		printf("%s %llu bytes, %llu us\n", name, (unsigned long long)m->cc_staged.raw_bytes,
			(unsigned long long)m->cc_staged.cpu_us);
	else if (m->type == MSG_CC_CHECKED)
		printf("%s %d\n", name, m->cc_checked);
	else if (m->type == MSG_CC_DONE)
		printf("%s %d\n", name, m->cc_done.wait_status);
	else if (m->type == MSG_CC_TOOLCHAIN)
		printf("%s %s\n", name, m->cc_toolchain.text);
	else
		puts(name);
	fflush(stdout);
}

/* The next message, which must be fit for farmcc to say; false at the end. */
static bool next_msg(struct client *c, struct msg *ret)
{
	struct wire_header h;
	if (!read_all(c->fd, c->frame, WIRE_HEADER_BYTES))
		return false;
	if (wire_header_decode(c->frame, &h) < 0 || !read_all(c->fd, c->frame, h.length) ||
		msg_decode(&h, c->frame, ret) < 0 ||
		!msg_allowed(ret->type, MSG_FROM_CC, MSG_IN_ANY))
		die("farmcc sent nonsense");
	if (ret->type != MSG_DATA)
		print(ret);
	return true;
}

static void send_msg(struct client *c, const struct msg *m)
{
	struct buf b;
	buf_init(&b, WIRE_FRAME_MAX);
	if (msg_encode(m, &b) < 0 || send(c->fd, b.data, b.len, MSG_NOSIGNAL) < 0)
		printf("farmcc does not listen\n");
	buf_fini(&b);
}

static void send_verdict(struct client *c, enum verdict v, const char *why)
{
	struct msg m = {.type = MSG_CC_VERDICT};
	m.cc_verdict.verdict = v;
	m.cc_verdict.reason = (char *)why;
	send_msg(c, &m);
}

/* Prints what comes until farmcc is gone. */
static void drain(struct client *c)
{
	struct msg m;
	while (next_msg(c, &m))
		msg_fini(&m);
	puts("END");
	fflush(stdout);
}

/* Takes the text until a message of this type has come; false when farmcc thought better of it. */
static bool receive(struct client *c, enum msg_type until)
{
	struct msg m;
	while (next_msg(c, &m)) {
		enum msg_type type = m.type;
		if (type == MSG_DATA && lz_unpack(&m, &c->text) < 0)
			die("corrupt text");
		msg_fini(&m);
		if (type == until)
			return true;
		if (type == MSG_CC_LOCAL)
			return false;
	}
	return false;
}

static char *resolve(const char *cwd, const char *path)
{
	return path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", cwd, path);
}

/* The text stands in for the source while the compiler runs. */
static int compile(struct client *c, const char *output)
{
	_cleanup_free_ char *source = resolve(c->spec.cwd, c->spec.source);
	char *saved;
	size_t saved_len;
	struct stat st;
	if (fs_read_file(source, FILE_BYTES_MAX, &saved, &saved_len) < 0 || stat(source, &st) < 0)
		die(source);
	struct strv argv = {0};
	strv_push(&argv, c->compiler);
	for (size_t i = 0; i < c->spec.flags.n; i++)
		strv_push(&argv, c->spec.flags.v[i]);
	strv_push(&argv, c->spec.output_kind == OUTPUT_OBJECT ? "-c" : "-S");
	strv_push(&argv, c->spec.source);
	strv_push(&argv, "-o");
	strv_push(&argv, output);
	if (fs_write_atomic(source, c->text.data, c->text.len, st.st_mode & 07777) < 0)
		die(source);
	pid_t pid = fork();
	if (pid == 0) {
		if (chdir(c->spec.cwd) == 0)
			execv(c->compiler, argv.v);
		_exit(127);
	}
	int status = -1;
	waitpid(pid, &status, 0);
	if (fs_write_atomic(source, saved, saved_len, st.st_mode & 07777) < 0)
		die(source);
	struct timespec times[2] = {st.st_atim, st.st_mtim};
	utimensat(AT_FDCWD, source, times, 0);
	strv_fini(&argv);
	free(saved);
	return status;
}

struct delivery {
	const char *data;
	size_t n;
	size_t announced; /* bytes that the result speaks of */
	size_t sent;      /* of n */
	bool corrupt;
	int wait_status;
};

static void deliver(struct client *c, const struct delivery *d)
{
	struct msg m = {.type = MSG_CC_RESULT};
	m.result.wait_status = d->wait_status;
	m.result.raw_bytes[STREAM_OUTPUT] = d->announced;
	send_msg(c, &m);
	struct lz *lz = lz_create();
	uint8_t packed[LZ_PACKED_MAX];
	for (size_t at = 0; at < d->sent; at += LZ_BLOCK_BYTES) {
		size_t left = d->sent - at;
		m = (struct msg){.type = MSG_DATA};
		lz_pack(lz, (const uint8_t *)d->data + at,
			left < LZ_BLOCK_BYTES ? left : LZ_BLOCK_BYTES, packed, &m);
		m.data.stream = STREAM_OUTPUT;
		if (d->corrupt)
			memset(packed, 0xff, m.data.n < sizeof packed ? m.data.n : sizeof packed);
		send_msg(c, &m);
	}
	lz_destroy(lz);
}

/* Preprocess, compile, and hand over an output that the caller may spoil. */
static bool work(struct client *c, struct delivery *d)
{
	send_verdict(c, VERDICT_PREPROCESS, "");
	if (!receive(c, MSG_CC_STAGED))
		return false;
	char output[] = "/tmp/fake_ctl.XXXXXX";
	int fd = mkstemp(output);
	if (fd < 0)
		die(output);
	close(fd);
	*d = (struct delivery){.wait_status = compile(c, output)};
	char *data;
	if (fs_read_file(output, FILE_BYTES_MAX, &data, &d->n) < 0)
		die(output);
	unlink(output);
	d->data = data;
	d->announced = d->sent = d->n;
	return true;
}

static void finish(struct client *c, struct delivery *d)
{
	deliver(c, d);
	free((char *)d->data);
}

static void on_local(struct client *c)
{
	send_verdict(c, VERDICT_LOCAL, "the script says so");
}

static void on_idle(struct client *c)
{
	send_verdict(c, VERDICT_IDLE, "others need the cores more");
}

static void on_probe(struct client *c)
{
	send_verdict(c, VERDICT_PROBE, "");
	receive(c, MSG_CC_TOOLCHAIN);
	send_verdict(c, VERDICT_LOCAL, "probed enough");
}

static void on_remote(struct client *c)
{
	struct delivery d;
	if (!work(c, &d))
		return;
	if (d.wait_status != 0) { /* as farmmake does it */
		free((char *)d.data);
		send_verdict(c, VERDICT_LOCAL, "failed on the node");
		return;
	}
	finish(c, &d);
}

/* Spoils one byte in the middle, if at all. */
static void check(struct client *c, bool lie)
{
	struct delivery d;
	if (!work(c, &d))
		return;
	if (lie)
		((char *)d.data)[d.n / 2] ^= 1;
	send_msg(c, &(struct msg){.type = MSG_CC_CHECK});
	finish(c, &d);
}

static void on_check(struct client *c)
{
	check(c, false);
}

static void on_check_lie(struct client *c)
{
	check(c, true);
}

static void on_failed_result(struct client *c)
{
	struct delivery d;
	if (!work(c, &d))
		return;
	d.wait_status = 256;
	finish(c, &d);
}

static void on_corrupt(struct client *c)
{
	struct delivery d;
	if (!work(c, &d))
		return;
	d.corrupt = true;
	finish(c, &d);
}

static void on_too_much(struct client *c)
{
	struct delivery d;
	if (!work(c, &d))
		return;
	d.announced = d.n / 2;
	finish(c, &d);
}

static void on_half(struct client *c)
{
	struct delivery d;
	if (!work(c, &d))
		return;
	d.sent = d.n / 2;
	finish(c, &d);
	shutdown(c->fd, SHUT_RDWR);
}

static void on_late_local(struct client *c)
{
	send_verdict(c, VERDICT_PREPROCESS, "");
	if (receive(c, MSG_CC_STAGED))
		send_verdict(c, VERDICT_LOCAL, "the node said no");
}

static void on_drop_begin(struct client *c)
{
	shutdown(c->fd, SHUT_RDWR);
}

static void on_drop_text(struct client *c)
{
	send_verdict(c, VERDICT_PREPROCESS, "");
	receive(c, MSG_DATA);
	shutdown(c->fd, SHUT_RDWR);
}

static void on_drop_staged(struct client *c)
{
	send_verdict(c, VERDICT_PREPROCESS, "");
	receive(c, MSG_CC_STAGED);
	shutdown(c->fd, SHUT_RDWR);
}

static void on_garbage(struct client *c)
{
	static const char noise[] = "HTTP/1.1 400 Bad Request\r\n\r\n";
	if (send(c->fd, noise, sizeof noise, MSG_NOSIGNAL) < 0)
		die("send");
}

static void on_wrong(struct client *c)
{
	struct msg m = {.type = MSG_BEAT};
	send_msg(c, &m);
}

static void on_hang(struct client *c)
{
	(void)c;
}

static void on_hang_staged(struct client *c)
{
	send_verdict(c, VERDICT_PREPROCESS, "");
	receive(c, MSG_CC_STAGED);
}

static void on_hang_result(struct client *c)
{
	struct delivery d;
	if (!work(c, &d))
		return;
	d.sent = d.n / 2;
	finish(c, &d);
	puts("HALF");
	fflush(stdout);
}

static const struct script {
	const char *name;
	void (*act)(struct client *c); /* after CC_BEGIN of a distributable compile */
} scripts[] = {
	{"local", on_local},
	{"idle", on_idle},
	{"probe", on_probe},
	{"remote", on_remote},
	{"check", on_check},
	{"check-lie", on_check_lie},
	{"failed-result", on_failed_result},
	{"corrupt", on_corrupt},
	{"too-much", on_too_much},
	{"half", on_half},
	{"late-local", on_late_local},
	{"drop-begin", on_drop_begin},
	{"drop-text", on_drop_text},
	{"drop-staged", on_drop_staged},
	{"garbage", on_garbage},
	{"wrong", on_wrong},
	{"hang", on_hang},
	{"hang-staged", on_hang_staged},
	{"hang-result", on_hang_result},
};

static void serve(const struct script *s, int fd)
{
	struct client *c = xcalloc(1, sizeof *c);
	struct msg m;
	c->fd = fd;
	buf_init(&c->text, JOB_TEXT_BYTES_MAX);
	if (next_msg(c, &m)) {
		bool remote = m.cc_begin.distributable;
		job_spec_copy(&m.cc_begin.spec, &c->spec);
		c->compiler = xstrdup(m.cc_begin.compiler);
		msg_fini(&m);
		if (remote)
			s->act(c);
		drain(c);
	}
	job_spec_fini(&c->spec);
	free(c->compiler);
	buf_fini(&c->text);
	close(c->fd);
	free(c);
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	snprintf(addr.sun_path, sizeof addr.sun_path, "%s", path);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	unlink(path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)&addr, sizeof addr) < 0 ||
		listen(fd, 8) < 0)
		die(path);
	return fd;
}

int main(int argc, char *argv[])
{
	long count = 1;
	if (argc < 3 || (argc > 3 && str_to_long(argv[3], 1, 100000, &count) < 0))
		return 2;
	const struct script *s = scripts, *end = scripts + sizeof scripts / sizeof *scripts;
	while (s < end && strcmp(s->name, argv[2]) != 0)
		s++;
	if (s == end)
		return 2;
	int listener = listen_at(argv[1]);
	puts("READY");
	fflush(stdout);
	while (count-- > 0) {
		int fd = accept(listener, NULL, NULL);
		if (fd < 0)
			die("accept");
		serve(s, fd);
	}
	return 0;
}
