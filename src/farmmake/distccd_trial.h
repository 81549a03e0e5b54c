/* distccd_trial - finds out whether a distccd has a compiler that makes what one here makes, and by which name.
 *
 * Each name that it may have is asked to compile the canaries, in C and then, if the compiler here can do it, in C++,
 * each over several connections at once, because behind an address there may be many machines. A name is right when
 * all objects are those that the compiler here makes.
 *
 * Contract: on_end comes once and last, never from inside distccd_trial_start(), unless it is cancelled.
 * Ownership: it frees itself.
 */
#pragma once

struct compiler;
struct distccd_trial;
struct peer;

struct distccd_trial_conf {
	struct peer *peer;
	const struct compiler *compiler; /* known; lives as long as the farm */
	unsigned calls;                  /* at most so many at once */
	/* name: NULL for none. */
	void (*on_end)(void *ctx, int bit, const char *name);
	void *ctx;
};

/* NULL: there is nothing to be tried. */
struct distccd_trial *distccd_trial_start(const struct distccd_trial_conf *conf);
void distccd_trial_cancel(struct distccd_trial *t);
