/* keyfile - the keys that a verb works with. */
#pragma once

#include "io/keyring.h"

/* The path that was given, or the usual one; malloc'd. NULL, and told, when there is neither. */
char *keyfile_choose(const char *given);
/* path: NULL for the default. Logs what is wrong and returns FARMCTL_KEY; else FARMCTL_OK. */
int keyfile_load(const char *path, struct keyring *ret);
