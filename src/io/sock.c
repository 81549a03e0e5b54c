/* What can fail: the far side closes (ERR_CLOSED), does not answer in time, or sends what a
 * controller must not send. One frame is kept whole in the buffer while its message is in use. */
#include "io/sock.h"

#include "base/clock.h"
#include "base/err.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum {
	IN_BYTES = 2 * WIRE_FRAME_MAX,
	/* Read at once, if there is so much. More would spread over more memory, whose pages cost more than
	 * the calls that are saved. */
	AHEAD_BYTES = 16 << 10,
	QUEUE_BYTES = 16 << 10, /* more than that does not wait */
};

struct sock {
	int fd;
	struct buf out;
	size_t in_start, in_end; /* received and not yet consumed */
	size_t lent;             /* bytes of the frame that the last message borrows from */
	uint8_t in[IN_BYTES];
};

int sock_connect(const char *path, struct sock **ret)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	if (strlen(path) >= sizeof addr.sun_path)
		return -ENAMETOOLONG;
	memcpy(addr.sun_path, path, strlen(path));
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	int rc;
	while ((rc = connect(fd, (struct sockaddr *)&addr, sizeof addr)) < 0 && errno == EINTR)
		;
	if (rc < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	struct sock *s = xmalloc(sizeof *s);
	s->fd = fd;
	s->in_start = s->in_end = s->lent = 0;
	buf_init(&s->out, QUEUE_BYTES + WIRE_FRAME_MAX);
	*ret = s;
	return 0;
}

void sock_close(struct sock *s)
{
	if (!s)
		return;
	close(s->fd);
	buf_fini(&s->out);
	free(s);
}

void sock_keep(struct sock *s)
{
	fcntl(s->fd, F_SETFD, 0);
	buf_fini(&s->out);
	free(s);
}

static int flush(struct sock *s)
{
	int err = 0;
	for (size_t done = 0; !err && done < s->out.len;) {
		ssize_t n = send(s->fd, s->out.data + done, s->out.len - done, MSG_NOSIGNAL);
		if (n >= 0)
			done += (size_t)n;
		else if (errno != EINTR)
			err = -errno;
	}
	buf_clear(&s->out);
	return err;
}

int sock_queue(struct sock *s, const struct msg *m)
{
	int err = msg_encode(m, &s->out);
	return err || s->out.len <= QUEUE_BYTES ? err : flush(s);
}

int sock_send(struct sock *s, const struct msg *m)
{
	int err = msg_encode(m, &s->out);
	return err ? err : flush(s);
}

/* Waits until there is something to read; deadline_ms 0: for ever. */
static int wait_readable(struct sock *s, uint64_t deadline_ms)
{
	for (;;) {
		uint64_t now_ms = deadline_ms ? clock_now_ms() : 0;
		if (deadline_ms && now_ms >= deadline_ms)
			return ERR_TIMEOUT;
		struct pollfd p = {.fd = s->fd, .events = POLLIN};
		int rc = poll(&p, 1, deadline_ms ? (int)(deadline_ms - now_ms) : -1);
		if (rc > 0)
			return 0;
		if (rc < 0 && errno != EINTR)
			return -errno;
	}
}

/* Until at least n unconsumed bytes are here. */
static int fill(struct sock *s, size_t n, uint64_t deadline_ms)
{
	if (s->in_start >= AHEAD_BYTES || s->in_start + n > IN_BYTES) {
		memmove(s->in, s->in + s->in_start, s->in_end - s->in_start);
		s->in_end -= s->in_start;
		s->in_start = 0;
	}
	size_t room = n > AHEAD_BYTES ? n : AHEAD_BYTES;
	if (room > IN_BYTES - s->in_start)
		room = IN_BYTES - s->in_start;
	while (s->in_end - s->in_start < n) {
		int err = deadline_ms ? wait_readable(s, deadline_ms) : 0;
		if (err)
			return err;
		ssize_t got = recv(s->fd, s->in + s->in_end, s->in_start + room - s->in_end, 0);
		if (got == 0)
			return ERR_CLOSED;
		if (got > 0)
			s->in_end += (size_t)got;
		else if (errno != EINTR)
			return -errno;
	}
	return 0;
}

int sock_recv(struct sock *s, int timeout_ms, struct msg *ret)
{
	uint64_t deadline_ms = timeout_ms < 0 ? 0 : clock_now_ms() + (uint64_t)timeout_ms + 1;
	s->in_start += s->lent;
	s->lent = 0;
	struct wire_header h;
	int err = fill(s, WIRE_HEADER_BYTES, deadline_ms);
	if (!err)
		err = wire_header_decode(s->in + s->in_start, &h);
	if (!err)
		err = fill(s, WIRE_HEADER_BYTES + h.length, deadline_ms);
	if (err)
		return err;
	if (!msg_allowed((enum msg_type)h.type, MSG_FROM_CTL, MSG_IN_OPEN))
		return ERR_STATE;
	err = msg_decode(&h, s->in + s->in_start + WIRE_HEADER_BYTES, ret);
	if (!err)
		s->lent = WIRE_HEADER_BYTES + h.length;
	return err;
}
