#include "intake.h"

#include "base/err.h"

void intake_init(struct intake *in, struct texts *texts, struct chunks *to)
{
	*in = (struct intake){.texts = texts, .to = to};
	buf_init(&in->markers, JOB_MARKERS_BYTES_MAX);
}

void intake_fini(struct intake *in)
{
	buf_fini(&in->markers);
}

static int on_block(struct intake *in, const struct msg *m)
{
	if (in->left || m->cc_block.raw_bytes == 0 || m->cc_block.text_bytes == 0)
		return ERR_STATE;
	in->block = *m;
	in->start = in->to->buf.len;
	in->left = m->cc_block.raw_bytes;
	buf_clear(&in->markers);
	return buf_append(&in->markers, m->cc_block.markers, m->cc_block.markers_n);
}

static void keep(const struct intake *in)
{
	const struct block_entry e = {.raw_bytes = in->block.cc_block.raw_bytes,
		.text_bytes = in->block.cc_block.text_bytes,
		.opening = in->block.cc_block.opening,
		.markers = (const char *)in->markers.data,
		.markers_n = in->markers.len};
	texts_keep(in->texts, in->block.cc_block.key, &e, in->to, in->start);
}

static int on_data(struct intake *in, const struct msg *m)
{
	if (m->data.stream != STREAM_TEXT || (in->left && m->data.raw_bytes > in->left))
		return ERR_STATE;
	int err = chunks_add(in->to, m);
	if (err || in->left == 0)
		return err;
	in->left -= m->data.raw_bytes;
	if (in->left == 0)
		keep(in);
	return 0;
}

static int on_known(struct intake *in, const struct msg *m)
{
	int err = in->left ? ERR_STATE : 0;
	for (size_t i = 0; !err && i < m->cc_known.n; i++)
		err = texts_append(in->texts, m->cc_known.ids[i], in->to);
	return err;
}

int intake_add(struct intake *in, const struct msg *m)
{
	if (m->type == MSG_CC_BLOCK)
		return on_block(in, m);
	if (m->type == MSG_CC_KNOWN)
		return on_known(in, m);
	return on_data(in, m);
}
