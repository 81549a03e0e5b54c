/* steps - what make runs beside compiles, put together from looks at the processes below it.
 *
 * Each look names what is there. A process that is not named again has ended: half a look ago, or, if it was
 * seen only once, now. So what lasts shorter than the time between looks is seen now and then, is then taken
 * for one that lasted as long as that, and in the sum is about right.
 *
 * Contract: pure. steps_begin(); for each process steps_see(), and steps_add() when that does not know it;
 * steps_end(). Numbers of processes are used again by others, which began at another time.
 */
#pragma once

#include "report.h"

struct steps;

typedef void (*steps_fn)(void *ctx, uint32_t pid, const struct report_step *step);

/* fn: called for each when it has ended, from inside steps_end(). */
struct steps *steps_create(steps_fn fn, void *ctx);
void steps_destroy(struct steps *s);

void steps_begin(struct steps *s, double now);
/* pid is there, and began at this count of ticks. false: it is a new one. */
bool steps_see(struct steps *s, uint32_t pid, uint64_t ticks);
void steps_add(struct steps *s, uint32_t pid, uint64_t ticks, const struct report_step *step);
/* It was a compile's, after all. false: nobody has taken it for a step. */
bool steps_drop(struct steps *s, uint32_t pid);
void steps_end(struct steps *s);
/* How many there are now. */
unsigned steps_count(const struct steps *s);
