/* check - what a node returned beside what the compiler here makes of the same command.
 *
 * The result waits in memory while the compiler runs here, and is compared with its outputs byte for
 * byte. When they differ the compiler runs once more: not every compiler makes the same of the same
 * twice. What the first run made is what stays, in any case.
 *
 * Contract: check_add() for each file, the caller writes into the descriptors, check_end() once the compiler
 * has run; check_close() last, and always.
 */
#pragma once

#include "base/buf.h"
#include "core/job.h"

#include <stdbool.h>

enum { CHECK_FILES_MAX = 1 + SIDE_COUNT };

/* What the node made: files that come piece by piece, the output first. */
struct check_file {
	const char *path;
	int fd;
};

struct check {
	bool wanted, armed; /* the next result is to be checked; it is here */
	struct check_file files[CHECK_FILES_MAX];
	size_t n;
	const char *deps_path; /* NULL: the node made no dependency file */
	struct buf deps;       /* what it should be */
};

void check_init(struct check *c);
/* A file that the node made, and *ret_fd for its contents. The name must live as long as the check. -errno. */
int check_add(struct check *c, const char *path, int *ret_fd);
/* The node made a dependency file, too; takes its contents. */
void check_add_deps(struct check *c, const char *path, struct buf *contents);
/* wait_status: the compiler's. run_again runs it another time, silently, and returns its wait status. */
enum checked check_end(struct check *c, int wait_status, int (*run_again)(void *ctx), void *ctx);
void check_close(struct check *c);
