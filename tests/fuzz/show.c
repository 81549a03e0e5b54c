#include "show.h"

#include "core/lz.h"
#include "core/view.h"
#include "io/digest.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

enum { CONTENT_MAX = 21000 };

static void put_content(unsigned which, uint8_t out[CONTENT_MAX], size_t *ret_n)
{
	*ret_n = which % 4 * 7000; /* of which four fill the store */
	memset(out, (int)which, *ret_n);
}

/* A file of some contents, a link or a directory, at one of few places, so that they meet. */
static void put_entry(unsigned what, struct buf *out)
{
	static const char *const paths[] = {
		"/farm/t/a.h", "/farm/t/b.h", "/farm/t", "/usr/include", "/usr", "/farm/t/specs"};
	static uint8_t bytes[CONTENT_MAX];
	char path[32], target[] = "x";
	size_t n;
	struct view_entry e = {
		.kind = (enum view_kind)(what % 16 < VIEW_KIND_COUNT ? what % 16 : VIEW_FILE),
		.path = path,
		.target = target,
		.mtime_s = what / 64};
	snprintf(path, sizeof path, "%s", paths[what / 16 % (sizeof paths / sizeof *paths)]);
	put_content(what % 8, bytes, &n);
	e.bytes = n;
	struct digest *d = digest_create_content();
	digest_update(d, bytes, n);
	digest_final(d, e.hash);
	digest_destroy(d);
	e.hash[63] ^= what % 32 == 31;
	assert(view_write(&e, out) == 0);
}

static void say_content(struct buf *to, unsigned what)
{
	static uint8_t bytes[CONTENT_MAX], packed[LZ_PACKED_MAX];
	size_t n;
	struct msg block = {.job = 0}, m = {.type = MSG_CONTENT};
	put_content(what % 8, bytes, &n);
	struct lz *lz = lz_create();
	lz_pack(lz, bytes, n, packed, &block);
	lz_destroy(lz);
	m.content.number = what / 8 % 8;
	m.content.packing = block.data.packing;
	m.content.raw_bytes = block.data.raw_bytes;
	m.content.bytes = block.data.bytes;
	m.content.n = block.data.n;
	assert(msg_encode(&m, to) == 0);
}

static void say_files(struct buf *to, unsigned what, uint32_t view)
{
	struct buf entry;
	buf_init(&entry, WIRE_PAYLOAD_MAX);
	put_entry(what, &entry);
	const struct msg m = {.type = MSG_FILES, .files = {view, 1, entry.data, entry.len}};
	assert(msg_encode(&m, to) == 0);
	buf_fini(&entry);
}

static void say_job(
	struct buf *to, const uint8_t toolchain[TOOLCHAIN_ID_BYTES], uint32_t job, uint32_t view)
{
	char cwd[] = "/farm/t", source[] = "a.c", output[] = "a.o";
	struct msg m = {.type = MSG_JOB, .job = job};
	m.job_spec.spec = (struct job_spec){.input_kind = INPUT_VIEW,
		.view = view,
		.cwd = cwd,
		.source = source,
		.output = output};
	memcpy(m.job_spec.spec.toolchain, toolchain, TOOLCHAIN_ID_BYTES);
	assert(msg_encode(&m, to) == 0);
	const struct msg end = {.type = MSG_JOB_TEXT_END, .job = job};
	assert(msg_encode(&end, to) == 0);
}

void show_say(
	struct buf *to, const uint8_t toolchain[TOOLCHAIN_ID_BYTES], unsigned kind, unsigned what)
{
	uint32_t view = kind % 4 + 1u;
	switch (kind / 4 % 4) {
	case 0: say_files(to, what, view); break;
	case 1: say_job(to, toolchain, 1000 + what, view); break;
	case 2: say_content(to, what); break;
	default: {
		const struct msg m = {.type = MSG_CONTENT_GONE, .content_gone = what % 8};
		int err = msg_encode(&m, to);
		assert(err == 0);
		(void)err;
	}
	}
}
