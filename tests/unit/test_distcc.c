#include "core/distcc.h"

#include "base/err.h"
#include "core/lz.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

Test(distcc, addresses)
{
	static const struct {
		const char *text, *host;
		unsigned port, slots;
		bool lzo;
	} good[] = {
		{"distcc://board1/8", "board1", 3632, 8, false},
		{"distcc://board1/8,lzo", "board1", 3632, 8, true},
		{"distcc://10.0.0.7:3633/100,lzo", "10.0.0.7", 3633, 100, true},
		{"distcc://[fe80::1]:65535/1024", "fe80::1", 65535, 1024, false},
		{"distcc://[::1]/1", "::1", 3632, 1, false},
	};
	static const char *const bad[] = {"board1", "distcc:/a/1", "distcc://", "distcc:///4",
		"distcc://a", "distcc://a/", "distcc://a/0", "distcc://a/1025", "distcc://a/4,",
		"distcc://a/4,LZO", "distcc://a/4,lzo,lzo", "distcc://a:/4", "distcc://a:0/4",
		"distcc://a:65536/4", "distcc://a:1:2/4", "distcc://[::1/4", "distcc://[]/4",
		"distcc://a/4x", "distcc://a/000000004"};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct distcc_address a;
		cr_assert_eq(distcc_parse_address(good[i].text, &a), 0, "%s", good[i].text);
		cr_expect_str_eq(a.host, good[i].host);
		cr_expect_eq(a.port, good[i].port);
		cr_expect_eq(a.slots, good[i].slots);
		cr_expect_eq(a.lzo, good[i].lzo);
		_cleanup_free_ char *where = distcc_host_port(&a);
		cr_expect_not_null(strstr(where, good[i].host));
		cr_expect_eq(where[0] == '[', strchr(good[i].host, ':') != NULL, "%s", where);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct distcc_address a = {.port = 7};
		cr_expect_eq(distcc_parse_address(bad[i], &a), ERR_CONFIG, "%s", bad[i]);
		cr_expect_eq(a.port, 7);
	}
}

Test(distcc, names_that_a_toolchain_may_have)
{
	struct toolchain t = {.kind = "gcc", .target = "aarch64-linux-gnu", .version = "12.2.0"};
	static const char *const names[] = {
		"aarch64-linux-gnu-gcc", "gcc", "aarch64-linux-gnu-gcc-12", "gcc-12"};
	char name[DISTCC_NAME_BYTES];
	for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
		cr_assert(distcc_name(&t, i, name));
		cr_expect_str_eq(name, names[i]);
	}
	cr_expect(!distcc_name(&t, sizeof names / sizeof *names, name));
	strcpy(t.kind, "clang");
	cr_expect(!distcc_name(&t, 0, name));
}

/* words: between blanks. */
static struct job_spec spec_of(const char *words)
{
	struct job_spec s = {.cwd = "/src", .source = "a.c"};
	char *copy = xstrdup(words), *save;
	for (char *w = strtok_r(copy, " ", &save); w; w = strtok_r(NULL, " ", &save))
		strv_push(&s.flags, w);
	free(copy);
	return s;
}

static void expect_words(const struct job_spec *s, const char *expected)
{
	struct strv words = {0};
	struct buf all;
	buf_init(&all, 1 << 16);
	cr_assert_null(distcc_words(s, "gcc", &words));
	for (size_t i = 0; i < words.n; i++) {
		wr_raw(&all, " ", i > 0);
		wr_raw(&all, words.v[i], strlen(words.v[i]));
	}
	wr_u8(&all, 0);
	cr_expect_str_eq((char *)all.data, expected);
	strv_fini(&words);
	buf_fini(&all);
}

Test(distcc, words_are_what_a_distccd_takes)
{
	struct job_spec s = spec_of("-O2 -DA=b.c -UX -Wp,-DN=1 -Wall -std=gnu11");
	expect_words(&s, "gcc -O2 -Wall -std=gnu11 -fdirectives-only -c text.c -o text.o");
	s.lang = LANG_CXX;
	s.output_kind = OUTPUT_ASSEMBLY;
	expect_words(&s, "gcc -O2 -Wall -std=gnu11 -fdirectives-only -S text.cc -o text.o");
	strv_fini(&s.flags);
}

/* Nothing that a distccd drops, or that would show in the object, is sent there. */
Test(distcc, what_a_distccd_would_not_take_is_refused)
{
	static const char *const flags[] = {"-frandom-seed=a.c", "-fdebug-prefix-map=/a=/b.cc",
		"-frecord-gcc-switches", "-fverbose-asm", "-fprofile-correction", "-specs=x",
		"-Wa,-al", "-Wa,-q,-adhln", "-dr", "-frepo"};
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		struct job_spec s = spec_of(flags[i]);
		struct strv words = {0};
		cr_expect_not_null(distcc_words(&s, "gcc", &words), "%s", flags[i]);
		cr_expect_eq(words.n, 0);
		strv_fini(&s.flags);
	}
	struct job_spec split = {.sides = 1 << SIDE_DWO};
	struct strv words = {0};
	cr_expect_not_null(distcc_words(&split, "gcc", &words));
	struct job_spec other = spec_of("-Wa,--noexecstack");
	expect_words(&other, "gcc -Wa,--noexecstack -fdirectives-only -c text.c -o text.o");
	strv_fini(&other.flags);
}

