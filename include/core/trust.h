/* trust - which node is believed, and which of its results are looked at twice.
 *
 * What a network does to a connection ends it, and nothing more: TLS lets nothing through that was not
 * sent like that. So whatever is wrong behind TLS was made by the node itself, and a node that does it
 * is in quarantine: it gets no more work in this build. Failures of its compiler, where the one here
 * has none, may be the source's doing as well: they are forgiven as long as there is something right
 * between them.
 *
 * Contract: pure. A quarantine never ends.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

enum trust_offence {
	TRUST_FRAME,   /* what no node may send */
	TRUST_JOB,     /* something about a job that it was never given */
	TRUST_DIGEST,  /* a result that is not what it announced */
	TRUST_OBJECT,  /* an object that the compiler here does not make */
	TRUST_FAILURE, /* its compiler fails where the one here succeeds */
	TRUST_COUNT
};

struct trust {
	unsigned strikes[TRUST_COUNT];
	bool ended;
	enum trust_offence why; /* ended */
};

/* True when the node is in quarantine because of it, and was not before. */
bool trust_strike(struct trust *t, enum trust_offence offence);
/* A result was right, as far as one can tell. */
void trust_forgive(struct trust *t);
/* "has returned ...", for people. */
const char *trust_words(enum trust_offence offence);
/* Is this end of a link, once it was open, the doing of the node and not of the network? */
bool trust_is_offence(int err);

/* Is this one of the percent of jobs that are compiled here, too? Nobody who does not know the seed
 * can tell. */
bool trust_wants_check(uint64_t seed, uint32_t job, unsigned percent);
