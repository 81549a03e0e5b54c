/* Happy path: the preprocessor writes into a large pipe; its text is rewritten, packed and sent as it grows,
 * and it ends well without a word. What can fail: the preprocessor (the compile will say so, here), a trap
 * in the text, the controller.
 */
#include "farmcc.h"

#include "base/err.h"
#include "base/fs.h"
#include "child.h"
#include "cpp.h"
#include "find.h"
#include "text.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	PIPE_BYTES = 1 << 20, /* what an ordinary user may have */
	GROW_MS = 8, /* how often it is emptied; a fast preprocessor fills it in twice that */
	SMALL_PIPE_MS = 1,
};

struct upload {
	struct cc *cc;
	const char *dir; /* the build's */
	struct text *text;
	uint64_t raw_bytes;
	pid_t pid;
	int out; /* from the preprocessor: a pipe's end that does not block */
	int err; /* what it says on stderr: a file in memory */
	int grow_ms;
	int wait_status;
	uint64_t cpu_us;
};

static void through_driver(const struct cc *cc, struct strv *argv)
{
	strv_push(argv, cc->argv[0]);
	for (size_t i = 0; i < cc->args.cpp.n; i++)
		strv_push(argv, cc->args.cpp.v[i]);
}

static int open_pipe(struct upload *u, int *ret_in)
{
	int ends[2];
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	u->out = ends[0];
	*ret_in = ends[1];
	/* who has many pipes already gets no large one */
	u->grow_ms = fcntl(ends[0], F_SETPIPE_SZ, PIPE_BYTES) < 0 ? SMALL_PIPE_MS : GROW_MS;
	return fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0 ? -errno : 0;
}

static int start(struct upload *u)
{
	struct cc *cc = u->cc;
	_cleanup_close_ int in = -1;
	int err = open_pipe(u, &in);
	if (err)
		return err;
	u->err = memfd_create("cpp-stderr", MFD_CLOEXEC);
	if (u->err < 0)
		return -errno;
	struct strv argv = {0};
	const char *program = cc->compiler;
	if (cpp_command(cc, u->dir, &argv))
		program = argv.v[0];
	else
		through_driver(cc, &argv);
	int fds[2] = {in, u->err};
	err = child_start(program, argv.v, find_environment(), fds, &u->pid);
	strv_fini(&argv);
	return err;
}

/* Takes what is in the pipe, in steps that the caches hold. */
static int drain(struct upload *u)
{
	for (;;) {
		char *room = text_room(u->text);
		if (!room)
			return ERR_TOOBIG;
		ssize_t n = read(u->out, room, TEXT_STEP_BYTES);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n == 0 || errno == EAGAIN ? 0 : -errno;
		int err = text_grown(u->text, (size_t)n);
		if (err)
			return err;
	}
}

/* The preprocessor writes a few kilobytes at a time. To be woken for each of them, or to wake it for each
 * of them when the pipe is full, would cost more than all the rest: 200 switches for a megabyte of text,
 * each into cold caches. */
static int follow(struct upload *u)
{
	int err = 0, ended = 0;
	while (!err && ended == 0) {
		ended = child_wait_ms(u->pid, u->grow_ms, &u->wait_status, &u->cpu_us);
		err = ended < 0 ? ended : drain(u);
	}
	return err ? err : text_finish(u->text, &u->raw_bytes);
}

static bool said_something(const struct upload *u)
{
	struct stat st;
	return fstat(u->err, &st) < 0 || st.st_size > 0;
}

static enum route give_up(struct upload *u, int err)
{
	close(u->out); /* what still writes fails now */
	u->out = -1;
	child_abort(u->pid);
	if (err == ERR_UNSAFE)
		return route_local(u->cc, "%s", text_trap(u->text));
	if (err == ERR_TOOBIG)
		return route_local(u->cc, "the preprocessed text is too large");
	return route_local(u->cc, "preprocessing: %s", err_str(err));
}

static enum route finish(struct upload *u)
{
	if (u->wait_status != 0 || said_something(u))
		return route_local(u->cc, "the preprocessor had something to say");
	if (u->cc->sends_prelude && text_send_prelude(u->text) < 0)
		return route_local(u->cc, "farmmake is gone");
	struct msg m = {.type = MSG_CC_STAGED};
	m.cc_staged.raw_bytes = u->raw_bytes;
	m.cc_staged.cpu_us = u->cpu_us;
	return sock_send(u->cc->sock, &m) < 0 ? route_local(u->cc, "farmmake is gone") : ROUTE_NEXT;
}

enum route preprocess_run(struct cc *cc)
{
	const char *socket = getenv("FARMMAKE_SOCKET");
	_cleanup_free_ char *dir = xstrndup(socket, (size_t)(str_base(socket) - socket));
	struct upload u = {.cc = cc, .dir = dir, .out = -1, .err = -1};
	enum route next;
	int err = start(&u);
	u.text = text_create(cc->sock, dir, cc->cwd); /* while the preprocessor starts */
	if (cc->sends_prelude)
		text_keep_prelude(u.text);
	if (err)
		next = route_local(cc, "cannot run the preprocessor: %s", err_str(err));
	else if ((err = follow(&u)))
		next = give_up(&u, err);
	else
		next = finish(&u);
	if (u.out >= 0)
		close(u.out);
	if (u.err >= 0)
		close(u.err);
	text_destroy(u.text);
	return next;
}
