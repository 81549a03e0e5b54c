/* nodes - what "farmctl nodes" finds out: survey.c asks, nodes_print.c shows, nodes.c judges. */
#pragma once

#include "base/str.h"
#include "core/beacon.h"
#include "core/toolchain.h"
#include "io/keyring.h"

#include <stdbool.h>
#include <stdint.h>

enum { SURVEY_NODES_MAX = 1024, SURVEY_TOOLCHAINS_MAX = 64, NODES_LOCAL_MAX = 2 };

struct offer {
	struct toolchain toolchain;
	bool is_local;  /* a compiler of this machine is the same */
	bool is_native; /* and so is what -march=native means */
};

/* One node, as far as it is known. */
struct found {
	char name[WIRE_NAME_MAX + 1]; /* "" until it has said it */
	char address[64];
	int err;              /* why it could not be asked; 0: it was */
	bool heard;           /* beacon holds what it said last */
	struct beacon beacon; /* after ERR_KEY or ERR_VERSION: key id, version and name only */
	uint16_t slots, preload, jail_level;
	bool old_key; /* it does not speak the current one */
	struct offer *offers;
	size_t offers_n;
	char reason[128]; /* why it is unusable; "" when it is not */
};

struct survey_conf {
	const struct keyring *keys;
	struct strv interfaces, nodes; /* HOST[:PORT], asked without a beacon */
	int port;
	uint64_t wait_ms;
};

struct survey {
	struct found *found;
	size_t n;
	int listen_err; /* why no beacons could be heard */
};

/* Listens for wait_ms and asks everybody; sorted by name. 0, or what is wrong with a node's address,
 * which *ret_bad then points to. */
int survey_run(const struct survey_conf *conf, struct survey *ret, const char **ret_bad);
void survey_fini(struct survey *s);

/* What gcc and cc are here; a name that is not there, or is none, is left out. Returns how many. */
size_t nodes_probe_local(struct toolchain ret[NODES_LOCAL_MAX]);
/* Says of each whether it is usable. Returns how many are. */
size_t nodes_judge(struct survey *s, const struct toolchain *local, size_t local_n);
void nodes_print_table(const struct survey *s);
void nodes_print_json(const struct survey *s);
