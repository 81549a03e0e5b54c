/* netif
 *
 * The happy path: the text is split at the last colon that is not inside brackets or an IPv6
 * address, and getaddrinfo() does the rest.
 */
#include "io/netif.h"

#include "base/err.h"
#include "base/str.h"

#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { HOST_BYTES = 256 };

struct split {
	char host[HOST_BYTES]; /* "" for any */
	const char *port;      /* NULL when absent */
};

static int copy_host(struct split *s, const char *from, size_t n)
{
	if (n >= sizeof s->host)
		return -EINVAL;
	memcpy(s->host, from, n);
	s->host[n] = '\0';
	return 0;
}

static int split_brackets(const char *text, struct split *s)
{
	const char *end = strchr(text, ']');
	if (!end || end == text + 1 || (end[1] != '\0' && end[1] != ':'))
		return -EINVAL;
	s->port = end[1] ? end + 2 : NULL;
	return copy_host(s, text + 1, (size_t)(end - text - 1));
}

static int split_text(const char *text, struct split *s)
{
	if (text[0] == '\0')
		return -EINVAL;
	if (text[0] == '[')
		return split_brackets(text, s);
	const char *colon = strchr(text, ':');
	if (!colon || strchr(colon + 1, ':')) /* none, or those of a bare IPv6 address */
		return copy_host(s, text, strlen(text));
	s->port = colon + 1;
	return copy_host(s, text, (size_t)(colon - text));
}

/* "::" hears IPv4 as well; only a kernel without IPv6 needs the other one. */
static const char *any_host(void)
{
	return access("/proc/net/if_inet6", F_OK) == 0 ? "::" : "0.0.0.0";
}

int netif_parse_address(
	const char *text, int default_port, bool numeric_only, struct sockaddr_storage *ret)
{
	struct split s = {.port = NULL};
	long port = default_port;
	if (split_text(text, &s) < 0 || (s.port && str_to_long(s.port, 0, 65535, &port) < 0))
		return -EINVAL;
	const char *host = s.host;
	if (host[0] == '\0' || strcmp(host, "*") == 0)
		host = any_host();
	const struct addrinfo hints = {
		.ai_socktype = SOCK_STREAM, .ai_flags = numeric_only ? AI_NUMERICHOST : 0};
	struct addrinfo *list;
	if (getaddrinfo(host, NULL, &hints, &list) != 0)
		return numeric_only ? -EINVAL : ERR_CONFIG;
	struct sockaddr_storage address = {0};
	memcpy(&address, list->ai_addr, list->ai_addrlen);
	freeaddrinfo(list);
	netif_set_port((struct sockaddr *)&address, (int)port);
	*ret = address;
	return 0;
}

/* What a dual-stack socket sees of an IPv4 peer is shown as IPv4. */
static struct sockaddr_storage unmap(const struct sockaddr *addr)
{
	struct sockaddr_storage out = {0};
	memcpy(&out, addr, netif_address_len(addr));
	const struct sockaddr_in6 *in6 = (const struct sockaddr_in6 *)addr;
	if (addr->sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&in6->sin6_addr))
		return out;
	struct sockaddr_in in = {.sin_family = AF_INET, .sin_port = in6->sin6_port};
	memcpy(&in.sin_addr, in6->sin6_addr.s6_addr + 12, sizeof in.sin_addr);
	memcpy(&out, &in, sizeof in);
	return out;
}

const char *netif_format_address(const struct sockaddr *addr, char *out, size_t out_size)
{
	char host[NI_MAXHOST];
	struct sockaddr_storage plain = unmap(addr);
	const struct sockaddr *sa = (const struct sockaddr *)&plain;
	if (getnameinfo(sa, netif_address_len(sa), host, sizeof host, NULL, 0, NI_NUMERICHOST) != 0)
		snprintf(out, out_size, "?");
	else
		snprintf(out, out_size, sa->sa_family == AF_INET6 ? "[%s]:%d" : "%s:%d", host,
			netif_address_port(sa));
	return out;
}

