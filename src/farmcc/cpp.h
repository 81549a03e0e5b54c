/* cpp - the preprocessor itself, without the driver that would start it.
 *
 * What gcc would run is learned once for each shape of command (core/driver.h) and kept in the build's
 * directory, for every farmcc of the build. A pattern is kept only when it gives exactly what the
 * driver says for the command that it was learned from. All other commands and compilers go through
 * their driver.
 *
 * cc1 is also spared the search for a shorter name of each system header, several readlinks a header:
 * sources_check() looks once per build whether there is one, and then tells cpp_want_short_names().
 *
 * Contract: whatever fails means: use the driver.
 */
#pragma once

#include "farmcc.h"

/* The preprocessor's command for cc->args.cpp, its program first. dir: the build's, with a "/" at its end.
 * May run the driver, and wait for it. */
bool cpp_command(struct cc *cc, const char *dir, struct strv *ret);

/* From now on, and in all of this build, cc1 looks for them. */
void cpp_want_short_names(const char *dir);
