/* respfile - replaces @file arguments by the words in them, as gcc does. */
#pragma once

#include "base/str.h"

/* args is NULL-terminated. A file that cannot be read stays as it is, as gcc has it. -ELOOP for files
 * that name one another without end. */
int respfile_expand(char *const args[], struct strv *ret);
