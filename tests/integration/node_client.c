/* node_client - a client of farmnode for tests: sends jobs made of text files, and prints one line
 * for each thing that happens. It does what the options say, also what an honest client would not.
 *
 *     node_client --key FILE --node ADDR:PORT [OPTION]... TEXT...
 *
 * Job n is made of the n-th TEXT (the list is repeated up to --count). With --view the texts are
 * manifests (manifest.h), each another view, and the source is a file of it. Lines: "welcome …",
 * "credits N", "needs N", "started N", "result N STATUS", "refused N CODE TEXT", "drain", "closed TEXT".
 * Exit status: 0 when every job came to an end, 1 when the link was closed before.
 */
#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"
#include "core/lz.h"
#include "core/toolchain.h"
#include "io/conn.h"
#include "io/digest.h"
#include "io/netif.h"
#include "manifest.h"

#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { TEXT_MAX = 16 << 20, RESULT_MAX = 64 << 20 };

struct options {
	const char *key, *node, *target, *toolchain, *cwd, *source, *output, *store;
	struct strv flags;
	unsigned count, version;
	bool cxx, observer, greedy, lie, again, wait, views;
	unsigned tricks, deps, messages;
	long name_view; /* in jobs, instead of the right one */
	long cancel;    /* this job, once it has started; 0: none */
	char *const *texts;
	unsigned n_texts;
};

struct job {
	bool sent, started, ended;
	struct digest *digest;
	struct buf streams[STREAM_COUNT];
};

struct client {
	struct options o;
	uv_loop_t loop;
	struct keyring keys;
	struct conn *conn;
	struct lz *lz;
	uint8_t toolchain[TOOLCHAIN_ID_BYTES];
	unsigned credits, away, left;
	struct manifest manifest;
	uint32_t view;
	struct job *jobs; /* from 1 */
	int status;
};

__attribute__((format(printf, 1, 2))) static void say(const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
	fflush(stdout);
}

__attribute__((noreturn)) static void die(const char *what, int err)
{
	fprintf(stderr, "node_client: %s: %s\n", what, err_str(err));
	exit(2);
}

static void tell(struct client *c, const struct msg *m)
{
	int err = conn_send(c->conn, m);
	if (err)
		die("conn_send", err);
}

static void send_text(struct client *c, uint32_t number, const char *path)
{
	uint8_t packed[LZ_PACKED_MAX];
	_cleanup_free_ char *text = NULL;
	size_t len;
	int err = fs_read_file(path, TEXT_MAX, &text, &len);
	if (err)
		die(path, err);
	for (size_t at = 0; at < len; at += LZ_BLOCK_BYTES) {
		struct msg m = {.job = number};
		size_t n = len - at < LZ_BLOCK_BYTES ? len - at : LZ_BLOCK_BYTES;
		lz_pack(c->lz, (const uint8_t *)text + at, n, packed, &m);
		m.data.stream = STREAM_TEXT;
		tell(c, &m);
	}
	struct msg end = {.type = MSG_JOB_TEXT_END, .job = number};
	end.job_text_end.raw_bytes = len + c->o.lie;
	tell(c, &end);
}

static void send_view(struct client *c, const char *path)
{
	_cleanup_free_ char *text = NULL;
	int err = fs_read_file(path, TEXT_MAX, &text, NULL);
	if (err)
		die(path, err);
	manifest_send(&c->manifest, c->conn, ++c->view, text);
}

static void send_input(struct client *c, uint32_t number)
{
	if (!c->o.views)
		send_text(c, number, c->o.texts[(number - 1) % c->o.n_texts]);
	else
		tell(c, &(struct msg){.type = MSG_JOB_TEXT_END, .job = number});
}

