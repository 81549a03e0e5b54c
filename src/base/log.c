#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static const char *log_component = "farmmake";
static enum log_level log_max = LOG_INFO;
static const char *const level_names[] = {"error", "warning", "info", "debug"};

void log_init(const char *component, enum log_level level)
{
	log_component = component;
	log_max = level;
}

enum log_level log_get_level(void)
{
	return log_max;
}

int log_parse_level(const char *text, enum log_level *ret_level)
{
	for (size_t i = 0; i < sizeof level_names / sizeof *level_names; i++) {
		if (strcmp(text, level_names[i]) == 0) {
			*ret_level = (enum log_level)i;
			return 0;
		}
	}
	return -EINVAL;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	if (level > log_max)
		return;
	/* One write per line, so that lines of several processes do not mix. */
	char line[1024];
	int n = level == LOG_INFO ? snprintf(line, sizeof line, "%s: ", log_component)
				  : snprintf(line, sizeof line, "%s: %s: ", log_component,
					    level_names[level]);
	va_list ap;
	va_start(ap, fmt);
	int m = vsnprintf(line + n, sizeof line - (size_t)n - 1, fmt, ap);
	va_end(ap);
	size_t len = (size_t)n + (size_t)(m < 0 ? 0 : m);
	if (len > sizeof line - 2)
		len = sizeof line - 2;
	line[len++] = '\n';
	if (write(STDERR_FILENO, line, len) < 0)
		return; /* nobody is left to be told */
}

const char *log_escape(const char *text, char *out, size_t out_size)
{
	size_t n = 0;
	for (const unsigned char *p = (const unsigned char *)text; *p && n + 5 < out_size; p++) {
		if (*p >= 0x20 && *p < 0x7f && *p != '\\')
			out[n++] = (char)*p;
		else
			n += (size_t)snprintf(out + n, out_size - n, "\\x%02x", *p);
	}
	if (out_size)
		out[n] = '\0';
	return out;
}
