/* journal - what happens in a build, as it happens: events, and their text, one JSON object a line.
 *
 * farmmake writes them, and whoever shows a running build reads them (core/live.h). doc/journal.md lists them.
 *
 * Contract: pure. A reader passes over lines that it does not understand, so there may be more of them one day.
 *
 * Ownership: strings of an event that is formatted are borrowed; those of one that was parsed are its own.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

enum journal_type {
	JOURNAL_BUILD, /* name, text, slots, expected: make's arguments, the directory, local slots, files that the
			* last build like it had (0: nobody knows) */
	JOURNAL_NODE,     /* id, name, text, slots, level: it is connected; text is its address */
	JOURNAL_GONE,     /* id, text: it is not any more, and why */
	JOURNAL_BEGIN,    /* id, name: a compile, and its source */
	JOURNAL_PHASE,    /* id, phase, node: how far it is */
	JOURNAL_END,      /* id, node, ok: it is over; node 0: it was done here */
	JOURNAL_STEP,     /* id, name, text: something else that make runs, and its command line */
	JOURNAL_STEP_END, /* id */
	JOURNAL_LOAD, /* id, moved, speed: of a node, bytes both ways on its link; percent of a usual core */
	JOURNAL_POOL, /* lent, short: tokens lent, and whether memory is short */
	JOURNAL_OVER, /* status: make has ended */
	JOURNAL_TYPES
};

enum journal_phase {
	JOURNAL_ASKED,    /* waits for a decision */
	JOURNAL_PREPARE,  /* is preprocessed, or what it reads is looked for */
	JOURNAL_READY,    /* waits for a node */
	JOURNAL_SENT,     /* is on its way to one, or waits there */
	JOURNAL_RUNNING,  /* is compiled there */
	JOURNAL_RETURNED, /* its result is here, and waits for a slot */
	JOURNAL_BACK,     /* its result is put in place */
	JOURNAL_HERE,     /* is compiled here */
	JOURNAL_PHASES
};

struct journal_event {
	enum journal_type type;
	double t; /* seconds since the build's start */
	uint64_t id, node, slots, expected, level, lent, moved, speed;
	int64_t status;
	enum journal_phase phase;
	bool ok, is_short;
	const char *name, *text;
};

/* A line, with its newline. */
void journal_write(const struct journal_event *e, FILE *out);
/* A line, with or without its newline. ERR_PROTO for any other. */
int journal_parse(const char *line, struct journal_event *ret);
void journal_event_fini(struct journal_event *e);

const char *journal_type_name(enum journal_type t);
const char *journal_phase_name(enum journal_phase p);
