/* jaildesc - the sealed description of one job that farmnode hands to farmjail.
 *
 * farmjail is started with these descriptors and nothing else:
 *     0 /dev/null   1 stdout and 2 stderr of the compiler (memfds)
 *     3 this description (memfd)          4 the text (memfd, read only), or nothing
 *     5 struct jail_report (memfd, empty) 6 the seccomp filter: struct sock_filter[] (memfd)
 *     7 cgroup.procs of the job's control group, where there is one
 *     8 and so on: what comes out, by enum jail_out, as far as it is wanted (memfds, empty)
 *
 * Contract: a codec; farmjail trusts it, because only farmnode can make it.
 */
#pragma once

#include "base/buf.h"
#include "base/str.h"
#include "core/job.h"
#include "core/viewplan.h"

#include <stdbool.h>

/* The files that a compiler leaves. */
enum jail_out {
	JAIL_OUT_OUTPUT,
	JAIL_OUT_DEPS,
	JAIL_OUT_SIDE, /* and so on, by enum side */
	JAIL_OUT_COUNT = JAIL_OUT_SIDE + SIDE_COUNT
};

enum jail_fd {
	JAIL_FD_DESC = 3,
	JAIL_FD_TEXT,
	JAIL_FD_REPORT,
	JAIL_FD_SECCOMP,
	JAIL_FD_CGROUP,
	JAIL_FD_OUT,
	JAIL_FD_COUNT = JAIL_FD_OUT + JAIL_OUT_COUNT
};

/* Where the namespaces come from. */
enum jail_way {
	JAIL_WAY_USER, /* a user namespace comes first: no privilege is needed */
	JAIL_WAY_ROOT, /* farmnode is root, and user namespaces are refused */
	JAIL_WAY_COUNT
};

/* What every job sees of the node, where it is there; NULL at the end. */
extern const char *const jail_system_paths[];

/* How much holds a job in, as doc/protocol.md and doc/security.md have it. 1 would be Landlock and
 * seccomp without namespaces, which cannot give a job its client's directory: no node has it. */
enum jail_level {
	JAIL_LEVEL_NONE = 0,
	JAIL_LEVEL_NAMESPACES = 2, /* and seccomp */
	JAIL_LEVEL_LANDLOCK = 3,   /* besides */
};

/* What a trial found open: bits of jail_report.loose. */
enum jail_wall {
	JAIL_WALL_FILES,     /* reads the node's files, or writes to them */
	JAIL_WALL_PROCESSES, /* is not alone, or somebody */
	JAIL_WALL_NETWORK,   /* has sockets */
	JAIL_WALL_CALLS,     /* may make system calls that no compiler needs */
	JAIL_WALL_BESIDE,    /* writes beside its outputs, in what is its own: Landlock's part */
	JAIL_WALL_COUNT
};

struct jail_desc {
	char *cwd;    /* absolute and clean: the job's directory; made, if there is no view */
	char *source; /* where the text appears: relative to cwd, or absolute */
	char *out[JAIL_OUT_COUNT]; /* where the compiler leaves it, likewise; "": not wanted */
	struct strv argv;          /* the compiler's absolute path and all arguments */
	struct strv binds;         /* directories to bind read-only, besides the system's */
	char *tree;                /* of a view, absolute; "" for a job that is a text */
	struct viewplan plan;      /* of a view: how the tree is shown */
	uint64_t tmpfs_bytes;      /* size of the job's file system */
	uint64_t memory_bytes;     /* RLIMIT_AS of each process; 0: none */
	uint32_t cpu_s, wall_s;    /* limits */
	uint32_t nice;
	uint32_t way;   /* enum jail_way */
	uint32_t level; /* enum jail_level: walls that must be built; lower ones may be missing */
	uint32_t is_trial; /* no compiler: tries the walls, and reports those that are loose */
	uint32_t has_cgroup;
	uint32_t utf8; /* messages are in UTF-8, not in ASCII */
	uint32_t
		no_clock; /* a gcc, for which __DATE__ and __TIME__ are errors, however they came about */
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
	uint8_t has[JAIL_OUT_COUNT];
	uint8_t timed_out;
	uint8_t over_limit; /* an output was no regular file or too large */
	uint8_t lacks_side; /* the compiler did not write all that it was to write */
	uint32_t loose;     /* a trial: bits by enum jail_wall */
};
