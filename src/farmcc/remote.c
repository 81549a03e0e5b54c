/* The conversation with the controller. What can fail: it goes away, or sends what it must not; both
 * mean: compile here. It delivers successes only, whole and checked. */
#include "farmcc.h"

#include "base/err.h"
#include "base/fs.h"
#include "commit.h"
#include "dirs.h"
#include "core/lz.h"
#include "core/side.h"
#include "core/viewplan.h"
#include "io/probe.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

enum { WORDS_BYTES_MAX = 64 << 20 };

struct delivery {
	struct commit output, dwo;
	int fd[STREAM_COUNT]; /* of what is written as it comes: a commit's, or the check's; else -1 */
	uint64_t missing[STREAM_COUNT];
	struct buf block;
	/* Of the streams that are no files to be replaced: they are written once all is here. */
	struct buf words[STREAM_COUNT];
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
	cc->sends_prelude = m->cc_verdict.verdict == VERDICT_PREPROCESS_ALL;
	if (m->cc_verdict.verdict == VERDICT_PREPROCESS || cc->sends_prelude)
		return ROUTE_NEXT;
	cc->told = true;
	cc->idle = m->cc_verdict.verdict == VERDICT_IDLE;
	return route_local(cc, "%s", m->cc_verdict.reason);
}

/* What the verdict asks for before there can be another one; false: nothing. */
static bool is_question(const struct msg *m, int (**ret_answer)(struct cc *cc))
{
	if (m->type != MSG_CC_VERDICT)
		return false;
	if (m->cc_verdict.verdict == VERDICT_PROBE)
		*ret_answer = answer_probe;
	else if (m->cc_verdict.verdict == VERDICT_DIRS)
		*ret_answer = dirs_answer;
	else
		return false;
	return true;
}

/* The next message that is no question. */
static int listen(struct cc *cc, struct msg *ret)
{
	int err;
	int (*answer)(struct cc * cc);
	while ((err = sock_recv(cc->sock, -1, ret)) == 0 && is_question(ret, &answer)) {
		msg_fini(ret);
		err = answer(cc);
		if (err)
			break;
	}
	return err;
}

static int take_block(struct delivery *d, const struct msg *m)
{
	enum stream s = m->data.stream;
	if (s == STREAM_TEXT || m->data.raw_bytes > d->missing[s])
		return ERR_STATE;
	buf_clear(&d->block);
	int err = lz_unpack(m, &d->block);
	if (err)
		return err;
	d->missing[s] -= d->block.len;
	if (d->fd[s] < 0)
		return buf_append(&d->words[s], d->block.data, d->block.len);
	return fs_write_all(d->fd[s], d->block.data, d->block.len);
}

static bool is_complete(const struct delivery *d)
{
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (d->missing[i])
			return false;
	return true;
}

static int take_blocks(struct cc *cc, struct delivery *d)
{
	int err = 0;
	while (!err && !is_complete(d)) {
		struct msg m;
		err = sock_recv(cc->sock, -1, &m);
		if (err)
			break;
		err = m.type == MSG_DATA ? take_block(d, &m) : ERR_STATE;
		msg_fini(&m);
	}
	return err;
}

/* As the compiler does it: into what is there. */
static int write_into(const char *path, const struct buf *contents)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	return fd < 0 ? -errno : fs_write_all(fd, contents->data, contents->len);
}

static int write_deps(const struct cc *cc, const struct delivery *d)
{
	const struct buf *deps = &d->words[STREAM_DEPS];
	return cc->args.deps_file && deps->len ? write_into(cc->args.deps_file, deps) : 0;
}

static int write_sides(const struct cc *cc, const struct delivery *d)
{
	int err = 0;
	for (enum side i = 0; i < SIDE_COUNT && !err; i++) {
		enum stream stream = side_table[i].stream;
		if (cc->args.side[i] && d->fd[stream] < 0)
			err = write_into(cc->args.side[i], &d->words[stream]);
	}
	return err;
}

/* The assembler's words name the node's temporary files. */
static bool names_desk(const struct delivery *d)
{
	static const enum stream said[] = {STREAM_STDOUT, STREAM_STDERR};
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		const struct buf *words = &d->words[said[i]];
		if (words->len && memmem(words->data, words->len, VIEWPLAN_DESK "/",
					  strlen(VIEWPLAN_DESK "/")))
			return true;
	}
	return false;
}