socklen_t netif_address_len(const struct sockaddr *addr)
{
	return addr->sa_family == AF_INET6 ? sizeof(struct sockaddr_in6)
					   : sizeof(struct sockaddr_in);
}

int netif_address_port(const struct sockaddr *addr)
{
	return ntohs(addr->sa_family == AF_INET6 ? ((const struct sockaddr_in6 *)addr)->sin6_port
						 : ((const struct sockaddr_in *)addr)->sin_port);
}

void netif_set_port(struct sockaddr *addr, int port)
{
	if (addr->sa_family == AF_INET6)
		((struct sockaddr_in6 *)addr)->sin6_port = htons((uint16_t)port);
	else
		((struct sockaddr_in *)addr)->sin_port = htons((uint16_t)port);
}

int netif_check(const char *name)
{
	return if_nametoindex(name) ? 0 : -ENODEV;
}

static bool is_loopback(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return ntohl(((const struct sockaddr_in *)(const void *)addr)->sin_addr.s_addr) >>
			       24 ==
		       IN_LOOPBACKNET;
	return IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr);
}

static bool is_same_host(const struct sockaddr *a, const struct sockaddr *b)
{
	if (!b || a->sa_family != b->sa_family)
		return false;
	if (a->sa_family == AF_INET)
		return ((const struct sockaddr_in *)(const void *)a)->sin_addr.s_addr ==
		       ((const struct sockaddr_in *)(const void *)b)->sin_addr.s_addr;
	return a->sa_family == AF_INET6 &&
	       IN6_ARE_ADDR_EQUAL(&((const struct sockaddr_in6 *)(const void *)a)->sin6_addr,
		       &((const struct sockaddr_in6 *)(const void *)b)->sin6_addr);
}

bool netif_is_here(const struct sockaddr *addr)
{
	if (addr->sa_family != AF_INET && addr->sa_family != AF_INET6)
		return false;
	bool here = is_loopback(addr);
	struct ifaddrs *all = NULL;
	if (!here && getifaddrs(&all) == 0)
		for (const struct ifaddrs *i = all; i && !here; i = i->ifa_next)
			here = is_same_host(addr, i->ifa_addr);
	freeifaddrs(all);
	return here;
}

/* IPv4 addresses as IPv6 has them. */
static struct in6_addr wide_address(const struct sockaddr *addr)
{
	struct in6_addr a = {.s6_addr = {[10] = 0xff, [11] = 0xff}};
	if (addr->sa_family == AF_INET6)
		return ((const struct sockaddr_in6 *)(const void *)addr)->sin6_addr;
	memcpy(a.s6_addr + 12, &((const struct sockaddr_in *)(const void *)addr)->sin_addr, 4);
	return a;
}

bool netif_same_source(const struct sockaddr *a, const struct sockaddr *b)
{
	struct in6_addr x = wide_address(a), y = wide_address(b);
	bool narrow = IN6_IS_ADDR_V4MAPPED(&x) || IN6_IS_ADDR_V4MAPPED(&y);
	size_t n = narrow ? sizeof x : sizeof x / 2;
	return memcmp(&x, &y, n) == 0;
}

void netif_set_patience(int fd)
{
	static const struct {
		int level, name, value;
	} options[] = {
		{IPPROTO_TCP, TCP_NODELAY, 1},
		{SOL_SOCKET, SO_KEEPALIVE, 1},
		{IPPROTO_TCP, TCP_KEEPIDLE, 2},
		{IPPROTO_TCP, TCP_KEEPINTVL, 1},
		{IPPROTO_TCP, TCP_KEEPCNT, 3},
		{IPPROTO_TCP, TCP_USER_TIMEOUT, 5000},
	};
	for (size_t i = 0; i < sizeof options / sizeof *options; i++)
		setsockopt(fd, options[i].level, options[i].name, &options[i].value,
			sizeof options[i].value);
}
