/* Each scenario is played with its first allocation failing, then with its second, and so on until none
 * fails any more; and likewise with its system calls. It ends well, or with an error, with every
 * descriptor closed; never with a crash, a hang, or a wrong result that is called right. Only memory of a
 * size that we choose ourselves may end the process, as base/str.h says, and with its words. */
#include "countdown.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "io/announce.h"
#include "io/blockmap.h"
#include "io/conn.h"
#include "io/discover.h"
#include "io/jobserver.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { GUARD_MS = 7000, CHILD_S = 20, RUNS_MAX = 20000 };
enum verdict_of_run { RIGHT, WRONG = 40, LEAKS, HANGS, UNHIT };

static struct keyring farm, node;
static char *dir;

static void make_world(void)
{
	signal(SIGPIPE, SIG_IGN);
	cr_assert_eq(fs_make_private_dir(fs_runtime_parent(), "countdown-", &dir), 0);
	cr_assert_eq(keyring_generate(&farm), 0);
	cr_assert_eq(keyring_for_node(&farm, "board-7", &node), 0);
}

static void remove_world(void)
{
	fs_remove_tree(dir);
	free(dir);
}

TestSuite(countdown, .init = make_world, .fini = remove_world, .timeout = 300);

static int count_fds(void)
{
	int n = 0;
	DIR *d = opendir("/proc/self/fd");
	while (d && readdir(d))
		n++;
	closedir(d);
	return n;
}

struct play {
	const char *name;
	enum verdict_of_run (*scenario)(void);
	enum countdown_kind kind;
	bool for_good;
};

static _Noreturn void run_child(const struct play *p, unsigned n, int said_fd)
{
	dup2(said_fd, STDERR_FILENO);
	alarm(CHILD_S);
	int before = count_fds();
	countdown_start(p->kind, n, p->for_good);
	enum verdict_of_run v = p->scenario();
	bool hit = countdown_stop();
	if (v == RIGHT && count_fds() != before)
		v = LEAKS;
	_exit(v == RIGHT && !hit ? (int)UNHIT : (int)v);
}

/* What base/str.h and io's use of OpenSSL say when they end the process; and libuv, when its loop
 * cannot grow. */
static bool is_by_design(const struct play *p, int status, const char *said)
{
	return p->kind == COUNTDOWN_MEMORY && WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT &&
	       (strstr(said, "farmmake: out of memory") || strstr(said, "farmmake: OpenSSL ") ||
		       strstr(said, "libuv had no memory"));
}

static int run_once(const struct play *p, unsigned n, char said[512])
{
	int said_fd = memfd_create("said", MFD_CLOEXEC), status = 0;
	pid_t pid = fork();
	cr_assert_geq(pid, 0);
	if (pid == 0)
		run_child(p, n, said_fd);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ssize_t got = pread(said_fd, said, 511, 0);
	said[got > 0 ? got : 0] = '\0';
	close(said_fd);
	return status;
}

static void play(const struct play *p)
{
	unsigned handled = 0, ended = 0;
	char said[512];
	for (unsigned n = 1; n < RUNS_MAX; n++) {
		int status = run_once(p, n, said);
		if (WIFEXITED(status) && WEXITSTATUS(status) == UNHIT) {
			printf("# %s, %s%s: %u errors, %u ends of the process\n", p->name,
				p->kind == COUNTDOWN_MEMORY ? "memory" : "calls",
				p->for_good ? " for good" : "", handled, ended);
			return;
		}
		bool designed = is_by_design(p, status, said);
		cr_assert(designed || (WIFEXITED(status) && WEXITSTATUS(status) == RIGHT),
			"%s, %s %u: status %x: %s", p->name,
			p->kind == COUNTDOWN_MEMORY ? "allocation" : "call", n, (unsigned)status,
			said);
		handled += !designed;
		ended += designed;
	}
	cr_assert_fail("%s never succeeds", p->name);
}

