/* notify - words to the service manager that started this program, where one did.
 *
 * Contract: best effort; without a manager (NOTIFY_SOCKET) nothing happens.
 */
#pragma once

#include <stdint.h>

/* "READY=1", "STOPPING=1", "WATCHDOG=1". */
void notify_send(const char *words);
/* How often the manager wants to hear WATCHDOG=1 from this process, in half of the time that it waits;
 * 0: never. */
uint64_t notify_watchdog_ms(void);
