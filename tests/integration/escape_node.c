/* A node, over its own protocol. Nothing that an honest client looks at is looked at here. */
#include "escape.h"

#include "base/err.h"
#include "core/lz.h"
#include "core/toolchain.h"
#include "io/conn.h"
#include "io/netif.h"
#include "manifest.h"

#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>

enum { LIMIT_MS = 20000 };

struct hostile {
	struct sockaddr_storage address;
	uv_loop_t loop;
	struct keyring keys;
	struct conn *conn; /* NULL: closed */
	struct lz *lz;
	uv_timer_t deadline;
	int level, closed_by;
	bool welcomed;
	struct toolchain tools[TOOL_COUNT];
	uint32_t job;
	struct attempt *now;
	struct manifest manifest; /* of this link */
	uint32_t view;
};

static void tell(struct hostile *h, const struct msg *m)
{
	if (h->conn && conn_send(h->conn, m) < 0)
		conn_close(h->conn);
}

/* Of several of a kind the first one that makes programs for this machine: others lack headers that vectors want. */
static bool is_better(const struct toolchain *new, const struct toolchain *old)
{
	struct utsname u;
	uname(&u);
	return !old->kind[0] ||
	       (strncmp(new->target, u.machine, 3) == 0 && strncmp(old->target, u.machine, 3) != 0);
}

static void on_welcome(struct hostile *h, struct msg *m)
{
	static const char *const kinds[TOOL_COUNT] = {"gcc", "gcc", "clang", ""};
	conn_opened(h->conn);
	h->level = m->welcome.jail_level;
	h->welcomed = true;
	for (size_t i = 0; i < m->welcome.toolchains.n; i++) {
		struct toolchain t;
		if (toolchain_parse(m->welcome.toolchains.v[i], &t) < 0)
			continue;
		for (size_t k = 0; k < TOOL_COUNT; k++)
			if (strcmp(t.kind, kinds[k]) == 0 && is_better(&t, &h->tools[k]))
				h->tools[k] = t;
	}
	uv_stop(&h->loop);
}

static void on_data(struct attempt *a, const struct msg *m)
{
	struct buf *into = &a->streams[m->data.stream];
	if (lz_unpack(m, into) < 0)
		buf_clear(into);
}

static void on_refused(struct attempt *a, const struct msg *m)
{
	static const enum ending endings[] = {[REFUSED_DRAINING] = ENDING_LOST,
		[REFUSED_TOOLCHAIN] = ENDING_UNTRIED,
		[REFUSED_FLAG] = ENDING_REFUSED,
		[REFUSED_FULL] = ENDING_LOST,
		[REFUSED_LIMIT] = ENDING_LIMITED,
		[REFUSED_VIEW] = ENDING_REFUSED};
	a->ending = endings[m->refused.refusal];
	snprintf(a->why, sizeof a->why, "%.150s", m->refused.text);
}

static void on_msg(void *ctx, struct msg *m)
{
	struct hostile *h = ctx;
	if (m->type == MSG_WELCOME)
		on_welcome(h, m);
	if (m->type == MSG_NEED)
		manifest_answer(&h->manifest, h->conn, h->lz, m);
	if (m->type == MSG_STARTED && !h->now)
		uv_stop(&h->loop);
	if (m->job != h->job || !h->now)
		return;
	if (m->type == MSG_DATA) {
		on_data(h->now, m);
	} else if (m->type == MSG_RESULT) {
		int status = m->result.wait_status;
		bool passed = WIFEXITED(status) && WEXITSTATUS(status) == 0;
		h->now->ending = passed ? ENDING_PASSED : ENDING_FAILED;
		uv_stop(&h->loop);
	} else if (m->type == MSG_REFUSED) {
		on_refused(h->now, m);
		uv_stop(&h->loop);
	}
}

static void on_ready(void *ctx)
{
	struct msg m = {.type = MSG_HELLO};
	m.hello.version = WIRE_VERSION;
	m.hello.role = ROLE_BUILD;
	m.hello.client = xstrdup("mallory@lo");
	tell(ctx, &m);
	msg_fini(&m);
}

static void on_closed(void *ctx, int err)
{
	struct hostile *h = ctx;
	h->conn = NULL;
	h->closed_by = err;
	uv_stop(&h->loop);
}

static void on_deadline(uv_timer_t *timer)
{
	uv_stop(&((struct hostile *)timer->data)->loop);
}

static void run(struct hostile *h)
{
	uv_timer_start(&h->deadline, on_deadline, LIMIT_MS, 0);
	uv_run(&h->loop, UV_RUN_DEFAULT);
	uv_timer_stop(&h->deadline);
}

static int dial(struct hostile *h)
{
	static const struct conn_ops ops = {on_ready, on_msg, NULL, on_closed};
	const struct conn_conf conf = {
		.loop = &h->loop, .peer = MSG_FROM_NODE, .ops = &ops, .ctx = h};
	manifest_fini(&h->manifest);
	h->view = 0;
	h->welcomed = false;
	int err = conn_dial(&conf, (struct sockaddr *)&h->address, &h->keys, NULL, &h->conn);
	if (!err)
		run(h);
	return err ? err : h->welcomed ? 0 : h->closed_by;
}

struct hostile *hostile_create(const char *key_file, const char *node)
{
	struct hostile *h = xcalloc(1, sizeof *h);
	uv_loop_init(&h->loop);
	uv_timer_init(&h->loop, &h->deadline);
	h->deadline.data = h;
	h->lz = lz_create();
	int err = keyring_load(key_file, &h->keys);
	if (!err)
		err = netif_parse_address(node, NETIF_PORT, true, &h->address);
	if (!err)
		err = dial(h);
	if (err) {
		fprintf(stderr, "escape: %s: %s\n", node, err_str(err));
		exit(2);
	}
	return h;
}

