/* distcall before a scripted distccd on lo: in each case, exactly one end, and the right one. */
#include "io/distcall.h"

#include "base/err.h"
#include "base/str.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <string.h>

static const char reply[] = "DONE00000001STAT00000000SERR00000000SOUT00000000DOTO00000002ab";

struct stage {
	uv_loop_t loop;
	uv_tcp_t listener, accepted;
	bool has_accepted;
	const char *answer; /* once a request has come; NULL: hangs up instead */
	bool is_silent;
	struct distcall *call;
	unsigned sent, ended;
	struct distcall_end end;
	struct buf object;
	char in[256];
};

static void on_room(uv_handle_t *h, size_t n, uv_buf_t *ret)
{
	struct stage *s = h->data;
	(void)n;
	*ret = uv_buf_init(s->in, sizeof s->in);
}

static void hang_up(struct stage *s)
{
	if (s->has_accepted && !uv_is_closing((uv_handle_t *)&s->accepted))
		uv_close((uv_handle_t *)&s->accepted, NULL);
}

static void on_request(uv_stream_t *stream, ssize_t n, const uv_buf_t *b)
{
	struct stage *s = stream->data;
	(void)b;
	if (n < 0 || !s->answer) {
		hang_up(s);
		return;
	}
	uv_buf_t out = uv_buf_init((char *)s->answer, (unsigned)strlen(s->answer));
	if (n > 0 && !s->is_silent)
		uv_try_write(stream, &out, 1);
}

static void on_connection(uv_stream_t *listener, int status)
{
	struct stage *s = listener->data;
	cr_assert_eq(status, 0);
	uv_tcp_init(&s->loop, &s->accepted);
	s->accepted.data = s;
	s->has_accepted = true;
	cr_assert_eq(uv_accept(listener, (uv_stream_t *)&s->accepted), 0);
	uv_read_start((uv_stream_t *)&s->accepted, on_room, on_request);
}

static void on_sent(void *ctx)
{
	struct stage *s = ctx;
	s->sent++;
	if (s->is_silent) {
		distcall_cancel(s->call);
		uv_close((uv_handle_t *)&s->listener, NULL);
		hang_up(s);
	}
}

static void on_end(void *ctx, const struct distcall_end *e)
{
	struct stage *s = ctx;
	s->ended++;
	s->end = *e;
	if (e->reply)
		cr_assert_eq(distcc_reply_unpack(e->reply, DISTCC_OBJECT, &s->object), 0);
	if (!uv_is_closing((uv_handle_t *)&s->listener))
		uv_close((uv_handle_t *)&s->listener, NULL);
	hang_up(s);
}

/* request "": is anybody there? */
static void run(struct stage *s, const char *request, bool is_there)
{
	struct sockaddr_in addr;
	int n = sizeof addr;
	struct buf b;
	buf_init(&b, 1000);
	buf_init(&s->object, 1000);
	buf_append(&b, request, strlen(request));
	uv_loop_init(&s->loop);
	uv_tcp_init(&s->loop, &s->listener);
	s->listener.data = s;
	uv_ip4_addr("127.0.0.1", 0, &addr);
	cr_assert_eq(uv_tcp_bind(&s->listener, (struct sockaddr *)&addr, 0), 0);
	uv_tcp_getsockname(&s->listener, (struct sockaddr *)&addr, &n);
	if (is_there)
		cr_assert_eq(uv_listen((uv_stream_t *)&s->listener, 4, on_connection), 0);
	const struct distcall_conf conf = {
		&s->loop, (struct sockaddr *)&addr, false, &b, on_sent, on_end, s};
	cr_assert_eq(distcall_start(&conf, &s->call), 0);
	cr_assert_eq(s->ended, 0, "no callback from inside");
	cr_assert_null(b.data, "the request was taken over");
	uv_run(&s->loop, UV_RUN_DEFAULT);
	cr_assert_eq(uv_loop_close(&s->loop), 0, "nothing is left");
}

Test(distcall, a_whole_reply, .timeout = 20)
{
	struct stage s = {.answer = reply};
	run(&s, "request", true);
	cr_expect_eq(s.sent, 1);
	cr_assert_eq(s.ended, 1);
	cr_expect_eq(s.end.err, 0);
	cr_assert_not_null(s.end.reply);
	cr_expect_eq(s.object.len, 2);
	buf_fini(&s.object);
}

Test(distcall, an_empty_request_asks_whether_anybody_is_there, .timeout = 20)
{
	struct stage s = {.answer = reply};
	run(&s, "", true);
	cr_assert_eq(s.ended, 1);
	cr_expect_eq(s.end.err, 0);
	cr_expect_null(s.end.reply);
	cr_expect_eq(s.sent, 0);
}

Test(distcall, nobody_there, .timeout = 20)
{
	struct stage s = {0};
	run(&s, "request", false);
	cr_assert_eq(s.ended, 1);
	cr_expect_eq(s.end.err, -ECONNREFUSED);
	cr_expect(s.end.in_connect);
}

Test(distcall, a_distccd_refuses_by_hanging_up, .timeout = 20)
{
	struct stage s = {0};
	run(&s, "request", true);
	cr_assert_eq(s.ended, 1);
	cr_expect(s.end.err == ERR_CLOSED || s.end.err == -ECONNRESET, "%d", s.end.err);
	cr_expect_not(s.end.in_connect);
	cr_expect_null(s.end.reply);
}

Test(distcall, what_is_no_reply, .timeout = 20)
{
	struct stage s = {.answer = "HTTP/1.1 400 Bad Request\r\n"};
	run(&s, "request", true);
	cr_assert_eq(s.ended, 1);
	cr_expect_eq(s.end.err, ERR_PROTO);
	cr_expect_null(s.end.reply);
}

Test(distcall, nothing_follows_a_cancel, .timeout = 20)
{
	struct stage s = {.answer = reply, .is_silent = true};
	run(&s, "request", true);
	cr_expect_eq(s.sent, 1);
	cr_expect_eq(s.ended, 0);
}
