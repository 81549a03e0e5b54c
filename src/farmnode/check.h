/* check - may this job run here?
 *
 * Contract: pure. What a client sends is checked completely before anything is done for it; the
 * jail is the second line.
 */
#pragma once

#include "core/msg.h"
#include "core/toolchain.h"

struct check_refusal {
	enum refusal code;
	char text[256]; /* for people */
};

/* toolchain: the one that the job names, NULL when this node has none such. closed: clean paths of
 * directories that belong to compilers. False fills in *ret. */
bool check_job(const struct job_spec *spec, const struct toolchain *toolchain,
	const struct strv *closed, struct check_refusal *ret);
