/* keyfile - the keys that a verb works with. */
#pragma once

#include "io/keyring.h"

/* $XDG_CONFIG_HOME/farmmake/key or ~/.config/farmmake/key; malloc'd, NULL when neither variable is set. */
char *keyfile_default(void);
/* The path that was given, or $XDG_CONFIG_HOME/farmmake/key or ~/.config/farmmake/key; malloc'd. NULL,
 * and told, when there is none of these. */
char *keyfile_choose(const char *given);
/* path: NULL for the default. Logs what is wrong and returns FARMCTL_KEY; else FARMCTL_OK. */
int keyfile_load(const char *path, struct keyring *ret);
