/* jail_box - what the parts of the jail share. */
#pragma once

#include "io/jail.h"
#include "jail_cgroup.h"

struct jail_box {
	char *helper;
	int seccomp_fd; /* sealed: one memfd for all jobs */
	struct strv binds;
	uint64_t memory_bytes, tmpfs_bytes;
	uint32_t wall_s;
	struct jail_groups *groups; /* or NULL */
	/* What the self-test found; before it, everything is tried and nothing insisted on. */
	enum jail_way way;
	enum jail_level level;
};

/* A sealed memfd with these bytes; -errno. */
int jail_box_seal(const char *name, const void *data, size_t n);
/* No more bytes, no fewer, no others. */
int jail_box_add_seals(int fd);
/* The filter of jail_seccomp.c as a sealed memfd; -errno. */
int jail_box_build_filter(void);
