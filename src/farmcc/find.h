/* find - the real compiler behind a name, past every link to ourselves. */
#pragma once

#include <stdbool.h>

/* malloc'd; NULL when there is none. A name with a slash is taken as it is,
 * unless it is a link to ourselves. *ret_past_us: PATH has a link to ourselves before it, and not in
 * the directory that find_environment() takes out. */
char *find_compiler(const char *name, bool *ret_past_us);
/* Is it, behind all links, a cache in the place of a compiler? It looks for results first, and calls farmcc
 * when it has none. */
bool find_is_cache(const char *file);
/* The environment for the real compiler: ours, without what farmmake added. Vector of borrowed
 * strings, but for PATH; lives until the process ends. */
char **find_environment(void);
