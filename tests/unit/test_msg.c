#include "base/err.h"
#include "core/msg.h"
#include "lib/sample_msg.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

/* The decoder gets exactly n bytes, so that a sanitizer sees each one read too far. */
static int decode(uint32_t type, const uint8_t *payload, size_t n, struct msg *ret)
{
	struct wire_header h = {.length = (uint32_t)n, .type = (uint16_t)type, .job = 3};
	uint8_t *exact = malloc(n ? n : 1);
	memcpy(exact, payload, n);
	int err = msg_decode(&h, exact, ret);
	free(exact);
	return err;
}

static struct buf encoded(const struct msg *m)
{
	struct buf b;
	buf_init(&b, 1 << 20);
	cr_assert_eq(msg_encode(m, &b), 0, "%s", msg_name(m->type));
	return b;
}

Test(msg, every_message_comes_back)
{
	for (size_t i = 0; msg_row(i); i++) {
		struct msg m = sample_msg(msg_row(i)->type), back;
		struct buf one = encoded(&m);
		struct wire_header h;
		cr_assert_eq(wire_header_decode(one.data, &h), 0);
		cr_expect_eq(h.length, one.len - WIRE_HEADER_BYTES);
		cr_assert_eq(msg_decode(&h, one.data + WIRE_HEADER_BYTES, &back), 0, "%s",
			msg_row(i)->name);
		cr_expect_eq(back.type, m.type);
		cr_expect_eq(back.job, 0xfeedbeef);
		struct buf two = encoded(&back);
		cr_expect_eq(two.len, one.len, "%s", msg_row(i)->name);
		cr_expect_arr_eq(two.data, one.data, one.len, "%s", msg_row(i)->name);
		msg_fini(&back);
		msg_fini(&back);
		buf_fini(&one);
		buf_fini(&two);
	}
}

Test(msg, fields_arrive_where_they_belong)
{
	struct msg m = sample_msg(MSG_WELCOME), back;
	struct buf b = encoded(&m);
	cr_assert_eq(decode(MSG_WELCOME, b.data + 12, b.len - 12, &back), 0);
	cr_expect_str_eq(back.welcome.name, "board-7");
	cr_expect_eq(back.welcome.slots, 4);
	cr_expect_eq(back.welcome.preload, 5);
	cr_expect_eq(back.welcome.jail_level, 3);
	cr_expect_eq(back.welcome.toolchains.n, 2);
	cr_expect_str_eq(back.welcome.toolchains.v[1], "kind clang\n");
	msg_fini(&back);
	buf_fini(&b);

	m = sample_msg(MSG_JOB);
	b = encoded(&m);
	cr_assert_eq(decode(MSG_JOB, b.data + 12, b.len - 12, &back), 0);
	cr_expect_eq(back.job_spec.spec.lang, LANG_CXX);
	cr_expect_eq(back.job_spec.spec.output_kind, OUTPUT_ASSEMBLY);
	cr_expect_eq(back.job_spec.spec.sides, 1 << SIDE_DWO | 1 << SIDE_CALLS);
	cr_expect(back.job_spec.spec.names_output);
	cr_expect_str_eq(back.job_spec.spec.cwd, "/home/u/src");
	cr_expect_str_eq(back.job_spec.spec.source, "lib/a.cc");
	cr_expect_str_eq(back.job_spec.spec.output, "out/a.s");
	cr_expect_str_eq(back.job_spec.spec.flags.v[3], "-DX=a b");
	cr_expect_null(back.job_spec.spec.flags.v[4]);
	msg_fini(&back);
	buf_fini(&b);
}

Test(msg, truncated_anywhere_it_is_refused)
{
	for (size_t i = 0; msg_row(i); i++) {
		struct msg m = sample_msg(msg_row(i)->type), back = {.job = 42};
		struct buf b = encoded(&m);
		for (size_t n = 0; n < b.len - WIRE_HEADER_BYTES; n++) {
			int err = decode(m.type, b.data + WIRE_HEADER_BYTES, n, &back);
			cr_expect_lt(err, 0, "%s cut to %zu", msg_row(i)->name, n);
			cr_expect_eq(back.job, 42, "untouched on failure");
		}
		buf_fini(&b);
	}
}

