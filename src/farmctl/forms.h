/* forms - a report in the forms that other programs read.
 *
 * Contract: doc is a report. They write to out, and whether that went well is ferror's to say.
 */
#pragma once

#include <jansson.h>
#include <stdio.h>

/* Chrome's trace events: a process for each node and one for here, a thread for each slot. */
void form_trace(const json_t *doc, FILE *out);
/* A line for each compile and step, with a head; as RFC 4180 has it. */
void form_csv(const json_t *doc, FILE *out);
/* One page of HTML that needs nothing else. text: the report as it was read. */
void form_page(const char *text, FILE *out);
/* What became slower and faster since, for people. */
void form_comparison(const json_t *doc, const json_t *old, FILE *out);
