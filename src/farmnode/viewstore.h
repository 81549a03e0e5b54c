/* viewstore - what the views of all clients share: the contents, their files, and what this node shows of
 * itself.
 *
 * Ownership: viewstore_destroy() comes after the last view, and removes every file.
 */
#pragma once

#include "core/store.h"
#include "core/viewplan.h"
#include "io/jail.h"
#include "storedir.h"

/* Of all views that live: at most one for each so many bytes of memory. Each takes a tenth of that. */
enum { VIEWSTORE_ENTRIES_MAX = 1000000, VIEWSTORE_RAM_PER_ENTRY = 4096 };

struct viewstore {
	struct storedir *dir;
	struct store *store;
	struct strv areas;
	struct viewplan_node node;
	uv_loop_t *loop; /* the server's, once there is one */
	size_t entries, entries_max;
};

/* parent: where the files go. max_bytes: 0 for the default; less is taken where less is free. binds: what
 * jails show besides the system's directories. */
int viewstore_create(
	const char *parent, uint64_t max_bytes, const struct strv *binds, struct viewstore **ret);
void viewstore_destroy(struct viewstore *vs);
/* Compiles a source that is shown by a view (blocking). *ret_why, malloc'd, when that fails. */
int viewstore_try(struct viewstore *vs, struct jail_box *box, const char *compiler, char **ret_why);
