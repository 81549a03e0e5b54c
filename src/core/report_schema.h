/* report_schema - a report read back: parsed, and known to have every field that it should.
 *
 * Contract: private to core/report*.c.
 */
#pragma once

#include <jansson.h>

/* ERR_CONFIG and *ret_why (malloc'd) for anything but a report. The caller json_decref()s it. */
int report_load(const char *json, json_t **ret, char **ret_why);
