#include "job.h"

#include "base/hash.h"
#include "base/str.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

static uint64_t hash(const char *text)
{
	uint64_t h = hash_text(hash_basis, text);
	return h ^ h >> 32;
}

/* Of these a node's compiler is told what the user's was told. */
static bool generates_code(const char *arg)
{
	static const char *const heads[] = {"-O", "-f", "-m", "-g", "-std="};
	static const char *const others[] = {"-fdiagnostics", "-fno-diagnostics",
		"-fdirectives-only", "-fpreprocessed", "-fworking-directory"};
	bool found = false;
	for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
		found = found || str_starts(arg, heads[i]);
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		found = found && !str_starts(arg, others[i]);
	return found && !strstr(arg, "prefix-map");
}

static char *with_suffix(const char *path, const char *suffix)
{
	const char *dot = strrchr(str_base(path), '.');
	return xasprintf("%.*s%s", dot ? (int)(dot - path) : (int)strlen(path), path, suffix);
}

bool job_is_dep_arg(char *const argv[], int *i)
{
	const char *arg = argv[*i];
	if (strcmp(arg, "-MF") == 0 || strcmp(arg, "-MT") == 0 || strcmp(arg, "-MQ") == 0)
		*i += argv[*i + 1] != NULL;
	return str_starts(arg, "-M") || str_starts(arg, "-Wp,-M");
}

static void take_depfile(struct job *j, char *const argv[], int i, bool *beside)
{
	const char *comma = str_starts(argv[i], "-Wp,-M") ? strchr(argv[i] + 4, ',') : NULL;
	const char *name = comma ? comma + 1 : strcmp(argv[i], "-MF") == 0 ? argv[i + 1] : NULL;
	if (name) {
		free(j->depfile);
		j->depfile = xstrdup(name);
	}
	*beside |= strcmp(argv[i], "-MD") == 0 || strcmp(argv[i], "-MMD") == 0;
}

/* The name in a line marker, "# 0 "src/x.c"", malloc'd; NULL when the line is none. */
static char *marker_name(const char *line)
{
	const char *start = line[0] == '#' ? strchr(line, '"') : NULL;
	const char *end = start ? strrchr(line, '"') : NULL;
	return end && end > start ? xstrndup(start + 1, (size_t)(end - start - 1)) : NULL;
}

/* What a preprocessed file says of its origin; the directory is in it only under -g. */
static void read_markers(const char *path, struct job *j)
{
	char line[2 * PATH_MAX];
	bool from_stdin = strcmp(path, "-") == 0;
	FILE *f = from_stdin ? stdin : fopen(path, "re");
	free(j->source);
	j->source = f && fgets(line, sizeof line, f) ? marker_name(line) : NULL;
	char *dir = j->source && fgets(line, sizeof line, f) ? marker_name(line) : NULL;
	if (dir && str_ends(dir, "//")) {
		dir[strlen(dir) - 2] = '\0';
		free(j->cwd);
		j->cwd = dir;
	} else {
		free(dir);
	}
	while (from_stdin && fread(line, 1, sizeof line, f) > 0)
		; /* whoever writes it does not expect a closed pipe */
	if (f && !from_stdin)
		fclose(f);
}

struct seen {
	bool macros_left, compile, assembly, stops, debug, split, dep_beside;
	uint64_t flags; /* a sum: the order in which they are passed on does not matter */
};

static void take_arg(struct job *j, char *const argv[], int *i, struct seen *s)
{
	const char *arg = argv[*i];
	int at = *i;
	if (job_is_dep_arg(argv, i)) {
		take_depfile(j, argv, at, &s->dep_beside);
	} else if (strcmp(arg, "-o") == 0 && argv[*i + 1]) {
		free(j->output);
		j->output = xstrdup(argv[++*i]);
	} else if (strcmp(arg, "-x") == 0 && argv[*i + 1]) {
		++*i;
	} else if (strcmp(arg, "-") == 0 ||
		   (arg[0] != '-' && (str_ends(arg, ".c") || str_ends(arg, ".i")))) {
		free(j->source);
		j->source = xstrdup(arg);
		j->expanded = !str_ends(arg, ".c");
	} else if (generates_code(arg)) {
		s->flags += hash(arg);
		s->debug |= arg[1] == 'g' && strcmp(arg, "-g0") != 0;
		s->split |= strcmp(arg, "-gsplit-dwarf") == 0;
	}
	s->macros_left |= strcmp(arg, "-fdirectives-only") == 0;
	s->assembly |= strcmp(arg, "-S") == 0;
	s->compile |= s->assembly || strcmp(arg, "-c") == 0;
	s->stops |= s->compile || strcmp(arg, "-E") == 0;
}

void job_scan(char *const argv[], const char *cwd, struct job *ret)
{
	struct job j = {0};
	struct seen seen = {0};
	for (int i = 1; argv[i]; i++)
		take_arg(&j, argv, &i, &seen);
	j.cwd = xstrdup(cwd);
	if (j.source && j.expanded && seen.compile)
		read_markers(j.source, &j);
	j.expanded &= !seen.macros_left;
	if (!j.output && j.source)
		j.output = with_suffix(str_base(j.source), seen.assembly ? ".s" : ".o");
	if (!seen.compile || !j.source) {
		bool is_link = !seen.stops && j.output;
		job_fini(&j);
		*ret = (struct job){.is_link = is_link};
		return;
	}
	if (seen.split)
		j.dwo = with_suffix(j.output, ".dwo");
	if (seen.dep_beside && !j.depfile)
		j.depfile = with_suffix(j.output, ".d");
	j.key = seen.flags * 31 + hash(j.source) + (seen.debug ? hash(j.cwd) * 7 : 0);
	*ret = j;
}

void job_fini(struct job *j)
{
	free(j->source);
	free(j->cwd);
	free(j->output);
	free(j->dwo);
	free(j->depfile);
}
