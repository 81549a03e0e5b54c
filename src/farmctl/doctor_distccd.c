/* Distccds among the nodes of the settings: all that can be seen of one from outside is whether it answers. */
#include "doctor.h"

#include "base/err.h"
#include "core/distcc.h"
#include "io/netif.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

enum { ANSWER_MS = 2000 };

/* 0 when somebody takes the connection. */
static int knock(const struct sockaddr *addr)
{
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	int err = connect(fd, addr, netif_address_len(addr)) < 0 ? -errno : 0;
	if (err == -EINPROGRESS) {
		struct pollfd p = {.fd = fd, .events = POLLOUT};
		socklen_t n = sizeof err;
		if (poll(&p, 1, ANSWER_MS) != 1)
			err = ERR_TIMEOUT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &err, &n) == 0)
			err = -err;
	}
	close(fd);
	return err;
}

static void check(struct doctor *d, const char *text)
{
	struct distcc_address a;
	struct sockaddr_storage addr;
	if (distcc_parse_address(text, &a) < 0) {
		doctor_say(d, FINDING_ERROR, "distccd",
			"correct the setting \"node\": distcc://HOST[:PORT]/SLOTS[,lzo]", "%s",
			text);
		return;
	}
	_cleanup_free_ char *where = distcc_host_port(&a);
	int err = netif_parse_address(where, DISTCC_PORT, false, &addr);
	if (!err)
		err = knock((struct sockaddr *)&addr);
	if (err)
		doctor_say(d, FINDING_ERROR, "distccd",
			"does it run there, with --listen and --allow for this machine?", "%s: %s",
			text, err_str(err));
	else
		doctor_say(d, FINDING_OK, "distccd", NULL, "%s answers", text);
}

void doctor_check_distccds(struct doctor *d)
{
	for (size_t i = 0; i < d->conf.node.n; i++)
		if (distcc_is_address(d->conf.node.v[i]))
			check(d, d->conf.node.v[i]);
}
