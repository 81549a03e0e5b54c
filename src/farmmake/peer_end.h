/* peer_end - how a link to a node ends, by itself or because the node is distrusted. For peer*.c only; peer_strike()
 * is in peer.h.
 */
#pragma once

#include "peer.h"

/* Of the node's conn. */
void peer_on_closed(void *ctx, int err);