static void send_job(struct client *c, uint32_t number)
{
	struct msg m = {.type = MSG_JOB, .job = number};
	struct job_spec *spec = &m.job_spec.spec;
	if (c->o.views) {
		send_view(c, c->o.texts[(number - 1) % c->o.n_texts]);
		spec->input_kind = INPUT_VIEW;
		spec->view = c->o.name_view ? (uint32_t)c->o.name_view : c->view;
		spec->deps = (enum deps_kind)c->o.deps;
		spec->messages = (enum messages)c->o.messages;
	}
	memcpy(spec->toolchain, c->toolchain, sizeof spec->toolchain);
	spec->lang = c->o.cxx ? LANG_CXX : LANG_C;
	spec->cwd = xstrdup(c->o.cwd);
	spec->source = xstrdup(c->o.source);
	spec->output = xstrdup(c->o.output);
	for (size_t i = 0; i < c->o.flags.n; i++)
		strv_push(&spec->flags, c->o.flags.v[i]);
	tell(c, &m);
	if (c->o.again)
		tell(c, &m);
	msg_fini(&m);
	send_input(c, number);
	struct job *job = &c->jobs[number];
	job->sent = true;
	job->digest = digest_create();
	for (size_t i = 0; i < STREAM_COUNT; i++)
		buf_init(&job->streams[i], RESULT_MAX);
	c->away++;
}

/* As many jobs as there are credits for, or all of them. */
static void send_jobs(struct client *c)
{
	for (uint32_t i = 1; i <= c->o.count; i++)
		if (!c->jobs[i].sent && (c->away < c->credits || c->o.greedy))
			send_job(c, i);
}

static void free_job(struct job *job)
{
	digest_destroy(job->digest);
	job->digest = NULL;
	for (size_t i = 0; i < STREAM_COUNT; i++)
		buf_fini(&job->streams[i]);
}

static void end_job(struct client *c, struct job *job)
{
	job->ended = true;
	free_job(job);
	c->away--;
	if (--c->left == 0 && !c->o.wait) {
		c->status = 0;
		conn_close(c->conn);
	} else {
		send_jobs(c);
	}
}

/* wanted: "TARGET", or "TARGET VERSION" where several may be installed; NULL: any. */
static bool is_wanted(const struct toolchain *t, const char *wanted)
{
	_cleanup_free_ char *whole = xasprintf("%s %s", t->target, t->version);
	return strcmp(t->kind, "gcc") == 0 && (!wanted || str_starts(whole, wanted));
}

static void choose_toolchain(struct client *c, const struct msg *m)
{
	struct toolchain t;
	for (size_t i = 0; i < m->welcome.toolchains.n; i++)
		if (toolchain_parse(m->welcome.toolchains.v[i], &t) == 0 &&
			is_wanted(&t, c->o.target))
			memcpy(c->toolchain, t.id, sizeof t.id);
	if (c->o.toolchain && str_unhex(c->o.toolchain, c->toolchain, sizeof c->toolchain) < 0)
		die("--toolchain", ERR_CONFIG);
}

static void on_welcome(struct client *c, struct msg *m)
{
	conn_opened(c->conn);
	c->credits = m->welcome.credits;
	choose_toolchain(c, m);
	if (c->o.views && !m->welcome.shows_views)
		say("no views");
	say("welcome %s slots %u preload %u level %u credits %u toolchains %zu", m->welcome.name,
		m->welcome.slots, m->welcome.preload, m->welcome.jail_level, m->welcome.credits,
		m->welcome.toolchains.n);
	send_jobs(c);
	if (c->left == 0 && !c->o.wait) {
		c->status = 0;
		conn_close(c->conn);
	}
}

static void on_started(struct client *c, uint32_t number)
{
	say("started %u", number);
	c->jobs[number].started = true;
	if (c->o.cancel != (long)number)
		return;
	tell(c, &(struct msg){.type = MSG_CANCEL, .job = number});
	say("cancelled %u", number);
	end_job(c, &c->jobs[number]);
}

static void on_data(struct job *job, const struct msg *m)
{
	struct buf frame;
	buf_init(&frame, WIRE_FRAME_MAX);
	int err = msg_encode(m, &frame);
	if (!err)
		err = lz_unpack(m, &job->streams[m->data.stream]);
	if (err)
		die("DATA", err);
	digest_update(job->digest, frame.data + WIRE_HEADER_BYTES, frame.len - WIRE_HEADER_BYTES);
	buf_fini(&frame);
}

