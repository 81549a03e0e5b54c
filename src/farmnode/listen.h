/* listen - the node's listening sockets, opened before there is a loop. */
#pragma once

#include "base/str.h"

#include <netinet/in.h>

enum { LISTEN_MAX = 16 };

struct listen_set {
	int fd[LISTEN_MAX];
	size_t n;
	struct sockaddr_storage address; /* of the first; all have the same port */
};

/* One socket, or one for each interface when there are any, each bound to it. On failure *ret_why
 * names the address; malloc'd. */
int listen_open(
	const char *address, const struct strv *interfaces, struct listen_set *ret, char **ret_why);
/* Closes what was not taken; may be repeated. */
void listen_close(struct listen_set *set);
int listen_port(const struct listen_set *set);