Test(distcc, words_show_under_g)
{
	static const struct {
		const char *flags;
		bool shows;
	} rows[] = {{"-O2", false}, {"-g", true}, {"-ggdb3", true}, {"-g -g0", false},
		{"-g0 -g2", true}, {"-g -gno-record-gcc-switches", false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct job_spec s = spec_of(rows[i].flags);
		cr_expect_eq(distcc_shows_words(&s), rows[i].shows, "%s", rows[i].flags);
		strv_fini(&s.flags);
	}
}

Test(distcc, head_names_source_and_directory)
{
	struct job_spec s = {.cwd = "/a \"b\"", .source = "x\\y\n.c"};
	static const char macros[] = "#define A 1\n";
	struct buf out;
	buf_init(&out, 1000);
	cr_assert_eq(distcc_head(&s, macros, strlen(macros), &out), 0);
	wr_u8(&out, 0);
	cr_expect_str_eq((char *)out.data, "# 0 \"x\\\\y\\012.c\"\n# 1 \"/a \\\"b\\\"//\"\n"
					   "# 1 \"x\\\\y\\012.c\"\n#define A 1\n");
	buf_fini(&out);
}

Test(distcc, a_text_that_asks_for_the_files_name)
{
	static const char text[] = "const char *f = __BASE_FILE__;";
	cr_expect(distcc_names_file(text, strlen(text)));
	cr_expect_not(distcc_names_file(text, strlen(text) - 3));
	cr_expect_not(distcc_names_file("__FILE__", 8));
}

Test(distcc, requests)
{
	struct strv words = {0};
	struct buf out;
	buf_init(&out, 1000);
	strv_push(&words, "gcc");
	strv_push(&words, "-c");
	cr_assert_eq(distcc_request(&words, false, 0x1f, &out), 0);
	cr_assert_eq(distcc_request(&words, true, 1, &out), 0);
	wr_u8(&out, 0);
	cr_expect_str_eq((char *)out.data,
		"DIST00000001ARGC00000002ARGV00000003gccARGV00000002-cDOTI0000001f"
		"DIST00000002ARGC00000002ARGV00000003gccARGV00000002-cDOTI00000001");
#if SIZE_MAX > UINT32_MAX
	cr_expect_eq(distcc_request(&words, true, (size_t)UINT32_MAX + 1, &out), ERR_TOOBIG);
#endif
	strv_fini(&words);
	buf_fini(&out);
}

static int feed(struct distcc_reply *r, const char *text, size_t n, size_t piece)
{
	int err = 0;
	for (size_t at = 0; !err && at < n; at += piece)
		err = distcc_reply_feed(
			r, (const uint8_t *)text + at, n - at < piece ? n - at : piece);
	return err;
}

Test(distcc, replies_in_pieces_of_any_size)
{
	static const char text[] =
		"DONE00000001STAT00000100SERR00000005a.c:1SOUT00000000DOTO00000003\0\1\2";
	for (size_t piece = 1; piece < sizeof text; piece++) {
		struct distcc_reply r;
		struct buf out;
		distcc_reply_init(&r, false);
		buf_init(&out, 100);
		cr_assert_eq(feed(&r, text, sizeof text - 1, piece), 0);
		cr_assert(r.is_whole);
		cr_expect_eq(r.wait_status, 0x100);
		cr_expect_eq(distcc_reply_unpack(&r, DISTCC_STDERR, &out), 0);
		cr_expect_eq(distcc_reply_unpack(&r, DISTCC_STDOUT, &out), 0);
		cr_expect_eq(distcc_reply_unpack(&r, DISTCC_OBJECT, &out), 0);
		cr_expect_eq(out.len, 8);
		cr_expect(memcmp(out.data, "a.c:1\0\1\2", 8) == 0);
		cr_expect_eq(feed(&r, "x", 1, 1), ERR_PROTO, "nothing comes behind a reply");
		buf_fini(&out);
		distcc_reply_fini(&r);
	}
}

Test(distcc, packed_replies)
{
	static uint8_t object[300000];
	struct lz *lz = lz_create();
	struct buf all, packed, out;
	buf_init(&all, 1 << 20);
	buf_init(&packed, 1 << 20);
	buf_init(&out, 1 << 20);
	cr_assert_eq(lz_pack_whole(lz, object, sizeof object, &packed), 0);
	lz_destroy(lz);
	char head[80];
	wr_raw(&all, head,
		(size_t)snprintf(head, sizeof head,
			"DONE00000002STAT00000000SERR00000000SOUT00000000DOTO%08zx", packed.len));
	wr_raw(&all, packed.data, packed.len);
	struct distcc_reply r;
	distcc_reply_init(&r, true);
	cr_assert_eq(feed(&r, (const char *)all.data, all.len, 1000), 0);
	cr_assert(r.is_whole);
	cr_assert_eq(distcc_reply_unpack(&r, DISTCC_OBJECT, &out), 0);
	cr_expect_eq(out.len, sizeof object);
	cr_expect(memcmp(out.data, object, sizeof object) == 0);
	distcc_reply_fini(&r);
	buf_fini(&all);
	buf_fini(&packed);
	buf_fini(&out);
}

Test(distcc, what_is_no_reply)
{
	static const struct {
		const char *text;
		int err;
	} rows[] = {
		{"HTTP/1.1 400", ERR_PROTO},
		{"DONE00000002", ERR_PROTO}, /* not the version that was asked for */
		{"DONE0000000g", ERR_PROTO},
		{"DONE00000001SERR00000000", ERR_PROTO},
		{"DONE0000000ASTAT", ERR_PROTO},
		{"DONE00000001STAT00000000SERRffffffff", ERR_TOOBIG},
		{"DONE00000001STAT00000000SERR00000000SOUT00000000DOTO20000001", ERR_TOOBIG},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct distcc_reply r;
		distcc_reply_init(&r, false);
		cr_expect_eq(feed(&r, rows[i].text, strlen(rows[i].text), 5), rows[i].err, "%s",
			rows[i].text);
		cr_expect(!r.is_whole);
		distcc_reply_fini(&r);
	}
}