/* Nobody may miss what cannot be written, so the outcome does not depend on it. */
static void speak(const struct delivery *d)
{
	const struct buf *out = &d->words[STREAM_STDOUT], *err = &d->words[STREAM_STDERR];
	if (out->len)
		fs_write_all(STDOUT_FILENO, out->data, out->len);
	if (err->len)
		fs_write_all(STDERR_FILENO, err->data, err->len);
}

/* What splits gcc's objects replaces the other half, as the assembler does; clang writes into what is there. */
static bool replaces_dwo(const struct cc *cc)
{
	return cc->args.side[SIDE_DWO] && !cc->args.no_text;
}

/* The object last: who sees it may rely on the rest. */
static int put_in_place(struct cc *cc, struct delivery *d)
{
	int err = commit_open(&d->output, cc->args.output);
	if (!err && replaces_dwo(cc))
		err = commit_open(&d->dwo, cc->args.side[SIDE_DWO]);
	d->fd[STREAM_OUTPUT] = d->output.fd;
	d->fd[STREAM_DWO] = d->dwo.fd;
	if (!err)
		err = take_blocks(cc, d);
	if (!err && names_desk(d))
		err = ERR_UNSAFE;
	if (!err)
		err = write_deps(cc, d);
	if (!err)
		err = write_sides(cc, d);
	if (!err && replaces_dwo(cc))
		err = commit_finish(&d->dwo);
	if (!err)
		err = commit_finish(&d->output);
	if (!err)
		speak(d);
	return err;
}

/* The result waits for that of the compiler here. */
static int put_by(struct cc *cc, struct delivery *d)
{
	struct check *c = &cc->check;
	int err = check_add(c, cc->args.output, &d->fd[STREAM_OUTPUT]);
	for (enum side i = 0; i < SIDE_COUNT && !err; i++)
		if (cc->args.side[i])
			err = check_add(c, cc->args.side[i], &d->fd[side_table[i].stream]);
	if (!err)
		err = take_blocks(cc, d);
	if (!err && d->words[STREAM_DEPS].len)
		check_add_deps(c, cc->args.deps_file, &d->words[STREAM_DEPS]);
	c->armed = !err;
	return err;
}

static void begin_delivery(struct delivery *d, const struct job_result *r)
{
	*d = (struct delivery){.output.fd = -1, .dwo.fd = -1};
	memcpy(d->missing, r->raw_bytes, sizeof d->missing);
	buf_init(&d->block, LZ_BLOCK_BYTES);
	for (size_t i = 0; i < STREAM_COUNT; i++) {
		buf_init(&d->words[i], WORDS_BYTES_MAX);
		d->fd[i] = -1;
	}
}

static void end_delivery(struct delivery *d)
{
	commit_fini(&d->output);
	commit_fini(&d->dwo);
	buf_fini(&d->block);
	for (size_t i = 0; i < STREAM_COUNT; i++)
		buf_fini(&d->words[i]);
}

/* Than was asked for? */
static bool sends_more(const struct cc *cc, const struct job_result *r)
{
	for (size_t i = 0; i < SIDE_COUNT; i++)
		if (r->raw_bytes[side_table[i].stream] && !cc->args.side[i])
			return true;
	return false;
}

static enum route take_delivery(struct cc *cc, const struct job_result *r)
{
	struct delivery d;
	if (r->wait_status != 0 || sends_more(cc, r))
		return gone(cc, ERR_STATE);
	begin_delivery(&d, r);
	int err = cc->check.wanted ? put_by(cc, &d) : put_in_place(cc, &d);
	end_delivery(&d);
	if (err == ERR_UNSAFE)
		return route_local(cc, "what a node's compiler said names the node's files");
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

/* The next word that is no question, and where it leads: back to the text, unless it has been sent. */
static enum route take_word(struct cc *cc, bool has_text)
{
	struct msg m;
	int err = listen(cc, &m);
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
		next = obey(cc, &m);
	msg_fini(&m);
	return has_text && next == ROUTE_NEXT ? gone(cc, ERR_STATE) : next;
}

enum route remote_ask(struct cc *cc)
{
	return take_word(cc, false);
}

enum route remote_receive(struct cc *cc)
{
	return take_word(cc, true);
}
