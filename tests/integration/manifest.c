#include "manifest.h"

#include "base/err.h"
#include "base/fs.h"
#include "core/view.h"
#include "io/digest.h"

#include <stdio.h>
#include <string.h>

enum { LOCAL_MAX = 64 << 20 };

static const char *const kinds[VIEW_KIND_COUNT] = {[VIEW_PLACE] = "place",
	[VIEW_WHOLE] = "whole",
	[VIEW_FILE] = "file",
	[VIEW_LINK] = "link",
	[VIEW_NOTHING] = "nothing"};

__attribute__((noreturn)) static void die(const char *what, int err)
{
	fprintf(stderr, "manifest: %s: %s\n", what, err_str(err));
	exit(2);
}

static void tell(struct conn *conn, const struct msg *m)
{
	int err = conn_send(conn, m);
	if (err)
		die(msg_name(m->type), err);
}

static char *unescape(const char *text, size_t *ret_n)
{
	char *out = xmalloc(strlen(text) + 1), *to = out;
	for (; *text; text++) {
		bool is_line_end = text[0] == '\\' && text[1] == 'n';
		*to++ = is_line_end ? '\n' : *text;
		text += is_line_end;
	}
	*ret_n = (size_t)(to - out);
	*to = '\0';
	return out;
}

static struct manifest_content *load(struct manifest *m, const char *source)
{
	struct manifest_content c = {.data = NULL};
	if (source[0] == '=')
		c.data = unescape(source + 1, &c.n);
	else if (fs_read_file(source + 1, LOCAL_MAX, &c.data, &c.n) < 0)
		die(source, ERR_CONFIG);
	struct digest *d = digest_create_content();
	digest_update(d, c.data, c.n);
	digest_final(d, c.hash);
	digest_destroy(d);
	if (m->tricks & MANIFEST_HALF)
		c.hash[40] ^= 1;
	vec_push(&m->contents, c);
	return &m->contents.v[m->contents.n - 1];
}

/* As view_write() does it, but for anything. */
static void put(struct manifest *m, char *line, struct buf *out)
{
	char *save = NULL, *kind = strtok_r(line, " ", &save), *path = strtok_r(NULL, " ", &save);
	uint8_t code = 0;
	while (code < VIEW_KIND_COUNT && strcmp(kinds[code], kind) != 0)
		code++;
	wr_u8(out, code);
	wr_str(out, path);
	if (code == VIEW_LINK)
		wr_str(out, save);
	if (code != VIEW_FILE)
		return;
	const char *mtime = strtok_r(NULL, " ", &save);
	const struct manifest_content *c = load(m, save);
	wr_raw(out, c->hash, sizeof c->hash);
	wr_u64(out, c->n);
	wr_u64(out, strtoull(mtime, NULL, 10));
}

void manifest_send(struct manifest *m, struct conn *conn, uint32_t view, const char *text)
{
	_cleanup_free_ char *copy = xstrdup(text);
	char *save = NULL;
	for (char *line = strtok_r(copy, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		struct buf entry;
		buf_init(&entry, WIRE_PAYLOAD_MAX);
		put(m, line, &entry);
		const struct msg files = {
			.type = MSG_FILES, .files = {view, 1, entry.data, entry.len}};
		tell(conn, &files);
		buf_fini(&entry);
	}
}

static void send_content(struct manifest *m, struct conn *conn, struct lz *lz, uint32_t number)
{
	static uint8_t packed[LZ_PACKED_MAX], raw[LZ_BLOCK_BYTES];
	struct manifest_content *c = &m->contents.v[number - 1];
	if (m->tricks & MANIFEST_POISON)
		c->data[c->n / 2] ^= 1;
	for (size_t at = 0; at < c->n;) {
		size_t n = c->n - at < LZ_BLOCK_BYTES ? c->n - at : LZ_BLOCK_BYTES;
		struct msg block = {.type = MSG_DATA}, content = {.type = MSG_CONTENT};
		memcpy(raw, c->data + at, n);
		if (m->tricks & MANIFEST_TWICE)
			n = 1;
		lz_pack(lz, raw, n, packed, &block);
		content.content.number = number;
		content.content.packing = block.data.packing;
		content.content.raw_bytes = block.data.raw_bytes;
		content.content.bytes = block.data.bytes;
		content.content.n = block.data.n;
		tell(conn, &content);
		if (m->tricks & MANIFEST_LONGER)
			tell(conn, &content);
		if (m->tricks & MANIFEST_TWICE)
			return;
		at += n;
	}
}

unsigned manifest_answer(
	struct manifest *m, struct conn *conn, struct lz *lz, const struct msg *need)
{
	struct rd r;
	rd_init(&r, need->need.numbers, need->need.count * sizeof(uint32_t));
	for (unsigned i = 0; i < need->need.count && !(m->tricks & MANIFEST_WITHHOLD); i++) {
		uint32_t number = rd_u32(&r);
		if (number == 0 || number > m->contents.n)
			die("NEED", ERR_PROTO);
		if (m->tricks & MANIFEST_GONE)
			tell(conn, &(struct msg){.type = MSG_CONTENT_GONE, .content_gone = number});
		else
			send_content(m, conn, lz, number);
		if (m->tricks & MANIFEST_ODD)
			send_content(m, conn, lz, number);
	}
	return need->need.count;
}

void manifest_fini(struct manifest *m)
{
	for (size_t i = 0; i < m->contents.n; i++)
		free(m->contents.v[i].data);
	vec_fini(&m->contents);
}