/* Memory that is gone for good takes a long scenario nowhere new, and thousands of runs. */
static void play_all(const char *name, enum verdict_of_run (*scenario)(void), bool is_long)
{
	cr_assert_eq(scenario(), RIGHT, "and the libraries have what they keep");
	for (int kind = COUNTDOWN_MEMORY; kind <= COUNTDOWN_CALLS; kind++)
		for (int for_good = 0; for_good < 2; for_good++)
			if (!is_long || kind == COUNTDOWN_CALLS || !for_good)
				play(&(struct play){
					name, scenario, (enum countdown_kind)kind, for_good});
}

/* --- keys */

static enum verdict_of_run load_keys(void)
{
	char text[KEYRING_TEXT_MAX], path[256];
	struct keyring back;
	keyring_format(&farm, text);
	snprintf(path, sizeof path, "%s/key", dir);
	int err = fs_write_atomic(path, text, strlen(text), 0600);
	if (!err)
		err = keyring_load(path, &back);
	return err < 0 || memcmp(&back, &farm, sizeof farm) == 0 ? RIGHT : WRONG;
}

Test(countdown, keys)
{
	play_all("keys", load_keys, false);
}

/* --- a link, its introductions and a job */

struct world {
	uv_loop_t loop;
	uv_tcp_t listener;
	uv_timer_t guard;
	struct conn *client, *server;
	int client_err, server_err;
	bool over, late, done, wrong;
	uint8_t text[3000];
};

static void on_guard(uv_timer_t *timer)
{
	struct world *w = timer->data;
	w->late = w->over = true;
}

static void say(struct conn *c, const struct msg *m)
{
	int err = conn_send(c, m);
	if (err)
		conn_abort(c, err);
}

static void client_ready(void *ctx)
{
	struct world *w = ctx;
	char name[] = "tester";
	struct msg m = {.type = MSG_HELLO, .hello = {WIRE_VERSION, ROLE_BUILD, name}};
	say(w->client, &m);
}

static void send_job(struct world *w)
{
	char cwd[] = "/farm", source[] = "t.c", output[] = "t.o";
	struct msg m = {.type = MSG_JOB, .job = 1};
	m.job_spec.spec = (struct job_spec){.cwd = cwd, .source = source, .output = output};
	strv_push(&m.job_spec.spec.flags, "-O2");
	say(w->client, &m);
	strv_fini(&m.job_spec.spec.flags);
	m = (struct msg){.type = MSG_DATA, .job = 1};
	m.data.raw_bytes = sizeof w->text;
	m.data.bytes = w->text;
	m.data.n = sizeof w->text;
	say(w->client, &m);
	m = (struct msg){.type = MSG_JOB_TEXT_END, .job = 1, .job_text_end = {sizeof w->text, 0}};
	say(w->client, &m);
}

static void client_msg(void *ctx, struct msg *m)
{
	struct world *w = ctx;
	if (m->type == MSG_WELCOME) {
		conn_opened(w->client);
		send_job(w);
	} else if (m->type == MSG_RESULT) {
		w->done = true;
		w->wrong = w->wrong || m->result.raw_bytes[STREAM_OUTPUT] != 7;
		conn_close(w->client);
	}
}

static void client_closed(void *ctx, int err)
{
	struct world *w = ctx;
	w->client = NULL;
	w->client_err = err;
	w->over = true;
}

static void server_ready(void *ctx)
{
	(void)ctx;
}

static void server_msg(void *ctx, struct msg *m)
{
	struct world *w = ctx;
	char name[] = "board-7";
	if (m->type == MSG_HELLO) {
		struct msg answer = {.type = MSG_WELCOME};
		answer.welcome.version = WIRE_VERSION;
		answer.welcome.name = name;
		conn_opened(w->server);
		say(w->server, &answer);
	} else if (m->type == MSG_JOB) {
		w->wrong = w->wrong || strcmp(m->job_spec.spec.source, "t.c") != 0;
	} else if (m->type == MSG_DATA) {
		w->wrong = w->wrong || m->data.n != sizeof w->text ||
			   memcmp(m->data.bytes, w->text, sizeof w->text) != 0;
	} else if (m->type == MSG_JOB_TEXT_END) {
		struct msg answer = {.type = MSG_RESULT, .job = 1};
		answer.result.raw_bytes[STREAM_OUTPUT] = 7;
		say(w->server, &answer);
	}
}

