#include "doc.h"
#include "forms.h"

#include <string.h>

static const char *const moments[] = {
	"start", "cpp", "staged", "sent", "started", "compiled", "finished", "local", "done"};
static const char *const texts[] = {"source", "output", "where", "node", "reason", "input"};

enum { MOMENTS = sizeof moments / sizeof *moments, TEXTS = sizeof texts / sizeof *texts };

/* In quotes when there is something in it that would end it. */
static void put_text(FILE *out, const char *s)
{
	if (!s || !strpbrk(s, ",\"\r\n")) {
		fputs(s ? s : "", out);
		return;
	}
	putc('"', out);
	for (; *s; s++) {
		if (*s == '"')
			putc('"', out);
		putc(*s, out);
	}
	putc('"', out);
}

static void put_time(FILE *out, double t)
{
	putc(',', out);
	if (t >= 0)
		fprintf(out, "%.6f", t);
}

static void put_job(FILE *out, const json_t *job)
{
	const json_t *bytes = json_object_get(job, "bytes"), *cpu = json_object_get(job, "cpu");
	fputs("compile", out);
	for (size_t i = 0; i < TEXTS; i++) {
		putc(',', out);
		put_text(out, doc_string(job, texts[i]));
	}
	for (size_t i = 0; i < MOMENTS; i++)
		put_time(out, doc_time(job, moments[i]));
	fprintf(out, ",%.0f,%.0f,%.0f,%.6f,%.6f\r\n", doc_number(bytes, "text"),
		doc_number(bytes, "up"), doc_number(bytes, "down"), doc_number(cpu, "local_s"),
		doc_number(cpu, "remote_s"));
}

static void put_step(FILE *out, const json_t *step)
{
	fputs("step,", out);
	put_text(out, doc_string(step, "name"));
	fputs(",,local,,", out);
	put_text(out, doc_string(step, "command"));
	putc(',', out);
	for (size_t i = 0; i < MOMENTS; i++)
		put_time(out, i == 0             ? doc_number(step, "begin")
			      : i == MOMENTS - 1 ? doc_number(step, "end")
						 : -1);
	fputs(",,,,,\r\n", out);
}

void form_csv(const json_t *doc, FILE *out)
{
	const json_t *jobs = json_object_get(doc, "jobs"), *steps = json_object_get(doc, "steps");
	fputs("kind", out);
	for (size_t i = 0; i < TEXTS; i++)
		fprintf(out, ",%s", texts[i]);
	for (size_t i = 0; i < MOMENTS; i++)
		fprintf(out, ",%s", moments[i]);
	fputs(",bytes_text,bytes_up,bytes_down,cpu_local_s,cpu_remote_s\r\n", out);
	for (size_t i = 0; i < json_array_size(jobs); i++)
		put_job(out, json_array_get(jobs, i));
	for (size_t i = 0; i < json_array_size(steps); i++)
		put_step(out, json_array_get(steps, i));
}
