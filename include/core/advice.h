/* advice - what to change about the reason for which something is compiled here.
 *
 * Reasons are those of core, farmcc and farmmake, as reports have them.
 *
 * Contract: pure.
 */
#pragma once

/* For people; NULL when there is nothing to say. */
const char *advice_for(const char *reason);
