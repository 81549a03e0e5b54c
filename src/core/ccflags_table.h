/* ccflags_table - the rows behind ccflags.h, sorted by spelling. For ccflags.c only. */
#pragma once

#include "core/ccflags.h"

extern const struct ccflag ccflags_table[];
extern const size_t ccflags_table_len;
