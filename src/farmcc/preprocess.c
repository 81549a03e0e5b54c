/* Happy path: the preprocessor writes into a pipe, its text is rewritten, packed and sent as it
 * comes, and it ends well without a word. What can fail: the preprocessor (the compile will say so,
 * here), a trap in the text, the controller. */
#include "farmcc.h"

#include "base/err.h"
#include "child.h"
#include "core/dtext.h"
#include "core/lz.h"
#include "find.h"
#include "sources.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { PIPE_BYTES = 1 << 20, READ_BYTES = 128 << 10, HELD_BYTES_MAX = 64 << 20, FILL_MS = 3 };

struct upload {
	struct cc *cc;
	struct dtext *dtext;
	struct sources *sources;
	struct lz *lz;
	struct buf text; /* rewritten and not yet sent */
	uint64_t raw_bytes;
	pid_t pid;
	int out, err; /* the preprocessor's */
};

static int send_block(struct upload *u, const uint8_t *raw, size_t n)
{
	uint8_t packed[LZ_PACKED_MAX];
	struct msg m = {.type = MSG_DATA};
	lz_pack(u->lz, raw, n, packed, &m);
	m.data.stream = STREAM_TEXT;
	u->raw_bytes += n;
	return sock_send(u->cc->sock, &m);
}

/* Sends whole blocks; at the end what is left too. */
static int send_text(struct upload *u, bool all)
{
	size_t done = 0;
	int err = 0;
	while (!err && (u->text.len - done >= LZ_BLOCK_BYTES || (all && done < u->text.len))) {
		size_t left = u->text.len - done;
		size_t n = left < LZ_BLOCK_BYTES ? left : LZ_BLOCK_BYTES;
		err = send_block(u, u->text.data + done, n);
		done += n;
	}
	buf_consume(&u->text, done);
	return u->raw_bytes > JOB_TEXT_BYTES_MAX ? ERR_TOOBIG : err;
}

/* The preprocessor writes a few kilobytes at a time. Being woken for each of them would cost more than
 * all the rest: 200 switches for a megabyte of text. */
static void let_it_fill(void)
{
	const struct timespec pause = {.tv_nsec = FILL_MS * 1000000};
	nanosleep(&pause, NULL);
}

static int pump(struct upload *u)
{
	static char in[READ_BYTES];
	for (;;) {
		ssize_t n = read(u->out, in, sizeof in);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		int err = n ? dtext_feed(u->dtext, in, (size_t)n, &u->text)
			    : dtext_finish(u->dtext, &u->text);
		if (!err)
			err = send_text(u, n == 0);
		if (err || n == 0)
			return err;
		if ((size_t)n < sizeof in / 2)
			let_it_fill();
	}
}

static int start(struct upload *u)
{
	struct cc *cc = u->cc;
	int fds[2];
	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	u->out = fds[0];
	fcntl(fds[0], F_SETPIPE_SZ, PIPE_BYTES); /* fewer switches, where it is allowed */
	u->err = memfd_create("cpp-stderr", MFD_CLOEXEC);
	struct strv argv = {0};
	strv_push(&argv, cc->argv[0]);
	for (size_t i = 0; i < cc->args.cpp.n; i++)
		strv_push(&argv, cc->args.cpp.v[i]);
	int child_fds[2] = {fds[1], u->err};
	int err = u->err < 0 ? -errno
			     : child_start(cc->compiler, argv.v, find_environment(), child_fds,
				       &u->pid);
	close(fds[1]);
	strv_fini(&argv);
	return err;
}

static bool said_something(const struct upload *u)
{
	struct stat st;
	return fstat(u->err, &st) < 0 || st.st_size > 0;
}

static enum route give_up(struct upload *u, int err)
{
	close(u->out);
	u->out = -1;
	child_abort(u->pid);
	if (err == ERR_UNSAFE)
		return route_local(u->cc, "%s", dtext_trap(u->dtext));
	if (err == ERR_TOOBIG)
		return route_local(u->cc, "the preprocessed text is too large");
	return route_local(u->cc, "preprocessing: %s", err_str(err));
}

static enum route finish(struct upload *u)
{
	int wait_status;
	uint64_t cpu_us;
	int err = child_wait(u->pid, &wait_status, &cpu_us);
	if (err)
		return route_local(u->cc, "preprocessing: %s", err_str(err));
	if (wait_status != 0 || said_something(u))
		return route_local(u->cc, "the preprocessor had something to say");
	struct msg m = {.type = MSG_CC_STAGED};
	m.cc_staged.raw_bytes = u->raw_bytes;
	m.cc_staged.cpu_us = cpu_us;
	return sock_send(u->cc->sock, &m) < 0 ? route_local(u->cc, "farmmake is gone") : ROUTE_NEXT;
}

/* The table lies beside the socket, in the build's private directory. */
static struct sources *open_sources(const struct cc *cc)
{
	const char *socket = getenv("FARMMAKE_SOCKET");
	int dir_len = (int)(str_base(socket) - socket);
	_cleanup_free_ char *table = xasprintf("%.*ssources", dir_len, socket);
	return sources_create(table, cc->cwd);
}

enum route preprocess_run(struct cc *cc)
{
	struct upload u = {.cc = cc, .out = -1, .err = -1};
	u.dtext = dtext_create();
	u.sources = open_sources(cc);
	dtext_on_file(u.dtext, sources_check, u.sources);
	u.lz = lz_create();
	buf_init(&u.text, HELD_BYTES_MAX);
	enum route next;
	int err = start(&u);
	if (err)
		next = route_local(cc, "cannot run the preprocessor: %s", err_str(err));
	else if ((err = pump(&u)))
		next = give_up(&u, err);
	else
		next = finish(&u);
	if (u.out >= 0)
		close(u.out);
	if (u.err >= 0)
		close(u.err);
	dtext_destroy(u.dtext);
	sources_destroy(u.sources);
	lz_destroy(u.lz);
	buf_fini(&u.text);
	return next;
}
