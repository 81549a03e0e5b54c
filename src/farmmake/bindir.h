/* bindir - the directory that is first in make's PATH, in which farmcc has every compiler's name, and its own.
 *
 * It is in the user's cache, and stays: tools such as CMake write down where they found a compiler, and builds
 * without farmmake go on from there, since farmcc alone is that compiler. Its name is a hash of what is in it, so
 * there is one for each set of compilers. Where there is no such cache, it is the build's own, and goes with it.
 *
 * Contract: blocking; before the loop runs. Several builds may make the same one at once.
 */
#pragma once

/* farmcc: absolute path of the program; spare: where it is if it cannot last, below a private directory. Links are made
 * for every compiler that the search path has. *ret is malloc'd. -errno. */
int bindir_create(const char *farmcc, const char *search_path, const char *spare, char **ret);
