/* survey
 *
 * The happy path: discover names a node, or the user did; it is dialled as an observer, says
 * WELCOME, and the connection is closed. The survey ends when its time is over and no connection
 * is left; those that hang get a little more and are then given up.
 *
 * A node that fails is a result, not a failure.
 */
#include "nodes.h"

#include "base/err.h"
#include "core/distcc.h"
#include "io/conn.h"
#include "io/discover.h"
#include "io/netif.h"

#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { GRACE_MS = 3000 };

struct asking {
	struct survey_run *run;
	struct conn *conn; /* NULL when it is over */
	struct found found;
	bool answered;
	bool duplicate; /* of a node that is asked already */
};

struct survey_run {
	const struct survey_conf *conf;
	uv_loop_t loop;
	uv_timer_t timer;
	struct discover *discover;
	bool over; /* no more nodes are taken in */
	struct asking *asked[SURVEY_NODES_MAX];
	size_t n;
};

static struct asking *find(struct survey_run *r, const char *name)
{
	for (size_t i = 0; i < r->n; i++)
		if (!r->asked[i]->duplicate && strcmp(r->asked[i]->found.name, name) == 0)
			return r->asked[i];
	return NULL;
}

static void settle(struct survey_run *r)
{
	if (!r->over || uv_is_closing((uv_handle_t *)&r->timer))
		return;
	for (size_t i = 0; i < r->n; i++)
		if (r->asked[i]->conn)
			return;
	uv_close((uv_handle_t *)&r->timer, NULL);
}

static void on_timer(uv_timer_t *timer)
{
	struct survey_run *r = timer->data;
	bool grace_is_over = r->over;
	r->over = true;
	if (r->discover)
		discover_close(r->discover, NULL, NULL);
	r->discover = NULL;
	if (!grace_is_over)
		uv_timer_start(timer, on_timer, GRACE_MS, 0);
	for (size_t i = 0; grace_is_over && i < r->n; i++)
		if (r->asked[i]->conn)
			conn_abort(r->asked[i]->conn, ERR_TIMEOUT);
	settle(r);
}

/* user@host, for the node's log. */
static const char *introduce(char out[200])
{
	char host[65] = "?";
	const struct passwd *pw = getpwuid(geteuid());
	gethostname(host, sizeof host - 1);
	snprintf(out, 200, "%.100s@%s", pw ? pw->pw_name : "?", host);
	return out;
}

static void on_ready(void *ctx)
{
	struct asking *a = ctx;
	char client[200];
	const char *name = conn_node_name(a->conn);
	struct asking *same = find(a->run, name);
	if (same && same != a) {
		a->duplicate = true;
		conn_close(a->conn);
		return;
	}
	strcpy(a->found.name, name);
	struct msg m = {.type = MSG_HELLO, .hello = {WIRE_VERSION, ROLE_OBSERVER, NULL}};
	m.hello.client = (char *)introduce(client);
	int err = conn_send(a->conn, &m);
	if (err)
		conn_abort(a->conn, err);
}

/* Toolchains that do not parse are none that anybody here could use. */
static void take_offers(struct found *f, const struct strv *texts)
{
	size_t max = texts->n < SURVEY_TOOLCHAINS_MAX ? texts->n : SURVEY_TOOLCHAINS_MAX;
	f->offers = xcalloc(max, sizeof *f->offers);
	for (size_t i = 0; i < max; i++)
		if (toolchain_parse(texts->v[i], &f->offers[f->offers_n].toolchain) == 0)
			f->offers_n++;
}

static void on_msg(void *ctx, struct msg *m)
{
	struct asking *a = ctx;
	if (m->type == MSG_WELCOME) {
		a->answered = true;
		a->found.old_key = conn_has_old_key(a->conn);
		a->found.slots = m->welcome.slots;
		a->found.preload = m->welcome.preload;
		a->found.jail_level = m->welcome.jail_level;
		take_offers(&a->found, &m->welcome.toolchains);
		conn_close(a->conn);
	}
}

