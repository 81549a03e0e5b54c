/* exporter - answers Prometheus: GET /metrics over HTTP, and nothing else.
 *
 * Contract: from the loop. fill is called for each answer. Few connections at a time, and none for long: whoever can
 * reach the port can read the numbers, which name no client and no file.
 */
#pragma once

#include "core/metrics.h"

#include <uv.h>

struct exporter;

typedef void (*exporter_fill_fn)(void *ctx, struct metrics *ret);

struct exporter_conf {
	uv_loop_t *loop;
	const char *where; /* "ADDR:PORT", or "PORT" for the loopback interface */
	exporter_fill_fn fill;
	void *ctx;
};

/* *ret_port: the real one. -errno, or ERR_CONFIG. */
int exporter_open(const struct exporter_conf *conf, struct exporter **ret, int *ret_port);
void exporter_close(struct exporter *e); /* NULL is allowed */
