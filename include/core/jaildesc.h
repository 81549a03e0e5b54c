/* jaildesc - the sealed description of one job that farmnode hands to farmjail.
 *
 * farmjail is started with these descriptors and nothing else:
 *     0 /dev/null   1 stdout and 2 stderr of the compiler (memfds)
 *     3 this description (memfd)          4 the text (memfd, read only)
 *     5 the output (memfd, empty)         6 the .dwo (memfd, empty)
 *     7 struct jail_report (memfd, empty) 8 the seccomp filter: struct sock_filter[] (memfd)
 *
 * Contract: a codec; farmjail trusts it, because only farmnode can make it.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"

#include <stdbool.h>

enum jail_fd {
	JAIL_FD_DESC = 3,
	JAIL_FD_TEXT,
	JAIL_FD_OUTPUT,
	JAIL_FD_DWO,
	JAIL_FD_REPORT,
	JAIL_FD_SECCOMP,
	JAIL_FD_COUNT
};

struct jail_desc {
	char *cwd;              /* absolute and clean: becomes the job's directory */
	char *source;           /* where the text appears: relative to cwd, or absolute */
	char *output;           /* where the compiler leaves its output; likewise */
	char *dwo;              /* "" when none is wanted */
	struct strv argv;       /* the compiler's absolute path and all arguments */
	struct strv binds;      /* directories to bind read-only, besides the system's */
	uint64_t tmpfs_bytes;   /* size of the job's file system */
	uint64_t memory_bytes;  /* RLIMIT_AS of each process; 0: none */
	uint32_t cpu_s, wall_s; /* limits */
	uint32_t nice;
};

void jail_desc_fini(struct jail_desc *d);
int jail_desc_encode(const struct jail_desc *d, struct buf *out);
int jail_desc_decode(const void *data, size_t n, struct jail_desc *ret);

/* What farmjail leaves in descriptor 7; absent (short) when it could not even start. */
struct jail_report {
	int32_t setup_err;   /* 0, or the negative errno of the step that failed */
	char setup_step[32]; /* which one */
	int32_t wait_status; /* the compiler's */
	uint64_t cpu_us, wall_us, max_rss_kib;
	uint8_t has_output, has_dwo;
	uint8_t timed_out;
	uint8_t over_limit; /* an output was no regular file or too large */
};
