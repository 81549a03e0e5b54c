/* farmctl report: a build's report, as its summary or in another form.
 *
 * What can fail: the file cannot be read, or is no report; the form cannot be written. One line each,
 * FARMCTL_NOTHING.
 */
#include "verbs.h"

#include "doc.h"
#include "forms.h"

#include "base/err.h"
#include "base/fs.h"
#include "base/log.h"
#include "base/str.h"
#include "core/report.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char usage[] =
	"usage: farmctl report [OPTION]... [FILE]\n"
	"  --html OUT       one page that any browser shows\n"
	"  --trace OUT      trace events, for Perfetto and Chrome\n"
	"  --csv OUT        a line for each compile and recipe\n"
	"  --compare OLD    what became slower and faster since that report\n"
	"OUT may be -, for stdout. Without an option: the summary. Without FILE: the last\n"
	"build's report.\n"
	"Exit status: 0; 1 a file cannot be read or written, or is no report; 2 usage.\n";

struct options {
	const char *file, *html, *trace, *csv, *old;
	bool help;
};

static int parse_options(int argc, char **argv, struct options *o)
{
	static const struct option table[] = {
		{"html", required_argument, NULL, 'h'},
		{"trace", required_argument, NULL, 't'},
		{"csv", required_argument, NULL, 'c'},
		{"compare", required_argument, NULL, 'o'},
		{"help", no_argument, NULL, '?' + 128},
		{0},
	};
	static char name[] = "farmctl report";
	argv[0] = name; /* for getopt's messages */
	for (int option; (option = getopt_long(argc, argv, "", table, NULL)) != -1;)
		switch (option) {
		case 'h': o->html = optarg; break;
		case 't': o->trace = optarg; break;
		case 'c': o->csv = optarg; break;
		case 'o': o->old = optarg; break;
		case '?' + 128: o->help = true; break;
		default: return -EINVAL; /* getopt has told */
		}
	if (optind < argc)
		o->file = argv[optind++];
	return optind < argc ? -EINVAL : 0;
}

/* By rename, so that nobody sees half of it. */
static int put(const char *path, const char *text, size_t n)
{
	if (strcmp(path, "-") == 0)
		return fwrite(text, 1, n, stdout) == n ? 0 : -errno;
	int err = fs_write_atomic(path, text, n, 0644);
	if (err)
		log_error("%s: %s", path, err_str(err));
	return err;
}

struct source {
	const char *text;
	const json_t *doc;
};

static void write_html(const struct source *s, FILE *out)
{
	form_page(s->text, out);
}

static void write_trace(const struct source *s, FILE *out)
{
	form_trace(s->doc, out);
}

static void write_csv(const struct source *s, FILE *out)
{
	form_csv(s->doc, out);
}

static int write_form(
	const struct source *s, const char *path, void (*form)(const struct source *s, FILE *out))
{
	if (!path)
		return 0;
	_cleanup_free_ char *text = NULL;
	size_t n;
	FILE *out = open_memstream(&text, &n);
	if (!out)
		return -errno;
	form(s, out);
	if (fclose(out) != 0)
		abort();
	return put(path, text, n);
}

static int compare(const json_t *doc, const char *path)
{
	_cleanup_free_ char *text = NULL;
	int err = doc_read(path, &text);
	if (err)
		return err;
	json_t *old = doc_parse(text);
	form_comparison(doc, old, stdout);
	json_decref(old);
	return 0;
}

static int show(const char *text, const struct options *o)
{
	if (!o->html && !o->trace && !o->csv && !o->old) {
		_cleanup_free_ char *summary = NULL, *why = NULL;
		int err = report_summary(text, &summary, &why);
		if (!err)
			fputs(summary, stdout);
		return err;
	}
	json_t *doc = doc_parse(text);
	const struct source s = {text, doc};
	int err = write_form(&s, o->html, write_html);
	if (!err)
		err = write_form(&s, o->trace, write_trace);
	if (!err)
		err = write_form(&s, o->csv, write_csv);
	if (!err && o->old)
		err = compare(doc, o->old);
	json_decref(doc);
	return err;
}

int report_main(int argc, char **argv)
{
	struct options o = {0};
	if (parse_options(argc, argv, &o) < 0) {
		fputs(usage, stderr);
		return FARMCTL_USAGE;
	}
	if (o.help) {
		fputs(usage, stdout);
		return FARMCTL_OK;
	}
	_cleanup_free_ char *last = o.file ? NULL : doc_last(), *text = NULL;
	const char *file = o.file ? o.file : last;
	if (!file) {
		log_error("no report: neither XDG_STATE_HOME nor HOME is set");
		return FARMCTL_NOTHING;
	}
	if (doc_read(file, &text) < 0 || show(text, &o) < 0)
		return FARMCTL_NOTHING;
	return FARMCTL_OK;
}
