/* The happy path: slot_create(), slot_append() for each block (a view has none), slot_complete(),
 * slot_start(), the jail's on_done, then the outbox reads the results. The text lies in a memfd, which
 * is sealed before any compiler sees it. What can fail: descriptors and memory, and the jail. */
#include "slot.h"

#include "base/err.h"
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int slot_create(struct job_spec *spec, struct slot **ret)
{
	bool is_text = spec->input_kind == INPUT_TEXT;
	int fd = is_text ? memfd_create("farmnode-text", MFD_CLOEXEC | MFD_ALLOW_SEALING) : -1;
	if (is_text && fd < 0)
		return -errno;
	struct slot *s = xcalloc(1, sizeof *s);
	list_init(&s->link);
	list_init(&s->outbox);
	s->text_fd = fd;
	for (size_t i = 0; i < STREAM_COUNT; i++)
		s->outcome.fd[i] = -1;
	s->spec = *spec;
	*spec = (struct job_spec){0};
	*ret = s;
	return 0;
}

void slot_destroy(struct slot *s)
{
	if (!s)
		return;
	list_remove(&s->link);
	list_remove(&s->outbox);
	if (s->view)
		views_release(s->view);
	if (s->text_fd >= 0)
		close(s->text_fd);
	for (size_t i = 0; i < STREAM_COUNT; i++)
		if (s->outcome.fd[i] >= 0)
			close(s->outcome.fd[i]);
	job_spec_fini(&s->spec);
	digest_destroy(s->digest);
	free(s);
}

int slot_append(struct slot *s, const uint8_t *bytes, size_t n)
{
	if (n > JOB_TEXT_BYTES_MAX - s->text_bytes)
		return ERR_TOOBIG;
	int err = fs_write_all(s->text_fd, bytes, n);
	if (!err)
		s->text_bytes += n;
	return err;
}

int slot_complete(struct slot *s, uint64_t raw_bytes)
{
	if (raw_bytes != s->text_bytes)
		return ERR_TRUNCATED;
	s->complete = true;
	return 0;
}

static void on_done(void *ctx, struct jail_outcome *o)
{
	struct slot *s = ctx;
	s->jail = NULL;
	s->outcome = *o;
	s->ops->on_ended(s->ctx, s);
}

const struct viewplan *slot_plan(const struct slot *s, const char **ret_why)
{
	const char *const needed[] = {s->compiler->path, s->compiler->real, NULL};
	return views_plan(s->view, needed, ret_why);
}

static int seal_text(const struct slot *s)
{
	const int seals = F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	if (fcntl(s->text_fd, F_ADD_SEALS, seals) < 0 || lseek(s->text_fd, 0, SEEK_SET) < 0)
		return -errno;
	return 0;
}

int slot_start(struct slot *s, uv_loop_t *loop, struct jail_box *box)
{
	const char *why;
	const struct viewplan *plan = s->view ? slot_plan(s, &why) : NULL;
	int err = s->view ? (plan ? 0 : ERR_JAIL) : seal_text(s);
	if (err)
		return err;
	const struct jail_order order = {.loop = loop,
		.box = box,
		.compiler = s->compiler->path,
		.spec = &s->spec,
		.text_fd = s->text_fd,
		.tree = s->view ? views_tree(s->view) : NULL,
		.plan = plan,
		.is_gcc = strcmp(s->compiler->id.kind, "gcc") == 0,
		.on_done = on_done,
		.ctx = s};
	err = jail_start(&order, &s->jail);
	if (!err)
		s->text_fd = -1;
	return err;
}

void slot_kill(struct slot *s)
{
	s->killed = true;
	if (s->jail)
		jail_kill(s->jail);
}

bool slot_sends(const struct slot *s, enum stream stream)
{
	if (s->outcome.fd[stream] < 0 || stream == STREAM_TEXT)
		return false;
	return s->outcome.wait_status == 0 || stream == STREAM_STDOUT || stream == STREAM_STDERR;
}

uint64_t slot_held_bytes(const struct slot *s)
{
	if (s->text_fd >= 0 || s->jail)
		return s->text_bytes;
	uint64_t sum = 0;
	for (size_t i = 0; i < STREAM_COUNT; i++)
		sum += s->outcome.fd[i] >= 0 ? s->outcome.bytes[i] : 0;
	return sum;
}