Test(msg, a_byte_too_many_is_refused)
{
	for (size_t i = 0; msg_row(i); i++) {
		struct msg m = sample_msg(msg_row(i)->type), back;
		struct buf b = encoded(&m);
		wr_u8(&b, 0);
		int err = decode(
			m.type, b.data + WIRE_HEADER_BYTES, b.len - WIRE_HEADER_BYTES, &back);
		cr_expect(err == ERR_PROTO || err == ERR_TOOBIG, "%s: %d", msg_row(i)->name, err);
		buf_fini(&b);
	}
}

/* Whatever one wrong byte makes of a message, it is refused or means something that can be said. */
Test(msg, a_wrong_byte_never_yields_what_cannot_be_encoded)
{
	for (size_t i = 0; msg_row(i); i++) {
		struct msg m = sample_msg(msg_row(i)->type), back;
		struct buf b = encoded(&m);
		for (size_t at = WIRE_HEADER_BYTES; at < b.len; at++) {
			for (unsigned bit = 0; bit < 8; bit++) {
				b.data[at] ^= (uint8_t)(1u << bit);
				if (decode(m.type, b.data + 12, b.len - 12, &back) == 0) {
					if (back.type == MSG_DATA)
						back.data.bytes = b.data + 18; /* was lent */
					if (back.type == MSG_CONTENT)
						back.content.bytes = b.data + 21;
					if (back.type == MSG_FILES)
						back.files.entries = b.data + 18;
					if (back.type == MSG_NEED)
						back.need.numbers = b.data + 14;
					if (back.type == MSG_CC_BLOCK)
						back.cc_block.markers =
							(char *)b.data + 48; /* likewise */
					if (back.type == MSG_CC_PRELUDE)
						back.cc_prelude.text = (char *)b.data + 16;
					struct buf again = encoded(&back);
					cr_expect_arr_eq(again.data + 12, b.data + 12, b.len - 12);
					buf_fini(&again);
					msg_fini(&back);
				}
				b.data[at] ^= (uint8_t)(1u << bit);
			}
		}
		buf_fini(&b);
	}
}

static char *text_of(size_t n)
{
	char *s = malloc(n + 1);
	memset(s, 'x', n);
	s[n] = '\0';
	return s;
}

static int try_encode(const struct msg *m)
{
	struct buf b;
	buf_init(&b, 4 << 20);
	cr_assert_eq(buf_append(&b, "earlier", 7), 0);
	int err = msg_encode(m, &b);
	if (err) {
		cr_expect_eq(b.len, 7, "a message that failed leaves no trace");
		cr_expect_eq(b.err, 0);
	} else {
		struct msg back;
		cr_expect_eq(decode(m->type, b.data + 7 + 12, b.len - 7 - 12, &back), 0,
			"%s can be read by the other side", msg_name(m->type));
		if (back.type != MSG_DATA)
			msg_fini(&back);
	}
	buf_fini(&b);
	return err;
}

#define TEXT_LIMIT(type, field, max_bytes)                                                         \
	{                                                                                          \
#field, type, offsetof(struct msg, field), max_bytes                               \
	}

Test(msg, texts_have_limits_on_both_sides)
{
	static const struct {
		const char *field;
		enum msg_type type;
		size_t offset, max_bytes;
	} cases[] = {
		TEXT_LIMIT(MSG_CC_BEGIN, cc_begin.reason, 512),
		TEXT_LIMIT(MSG_CC_BEGIN, cc_begin.compiler, JOB_PATH_BYTES_MAX),
		TEXT_LIMIT(MSG_CC_BEGIN, cc_begin.spec.cwd, JOB_PATH_BYTES_MAX),
		TEXT_LIMIT(MSG_CC_TOOLCHAIN, cc_toolchain.compiler, JOB_PATH_BYTES_MAX),
		TEXT_LIMIT(MSG_CC_TOOLCHAIN, cc_toolchain.text, 8192),
		TEXT_LIMIT(MSG_CC_LOCAL, cc_local, 512),
		TEXT_LIMIT(MSG_CC_VERDICT, cc_verdict.reason, 512),
		TEXT_LIMIT(MSG_HELLO, hello.client, 200),
		TEXT_LIMIT(MSG_JOB, job_spec.spec.cwd, JOB_PATH_BYTES_MAX),
		TEXT_LIMIT(MSG_JOB, job_spec.spec.source, JOB_PATH_BYTES_MAX),
		TEXT_LIMIT(MSG_JOB, job_spec.spec.output, JOB_PATH_BYTES_MAX),
		TEXT_LIMIT(MSG_WELCOME, welcome.name, WIRE_NAME_MAX),
		TEXT_LIMIT(MSG_REFUSED, refused.text, 512),
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		for (size_t n = cases[i].max_bytes; n <= cases[i].max_bytes + 1; n++) {
			struct msg m = sample_msg(cases[i].type);
			char *text = text_of(n);
			memcpy((char *)&m + cases[i].offset, &text, sizeof text);
			cr_expect_eq(try_encode(&m), n > cases[i].max_bytes ? ERR_TOOBIG : 0,
				"%s %zu", cases[i].field, n);
			free(text);
		}
	}
}

