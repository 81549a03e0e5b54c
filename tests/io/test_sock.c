#include "io/sock.h"

#include "base/err.h"
#include "base/fs.h"
#include "core/lz.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* Both ends of a connection: the wrapper's as a sock, the controller's as a descriptor. */
struct pair {
	char *dir;
	char path[100];
	int listener, fd;
	struct sock *sock;
};

static struct pair open_pair(void)
{
	struct pair p = {.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)};
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	cr_assert_eq(fs_make_private_dir("/tmp", "test-sock-", &p.dir), 0);
	snprintf(p.path, sizeof p.path, "%s/s", p.dir);
	strcpy(addr.sun_path, p.path);
	cr_assert_eq(bind(p.listener, (const struct sockaddr *)&addr, sizeof addr), 0);
	cr_assert_eq(listen(p.listener, 1), 0);
	cr_assert_eq(sock_connect(p.path, &p.sock), 0);
	p.fd = accept(p.listener, NULL, NULL);
	cr_assert(p.fd >= 0);
	return p;
}

static void close_pair(struct pair *p)
{
	sock_close(p->sock);
	if (p->fd >= 0)
		close(p->fd);
	close(p->listener);
	fs_remove_tree(p->dir);
	free(p->dir);
}

static struct buf encode(const struct msg *m)
{
	struct buf b;
	buf_init(&b, WIRE_FRAME_MAX);
	cr_assert_eq(msg_encode(m, &b), 0);
	return b;
}

static struct buf verdict(enum verdict v, char *why)
{
	struct msg m = {.type = MSG_CC_VERDICT};
	m.cc_verdict.verdict = v;
	m.cc_verdict.reason = why;
	return encode(&m);
}

static void expect_verdict(struct sock *s, const char *why)
{
	struct msg m;
	cr_assert_eq(sock_recv(s, 5000, &m), 0);
	cr_assert_eq(m.type, MSG_CC_VERDICT);
	cr_assert_str_eq(m.cc_verdict.reason, why);
	msg_fini(&m);
}

Test(sock, sends)
{
	struct pair p = open_pair();
	struct msg m = {.type = MSG_CC_LOCAL};
	m.cc_local = (char *)"because";
	struct buf expected = encode(&m);
	for (int i = 0; i < 3; i++) {
		uint8_t got[256];
		cr_assert_eq(sock_send(p.sock, &m), 0);
		cr_assert_eq(recv(p.fd, got, expected.len, MSG_WAITALL), (ssize_t)expected.len);
		cr_assert(memcmp(got, expected.data, expected.len) == 0);
	}
	buf_fini(&expected);
	close_pair(&p);
}

Test(sock, receives_in_whatever_pieces)
{
	struct pair p = open_pair();
	struct buf one = verdict(VERDICT_LOCAL, (char *)"one"),
		   two = verdict(VERDICT_PROBE, (char *)"two");
	cr_assert_eq(buf_append(&one, two.data, two.len), 0);
	cr_assert_eq(write(p.fd, one.data, one.len), (ssize_t)one.len);
	expect_verdict(p.sock, "one");
	expect_verdict(p.sock, "two");
	pid_t pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < one.len; i++)
			if (write(p.fd, one.data + i, 1) != 1)
				_exit(1);
		_exit(0);
	}
	expect_verdict(p.sock, "one");
	expect_verdict(p.sock, "two");
	int status;
	waitpid(pid, &status, 0);
	cr_assert_eq(status, 0);
	buf_fini(&one);
	buf_fini(&two);
	close_pair(&p);
}

