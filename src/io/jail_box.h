/* jail_box - what jail.c and jail_box.c share. */
#pragma once

#include "io/jail.h"

struct jail_box {
	char *helper;
	int seccomp_fd; /* sealed: one memfd for all jobs */
	struct strv binds;
	uint64_t memory_bytes;
	uint32_t wall_s;
};

/* A sealed memfd with these bytes; -errno. */
int jail_box_seal(const char *name, const void *data, size_t n);
/* No more bytes, no fewer, no others. */
int jail_box_add_seals(int fd);
/* The filter of jail_seccomp.c as a sealed memfd; -errno. */
int jail_box_build_filter(void);
