/* normal - brings what compilers print about themselves into a form that depends neither on where
 * they are installed nor on the machine they run on.
 *
 * Contract: pure; appends to out, which keeps its own error.
 */
#pragma once

#include "base/buf.h"

/* Of -dumpspecs: the sections that have a say in compiling and assembling one source. */
void normal_specs(const char *text, struct buf *out);
/* Of -Q --help=…: the options and their values; no prose, no lists of what a value may be. */
void normal_help(const char *text, struct buf *out);
/* Of -###: the words of the commands, without places, and without options that name some. False when
 * the compiler itself is to find out what "native" means. */
bool normal_commands(const char *text, struct buf *out);
/* Of -dM -E: the lines, sorted. */
void normal_macros(const char *text, struct buf *out);
/* The value of a predefined macro as the text has it, without quotes; false when it is absent. */
bool normal_find_macro(const char *macros, const char *name, char *out, size_t out_size);