static void server_closed(void *ctx, int err)
{
	struct world *w = ctx;
	w->server = NULL;
	w->server_err = err;
}

static void on_connection(uv_stream_t *listener, int status)
{
	static const struct conn_ops ops = {server_ready, server_msg, NULL, server_closed};
	struct world *w = listener->data;
	const struct conn_conf conf = {&w->loop, MSG_FROM_CLIENT, &ops, w};
	if (status == 0 && !w->server && conn_accept_tls(&conf, listener, &node, &w->server) < 0)
		w->server = NULL;
}

static int listen_and_dial(struct world *w)
{
	static const struct conn_ops ops = {client_ready, client_msg, NULL, client_closed};
	const struct conn_conf conf = {&w->loop, MSG_FROM_NODE, &ops, w};
	struct sockaddr_in addr;
	int n = sizeof addr;
	uv_ip4_addr("127.0.0.1", 0, &addr);
	int err = uv_tcp_bind(&w->listener, (struct sockaddr *)&addr, 0);
	if (!err)
		err = uv_listen((uv_stream_t *)&w->listener, 8, on_connection);
	if (!err)
		err = uv_tcp_getsockname(&w->listener, (struct sockaddr *)&addr, &n);
	if (!err)
		err = conn_dial(&conf, (struct sockaddr *)&addr, &farm, NULL, &w->client);
	return err;
}

static enum verdict_of_run link_and_job(void)
{
	struct world w = {.done = false};
	for (size_t i = 0; i < sizeof w.text; i++)
		w.text[i] = (uint8_t)(i * 7);
	if (uv_loop_init(&w.loop) < 0)
		return RIGHT;
	uv_tcp_init(&w.loop, &w.listener);
	uv_timer_init(&w.loop, &w.guard);
	w.listener.data = w.guard.data = &w;
	uv_timer_start(&w.guard, on_guard, GUARD_MS, 0);
	bool failed = listen_and_dial(&w) < 0;
	while (!failed && !w.over)
		uv_run(&w.loop, UV_RUN_ONCE);
	if (w.client)
		conn_abort(w.client, ERR_CLOSED);
	if (w.server)
		conn_abort(w.server, ERR_CLOSED);
	uv_close((uv_handle_t *)&w.listener, NULL);
	uv_close((uv_handle_t *)&w.guard, NULL);
	uv_run(&w.loop, UV_RUN_DEFAULT);
	if (uv_loop_close(&w.loop) != 0 || w.client || w.server)
		return WRONG;
	if (w.late)
		return HANGS;
	return w.wrong || (!failed && !w.done && w.client_err == 0) ? WRONG : RIGHT;
}

Test(countdown, a_link_and_a_job)
{
	play_all("link", link_and_job, true);
}

/* --- beacons */

struct air {
	uv_loop_t loop;
	uv_timer_t guard;
	bool heard, late, wrong;
};

static void on_beacon(void *ctx, const struct beacon *b, const struct sockaddr *from, int err)
{
	struct air *a = ctx;
	(void)from;
	a->heard = true;
	a->wrong = a->wrong || err || strcmp(b->name, "board-7") != 0;
}

static void on_air_guard(uv_timer_t *timer)
{
	((struct air *)timer->data)->late = true;
}

static int port_of_test(void)
{
	return 30000 + getpid() % 20000;
}

