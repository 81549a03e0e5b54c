/* pool - a link that is parallel by itself gets the tokens of the build.
 *
 * gcc -flto=auto is as wide as the jobserver that it inherits, and without one as the machine has cores. make
 * closes its jobserver for recipes that are not marked with "+", and gcc knows fifos from 13 on only: one such link
 * beside compiles, or several of them, would be more at work than there are cores.
 *
 * Contract: called right before the compiler is started, whatever it is to do; two descriptors stay open in it.
 * Whatever goes wrong, it runs as make would have it run. -flto=jobserver is left alone: it warns when there
 * is no jobserver, and so it does here.
 */
#pragma once

#include "base/str.h"

void pool_offer(const struct strv *words, const char *socket);
