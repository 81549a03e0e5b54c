/* jobserver - the pool that make takes tokens from, and its ledger.
 *
 * Happy path: the base tokens are written at the start. A lent token is written at once. Debts are
 * repaid by whatever comes back first: in pipe style every token that make gives back, and what lies
 * idle in the pool; in fifo style what the collector gets hold of. While something is owed, nothing
 * that came back is written into the pool.
 *
 * What can fail: the pool has no room (the kernel grants a user's pipes as little as a page): such
 * tokens wait in unwritten. Clients give back more than they took: the surplus is dropped.
 */
#include "jobserver_impl.h"

#include "base/err.h"
#include "base/str.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

/* What make's own descriptors are called in make. */
enum { CHILD_R = 10, CHILD_W = 11 };
enum { BATCH = 512 };

unsigned jobserver_unread(int fd)
{
	int n = 0;
	return fd >= 0 && ioctl(fd, FIONREAD, &n) == 0 && n > 0 ? (unsigned)n : 0;
}

unsigned jobserver_idle(const struct jobserver *js)
{
	return jobserver_unread(js->pool_fd) + js->unwritten;
}

static void write_tokens(struct jobserver *js)
{
	char tokens[BATCH];
	memset(tokens, '+', sizeof tokens);
	while (js->unwritten) {
		size_t n = js->unwritten < sizeof tokens ? js->unwritten : sizeof tokens;
		ssize_t w = write(js->pool_fd, tokens, n);
		if (w < 0 && errno == EINTR)
			continue;
		if (w <= 0)
			return;
		js->unwritten -= (unsigned)w;
	}
}

void jobserver_put(struct jobserver *js, unsigned n)
{
	js->unwritten += n;
	write_tokens(js);
}

static unsigned read_tokens(struct jobserver *js, unsigned n)
{
	char tokens[BATCH];
	unsigned got = 0;
	while (got < n) {
		size_t want = n - got < sizeof tokens ? n - got : sizeof tokens;
		ssize_t r = read(js->pool_fd, tokens, want);
		if (r < 0 && errno == EINTR)
			continue;
		if (r <= 0)
			break;
		got += (unsigned)r;
	}
	return got;
}

unsigned jobserver_take(struct jobserver *js, unsigned n)
{
	unsigned kept_back = n < js->unwritten ? n : js->unwritten;
	js->unwritten -= kept_back;
	return kept_back + read_tokens(js, n - kept_back);
}

/* How many idle tokens must stay. make 4.2 blocks in read() when somebody takes the token that its
 * pselect() saw, deaf to its children's ends: with a token always left it cannot be us. From 4.3 on
 * make reads without blocking, which shows on its end; up to 4.1 a child's end interrupts the read. */
static unsigned spare(const struct jobserver *js)
{
	if (js->style != MAKE_AUTH)
		return 0;
	int flags = fcntl(js->make_r, F_GETFL);
	return flags >= 0 && flags & O_NONBLOCK ? 0 : 1;
}

void jobserver_came_back(struct jobserver *js, unsigned n)
{
	unsigned again = tokens_returned(&js->ledger, n);
	jobserver_keeper_note(js->keeper, js->ledger.lent);
	jobserver_put(js, again);
	if (js->outer)
		jobserver_outer_review(js);
	jobserver_watch(js);
	if (n > again)
		js->on_repaid(js->ctx, n - again);
}

/* More than there can be: a client of the fifo wrote tokens that it had not taken. */
static void drop_surplus(struct jobserver *js)
{
	unsigned idle = jobserver_idle(js), ours = tokens_clamp(&js->ledger, idle, 0);
	if (idle > ours)
		jobserver_take(js, idle - ours);
}

/* Pipe style: nobody has use for these, so they repay what is owed. */
static void collect_idle(struct jobserver *js)
{
	unsigned idle = jobserver_idle(js), left = spare(js), owed = js->ledger.owed;
	unsigned n = idle > left ? idle - left : 0;
	unsigned got = jobserver_take(js, n < owed ? n : owed);
	if (got)
		jobserver_came_back(js, got);
	else
		jobserver_watch(js);
}

static void on_pool(uv_poll_t *poll, int status, int events)
{
	struct jobserver *js = poll->data;
	if (status < 0)
		return;
	if (events & UV_WRITABLE) {
		write_tokens(js);
		if (js->outer && jobserver_idle(js) == 0)
			jobserver_outer_wanted(js);
	}
	if (events & UV_READABLE)
		collect_idle(js);
	else
		jobserver_watch(js);
}

/* While something is owed, a pipe's pool does not grow, so there is nothing to wait for in it. */
static int wanted_events(const struct jobserver *js)
{
	int events = 0;
	unsigned idle = jobserver_idle(js);
	if (js->ledger.owed && js->style != MAKE_FIFO && idle > spare(js))
		events |= UV_READABLE;
	if (js->unwritten || (js->one_page && idle))
		events |= UV_WRITABLE;
	return events;
}

void jobserver_watch(struct jobserver *js)
{
	int events = js->closing || js->pool_fd < 0 ? 0 : wanted_events(js);
	if (events == js->pool_events)
		return;
	js->pool_events = events;
	if (events)
		uv_poll_start(&js->pool_watch, events, on_pool);
	else
		uv_poll_stop(&js->pool_watch);
}

static void on_back(uv_poll_t *poll, int status, int events)
{
	struct jobserver *js = poll->data;
	(void)events;
	char tokens[4096];
	ssize_t n = status < 0 ? -1 : read(js->back_fd, tokens, sizeof tokens);
	if (n > 0)
		jobserver_came_back(js, tokens_clamp(&js->ledger, (uint32_t)n, jobserver_idle(js)));
}

