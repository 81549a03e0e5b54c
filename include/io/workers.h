/* workers - the threads of libuv's pool, which are for files and names that may be slow.
 *
 * Contract: signals are the main thread's. A worker that could take one would be given it as soon as that
 * thread holds them, and end the program in the middle of its tidying up. Threads inherit what is blocked,
 * so they are started here, before anything else asks for the pool.
 */
#pragma once

#include <uv.h>

/* Once, for each program; the loop has to run at least once afterwards. */
void workers_start(uv_loop_t *loop);
