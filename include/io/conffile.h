/* conffile - farmmake's settings from all their sources: options, FARMMAKE_* and farm.json.
 *
 * farm.json is the file that --farm-config or FARMMAKE_CONFIG names, which has to be there, or
 * $XDG_CONFIG_HOME/farmmake/farm.json, which need not.
 *
 * Contract: blocking. Nothing here logs.
 */
#pragma once

#include "core/conf.h"

/* argv without the program's name; what is no --farm-* goes to ret_rest. -errno or ERR_CONFIG, and *ret_why
 * (malloc'd, for people). */
int conffile_load(char *const argv[], struct conf *ret_conf, struct strv *ret_rest, char **ret_why);