void hostile_destroy(struct hostile *h)
{
	if (h->conn)
		conn_close(h->conn);
	uv_close((uv_handle_t *)&h->deadline, NULL);
	uv_run(&h->loop, UV_RUN_DEFAULT);
	uv_loop_close(&h->loop);
	manifest_fini(&h->manifest);
	lz_destroy(h->lz);
	keyring_wipe(&h->keys);
	free(h);
}

int hostile_level(const struct hostile *h)
{
	return h->level;
}

static void send_job(struct hostile *h, enum tool tool, struct job_spec *spec, const char *text)
{
	uint8_t packed[LZ_PACKED_MAX];
	struct msg m = {.type = MSG_JOB, .job = ++h->job};
	m.job_spec.spec = *spec;
	memcpy(m.job_spec.spec.toolchain, h->tools[tool].id, TOOLCHAIN_ID_BYTES);
	tell(h, &m);
	msg_fini(&m);
	struct msg data = {.job = h->job};
	lz_pack(h->lz, (const uint8_t *)text, strlen(text), packed, &data);
	data.data.stream = STREAM_TEXT;
	tell(h, &data);
	struct msg end = {.type = MSG_JOB_TEXT_END, .job = h->job};
	end.job_text_end.raw_bytes = strlen(text);
	tell(h, &end);
}

/* Shows a view, and sends a job that reads it. */
static void send_view(struct hostile *h, const struct world *w, const struct vector *v,
	const char *rows, unsigned tricks)
{
	struct job_spec spec;
	struct msg m = {.type = MSG_JOB, .job = ++h->job};
	_cleanup_free_ char *text = world_expand(w, rows);
	h->manifest.tricks = tricks;
	manifest_send(&h->manifest, h->conn, ++h->view, text);
	world_spec(w, v, &spec);
	spec.input_kind = INPUT_VIEW;
	spec.view = h->view;
	spec.names_output = v->names_output;
	spec.sides = (uint8_t)v->sides;
	memcpy(spec.toolchain, h->tools[v->tool].id, TOOLCHAIN_ID_BYTES);
	m.job_spec.spec = spec;
	tell(h, &m);
	msg_fini(&m);
	tell(h, &(struct msg){.type = MSG_JOB_TEXT_END, .job = h->job});
}

/* A link that the node has closed is one that it saw through: the next vector has another. */
static void try_view(
	struct hostile *h, const struct world *w, const struct vector *v, struct attempt *ret)
{
	struct attempt before;
	attempt_init(&before);
	if (v->view_before) {
		h->now = &before;
		send_view(h, w, v, v->view_before, 0);
		run(h);
	}
	h->now = ret;
	ret->ending = ENDING_LOST;
	if (v->view_before && before.ending != ENDING_PASSED)
		snprintf(ret->why, sizeof ret->why, "what comes before fails");
	else
		send_view(h, w, v, v->view, v->tricks);
	if (!ret->why[0])
		run(h);
	h->now = NULL;
	attempt_fini(&before);
	if (h->conn)
		return;
	ret->ending = ENDING_CLOSED;
	if (dial(h) < 0)
		ret->ending = ENDING_LOST;
}

/* A job that lasts until it is cancelled; its number, once it runs. */
static uint32_t start_neighbour(struct hostile *h, const struct world *w)
{
	static const struct vector endless = {.tool = TOOL_GXX,
		.source = "neighbour.cc",
		.output = "neighbour.o",
		.flags = {"-std=c++17", "-fconstexpr-ops-limit=0x7fffffffffff",
			"-fconstexpr-loop-limit=0x7fffffff"}};
	struct job_spec spec;
	world_spec(w, &endless, &spec);
	_cleanup_free_ char *text =
		xasprintf("// %s\nconstexpr long f(long n) { long x = n; while "
			  "(x != -1) x ^= 2; return x; }\nconstexpr long g = f(4);\n",
			w->secret);
	send_job(h, TOOL_GXX, &spec, text);
	run(h); /* STARTED stops the loop */
	return h->job;
}

void hostile_try(
	struct hostile *h, const struct world *w, const struct vector *v, struct attempt *ret)
{
	if (v->tool == TOOL_INTRUDER || !h->tools[v->tool].kind[0]) {
		snprintf(ret->why, sizeof ret->why, "%s",
			v->tool == TOOL_INTRUDER ? "no node offers such a compiler"
						 : "the node has no such compiler");
		return;
	}
	if (v->view) {
		try_view(h, w, v, ret);
		return;
	}
	_cleanup_free_ char *text = world_expand(w, v->text);
	uint32_t neighbour = v->has_neighbour ? start_neighbour(h, w) : 0;
	struct job_spec spec;
	world_spec(w, v, &spec);
	h->now = ret;
	ret->ending = ENDING_LOST;
	send_job(h, v->tool, &spec, text);
	run(h);
	h->now = NULL;
	if (neighbour)
		tell(h, &(struct msg){.type = MSG_CANCEL, .job = neighbour});
	if (!h->conn)
		snprintf(ret->why, sizeof ret->why, "the link was closed: %s",
			err_str(h->closed_by));
	else if (ret->ending == ENDING_LOST && !ret->why[0])
		ret->escaped = "takes longer";
}
