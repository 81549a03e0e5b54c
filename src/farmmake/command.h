/* command - any program in the place of make: "farmmake --farm-run -- ninja", a script that runs make.
 *
 * It finds compilers and tokens as make would. Whether it takes tokens from a pipe or from a fifo cannot be asked.
 */
#pragma once

#include "core/conf.h"
#include "core/makeflags.h"

/* Takes the command out of what is left of farmmake's own arguments: conf->make is the program, ret has its arguments.
 * EXIT_USAGE, told, if there is none. */
int command_take(struct conf *conf, const struct strv *words, struct make_args *ret);

/* How this command's tokens are to be offered. */
enum make_style command_style(const char *program, const struct strv *args);