static enum verdict_of_run beacons(void)
{
	struct air a = {.heard = false};
	struct strv none = {0}, to = {0};
	const struct beacon b = {.version = WIRE_VERSION, .tcp_port = 1, .name = "board-7"};
	struct announce *announce = NULL;
	struct discover *discover = NULL;
	if (uv_loop_init(&a.loop) < 0)
		return RIGHT;
	uv_timer_init(&a.loop, &a.guard);
	a.guard.data = &a;
	uv_timer_start(&a.guard, on_air_guard, 150, 0); /* a beacon that was lost is no error */
	strv_pushf(&to, "127.0.0.1:%d", port_of_test());
	const struct discover_conf hear = {&a.loop, &farm, &none, port_of_test(), on_beacon, &a};
	const struct announce_conf tell = {&a.loop, &node, &none, &to, false, port_of_test()};
	if (discover_start(&hear, &discover) < 0)
		discover = NULL;
	if (announce_start(&tell, &b, &announce) < 0)
		announce = NULL;
	while (discover && announce && !a.heard && !a.late)
		uv_run(&a.loop, UV_RUN_ONCE);
	if (discover)
		discover_close(discover, NULL, NULL);
	if (announce)
		announce_close(announce, NULL, NULL);
	uv_close((uv_handle_t *)&a.guard, NULL);
	uv_run(&a.loop, UV_RUN_DEFAULT);
	strv_fini(&to);
	return uv_loop_close(&a.loop) != 0 || a.wrong ? WRONG : RIGHT;
}

Test(countdown, beacons)
{
	play_all("beacons", beacons, true);
}

/* --- make's tokens */

static void on_repaid(void *ctx, unsigned n)
{
	*(unsigned *)ctx += n;
}

static enum verdict_of_run tokens(enum make_style style)
{
	uv_loop_t loop;
	unsigned repaid = 0;
	struct jobserver *js = NULL;
	if (uv_loop_init(&loop) < 0)
		return RIGHT;
	const struct jobserver_conf conf = {.loop = &loop,
		.style = style,
		.local_slots = 2,
		.width = 8,
		.dir = dir,
		.on_repaid = on_repaid,
		.ctx = &repaid};
	bool wrong = false;
	if (jobserver_create(&conf, &js) == 0) {
		unsigned at_once = jobserver_lend(js, 3);
		jobserver_owe(js, 2);
		for (int i = 0; i < 5; i++)
			uv_run(&loop, UV_RUN_NOWAIT);
		const struct tokens *t = jobserver_ledger(js);
		wrong = at_once != 0 || t->lent + repaid != 3 || t->owed + repaid != 2;
		jobserver_close(js, NULL, NULL);
	}
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop) != 0 || wrong ? WRONG : RIGHT;
}

static enum verdict_of_run tokens_in_pipes(void)
{
	return tokens(MAKE_AUTH);
}

static enum verdict_of_run tokens_in_a_fifo(void)
{
	return tokens(MAKE_FIFO);
}

Test(countdown, jobserver_with_pipes)
{
	play_all("pipes", tokens_in_pipes, false);
}

Test(countdown, jobserver_with_a_fifo)
{
	play_all("fifo", tokens_in_a_fifo, false);
}

/* --- the map of blocks */

static enum verdict_of_run blocks(void)
{
	char path[256];
	struct blockmap *own = NULL, *theirs = NULL;
	struct block_entry e = {.id = 3, .raw_bytes = 9, .markers = "# 1", .markers_n = 3}, back;
	enum verdict_of_run v = RIGHT;
	snprintf(path, sizeof path, "%s/blocks", dir);
	unlink(path);
	if (blockmap_create(path, &own) < 0)
		return RIGHT;
	struct block_key key = blockmap_key(own, "text", 4, 0);
	int err = blockmap_add(own, key, &e);
	if (!err && blockmap_open(path, &theirs) == 0) {
		bool found = blockmap_find(theirs, key, &back);
		if (!found || back.id != 3 || back.markers_n != 3 ||
			memcmp(back.markers, "# 1", 3) != 0)
			v = WRONG;
		blockmap_close(theirs);
	}
	blockmap_close(own);
	return v;
}

Test(countdown, blockmap)
{
	play_all("blocks", blocks, false);
}
