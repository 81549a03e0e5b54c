/* local - the one place where the compiler runs here, or a cache in its place. */
#pragma once

#include "farmcc.h"

/* Becomes the compiler. Returns an exit status when that fails. */
int local_exec(const char *compiler, char *const argv[]);
/* Becomes a cache, which finds us by the environment when it has no result. */
int local_ask_cache(const char *cache, char *const argv[]);
/* Runs it, tells the controller how it ended, and returns its wait status; -errno when it could not
 * be started. */
int local_run(struct cc *cc, int *ret_wait_status);
