/* views - one client's views, and the contents that it is still to send for them.
 *
 * Contract: an error of views_files(), views_content() and views_gone() is the client's offence, and ends
 * its session. What only this node cannot do fails the view instead: jobs that might read it are refused.
 *
 * Ownership: the current view is its client's; one that was replaced, or whose client is gone, lives as
 * long as it has jobs.
 */
#pragma once

#include "core/msg.h"
#include "viewstore.h"

enum { VIEWS_PATH_BYTES_MAX = 3072 }; /* of an entry that can be shown: a compiler has to open it */

struct views;
struct view;

struct views *views_create(struct viewstore *vs);
void views_destroy(struct views *v); /* NULL is fine */

/* need: numbers to ask for, as they stand in a NEED; at most as many as m has entries. */
int views_files(struct views *v, const struct msg *m, struct buf *need);
/* block: unpacked. */
int views_content(struct views *v, uint32_t number, const struct buf *block);
int views_gone(struct views *v, uint32_t number);

/* Is this the current view? */
bool views_has(const struct views *v, uint32_t number);
/* The current view for a new job, and how many of its entries the job may read. */
struct view *views_take(struct views *v, uint32_t *ret_entries);
void views_release(struct view *view);

enum views_state { VIEWS_WAITING, VIEWS_READY, VIEWS_FAILED };
/* Can a job that may read these entries start? *ret_refusal and *ret_why when it cannot any more. */
enum views_state views_check(
	const struct view *view, uint32_t entries, enum refusal *ret_refusal, const char **ret_why);
/* How it is shown now to these files of the node's (the compiler, by all its names; NULL at the end).
 * NULL and *ret_why when it cannot be shown. Lent until entries come or it is released. */
const struct viewplan *views_plan(
	struct view *view, const char *const needed[], const char **ret_why);
const char *views_tree(const struct view *view);
