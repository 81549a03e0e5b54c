/* heavy - a large link asks farmmake before it begins.
 *
 * Contract: called right before the compiler is exec'd. Only commands whose input files are large
 * ask, so others cost a stat for each. The connection stays open in what is exec'd: its end tells
 * farmmake that the step has ended. Whatever goes wrong, the step begins.
 */
#pragma once

#include "base/str.h"

void heavy_wait(const struct strv *words, const char *socket);
