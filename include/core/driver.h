/* driver - what a compiler's driver would run to preprocess, told from what it runs for another
 * command of the same shape.
 *
 * gcc is a driver that turns its command into one for cc1; starting it costs a tenth of what
 * preprocessing costs. Two commands have the same shape when they differ in names only: the source's,
 * those of dependency files and targets, directories to look in, macros. Put marks in the place of
 * those names, ask the driver what it would run (-###), and its answer is a pattern for all commands
 * of this shape.
 *
 * Contract: pure. The pattern is right when the driver treats all names alike, whatever they are; who
 * makes one compares it with the driver's answer for a real command.
 *
 * Ownership: a shape owns its strings until driver_shape_fini().
 */
#pragma once

#include "base/str.h"

struct driver_shape {
	struct strv words;  /* the command behind the compiler's name, marks in place of names */
	struct strv values; /* of each mark */
};

/* args: a command that preprocesses source. ERR_UNSAFE when it has no shape, and has to go through the
 * driver: the source is not among the words once, or a word looks like a mark. */
int driver_shape_of(const struct strv *args, const char *source, struct driver_shape *ret);
void driver_shape_fini(struct driver_shape *s);

/* The one command in what a driver that was called name says to -###. ERR_COMPILER when there is none or
 * more than one, and when another program says it: a wrapper may judge names as it likes. */
int driver_parse(const char *said, const char *name, struct strv *ret);

/* Puts the values of a shape in the place of the marks. */
void driver_fill(const struct strv *pattern, const struct driver_shape *s, struct strv *ret);
