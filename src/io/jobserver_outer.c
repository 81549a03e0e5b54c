/* jobserver_outer - the jobserver that this one is nested in.
 *
 * The recipe that runs farmmake holds the outer's token for one process, which is the inner make's
 * implicit slot. Every further token for local work comes from the outer pool. Nobody can see that
 * make waits for a token, so one is kept on offer: when make has taken it, the next is fetched; when
 * there are more, or when it lay there for a second, it goes back. After that it is offered again
 * for a moment once in a second.
 *
 * That make took the token shows without delay: the inner pool is cut to one page, and the kernel
 * calls a pipe of one page writable when it is empty. Where that cannot be had, the tick finds out.
 *
 * What can fail: what MAKEFLAGS names is closed, something else, or another user's: ERR_STATE.
 */
#include "jobserver_impl.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum { TICK_MS = 100, PATIENCE_TICKS = 10, REST_TICKS = 10 };

struct outer {
	int take_fd, give_fd;
	uv_poll_t watch; /* for a token to take */
	uv_timer_t tick;
	uint8_t *bytes; /* what was taken: the same bytes go back */
	unsigned held, cap;
	unsigned idle_ticks; /* how long a token has been on offer */
	unsigned patience;   /* for how long it may be */
	unsigned rest_ticks; /* until the next offer */
};

static bool has_mode(int fd, int unwanted)
{
	int flags = fcntl(fd, F_GETFL);
	return flags >= 0 && (flags & O_ACCMODE) != unwanted;
}

/* In a recipe without '+' the numbers may belong to anything, so nothing is read from them before
 * they look like a jobserver. */
static bool is_token_pipe(int read_fd, int write_fd)
{
	struct stat r, w;
	if (fstat(read_fd, &r) < 0 || fstat(write_fd, &w) < 0 || !S_ISFIFO(r.st_mode) ||
		!S_ISFIFO(w.st_mode) || !has_mode(read_fd, O_WRONLY) ||
		!has_mode(write_fd, O_RDONLY))
		return false;
	return (r.st_ino == w.st_ino && r.st_dev == w.st_dev) ||
	       fcntl(write_fd, F_GETPIPE_SZ) == jobserver_split_bytes();
}

/* Both ends read and write: no end of file, and no SIGPIPE when the outer make is gone. */
static int open_pipe(struct outer *o, const struct make_auth *auth)
{
	if (!is_token_pipe(auth->read_fd, auth->write_fd))
		return ERR_STATE;
	fcntl(auth->read_fd, F_SETFD, FD_CLOEXEC);
	fcntl(auth->write_fd, F_SETFD, FD_CLOEXEC);
	o->take_fd = jobserver_reopen(auth->read_fd, O_RDWR);
	o->give_fd = jobserver_reopen(auth->write_fd, O_RDWR);
	return o->take_fd < 0 || o->give_fd < 0 ? ERR_STATE : 0;
}

/* A character device is a jobserver of the system's, in user space. */
static int open_fifo(struct outer *o, const char *path)
{
	struct stat st;
	if (lstat(path, &st) < 0 || !(S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)))
		return ERR_STATE;
	const int flags = O_RDWR | O_NONBLOCK | O_CLOEXEC | O_NOCTTY | O_NOFOLLOW;
	o->take_fd = open(path, flags);
	return o->take_fd < 0 ? ERR_STATE : 0;
}

int jobserver_outer_open(struct jobserver *js, const struct make_auth *auth)
{
	struct outer *o = xcalloc(1, sizeof *o);
	js->outer = o;
	o->take_fd = o->give_fd = -1;
	o->cap = js->local_slots - 1;
	o->bytes = xcalloc(o->cap, 1);
	o->patience = PATIENCE_TICKS;
	return auth->kind == AUTH_FIFO ? open_fifo(o, auth->path) : open_pipe(o, auth);
}

