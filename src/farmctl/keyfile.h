/* keyfile - the key that a verb works with. */
#pragma once

#include "io/key.h"

/* $XDG_CONFIG_HOME/farmmake/key or ~/.config/farmmake/key; malloc'd, NULL without a home. */
char *keyfile_default(void);
/* path: NULL for the default. Logs what is wrong and returns FARMCTL_KEY; else FARMCTL_OK. */
int keyfile_load(const char *path, struct key *ret);
