/* trap - preprocesses a compile, and looks for the line that keeps it here. */
#pragma once

#include "base/str.h"

/* args: of the compiler, for the preprocessor; text goes to its stdout. 0 and *ret_why as in "a.c:12: __TIME__
 * depends on the clock", malloc'd, or NULL when nothing is wrong; -errno, or ERR_COMPILER when it fails. */
int trap_find(const char *compiler, const struct strv *args, char **ret_why);
/* The same of one file, as it stands: macros and what it includes are not looked into. */
int trap_find_in(const char *source, char **ret_why);