/* When the write fails, the outer jobserver is gone, and nobody misses the token. */
static void give_back(struct jobserver *js, unsigned n)
{
	struct outer *o = js->outer;
	int fd = o->give_fd < 0 ? o->take_fd : o->give_fd;
	for (; n && o->held; n--) {
		o->held--;
		js->ledger.base--;
		fs_write_all(fd, &o->bytes[o->held], 1);
	}
}

static void on_token(uv_poll_t *poll, int status, int events)
{
	struct jobserver *js = poll->data;
	struct outer *o = js->outer;
	(void)events;
	if (jobserver_idle(js)) {
		jobserver_outer_review(js);
		return;
	}
	ssize_t n = status < 0 ? -1 : read(o->take_fd, &o->bytes[o->held], 1);
	if (n == 1) {
		o->held++;
		js->ledger.base++;
		jobserver_came_back(js, 1);
	} else if (status < 0 || n == 0 || (errno != EAGAIN && errno != EINTR)) {
		o->cap = o->held;
		jobserver_outer_review(js);
	}
}

static void await(struct outer *o, bool wanted)
{
	if (wanted == (bool)uv_is_active((uv_handle_t *)&o->watch))
		return;
	if (wanted)
		uv_poll_start(&o->watch, UV_READABLE, on_token);
	else
		uv_poll_stop(&o->watch);
}

void jobserver_outer_review(struct jobserver *js)
{
	struct outer *o = js->outer;
	unsigned idle = jobserver_idle(js);
	if (idle > 1 && o->held) {
		unsigned n = idle - 1 < o->held ? idle - 1 : o->held;
		give_back(js, jobserver_take(js, n));
	}
	await(o, idle == 0 && o->held < o->cap && !o->rest_ticks && !js->closing);
}

void jobserver_outer_wanted(struct jobserver *js)
{
	struct outer *o = js->outer;
	o->patience = PATIENCE_TICKS;
	o->idle_ticks = o->rest_ticks = 0;
	jobserver_outer_review(js);
}

/* Nobody wanted what lies in the pool. What is not the outer's goes in again: a page that is never
 * emptied would fill up. */
static void withdraw(struct jobserver *js)
{
	struct outer *o = js->outer;
	unsigned got = jobserver_take(js, jobserver_idle(js));
	unsigned back = got < o->held ? got : o->held;
	give_back(js, back);
	jobserver_put(js, got - back);
	o->idle_ticks = 0;
	if (back) {
		o->patience = 1;
		o->rest_ticks = REST_TICKS;
	}
}

static void on_tick(uv_timer_t *timer)
{
	struct jobserver *js = timer->data;
	struct outer *o = js->outer;
	if (o->rest_ticks)
		o->rest_ticks--;
	if (jobserver_idle(js) == 0) {
		o->idle_ticks = 0;
		if (o->held)
			o->patience = PATIENCE_TICKS;
	} else if (++o->idle_ticks >= o->patience) {
		withdraw(js);
	}
	jobserver_outer_review(js);
	jobserver_watch(js);
}

int jobserver_outer_start(struct jobserver *js)
{
	struct outer *o = js->outer;
	int page_bytes = (int)sysconf(_SC_PAGESIZE);
	js->one_page = fcntl(js->pool_fd, F_SETPIPE_SZ, page_bytes) == page_bytes;
	int err = uv_timer_init(js->loop, &o->tick);
	if (err)
		return err;
	jobserver_opened(js, (uv_handle_t *)&o->tick);
	if (jobserver_poll_init(js, &o->watch, o->take_fd) < 0)
		return ERR_STATE;
	err = uv_timer_start(&o->tick, on_tick, TICK_MS, TICK_MS);
	jobserver_outer_review(js);
	return err;
}

void jobserver_outer_close(struct jobserver *js)
{
	struct outer *o = js->outer;
	give_back(js, o->held);
	jobserver_close_handle((uv_handle_t *)&o->watch);
	jobserver_close_handle((uv_handle_t *)&o->tick);
}

void jobserver_outer_free(struct outer *o)
{
	if (!o)
		return;
	if (o->take_fd >= 0)
		close(o->take_fd);
	if (o->give_fd >= 0)
		close(o->give_fd);
	free(o->bytes);
	free(o);
}
