#include "peer_view.h"

#include "base/err.h"
#include "core/view.h"
#include "inputs.h"
#include "peer.h"

#include <string.h>

enum {
	CONTENT_PACKED_MAX = VIEW_CONTENT_BYTES_MAX + VIEW_CONTENT_BYTES_MAX / 8,
	FILES_BYTES_MAX = WIRE_PAYLOAD_MAX - 4 - 2, /* of entries in one message */
};

void peer_view_init(struct peer_view *v)
{
	chunks_init(&v->content, CONTENT_PACKED_MAX);
}

void peer_view_reset(struct peer_view *v)
{
	v->view = 0;
	v->told.n = v->contents.n = v->needs.n = v->next = 0;
	v->sending = 0;
	v->orphans += v->loading;
	v->loading = false;
	v->cursor = 0;
	chunks_fini(&v->content);
}

void peer_view_fini(struct peer_view *v)
{
	peer_view_reset(v);
	vec_fini(&v->told);
	vec_fini(&v->contents);
	vec_fini(&v->needs);
}

bool peer_view_is_stale(const struct peer *p, const struct wrapper *w)
{
	return w->spec.input_kind == INPUT_VIEW && w->spec.view < p->view.view;
}

/* True the first time in this view. */
static bool is_news(struct peer_view *v, uint32_t entry)
{
	while (v->told.n <= entry)
		vec_push(&v->told, 0);
	bool news = !v->told.v[entry];
	v->told.v[entry] = 1;
	return news;
}

static int send_files(struct peer *p, struct buf *entries, uint16_t *count)
{
	struct msg m = {.type = MSG_FILES};
	m.files.view = p->view.view;
	m.files.count = *count;
	m.files.entries = entries->data;
	m.files.n = entries->len;
	int err = *count ? conn_send(p->conn, &m) : 0;
	buf_clear(entries);
	*count = 0;
	return err;
}

int peer_view_announce(struct peer *p, const struct wrapper *w)
{
	struct peer_view *v = &p->view;
	if (w->spec.view != v->view) {
		v->view = w->spec.view;
		v->told.n = 0;
	}
	struct buf entries;
	buf_init(&entries, FILES_BYTES_MAX + VIEW_ENTRY_WIRE_MAX);
	uint16_t count = 0;
	int err = 0;
	for (size_t i = 0; i < w->direct.count && !err; i++) {
		uint32_t number = w->direct.entries[i];
		if (!is_news(v, number))
			continue;
		if (entries.len + VIEW_ENTRY_WIRE_MAX > FILES_BYTES_MAX || count == UINT16_MAX)
			err = send_files(p, &entries, &count);
		const struct view_entry *e = inputs_entry(p->farm->inputs, number);
		if (!err)
			err = view_write(e, &entries);
		count++;
		if (e->kind == VIEW_FILE)
			vec_push(&v->contents, number);
	}
	if (!err)
		err = send_files(p, &entries, &count);
	buf_fini(&entries);
	return err;
}

int peer_view_on_need(struct peer *p, const struct msg *m)
{
	struct peer_view *v = &p->view;
	struct rd r;
	rd_init(&r, m->need.numbers, m->need.count * sizeof(uint32_t));
	for (unsigned i = 0; i < m->need.count; i++) {
		uint32_t number = rd_u32(&r);
		if (number == 0 || number > v->contents.n || v->needs.n >= v->contents.n)
			return ERR_PROTO;
		vec_push(&v->needs, number);
	}
	return 0;
}

static void on_loaded(void *ctx, const struct chunks *content)
{
	struct peer *p = ctx;
	struct peer_view *v = &p->view;
	if (v->orphans) { /* they come in the order in which they were asked for */
		v->orphans--;
		return;
	}
	v->loading = false;
	v->cursor = 0;
	if (!content || chunks_append(&v->content, content->buf.data, content->buf.len,
				content->raw_bytes) < 0) {
		struct msg gone = {.type = MSG_CONTENT_GONE, .content_gone = v->sending};
		v->sending = 0;
		p->view_refusals = 0; /* what follows is not the node's fault */
		conn_send(p->conn, &gone);
	}
	peer_pump(p);
}

/* Begins to read the next content that is needed. False: there is none. */
static bool load_next(struct peer *p)
{
	struct peer_view *v = &p->view;
	if (v->next == v->needs.n)
		return false;
	v->sending = v->needs.v[v->next++];
	v->loading = true;
	inputs_load(p->farm->inputs, v->contents.v[v->sending - 1], on_loaded, p);
	return true;
}

/* The next block of the content that is being sent. False: that was all of it. */
static bool next_block(struct peer_view *v, struct msg *ret)
{
	struct msg data;
	if (!chunks_next(&v->content, &v->cursor, &data)) {
		v->sending = 0;
		chunks_fini(&v->content);
		return false;
	}
	*ret = (struct msg){.type = MSG_CONTENT};
	ret->content.number = v->sending;
	ret->content.packing = data.data.packing;
	ret->content.raw_bytes = data.data.raw_bytes;
	ret->content.bytes = data.data.bytes;
	ret->content.n = data.data.n;
	return true;
}

int peer_view_pump(struct peer *p)
{
	struct peer_view *v = &p->view;
	int err = 0;
	while (!err && !v->loading && conn_queued_bytes(p->conn) < CONN_HIGH_BYTES) {
		struct msg m;
		if (v->sending && next_block(v, &m)) {
			p->content_bytes += m.content.n;
			p->farm->content_bytes += m.content.n;
			err = conn_send(p->conn, &m);
		} else if (!load_next(p)) {
			break;
		}
	}
	return err;
}
