#include "heavy.h"

#include "io/sock.h"

#include <string.h>
#include <sys/stat.h>

enum {
	HEAVY_BYTES = 64 << 20, /* of input files: below this a link needs no more than a compile */
	WAIT_MS = 90 * 1000,    /* farmmake answers sooner */
};

static uint64_t input_bytes(const struct strv *words)
{
	uint64_t sum = 0;
	for (size_t i = 0; i < words->n; i++) {
		struct stat st;
		if (strcmp(words->v[i], "-o") == 0)
			i++; /* the last build's */
		else if (words->v[i][0] != '-' && stat(words->v[i], &st) == 0 &&
			 S_ISREG(st.st_mode))
			sum += (uint64_t)st.st_size;
	}
	return sum;
}

void heavy_wait(const struct strv *words, const char *socket)
{
	struct sock *sock;
	struct msg m = {.type = MSG_CC_HEAVY};
	m.cc_heavy.version = WIRE_VERSION;
	m.cc_heavy.input_bytes = input_bytes(words);
	if (m.cc_heavy.input_bytes < HEAVY_BYTES || sock_connect(socket, &sock) < 0)
		return;
	if (sock_send(sock, &m) == 0 && sock_recv(sock, WAIT_MS, &m) == 0)
		msg_fini(&m);
	sock_keep(sock);
}
