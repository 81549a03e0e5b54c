/* show - what a client says that shows its files to a node: entries at a few places, that meet, contents
 * that are those of the entries or not, and jobs that read them.
 */
#pragma once

#include "base/buf.h"
#include "core/job.h"

/* Appends one message, or a job's two. */
void show_say(
	struct buf *to, const uint8_t toolchain[TOOLCHAIN_ID_BYTES], unsigned kind, unsigned what);