static void on_closed(void *ctx, int err)
{
	struct asking *a = ctx;
	a->conn = NULL;
	if (!a->answered)
		a->found.err = err;
	settle(a->run);
}

static struct asking *add(struct survey_run *r, const char *name, const struct sockaddr *addr)
{
	if (r->n == SURVEY_NODES_MAX)
		return NULL;
	struct asking *a = xcalloc(1, sizeof *a);
	a->run = r;
	strcpy(a->found.name, name);
	netif_format_address(addr, a->found.address, sizeof a->found.address);
	r->asked[r->n++] = a;
	return a;
}

static void ask(struct asking *a, const struct sockaddr *addr)
{
	static const struct conn_ops ops = {on_ready, on_msg, NULL, on_closed};
	const struct conn_conf conf = {
		.loop = &a->run->loop, .peer = MSG_FROM_NODE, .ops = &ops, .ctx = a};
	const char *name = a->found.name[0] ? a->found.name : NULL;
	a->found.err = conn_dial(&conf, addr, a->run->conf->keys, name, &a->conn);
}

static void on_beacon(void *ctx, const struct beacon *b, const struct sockaddr *from, int err)
{
	struct survey_run *r = ctx;
	struct asking *a = err ? NULL : find(r, b->name);
	bool known = a != NULL;
	if (!known)
		a = add(r, b->name, from);
	if (!a)
		return;
	a->found.beacon = *b;
	a->found.heard = !err;
	if (err)
		a->found.err = err;
	else if (!known)
		ask(a, from);
}

static int ask_named(struct survey_run *r, const char **ret_bad)
{
	for (size_t i = 0; i < r->conf->nodes.n; i++) {
		struct sockaddr_storage addr;
		if (distcc_is_address(r->conf->nodes.v[i]))
			continue; /* it has nothing to say */
		int err = netif_parse_address(r->conf->nodes.v[i], NETIF_PORT, false, &addr);
		if (err) {
			*ret_bad = r->conf->nodes.v[i];
			return err;
		}
		struct asking *a = add(r, "", (struct sockaddr *)&addr);
		if (a)
			ask(a, (struct sockaddr *)&addr);
	}
	return 0;
}

static int by_name(const void *a, const void *b)
{
	const struct found *x = a, *y = b;
	int order = strcmp(x->name, y->name);
	return order ? order : strcmp(x->address, y->address);
}

static void collect(struct survey_run *r, struct survey *ret)
{
	ret->found = xcalloc(r->n, sizeof *ret->found);
	for (size_t i = 0; i < r->n; i++) {
		if (!r->asked[i]->duplicate)
			ret->found[ret->n++] = r->asked[i]->found;
		free(r->asked[i]);
	}
	qsort(ret->found, ret->n, sizeof *ret->found, by_name);
}

int survey_run(const struct survey_conf *conf, struct survey *ret, const char **ret_bad)
{
	struct survey_run *r = xcalloc(1, sizeof *r);
	struct survey s = {0};
	r->conf = conf;
	uv_loop_init(&r->loop);
	uv_timer_init(&r->loop, &r->timer);
	r->timer.data = r;
	int err = ask_named(r, ret_bad);
	const struct discover_conf listen = {
		&r->loop, conf->keys, &conf->interfaces, conf->port, on_beacon, r};
	if (!err)
		s.listen_err = discover_start(&listen, &r->discover);
	r->over = err != 0;
	uv_timer_start(&r->timer, on_timer, err ? 0 : conf->wait_ms, 0);
	uv_run(&r->loop, UV_RUN_DEFAULT);
	uv_loop_close(&r->loop);
	collect(r, &s);
	free(r);
	if (err)
		survey_fini(&s);
	else
		*ret = s;
	return err;
}

void survey_fini(struct survey *s)
{
	for (size_t i = 0; i < s->n; i++)
		free(s->found[i].offers);
	free(s->found);
	*s = (struct survey){0};
}