/* Frames of full size, more than the buffer holds at a time; each is whole while it is in use. */
Test(sock, receives_a_stream_of_blocks)
{
	enum { BLOCKS = 40 };
	struct pair p = open_pair();
	static uint8_t raw[LZ_BLOCK_BYTES];
	struct msg m = {.type = MSG_DATA};
	m.data.stream = STREAM_OUTPUT;
	m.data.packing = PACKING_STORED;
	m.data.bytes = raw;
	pid_t pid = fork();
	if (pid == 0) {
		for (size_t i = 0; i < BLOCKS; i++) {
			m.data.n = m.data.raw_bytes = (uint32_t)(sizeof raw - 997 * i);
			memset(raw, (int)i, sizeof raw);
			struct buf b = encode(&m);
			if (fs_write_all(p.fd, b.data, b.len) < 0)
				_exit(1);
			buf_fini(&b);
		}
		_exit(0);
	}
	for (size_t i = 0; i < BLOCKS; i++) {
		cr_assert_eq(sock_recv(p.sock, -1, &m), 0);
		memset(raw, (int)i, sizeof raw);
		cr_assert_eq(m.data.n, sizeof raw - 997 * i);
		cr_assert(memcmp(m.data.bytes, raw, m.data.n) == 0);
		msg_fini(&m);
	}
	waitpid(pid, NULL, 0);
	close_pair(&p);
}

Test(sock, nobody_there)
{
	struct sock *s = NULL;
	cr_assert_eq(sock_connect("/nonexistent/socket", &s), -ENOENT);
	char path[300];
	memset(path, 'x', sizeof path);
	path[sizeof path - 1] = '\0';
	cr_assert_eq(sock_connect(path, &s), -ENAMETOOLONG);
	cr_assert_null(s);
	sock_close(NULL);
}

Test(sock, the_end)
{
	struct pair p = open_pair();
	struct buf b = verdict(VERDICT_LOCAL, (char *)"cut short");
	struct msg m = {.type = MSG_CC_DONE};
	cr_assert_eq(write(p.fd, b.data, b.len - 1), (ssize_t)b.len - 1);
	close(p.fd);
	p.fd = -1;
	cr_assert_eq(sock_recv(p.sock, 5000, &m), ERR_CLOSED);
	cr_assert_eq(m.type, MSG_CC_DONE, "touched by a failure");
	cr_assert_eq(sock_send(p.sock, &m), -EPIPE); /* and no SIGPIPE, which would end this test */
	buf_fini(&b);
	close_pair(&p);
}

Test(sock, a_deadline)
{
	struct pair p = open_pair();
	struct msg m;
	cr_assert_eq(sock_recv(p.sock, 0, &m), ERR_TIMEOUT);
	cr_assert_eq(sock_recv(p.sock, 20, &m), ERR_TIMEOUT);
	struct buf b = verdict(VERDICT_LOCAL, (char *)"late");
	cr_assert_eq(write(p.fd, b.data, 5), 5);
	cr_assert_eq(sock_recv(p.sock, 20, &m), ERR_TIMEOUT);
	cr_assert_eq(write(p.fd, b.data + 5, b.len - 5), (ssize_t)b.len - 5);
	expect_verdict(p.sock, "late"); /* what had come is not lost */
	buf_fini(&b);
	close_pair(&p);
}

static void expect_refused(const void *bytes, size_t n, int err)
{
	struct pair p = open_pair();
	struct msg m;
	cr_assert_eq(write(p.fd, bytes, n), (ssize_t)n);
	int got = sock_recv(p.sock, 5000, &m);
	cr_assert_eq(got, err, "%s", err_str(got));
	close_pair(&p);
}

Test(sock, what_a_controller_must_not_say)
{
	static const uint8_t huge[WIRE_HEADER_BYTES] = {0xff, 0xff, 0xff, 0xff, 0, 16};
	static const uint8_t reserved[WIRE_HEADER_BYTES] = {0, 0, 0, 0, 0, 16, 0, 1};
	expect_refused(huge, sizeof huge, ERR_TOOBIG);
	expect_refused(reserved, sizeof reserved, ERR_PROTO);
	struct msg m = {.type = MSG_CC_DONE}; /* the wrapper's to say */
	struct buf b = encode(&m);
	expect_refused(b.data, b.len, ERR_STATE);
	buf_fini(&b);
	b = verdict(VERDICT_LOCAL, (char *)"x");
	b.data[WIRE_HEADER_BYTES] = VERDICT_COUNT;
	expect_refused(b.data, b.len, ERR_PROTO);
	buf_fini(&b);
}