static void store(const struct client *c, uint32_t number, struct job *job)
{
	static const char *const names[STREAM_COUNT] = {
		"text", "stdout", "stderr", "o", "dwo", "d", "gcno", "su", "ci"};
	for (size_t i = STREAM_STDOUT; c->o.store && i < STREAM_COUNT; i++) {
		_cleanup_free_ char *path = xasprintf("%s/%u.%s", c->o.store, number, names[i]);
		if (job->streams[i].len &&
			fs_write_atomic(path, job->streams[i].data, job->streams[i].len, 0644) < 0)
			die(path, ERR_TRUNCATED);
	}
}

static void on_result(struct client *c, struct msg *m)
{
	uint8_t digest[DIGEST_BYTES];
	struct job *job = &c->jobs[m->job];
	digest_final(job->digest, digest);
	if (memcmp(digest, m->result.digest, sizeof digest) != 0)
		die("RESULT", ERR_DIGEST);
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (job->streams[i].len != m->result.raw_bytes[i])
			die("RESULT", ERR_TRUNCATED);
	store(c, m->job, job);
	int status = m->result.wait_status;
	say("result %u %d%s", m->job, WIFEXITED(status) ? WEXITSTATUS(status) : 128,
		job->started ? "" : " without STARTED");
	end_job(c, job);
}

static void on_refused(struct client *c, struct msg *m)
{
	static const char *const codes[] = {
		"draining", "toolchain", "flag", "full", "limit", "view"};
	say("refused %u %s %s", m->job, codes[m->refused.refusal], m->refused.text);
	end_job(c, &c->jobs[m->job]);
}

/* Is this about a job that was sent and has not ended? */
static bool check_job(const struct client *c, const struct msg *m)
{
	if (m->type != MSG_STARTED && m->type != MSG_DATA && m->type != MSG_RESULT &&
		m->type != MSG_REFUSED)
		return false;
	if (m->job == 0 || m->job > c->o.count || !c->jobs[m->job].sent)
		die(msg_name(m->type), ERR_PROTO);
	if (!c->jobs[m->job].ended)
		return true;
	if (m->job != c->o.cancel) /* its messages may have been under way */
		die(msg_name(m->type), ERR_STATE);
	return false;
}

static void on_msg(void *ctx, struct msg *m)
{
	struct client *c = ctx;
	bool known = check_job(c, m);
	if (m->type == MSG_WELCOME) {
		on_welcome(c, m);
	} else if (m->type == MSG_CREDITS) {
		c->credits = m->credits;
		say("credits %u", c->credits);
		send_jobs(c);
	} else if (m->type == MSG_NEED) {
		say("needs %u", manifest_answer(&c->manifest, c->conn, c->lz, m));
	} else if (m->type == MSG_DRAIN) {
		say("drain");
	} else if (known && m->type == MSG_STARTED) {
		on_started(c, m->job);
	} else if (known && m->type == MSG_DATA) {
		on_data(&c->jobs[m->job], m);
	} else if (known && m->type == MSG_RESULT) {
		on_result(c, m);
	} else if (known && m->type == MSG_REFUSED) {
		on_refused(c, m);
	}
}

static void on_ready(void *ctx)
{
	struct client *c = ctx;
	struct msg m = {.type = MSG_HELLO};
	m.hello.version = (uint16_t)c->o.version;
	m.hello.role = c->o.observer ? ROLE_OBSERVER : ROLE_BUILD;
	m.hello.client = xstrdup("tester\n@lo");
	tell(c, &m);
	msg_fini(&m);
}

static void on_closed(void *ctx, int err)
{
	struct client *c = ctx;
	if (c->status)
		say("closed %s", err_str(err));
}

