/* doctor - what farmctl doctor looks at, and how it is told. */
#pragma once

#include "core/conf.h"
#include "core/toolchain.h"
#include "io/keyring.h"
#include "nodes.h"

struct doctor {
	struct conf conf;
	bool has_conf;
	struct keyring keys;
	bool has_keys;
	struct toolchain local[NODES_LOCAL_MAX];
	size_t local_n;
	struct survey survey;
	bool has_survey;
	uint64_t wait_ms;
	unsigned errors, warnings;
};

enum finding { FINDING_OK, FINDING_WARNING, FINDING_ERROR };

/* One line about what was looked at, and below it what to do, if that is not NULL. */
__attribute__((format(printf, 5, 6))) void doctor_say(
	struct doctor *d, enum finding f, const char *what, const char *cure, const char *fmt, ...);

/* doctor_here.c: this machine. argv: the --farm-* options. */
void doctor_check_settings(struct doctor *d, char *const argv[]);
void doctor_check_key(struct doctor *d);
void doctor_check_make(struct doctor *d);
void doctor_check_compilers(struct doctor *d);
void doctor_check_tmpdir(struct doctor *d);
void doctor_check_clock(struct doctor *d);
void doctor_check_limits(struct doctor *d);

/* doctor_farm.c: what is seen of the farm from here. */
void doctor_check_interfaces(struct doctor *d);
void doctor_check_beacons(struct doctor *d);  /* makes the survey */
void doctor_check_own_node(struct doctor *d); /* beacons out of this machine */
void doctor_check_nodes(struct doctor *d);
void doctor_check_toolchains(struct doctor *d);
void doctor_check_jails(struct doctor *d);
void doctor_check_mtu(struct doctor *d);

/* doctor_distccd.c: do they answer? */
void doctor_check_distccds(struct doctor *d);
