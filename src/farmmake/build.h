/* build - one build from start to end: sets the farm up, runs make in it, takes it down.
 *
 * Contract: once per process. Whatever of the farm cannot be set up only costs nodes; when not even
 * the private directory can be made, make runs without us.
 */
#pragma once

#include "core/conf.h"
#include "core/makeflags.h"

/* conf is moved in. Returns the process's exit status; *ret_signal: make died by it, else 0. */
int build_run(struct conf *conf, const struct make_args *args, int *ret_signal);
/* Replaces this process by make with these arguments (and -jN when jobs > 0); returns an exit status
 * only when that fails. */
int build_exec_make(const struct conf *conf, const struct strv *args, unsigned jobs);