static const struct option option_names[] = {
	{"key", required_argument, NULL, 'k'},
	{"node", required_argument, NULL, 'n'},
	{"target", required_argument, NULL, 't'},
	{"toolchain", required_argument, NULL, 'T'},
	{"cwd", required_argument, NULL, 'd'},
	{"source", required_argument, NULL, 's'},
	{"output", required_argument, NULL, 'o'},
	{"flag", required_argument, NULL, 'f'},
	{"store", required_argument, NULL, 'S'},
	{"count", required_argument, NULL, 'c'},
	{"version", required_argument, NULL, 'v'},
	{"cancel", required_argument, NULL, 'C'},
	{"cxx", no_argument, NULL, 'x'},
	{"observer", no_argument, NULL, 'O'},
	{"greedy", no_argument, NULL, 'g'}, /* more jobs than credits */
	{"lie", no_argument, NULL, 'l'},    /* about the text's size */
	{"again", no_argument, NULL, 'a'},  /* every JOB twice */
	{"wait", no_argument, NULL, 'w'},   /* for the node to close the link */
	{"view", no_argument, NULL, 'V'},
	{"trick", required_argument, NULL, 'y'},     /* see manifest.h */
	{"deps", required_argument, NULL, 'D'},      /* enum deps_kind */
	{"messages", required_argument, NULL, 'm'},  /* enum messages */
	{"name-view", required_argument, NULL, 'N'}, /* in jobs, whatever was sent */
	{0},
};

static const char **find_text(struct options *o, int option)
{
	switch (option) {
	case 'k': return &o->key;
	case 'n': return &o->node;
	case 't': return &o->target;
	case 'T': return &o->toolchain;
	case 'd': return &o->cwd;
	case 's': return &o->source;
	case 'o': return &o->output;
	case 'S': return &o->store;
	default: return NULL;
	}
}

static void parse(int argc, char *argv[], struct options *o)
{
	*o = (struct options){.cwd = "/farm/test",
		.source = "test.c",
		.output = "test.o",
		.version = WIRE_VERSION};
	int option;
	while ((option = getopt_long(argc, argv, "", option_names, NULL)) != -1) {
		const char **text = find_text(o, option);
		if (text)
			*text = optarg;
		switch (option) {
		case 'f': strv_push(&o->flags, optarg); break;
		case 'c': o->count = (unsigned)atoi(optarg); break;
		case 'v': o->version = (unsigned)atoi(optarg); break;
		case 'C': o->cancel = atol(optarg); break;
		case 'x': o->cxx = true; break;
		case 'O': o->observer = true; break;
		case 'g': o->greedy = true; break;
		case 'l': o->lie = true; break;
		case 'a': o->again = true; break;
		case 'w': o->wait = true; break;
		case 'V': o->views = true; break;
		case 'y': o->tricks |= (unsigned)atoi(optarg); break;
		case 'D': o->deps = (unsigned)atoi(optarg); break;
		case 'm': o->messages = (unsigned)atoi(optarg); break;
		case 'N': o->name_view = atol(optarg); break;
		case '?': exit(2);
		default: break;
		}
	}
	o->texts = argv + optind;
	o->n_texts = (unsigned)(argc - optind);
	if (o->count == 0)
		o->count = o->n_texts;
	if (!o->key || !o->node || (o->count && !o->n_texts))
		die("usage", ERR_CONFIG);
}

int main(int argc, char *argv[])
{
	static const struct conn_ops ops = {on_ready, on_msg, NULL, on_closed};
	struct client c = {.status = 1};
	struct sockaddr_storage address;
	signal(SIGPIPE, SIG_IGN);
	parse(argc, argv, &c.o);
	int err = keyring_load(c.o.key, &c.keys);
	if (!err)
		err = netif_parse_address(c.o.node, NETIF_PORT, true, &address);
	if (err)
		die("arguments", err);
	c.lz = lz_create();
	c.left = c.o.count;
	c.manifest.tricks = c.o.tricks;
	c.jobs = xcalloc(c.o.count + 1, sizeof *c.jobs);
	uv_loop_init(&c.loop);
	const struct conn_conf conf = {
		.loop = &c.loop, .peer = MSG_FROM_NODE, .ops = &ops, .ctx = &c};
	err = conn_dial(&conf, (struct sockaddr *)&address, &c.keys, NULL, &c.conn);
	if (err)
		die("conn_dial", err);
	uv_run(&c.loop, UV_RUN_DEFAULT);
	uv_loop_close(&c.loop);
	for (unsigned i = 0; i <= c.o.count; i++)
		free_job(&c.jobs[i]);
	free(c.jobs);
	manifest_fini(&c.manifest);
	lz_destroy(c.lz);
	strv_fini(&c.o.flags);
	keyring_wipe(&c.keys);
	return c.status;
}
