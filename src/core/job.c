#include "core/job.h"

#include <stdlib.h>

void job_spec_fini(struct job_spec *spec)
{
	free(spec->cwd);
	free(spec->source);
	free(spec->output);
	strv_fini(&spec->flags);
	spec->cwd = spec->source = spec->output = NULL;
}

void job_spec_copy(const struct job_spec *from, struct job_spec *ret)
{
	*ret = *from;
	ret->cwd = xstrdup(from->cwd);
	ret->source = xstrdup(from->source);
	ret->output = xstrdup(from->output);
	ret->flags = (struct strv){0};
	for (size_t i = 0; i < from->flags.n; i++)
		strv_push(&ret->flags, from->flags.v[i]);
}
