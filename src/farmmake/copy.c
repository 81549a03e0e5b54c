#include "copy.h"

#include "distccd_job.h"
#include "peer.h"

#include <errno.h>
#include <string.h>

enum { RESULT_PACKED_MAX = 256 << 20 };

static void drop_result(struct copy *c)
{
	c->wrapper->farm->result_bytes -= c->result.buf.len;
	chunks_fini(&c->result);
}

int copy_keep(struct copy *c, const struct msg *data)
{
	struct farm *f = c->wrapper->farm;
	size_t before = c->result.buf.len;
	if (f->result_bytes + data->data.n > f->result_bytes_max)
		return -ENOMEM;
	int err = chunks_add(&c->result, data);
	f->result_bytes += c->result.buf.len - before;
	return err ? -ENOMEM : 0;
}

void copy_init(struct copy *c, struct wrapper *w)
{
	c->wrapper = w;
	c->t_started = -1;
	list_init(&c->peer_link);
	list_init(&c->upload_link);
	chunks_init(&c->result, RESULT_PACKED_MAX);
	noise_init(&c->said);
}

void copy_fini(struct copy *c)
{
	drop_result(c);
	digest_destroy(c->digest);
}

void copy_attach(struct copy *c, struct peer *p)
{
	c->peer = p;
	c->job_sent = c->waits = false;
	c->upload_cursor = 0;
	c->t_started = -1;
	list_append(&p->jobs, &c->peer_link);
	list_append(&p->uploads, &c->upload_link);
}

void copy_detach(struct copy *c)
{
	list_remove(&c->peer_link);
	list_remove(&c->upload_link);
	if (c->call)
		distccd_job_cancel(c->call);
	c->call = NULL;
	c->peer = NULL;
}

void copy_reset(struct copy *c)
{
	drop_result(c);
	digest_destroy(c->digest);
	c->digest = NULL;
	memset(c->stream_bytes, 0, sizeof c->stream_bytes);
	noise_init(&c->said);
}