Test(msg, flags_have_limits)
{
	char *vector[JOB_FLAGS_MAX + 2] = {0};
	struct msg m = sample_msg(MSG_JOB);
	for (size_t i = 0; i <= JOB_FLAGS_MAX; i++)
		vector[i] = "-g";
	m.job_spec.spec.flags = (struct strv){.v = vector, .n = JOB_FLAGS_MAX};
	cr_expect_eq(try_encode(&m), 0);
	m.job_spec.spec.flags.n++;
	cr_expect_eq(try_encode(&m), ERR_TOOBIG);

	char *flag = text_of(JOB_FLAG_BYTES_MAX + 1);
	vector[0] = flag;
	m.job_spec.spec.flags.n = 1;
	cr_expect_eq(try_encode(&m), ERR_TOOBIG);
	vector[0] = flag + 1;
	cr_expect_eq(try_encode(&m), 0);
	for (size_t i = 0; i < 12; i++)
		vector[i] = flag + 1;
	m.job_spec.spec.flags.n = 12;
	cr_expect_eq(try_encode(&m), ERR_TOOBIG, "48 KiB of flags exceed the payload");
	free(flag);
}

Test(msg, toolchains_have_limits)
{
	char *vector[66] = {0};
	struct msg m = sample_msg(MSG_WELCOME);
	for (size_t i = 0; i < 65; i++)
		vector[i] = "kind gcc\n";
	m.welcome.toolchains = (struct strv){.v = vector, .n = 64};
	cr_expect_eq(try_encode(&m), 0);
	m.welcome.toolchains.n = 65;
	cr_expect_eq(try_encode(&m), ERR_TOOBIG);
}

Test(msg, sizes_that_will_come_have_limits)
{
	struct msg m = sample_msg(MSG_JOB_TEXT_END);
	m.job_text_end.raw_bytes++;
	cr_expect_eq(try_encode(&m), ERR_TOOBIG);
	m = sample_msg(MSG_CC_STAGED);
	m.cc_staged.raw_bytes++;
	cr_expect_eq(try_encode(&m), ERR_TOOBIG);
	m = sample_msg(MSG_RESULT);
	m.result.raw_bytes[STREAM_OUTPUT]++;
	cr_expect_eq(try_encode(&m), ERR_TOOBIG);

	struct msg back;
	static const uint8_t huge[8] = {0, 0, 0, 0, 0x10, 0, 0, 1};
	cr_expect_eq(decode(MSG_JOB_TEXT_END, huge, sizeof huge, &back), ERR_TOOBIG);
}

Test(msg, data_fills_a_frame_and_no_more)
{
	enum { FULL = WIRE_PAYLOAD_MAX - 6 };
	uint8_t *bytes = calloc(1, FULL + 1);
	struct msg m = sample_msg(MSG_DATA);
	m.data.bytes = bytes;
	m.data.n = m.data.raw_bytes = FULL;
	cr_expect_eq(try_encode(&m), 0);
	m.data.n = m.data.raw_bytes = FULL + 1;
	cr_expect_eq(try_encode(&m), ERR_TOOBIG);
	m.data.n = 5;
	m.data.raw_bytes = 6;
	cr_expect_eq(try_encode(&m), ERR_PROTO, "stored bytes are as many as announced");
	m.data.packing = PACKING_LZO1X;
	cr_expect_eq(try_encode(&m), 0);
	free(bytes);
}

