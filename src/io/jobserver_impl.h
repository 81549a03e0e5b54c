/* jobserver_impl - what the parts of the jobserver share.
 *
 * jobserver.c        the contract, the ledger, and the pool that make takes tokens from
 * jobserver_pipe.c   the pool as a pipe, and a second one that tokens come back through
 * jobserver_fifo.c   the pool as a fifo, and the collector that waits in it for what is owed
 * jobserver_keeper.c what keeps the pipes going when this process is killed
 * jobserver_outer.c  the jobserver that this one is nested in
 */
#pragma once

#include "io/jobserver.h"

struct fifo;
struct keeper;
struct outer;

struct jobserver {
	uv_loop_t *loop;
	enum make_style style;
	unsigned local_slots, width;
	void (*on_repaid)(void *ctx, unsigned n);
	void *ctx;

	struct tokens ledger;
	int pool_fd; /* O_RDWR, non-blocking, a file description of our own; -1: there is no pool */
	uv_poll_t pool_watch;
	int pool_events;    /* what pool_watch waits for; 0: stopped */
	unsigned unwritten; /* tokens for which the pool had no room */
	bool one_page;      /* the pool is writable when it is empty, and only then */

	int back_fd; /* what make gave back, or the collector got hold of */
	uv_poll_t back_watch;
	int make_r, make_w;    /* pipe style: make's ends */
	char *take, *give;     /* pipe style: the paths of links to them */
	struct keeper *keeper; /* pipe style; NULL: none */
	struct fifo *fifo;     /* fifo style */
	struct outer *outer;   /* NULL: not nested */

	unsigned pending; /* open handles */
	bool closing;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

/* Tokens that nobody has taken. */
unsigned jobserver_idle(const struct jobserver *js);
void jobserver_put(struct jobserver *js, unsigned n);
/* Takes up to n idle tokens out; returns how many. */
unsigned jobserver_take(struct jobserver *js, unsigned n);
/* n tokens are out of the pool, and make does not hold them: debts are repaid, the others go round
 * again. May call on_repaid, so it must come last. */
void jobserver_came_back(struct jobserver *js, unsigned n);
/* Brings pool_watch in line with what there is to wait for. */
void jobserver_watch(struct jobserver *js);
/* Every handle is announced when it is open. None keeps the loop running. */
void jobserver_opened(struct jobserver *js, uv_handle_t *handle);
int jobserver_poll_init(struct jobserver *js, uv_poll_t *poll, int fd);
/* Does nothing when the handle was never opened. */
void jobserver_close_handle(uv_handle_t *handle);
/* Unread bytes of a pipe. */
unsigned jobserver_unread(int fd);

/* A file description of our own for an open pipe or fifo, non-blocking; -errno. */
int jobserver_reopen(int fd, int flags);
/* The capacity of the pipe that tokens come back through: one that no pipe has by default, so that
 * a farmmake inside can tell split pipes from two descriptors that have nothing to do with make. */
int jobserver_split_bytes(void);
/* dir: gets the links of core/makeflags.h. */
int jobserver_pipe_open(struct jobserver *js, const char *dir);
/* Removes the links; the pipes are everybody's. */
void jobserver_pipe_close(struct jobserver *js);

/* NULL when there cannot be one. */
struct keeper *jobserver_keeper_start(const struct jobserver *js);
/* How many tokens are lent now. k may be NULL, here and below. */
void jobserver_keeper_note(struct keeper *k, uint32_t lent);
void jobserver_keeper_stop(struct keeper *k);

int jobserver_fifo_open(struct jobserver *js, const char *dir);
const char *jobserver_fifo_path(const struct fifo *f);
/* n more tokens are to come back. */
void jobserver_fifo_collect(struct fifo *f, unsigned n);
/* n fewer; one that is being waited for already comes nevertheless. */
void jobserver_fifo_forget(struct fifo *f, unsigned n);
/* Ends the collector and removes the fifo. */
void jobserver_fifo_stop(struct fifo *f);
void jobserver_fifo_free(struct fifo *f); /* f may be NULL */

/* ERR_STATE when auth names nothing usable. */
int jobserver_outer_open(struct jobserver *js, const struct make_auth *auth);
int jobserver_outer_start(struct jobserver *js);
/* The number of idle tokens may have changed: takes one more, or gives some back. */
void jobserver_outer_review(struct jobserver *js);
/* make took the last idle token. */
void jobserver_outer_wanted(struct jobserver *js);
/* Gives all tokens back and closes the handles. */
void jobserver_outer_close(struct jobserver *js);
void jobserver_outer_free(struct outer *o); /* o may be NULL */
