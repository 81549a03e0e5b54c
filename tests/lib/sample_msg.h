/* sample_msg - one message of each row of the table, with every field set. */
#pragma once

#include "core/msg.h"
#include "core/view.h"

#include <string.h>

static char *sample_flags[] = {"-O2", "-Wall", "", "-DX=a b", NULL};
static char *sample_toolchains[] = {"kind gcc\nversion 12.2.0\n", "kind clang\n", NULL};

static inline struct job_spec sample_spec(void)
{
	return (struct job_spec){
		.toolchain = {1, 2, 3, [31] = 32},
		.lang = LANG_CXX,
		.input_kind = INPUT_VIEW,
		.output_kind = OUTPUT_ASSEMBLY,
		.sides = 1 << SIDE_DWO | 1 << SIDE_CALLS,
		.names_output = true,
		.deps = DEPS_CPP_USER,
		.messages = MESSAGES_HERE,
		.view = 0xfffffffe,
		.cwd = "/home/u/src",
		.source = "lib/a.cc",
		.output = "out/a.s",
		.flags = {.v = sample_flags, .n = 4},
	};
}

static inline struct job_result sample_result(void)
{
	return (struct job_result){
		.wait_status = -7,
		.cpu_us = 123456789012,
		.wall_us = UINT64_MAX,
		.max_rss_kib = 99,
		.raw_bytes = {0, 1, 2, JOB_OUTPUT_BYTES_MAX, 4, 5},
		.digest = {9, [31] = 8},
	};
}

/* One entry of each kind. */
static inline const uint8_t *sample_entries(size_t *ret_n)
{
	static uint8_t bytes[1024];
	struct view_entry entries[VIEW_KIND_COUNT] = {
		{VIEW_PLACE, .path = "/usr"},
		{VIEW_WHOLE, .path = "/usr/include"},
		{VIEW_FILE, .path = "/usr/include/a.h", .hash = {1, [63] = 2}, .bytes = 3,
			.mtime_s = 4},
		{VIEW_LINK, .path = "/usr/include/b", .target = "../c"},
		{VIEW_NOTHING, .path = "/opt/x"},
	};
	struct buf b;
	buf_init(&b, sizeof bytes);
	for (size_t i = 0; i < VIEW_KIND_COUNT; i++)
		view_write(&entries[i], &b);
	memcpy(bytes, b.data, b.len);
	*ret_n = b.len;
	buf_fini(&b);
	return bytes;
}

/* One message of each row, with every field set. The strings are only read. */
static inline struct msg sample_msg(enum msg_type type)
{
	struct msg m = {.type = type, .job = 0xfeedbeef};
	switch (type) {
	case MSG_CC_BEGIN:
		m.cc_begin.version = 7;
		m.cc_begin.distributable = true;
		m.cc_begin.reason = "because";
		m.cc_begin.compiler = "/usr/bin/g++";
		m.cc_begin.spec = sample_spec();
		m.cc_begin.words = (struct strv){.v = sample_flags, .n = 4};
		m.cc_begin.cpath = "/opt/include:";
		m.cc_begin.lang_path = "";
		m.cc_begin.deps_flags = (struct strv){.v = sample_flags, .n = 1};
		m.cc_begin.no_text = "";
		m.cc_begin.no_view = "it is a sample";
		break;
	case MSG_CC_TOOLCHAIN:
		m.cc_toolchain.compiler = "/usr/bin/gcc";
		m.cc_toolchain.text = "kind gcc\n";
		break;
	case MSG_CC_DIRS:
		m.cc_dirs.text = "#include <...> search starts here:\n";
		m.cc_dirs.macros = (struct strv){.v = sample_flags, .n = 2};
		break;
	case MSG_CC_STAGED:
		m.cc_staged.raw_bytes = JOB_TEXT_BYTES_MAX;
		m.cc_staged.cpu_us = 17;
		break;
	case MSG_CC_LOCAL: m.cc_local = "no"; break;
	case MSG_CC_DONE:
		m.cc_done.wait_status = INT32_MIN;
		m.cc_done.cpu_us = 18;
		break;
	case MSG_CC_BLOCK:
		m.cc_block.key = (struct block_key){UINT64_MAX, 3};
		m.cc_block.raw_bytes = 20000;
		m.cc_block.text_bytes = 21000;
		m.cc_block.opening = UINT64_MAX - 1;
		m.cc_block.markers = "# 1 \"a.h\" 1\n";
		m.cc_block.markers_n = 12;
		break;
	case MSG_CC_KNOWN:
		m.cc_known.n = JOB_KNOWN_MAX;
		m.cc_known.ids[0] = 1;
		m.cc_known.ids[JOB_KNOWN_MAX - 1] = UINT32_MAX;
		break;
	case MSG_CC_PRELUDE:
		m.cc_prelude.text = "#define A\n";
		m.cc_prelude.n = 10;
		break;
	case MSG_CC_HEAVY:
		m.cc_heavy.version = 7;
		m.cc_heavy.input_bytes = UINT64_MAX;
		break;
	case MSG_CC_CHECKED: m.cc_checked = CHECKED_UNCLEAR; break;
	case MSG_CC_VERDICT:
		m.cc_verdict.verdict = VERDICT_PROBE;
		m.cc_verdict.reason = "";
		break;
	case MSG_CC_RESULT:
	case MSG_RESULT: m.result = sample_result(); break;
	case MSG_HELLO:
		m.hello.version = WIRE_VERSION;
		m.hello.role = ROLE_OBSERVER;
		m.hello.client = "u@desk";
		break;
	case MSG_JOB: m.job_spec.spec = sample_spec(); break;
	case MSG_JOB_TEXT_END:
		m.job_text_end.raw_bytes = JOB_TEXT_BYTES_MAX;
		m.job_text_end.cost_ms = UINT32_MAX;
		break;
	case MSG_WELCOME:
		m.welcome.version = WIRE_VERSION;
		m.welcome.name = "board-7";
		memcpy(m.welcome.boot_id, "12345678", 8);
		m.welcome.slots = 4;
		m.welcome.preload = 5;
		m.welcome.jail_level = 3;
		m.welcome.credits = UINT16_MAX;
		m.welcome.shows_views = true;
		m.welcome.toolchains = (struct strv){.v = sample_toolchains, .n = 2};
		break;
	case MSG_CREDITS: m.credits = 12; break;
	case MSG_REFUSED:
		m.refused.refusal = REFUSED_LIMIT;
		m.refused.text = "too long";
		break;
	case MSG_FILES:
		m.files.view = 9;
		m.files.count = VIEW_KIND_COUNT;
		m.files.entries = sample_entries(&m.files.n);
		break;
	case MSG_CONTENT:
		m.content.number = 70000;
		m.content.packing = PACKING_STORED;
		m.content.raw_bytes = 3;
		m.content.bytes = (const uint8_t *)"\0x\n";
		m.content.n = 3;
		break;
	case MSG_CONTENT_GONE: m.content_gone = UINT32_MAX; break;
	case MSG_NEED:
		m.need.numbers = (const uint8_t *)"\0\0\0\1\0\1\0\0";
		m.need.count = 2;
		break;
	case MSG_DATA:
		m.data.stream = STREAM_DWO;
		m.data.packing = PACKING_STORED;
		m.data.raw_bytes = 5;
		m.data.bytes = (const uint8_t *)"a\0b\xff!";
		m.data.n = 5;
		break;
	case MSG_CC_CHECK:
	case MSG_CANCEL:
	case MSG_STARTED:
	case MSG_DRAIN:
	case MSG_BEAT: break;
	}
	return m;
}
