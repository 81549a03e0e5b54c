/* make - runs the real make in the foreground, with signals and exit status passed through.
 *
 * Contract: make_start() before the loop runs; the loop is left running until make has ended and
 * the last wrapper has said what it had to say, then on_done.
 */
#pragma once

#include "core/makeflags.h"
#include "farm.h"

struct make_run {
	struct farm *farm;
	uv_process_t process;
	uv_signal_t signals[3]; /* INT, TERM, HUP */
	uv_timer_t grace;
	int signum; /* the last that came; make gets it too */
	unsigned interrupts;
	bool ended;
	uint64_t ended_ms;
	int exit_status;
	int term_signal; /* make died by it; 0 otherwise */
	void (*on_done)(struct make_run *run);
};

/* args: make's arguments behind its name. -errno when make cannot be started. */
int make_start(struct make_run *run, struct farm *f, const struct strv *args);
void make_stop(struct make_run *run);
/* make's exit status as a shell would tell it. */
int make_shell_status(const struct make_run *run);
