/* limit - what kept a build from being over sooner, in one line for somebody who may change it.
 *
 * Contract: pure.
 */
#pragma once

#include "usage.h"

enum limit {
	LIMIT_NONE,   /* too little happened to say */
	LIMIT_CLIENT, /* the cores here */
	LIMIT_SERIAL, /* one thing at a time */
	LIMIT_NODES,  /* the nodes' cores */
	LIMIT_LINK,   /* the way to them */
	LIMIT_MAKE,   /* the makefile: too few things at a time */
	LIMIT_COUNT
};

/* "client", "serial", ... */
const char *limit_name(enum limit l);
/* *ret_text is malloc'd. */
enum limit limit_find(const struct usage_sums *s, unsigned local_slots, char **ret_text);
