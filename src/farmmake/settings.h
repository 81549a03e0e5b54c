/* settings - farmmake's settings from all their sources, and the paths that have no fixed default.
 *
 * Contract: blocking, before anything else runs. Failures are said in one line, here.
 */
#pragma once

#include "core/conf.h"
#include "io/keyring.h"

/* farmmake's exit statuses, besides make's own. */
enum { EXIT_USAGE = 2, EXIT_KEY = 3, EXIT_NO_MAKE = 4 };

/* 0, or an exit status; what the user has to know has been said then. rest: what is make's. */
int settings_load(char *const argv[], struct conf *ret_conf, struct strv *ret_rest);
/* The farm's keys: 0 and *ret_has, or an exit status. Keys that nobody asked for may be missing. */
int settings_keys(const struct conf *c, struct keyring *ret_keys, bool *ret_has);
/* Where the report goes, malloc'd; NULL for nowhere (said, if that is a failure). */
char *settings_report(const struct conf *c);
