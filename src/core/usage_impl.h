/* usage_impl - what the parts of usage share. For usage*.c only. */
#pragma once

#include "base/vec.h"
#include "core/usage.h"

/* A compile or a step from its beginning to its end, wherever it is. */
struct item {
	char *name;
	double begin, end;
	bool is_step;
};

/* Of jobs that occupy no core. */
enum phase { PHASE_CREDIT, PHASE_LINK, PHASE_COUNT };

struct stretch {
	enum phase phase;
	double begin, end;
};

struct presence {
	int node;
	double begin, end;
};

struct usage_place {
	unsigned slots; /* of a node */
	VEC(struct usage_span) spans;
};

struct usage {
	struct usage_place here;
	VEC(struct usage_place) nodes;
	VEC(struct item) items;
	VEC(struct stretch) stretches;
	VEC(struct presence) presences;
};

/* Within the build; end < 0: until its end. */
static inline double usage_end(double end, double wall_s)
{
	return end < 0 || end > wall_s ? wall_s : end;
}
