#include "core/metrics.h"

#include <stddef.h>

static const char *const outcomes[METRICS_OUTCOMES] = {
	"ok", "failed", "refused", "killed", "limited"};

static void head(FILE *out, const char *name, const char *type, const char *help)
{
	fprintf(out, "# HELP farmnode_%s %s\n# TYPE farmnode_%s %s\n", name, help, name, type);
}

static void number(FILE *out, const char *name, const char *type, const char *help, double value)
{
	head(out, name, type, help);
	fprintf(out, "farmnode_%s %.15g\n", name, value);
}

/* The value of a label: a backslash, a quote or a line end would end it. */
static void label(FILE *out, const char *s)
{
	for (; *s; s++) {
		if (*s == '\\' || *s == '"')
			putc('\\', out);
		if (*s == '\n')
			fputs("\\n", out);
		else
			putc(*s, out);
	}
}

void metrics_write(const struct metrics *m, FILE *out)
{
	head(out, "info", "gauge", "This node.");
	fputs("farmnode_info{node=\"", out);
	label(out, m->node);
	fputs("\",version=\"", out);
	label(out, m->version);
	fputs("\"} 1\n", out);
	number(out, "slots", "gauge", "Compilers that may run at once.", m->slots);
	number(out, "slots_busy", "gauge", "Compilers that run.", m->busy);
	number(out, "jobs_waiting", "gauge", "Jobs that are here in full and have no slot.",
		m->waiting);
	number(out, "clients", "gauge", "Builds that are connected.", m->clients);
	number(out, "jail_level", "gauge", "How well jobs are locked in, 0 to 3.", m->jail_level);
	number(out, "toolchains", "gauge", "Compilers that are offered.", m->toolchains);
	number(out, "draining", "gauge", "1 while this node goes away.", m->draining);
	head(out, "jobs_total", "counter", "Jobs by how they ended.");
	for (size_t i = 0; i < METRICS_OUTCOMES; i++)
		fprintf(out, "farmnode_jobs_total{outcome=\"%s\"} %llu\n", outcomes[i],
			(unsigned long long)m->jobs[i]);
	number(out, "compile_seconds_total", "counter", "Wall time of compilers.",
		(double)m->compile_us / 1e6);
	number(out, "moved_bytes_total", "counter", "Bytes over links to clients, both ways.",
		(double)m->moved_bytes);
}
