#include "copy.h"

#include "peer.h"

#include <string.h>

enum { RESULT_PACKED_MAX = 256 << 20 };

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
	chunks_fini(&c->result);
	digest_destroy(c->digest);
}

void copy_attach(struct copy *c, struct peer *p)
{
	c->peer = p;
	c->job_sent = false;
	c->upload_cursor = 0;
	c->t_started = -1;
	list_append(&p->jobs, &c->peer_link);
	list_append(&p->uploads, &c->upload_link);
}

void copy_detach(struct copy *c)
{
	list_remove(&c->peer_link);
	list_remove(&c->upload_link);
	c->peer = NULL;
}

void copy_reset(struct copy *c)
{
	chunks_clear(&c->result);
	digest_destroy(c->digest);
	c->digest = NULL;
	memset(c->stream_bytes, 0, sizeof c->stream_bytes);
	noise_init(&c->said);
}
