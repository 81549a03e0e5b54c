#include "listen.h"

#include "base/err.h"
#include "base/fs.h"
#include "io/netif.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

enum { BACKLOG = 128 };

static const struct sockaddr *plain(const struct sockaddr_storage *address)
{
	return (const struct sockaddr *)address;
}

/* interface: NULL for all. */
static int open_one(const struct sockaddr_storage *address, const char *interface, int *ret_fd)
{
	const int on = 1, off = 0;
	_cleanup_close_ int fd =
		socket(address->ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) < 0)
		return -errno;
	if (address->ss_family == AF_INET6 &&
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off) < 0)
		return -errno;
	if (interface && setsockopt(fd, SOL_SOCKET, SO_BINDTODEVICE, interface,
				 (socklen_t)strlen(interface) + 1) < 0)
		return -errno;
	if (bind(fd, plain(address), netif_address_len(plain(address))) < 0)
		return -errno;
	/* From here on nobody else can have the port; clients wait in the backlog. */
	if (listen(fd, BACKLOG) < 0)
		return -errno;
	*ret_fd = fd;
	fd = -1;
	return 0;
}

static int add(struct listen_set *set, const char *interface)
{
	if (set->n == LISTEN_MAX)
		return -E2BIG;
	int err = open_one(&set->address, interface, &set->fd[set->n]);
	if (err || set->n++ > 0)
		return err;
	socklen_t n = sizeof set->address;
	/* the port that the kernel chose is the others' too */
	return getsockname(set->fd[0], (struct sockaddr *)&set->address, &n) < 0 ? -errno : 0;
}

int listen_open(
	const char *address, const struct strv *interfaces, struct listen_set *ret, char **ret_why)
{
	struct listen_set set = {.n = 0};
	const char *interface = NULL;
	int err = netif_parse_address(address, NETIF_PORT, false, &set.address);
	if (!err && interfaces->n == 0)
		err = add(&set, NULL);
	for (size_t i = 0; !err && i < interfaces->n; i++)
		err = add(&set, interface = interfaces->v[i]);
	if (err) {
		*ret_why = xasprintf("cannot listen on %s%s%s: %s", address,
			interface ? ", interface " : "", interface ? interface : "", err_str(err));
		listen_close(&set);
		return err;
	}
	*ret = set;
	return 0;
}

void listen_close(struct listen_set *set)
{
	while (set->n)
		close(set->fd[--set->n]);
}

int listen_port(const struct listen_set *set)
{
	return netif_address_port(plain(&set->address));
}
