/* The conversation with the controller. What can fail: it goes away, or sends what it must not; both
 * mean: compile here. It delivers successes only, whole and checked. */
#include "farmcc.h"

#include "base/err.h"
#include "base/fs.h"
#include "commit.h"
#include "core/lz.h"
#include "io/probe.h"

#include <string.h>

struct delivery {
	struct commit output, dwo;
	int output_fd, dwo_fd; /* a commit's, or the check's */
	uint64_t missing[STREAM_COUNT];
	struct buf block;
};

static enum route gone(struct cc *cc, int err)
{
	return route_local(cc, "farmmake is gone: %s", err_str(err));
}

static int answer_probe(struct cc *cc)
{
	struct toolchain t;
	char text[TOOLCHAIN_TEXT_MAX] = "";
	_cleanup_free_ char *cache = fs_xdg_dir("XDG_CACHE_HOME", ".cache");
	if (probe_run(cc->compiler, cache, 1, &t) == 0)
		toolchain_format(&t, false, text, sizeof text);
	struct msg m = {.type = MSG_CC_TOOLCHAIN};
	m.cc_toolchain.compiler = cc->compiler;
	m.cc_toolchain.text = text;
	return sock_send(cc->sock, &m);
}

static enum route obey(struct cc *cc, const struct msg *m)
{
	if (m->type != MSG_CC_VERDICT)
		return gone(cc, ERR_STATE);
	if (m->cc_verdict.verdict == VERDICT_PREPROCESS)
		return ROUTE_NEXT;
	cc->told = true;
	cc->idle = m->cc_verdict.verdict == VERDICT_IDLE;
	return route_local(cc, "%s", m->cc_verdict.reason);
}

enum route remote_ask(struct cc *cc)
{
	for (;;) {
		struct msg m;
		int err = sock_recv(cc->sock, -1, &m);
		if (err)
			return gone(cc, err);
		if (m.type == MSG_CC_VERDICT && m.cc_verdict.verdict == VERDICT_PROBE) {
			msg_fini(&m);
			err = answer_probe(cc);
			if (err)
				return gone(cc, err);
			continue;
		}
		enum route next = obey(cc, &m);
		msg_fini(&m);
		return next;
	}
}

static int take_block(struct delivery *d, const struct msg *m)
{
	enum stream s = m->data.stream;
	if ((s != STREAM_OUTPUT && s != STREAM_DWO) || m->data.raw_bytes > d->missing[s])
		return ERR_STATE;
	buf_clear(&d->block);
	int err = lz_unpack(m, &d->block);
	if (err)
		return err;
	d->missing[s] -= d->block.len;
	return fs_write_all(
		s == STREAM_DWO ? d->dwo_fd : d->output_fd, d->block.data, d->block.len);
}

static int take_blocks(struct cc *cc, struct delivery *d)
{
	int err = 0;
	while (!err && (d->missing[STREAM_OUTPUT] || d->missing[STREAM_DWO])) {
		struct msg m;
		err = sock_recv(cc->sock, -1, &m);
		if (err)
			break;
		err = m.type == MSG_DATA ? take_block(d, &m) : ERR_STATE;
		msg_fini(&m);
	}
	return err;
}

/* The object last: who sees it may rely on the rest. */
static int put_in_place(struct cc *cc, struct delivery *d)
{
	int err = commit_open(&d->output, cc->args.output);
	if (!err && cc->args.want_dwo)
		err = commit_open(&d->dwo, cc->args.dwo);
	d->output_fd = d->output.fd;
	d->dwo_fd = d->dwo.fd;
	if (!err)
		err = take_blocks(cc, d);
	if (!err && cc->args.want_dwo)
		err = commit_finish(&d->dwo);
	return err ? err : commit_finish(&d->output);
}

/* The result waits for that of the compiler here. */
static int put_by(struct cc *cc, struct delivery *d)
{
	struct check *c = &cc->check;
	int err = check_open(c, cc->args.output, cc->args.want_dwo ? cc->args.dwo : NULL);
	d->output_fd = c->output_fd;
	d->dwo_fd = c->dwo_fd;
	if (!err)
		err = take_blocks(cc, d);
	c->armed = !err;
	return err;
}

static enum route take_delivery(struct cc *cc, const struct job_result *r)
{
	struct delivery d = {.output.fd = -1, .dwo.fd = -1};
	if (r->wait_status != 0 || (r->raw_bytes[STREAM_DWO] && !cc->args.want_dwo))
		return gone(cc, ERR_STATE);
	memcpy(d.missing, r->raw_bytes, sizeof d.missing);
	buf_init(&d.block, LZ_BLOCK_BYTES);
	int err = cc->check.wanted ? put_by(cc, &d) : put_in_place(cc, &d);
	commit_fini(&d.output);
	commit_fini(&d.dwo);
	buf_fini(&d.block);
	if (err)
		return route_local(cc, "cannot write the output: %s", err_str(err));
	if (cc->check.armed) {
		cc->idle = true;
		return route_local(cc, "what a node made of it is checked");
	}
	struct msg done = {.type = MSG_CC_DONE};
	sock_send(cc->sock, &done); /* the output is there, whoever hears of it */
	return ROUTE_DONE;
}

enum route remote_receive(struct cc *cc)
{
	struct msg m;
	int err = sock_recv(cc->sock, -1, &m);
	if (!err && m.type == MSG_CC_CHECK) {
		cc->check.wanted = true;
		err = sock_recv(cc->sock, -1, &m);
	}
	if (err)
		return gone(cc, err);
	enum route next;
	if (m.type == MSG_CC_RESULT)
		next = take_delivery(cc, &m.result);
	else
		next = obey(cc, &m) == ROUTE_NEXT ? gone(cc, ERR_STATE) : ROUTE_LOCAL;
	msg_fini(&m);
	return next;
}
