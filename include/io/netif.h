/* netif - interfaces and addresses. */
#pragma once

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>

enum { NETIF_PORT = 3634 };
#define NETIF_GROUP_V4 "224.0.0.141"
#define NETIF_GROUP_V6 "ff02::fa:3634"

/* "HOST[:PORT]", "[V6]:PORT", "V6", "*:PORT", ":PORT" (any address: "::" where there is IPv6, which
 * hears IPv4 too); names are resolved (blocking) unless numeric_only.
 * -EINVAL, or ERR_CONFIG when the name does not resolve. */
int netif_parse_address(
	const char *text, int default_port, bool numeric_only, struct sockaddr_storage *ret);
/* "1.2.3.4:80", "[::1]:80"; returns out. */
const char *netif_format_address(const struct sockaddr *addr, char *out, size_t out_size);
socklen_t netif_address_len(const struct sockaddr *addr);
int netif_address_port(const struct sockaddr *addr);
void netif_set_port(struct sockaddr *addr, int port);
/* Is this one of this machine's own addresses, seen from this network namespace? */
bool netif_is_here(const struct sockaddr *addr);
/* May these be one host? IPv4 addresses must be equal, of IPv6 addresses the first 64 bits: a host may
 * choose the rest. */
bool netif_same_source(const struct sockaddr *a, const struct sockaddr *b);
/* Of a TCP connection: small writes go at once, and the kernel gives up on what is gone for good. Liveness is told by
 * other means. */
void netif_set_patience(int fd);
/* -ENODEV when there is no such interface. */
int netif_check(const char *name);