static void destroy(struct jobserver *js)
{
	jobserver_pipe_close(js); /* before what its links lead to may become another's */
	const int fds[] = {js->pool_fd, js->make_r, js->make_w, js->back_fd};
	for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	jobserver_keeper_stop(js->keeper);
	jobserver_outer_free(js->outer);
	jobserver_fifo_free(js->fifo);
	void (*on_closed)(void *) = js->on_closed;
	void *ctx = js->closed_ctx;
	free(js);
	if (on_closed)
		on_closed(ctx);
}

static void release(struct jobserver *js)
{
	if (--js->pending == 0)
		destroy(js);
}

static void on_handle_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void jobserver_opened(struct jobserver *js, uv_handle_t *handle)
{
	handle->data = js;
	js->pending++;
	uv_unref(handle);
}

int jobserver_poll_init(struct jobserver *js, uv_poll_t *poll, int fd)
{
	int err = uv_poll_init(js->loop, poll, fd);
	if (!err)
		jobserver_opened(js, (uv_handle_t *)poll);
	return err;
}

void jobserver_close_handle(uv_handle_t *handle)
{
	if (handle->data)
		uv_close(handle, on_handle_closed);
}

static int open_pool(struct jobserver *js, const char *dir)
{
	if (js->style == MAKE_NONE)
		return 0;
	return js->style == MAKE_FIFO ? jobserver_fifo_open(js, dir) : jobserver_pipe_open(js, dir);
}

static int start(struct jobserver *js)
{
	if (js->style == MAKE_NONE)
		return 0;
	int err = jobserver_poll_init(js, &js->pool_watch, js->pool_fd);
	if (!err)
		err = jobserver_poll_init(js, &js->back_watch, js->back_fd);
	if (!err)
		err = uv_poll_start(&js->back_watch, UV_READABLE, on_back);
	if (!err && js->outer)
		err = jobserver_outer_start(js);
	return err;
}

int jobserver_create(const struct jobserver_conf *conf, struct jobserver **ret)
{
	assert(conf->local_slots > 0);
	struct jobserver *js = xcalloc(1, sizeof *js);
	js->loop = conf->loop;
	js->style = conf->style;
	js->local_slots = conf->local_slots;
	js->width = conf->width;
	js->on_repaid = conf->on_repaid;
	js->ctx = conf->ctx;
	js->pool_fd = js->make_r = js->make_w = js->back_fd = -1;
	js->pending = 1; /* the owner's, until jobserver_close() */
	bool nested = conf->outer && conf->outer->kind != AUTH_NONE;
	tokens_init(&js->ledger, nested || js->style == MAKE_NONE ? 0 : js->local_slots - 1);
	int err = nested ? jobserver_outer_open(js, conf->outer) : 0;
	if (!err)
		err = open_pool(js, conf->dir);
	if (!err)
		err = start(js);
	if (err) {
		jobserver_close(js, NULL, NULL);
		return err;
	}
	jobserver_put(js, js->ledger.base);
	*ret = js;
	return 0;
}

void jobserver_fds(
	const struct jobserver *js, int *ret_r, int *ret_w, int *ret_child_r, int *ret_child_w)
{
	*ret_r = js->make_r;
	*ret_w = js->make_w;
	*ret_child_r = js->make_r < 0 ? -1 : CHILD_R;
	*ret_child_w = js->make_w < 0 ? -1 : CHILD_W;
}

char *jobserver_makeflags(const struct jobserver *js, const char *user)
{
	unsigned alone = js->outer ? 1 : js->local_slots;
	struct make_pool pool = {
		.style = js->style,
		.width = js->style == MAKE_NONE ? alone : js->width,
		.read_fd = CHILD_R,
		.write_fd = CHILD_W,
		.fifo = js->fifo ? jobserver_fifo_path(js->fifo) : NULL,
	};
	return makeflags_build(&pool, user);
}

unsigned jobserver_lend(struct jobserver *js, unsigned n)
{
	if (js->style == MAKE_NONE)
		return 0;
	uint32_t repaid;
	unsigned fresh = tokens_lend(&js->ledger, n, &repaid);
	jobserver_keeper_note(js->keeper, js->ledger.lent);
	if (js->fifo)
		jobserver_fifo_forget(js->fifo, repaid);
	jobserver_put(js, fresh);
	drop_surplus(js);
	if (js->outer)
		jobserver_outer_review(js);
	jobserver_watch(js);
	return repaid;
}

void jobserver_owe(struct jobserver *js, unsigned n)
{
	if (js->style == MAKE_NONE)
		return;
	tokens_owe(&js->ledger, n);
	if (js->fifo)
		jobserver_fifo_collect(js->fifo, n);
	jobserver_watch(js);
}

const struct tokens *jobserver_ledger(const struct jobserver *js)
{
	return &js->ledger;
}

unsigned jobserver_settle(struct jobserver *js)
{
	drop_surplus(js);
	unsigned here = jobserver_idle(js) + jobserver_unread(js->back_fd);
	unsigned total = js->ledger.base + js->ledger.lent;
	return here < total ? total - here : 0;
}

void jobserver_close(struct jobserver *js, void (*on_closed)(void *ctx), void *ctx)
{
	if (js->closing)
		return;
	js->closing = true;
	js->on_closed = on_closed;
	js->closed_ctx = ctx;
	if (js->outer)
		jobserver_outer_close(js);
	if (js->fifo)
		jobserver_fifo_stop(js->fifo);
	jobserver_close_handle((uv_handle_t *)&js->pool_watch);
	jobserver_close_handle((uv_handle_t *)&js->back_watch);
	release(js);
}
