/* distccd - a peer that is a distccd (core/distcc.h): there is no link to it, but a connection for each job.
 *
 * It is up when somebody answers at its address. Which compilers it has it does not say, so each one that is used
 * here is tried: it compiles a canary there by the names that it may have, until one makes the object that it
 * makes here (distccd_trial.h). From then on the node has that toolchain. Behind one address there may be many
 * machines, so several canaries go out at once, and all have to be right.
 *
 * Failure modes: nobody answers: it is down, and tried again later. It closes a connection, or a job is there for much
 * longer than it should take: the job goes elsewhere; if nothing at all has come back since then, it is down.
 *
 * Ownership: part of its peer.
 */
#pragma once

#include "core/distcc.h"
#include "farm.h"

struct compiler;
struct copy;
struct distccd;
struct peer;

/* A new peer. */
struct peer *distccd_create(
	struct farm *f, const struct sockaddr *addr, const struct distcc_address *a);
void distccd_destroy(struct distccd *d); /* NULL is fine; when it is closed, and the loop has run */
/* No callback comes after this one. */
void distccd_close(struct distccd *d);

bool distccd_any(const struct farm *f);
/* A compiler here has been examined: it is tried. */
void distccd_review(struct farm *f);
/* Is a compiler of that toolchain being tried somewhere? */
bool distccd_is_trying(const struct farm *f, int bit);
/* The name of that toolchain there; NULL: none. */
const char *distccd_name(const struct distccd *d, int bit);
bool distccd_speaks_lzo(const struct distccd *d);
/* It is up no more. */
void distccd_left(struct distccd *d);
/* It has said something. */
void distccd_heard(struct peer *p);

/* What a peer does, if it is one. */
void distccd_dial(struct peer *p);
void distccd_check(struct peer *p);
void distccd_send(struct peer *p, struct copy *c);
