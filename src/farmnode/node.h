/* node - the daemon: start-up, life and end. */
#pragma once

#include "opts.h"

enum node_exit { NODE_OK, NODE_FAILED, NODE_USAGE, NODE_KEY, NODE_PORT, NODE_JAIL };

/* Returns when the node is stopped, or could not start; says why on stderr. ready_fd: from
 * daemon_fork(), or -1. */
enum node_exit node_run(const struct opts *opts, int ready_fd);
