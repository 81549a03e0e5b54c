/* tell - the journal of the build: what happens goes to the file "journal" in the build's directory, where
 * farmctl top finds it, and into f->live, which the line of progress is made of (progress.h).
 *
 * Contract: between start and stop. What cannot be written is lost, and nothing else: nobody needs it.
 */
#pragma once

#include "farm.h"

struct report_step;
struct peer;
struct wrapper;

/* args: make's; the loop runs already. */
void tell_start(struct farm *f, char *const args[]);
void tell_stop(struct farm *f, int exit_status);

void tell_node(const struct peer *p);
void tell_gone(const struct peer *p, const char *why);
void tell_begin(const struct wrapper *w);
/* After every change of its phase, and when a node has begun. node: where it is; NULL: nowhere. */
void tell_phase(const struct wrapper *w, const struct peer *node, bool has_started);
/* Its result is here. */
void tell_returned(const struct wrapper *w);
void tell_end(const struct wrapper *w);
void tell_step(struct farm *f, uint32_t pid, const struct report_step *step);
void tell_step_end(struct farm *f, uint32_t pid);