Test(msg, enumerations_and_booleans_are_checked)
{
	static const struct {
		enum msg_type type;
		size_t at; /* in the payload */
		uint8_t bad;
	} cases[] = {
		{MSG_CC_BEGIN, 2, 2},
		{MSG_CC_VERDICT, 0, VERDICT_COUNT},
		{MSG_HELLO, 2, ROLE_COUNT},
		{MSG_JOB, 32, LANG_COUNT},
		{MSG_JOB, 33, INPUT_KIND_COUNT},
		{MSG_JOB, 34, OUTPUT_KIND_COUNT},
		{MSG_JOB, 35, 1 << SIDE_COUNT},
		{MSG_JOB, 36, 2},
		{MSG_REFUSED, 0, REFUSED_COUNT},
		{MSG_DATA, 0, STREAM_COUNT},
		{MSG_DATA, 1, PACKING_COUNT},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct msg m = sample_msg(cases[i].type), back;
		struct buf b = encoded(&m);
		b.data[WIRE_HEADER_BYTES + cases[i].at] = cases[i].bad;
		cr_expect_eq(
			decode(m.type, b.data + 12, b.len - 12, &back), ERR_PROTO, "case %zu", i);
		buf_fini(&b);
	}
}

Test(msg, payloads_above_the_row_s_limit_are_refused)
{
	uint8_t *bytes = calloc(1, WIRE_PAYLOAD_MAX + 1);
	struct msg back;
	for (size_t i = 0; msg_row(i); i++) {
		cr_expect_leq(msg_row(i)->max_bytes, (size_t)WIRE_PAYLOAD_MAX);
		cr_expect_eq(decode(msg_row(i)->type, bytes, msg_row(i)->max_bytes + 1, &back),
			ERR_TOOBIG, "%s", msg_row(i)->name);
	}
	free(bytes);
}

Test(msg, what_is_not_in_the_table_is_unknown)
{
	struct msg back;
	const uint8_t none = 0;
	const unsigned codes[] = {0, 12, 15, 19, 31, 39, 55, 66, 255, 65535};
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		cr_expect_null(msg_name((enum msg_type)codes[i]));
		cr_expect_not(msg_allowed((enum msg_type)codes[i], MSG_FROM_ALL, MSG_IN_ANY));
		cr_expect_eq(decode(codes[i], &none, 0, &back), ERR_PROTO);
	}
	cr_expect_null(msg_row(1000));
}

Test(msg, each_is_legal_for_its_senders_in_its_phase_only)
{
	static const enum msg_sender senders[] = {
		MSG_FROM_CC, MSG_FROM_CTL, MSG_FROM_CLIENT, MSG_FROM_NODE};
	for (size_t i = 0; msg_row(i); i++) {
		const struct msg_row *row = msg_row(i);
		for (size_t s = 0; s < 4; s++) {
			cr_expect_eq(msg_allowed(row->type, senders[s], MSG_IN_HELLO),
				(row->senders & senders[s]) && (row->phases & MSG_IN_HELLO));
			cr_expect_eq(msg_allowed(row->type, senders[s], MSG_IN_OPEN),
				(row->senders & senders[s]) && (row->phases & MSG_IN_OPEN));
		}
	}
	cr_expect(msg_allowed(MSG_HELLO, MSG_FROM_CLIENT, MSG_IN_HELLO));
	cr_expect_not(msg_allowed(MSG_HELLO, MSG_FROM_CLIENT, MSG_IN_OPEN));
	cr_expect_not(msg_allowed(MSG_HELLO, MSG_FROM_NODE, MSG_IN_HELLO));
	cr_expect_not(msg_allowed(MSG_JOB, MSG_FROM_CLIENT, MSG_IN_HELLO));
	cr_expect(msg_allowed(MSG_DATA, MSG_FROM_CC, MSG_IN_OPEN));
	cr_expect_not(msg_allowed(MSG_BEAT, MSG_FROM_CC, MSG_IN_OPEN));
}
