/* log - lines for people, on stderr.
 *
 * Contract: only programs log, and each failure once, where it is handled. A line is
 * "component: level: text"; the word for the level is left out for LOG_INFO. Text that comes from a
 * peer goes through log_escape() first. Secrets are never passed here.
 */
#pragma once

#include <stddef.h>

enum log_level { LOG_ERROR, LOG_WARNING, LOG_INFO, LOG_DEBUG };

/* component must outlive the program's last log call. */
void log_init(const char *component, enum log_level level);
enum log_level log_get_level(void);
/* "error", "warning", "info", "debug"; returns -EINVAL and leaves *ret_level alone otherwise. */
int log_parse_level(const char *text, enum log_level *ret_level);

void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
#define log_error(...) log_line(LOG_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_WARNING, __VA_ARGS__)
#define log_info(...) log_line(LOG_INFO, __VA_ARGS__)
#define log_debug(...) log_line(LOG_DEBUG, __VA_ARGS__)

/* Copies text into out (cut to fit, always terminated), control and non-ASCII bytes as \xNN.
 * Returns out. */
const char *log_escape(const char *text, char *out, size_t out_size);
