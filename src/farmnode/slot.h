/* slot - one job on this node, from its first message to its last.
 *
 * Contract: the server makes a slot for each job that nodeq knows and destroys it when nodeq says
 * so. slot_start() is called once, when the text is complete; on_ended fires exactly once after a
 * successful start, from the loop, also after slot_kill(). A slot is not destroyed in between.
 *
 * Ownership: the server owns slots; the outbox links those whose results are being sent.
 */
#pragma once

#include "base/list.h"
#include "core/msg.h"
#include "io/digest.h"
#include "io/jail.h"
#include "toolchains.h"
#include "views.h"

struct slot;

struct slot_ops {
	void (*on_ended)(void *ctx, struct slot *s);
};

struct slot {
	struct list link;   /* the server's */
	struct list outbox; /* the session's, while results are sent */
	uint32_t client, job;
	const struct toolchains_entry *compiler;
	struct job_spec spec;
	const struct slot_ops *ops;
	void *ctx;

	int text_fd; /* memfd; -1 once the jail has it, and for a view */
	uint64_t text_bytes;
	bool complete;         /* all of the text is here */
	struct view *view;     /* in place of a text, else NULL */
	uint32_t view_entries; /* those that it may read */
	uint32_t cost_ms;
	bool waits; /* complete, but for contents of the view */
	struct jail *jail;
	bool killed;

	struct jail_outcome outcome; /* valid after on_ended, fd[] is -1 before */
	struct digest *digest;       /* over what was sent so far */
	enum stream stream;          /* being sent, STREAM_COUNT at the end */
	uint64_t offset;             /* in it */
};

/* Takes the spec's contents (and empties *spec) on success. -errno without a descriptor or memory. A view
 * is given to it afterwards, and goes with it. */
int slot_create(struct job_spec *spec, struct slot **ret);
void slot_destroy(struct slot *s);
/* The next piece of the text, unpacked. -errno when memory is short, ERR_TOOBIG past the limit. */
int slot_append(struct slot *s, const uint8_t *bytes, size_t n);
/* The text is complete. ERR_TRUNCATED when it is not raw_bytes long. */
int slot_complete(struct slot *s, uint64_t raw_bytes);
int slot_start(struct slot *s, uv_loop_t *loop, struct jail_box *box);
/* How its view is shown; NULL and *ret_why when it cannot be. */
const struct viewplan *slot_plan(const struct slot *s, const char **ret_why);
void slot_kill(struct slot *s);
/* Memory that it holds: text, or results that are not sent yet. */
uint64_t slot_held_bytes(const struct slot *s);
/* Does this stream go to the client? Objects of a failed compile do not. */
bool slot_sends(const struct slot *s, enum stream stream);
