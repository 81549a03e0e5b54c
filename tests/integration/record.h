/* record - a compile that a build was seen to do (records.sh): its directory and its command, each word with a NUL
 * behind it. */
#pragma once

#include "base/str.h"
#include "core/ccargs.h"

#include <stdbool.h>

/* False: it cannot be read, or compiles neither C nor C++. The caller frees all three in either case; the compiler is
 * the first of the words. */
bool record_read(const char *file, char **ret_cwd, struct strv *ret_words, struct ccargs *ret_args);
