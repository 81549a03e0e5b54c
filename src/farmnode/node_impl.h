/* node_impl - what node.c (life and end) and setup.c (start-up) share. */
#pragma once

#include "exporter.h"
#include "io/announce.h"
#include "listen.h"
#include "node.h"
#include "panel.h"
#include "server.h"
#include "toolchains.h"

struct node {
	const struct opts *opts;
	uv_loop_t *loop;
	char *key_file, *state_dir; /* state_dir may be NULL */
	char name[WIRE_NAME_MAX + 1];
	struct keyring keys; /* this node's own, never the farm's */
	struct listen_set listen;
	uint16_t port;
	struct toolchains toolchains;
	struct strv binds; /* what jobs may read besides the system's directories */
	struct jail_box *box;
	int jail_level;
	struct viewstore *views; /* NULL: none are shown */
	unsigned slots, preload;
	uint8_t boot_id[8];

	struct server *server;     /* NULL: not there yet, or closed */
	struct announce *announce; /* NULL without beacons */
	struct panel *panel;       /* NULL: it shows nothing */
	uv_signal_t signals[3];
	uv_timer_t drain_limit, watchdog;
	struct exporter *exporter;
	bool handles; /* signals and timers are open */
	bool draining, closing;
};

/* Everything up to the jail, in order; says what is wrong. */
enum node_exit setup_node(struct node *n);
void setup_undo(struct node *n);
