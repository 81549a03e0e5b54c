/* find - the real compiler behind a name, past every link to ourselves. */
#pragma once

/* malloc'd; NULL when there is none. A name with a slash is taken as it is,
 * unless it is a link to ourselves. */
char *find_compiler(const char *name);
/* The environment for the real compiler: ours, without what farmmake added. Vector of borrowed
 * strings, but for PATH; lives until the process ends. */
char **find_environment(void);
