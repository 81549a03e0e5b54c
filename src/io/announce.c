/* announce
 *
 * The happy path: a timer fires, the beacon gets its sequence number and MAC and goes to every
 * target, without waiting for anything. Which targets there are is asked of the kernel each time.
 * Failures of a send are passed over: the next beacon is half a second away.
 */
#include "io/announce.h"

#include "base/clock.h"
#include "base/err.h"
#include "io/netif.h"

#include <arpa/inet.h>
#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

enum {
	PERIOD_MS = 500,
	JITTER_MS = 100, /* to either side */
	HURRIED_MS = 50, /* least time between beacons */
	GOODBYES = 3,
	GOODBYE_MS = 20,
};

struct announce {
	const struct keyring *keys;
	struct strv interfaces;
	struct sockaddr_storage *explicit;
	size_t explicit_n;
	bool automatic;
	int port;
	int fd4, fd6; /* -1 when the kernel lacks the family */
	uv_timer_t timer;
	struct beacon beacon;
	uint8_t datagram[BEACON_BYTES];
	uint64_t sent_ms;
	int goodbyes; /* still to say */
	bool closing;
	void (*on_closed)(void *ctx);
	void *ctx;
};

/* To an IPv4 address through one interface, whatever the routes say. */
static void send_through(
	struct announce *a, const struct sockaddr_in *to, const struct ifaddrs *ifa)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(struct in_pktinfo))];
	} control = {0};
	struct iovec iov = {.iov_base = a->datagram, .iov_len = sizeof a->datagram};
	struct msghdr m = {.msg_name = (void *)to,
		.msg_namelen = sizeof *to,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control};
	struct in_pktinfo info = {.ipi_ifindex = (int)if_nametoindex(ifa->ifa_name),
		.ipi_spec_dst = ((const struct sockaddr_in *)ifa->ifa_addr)->sin_addr};
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	c->cmsg_level = IPPROTO_IP;
	c->cmsg_type = IP_PKTINFO;
	c->cmsg_len = CMSG_LEN(sizeof info);
	memcpy(CMSG_DATA(c), &info, sizeof info);
	sendmsg(a->fd4, &m, MSG_NOSIGNAL);
}

static void send_v4(struct announce *a, const struct ifaddrs *ifa)
{
	struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)a->port)};
	if (ifa->ifa_flags & IFF_BROADCAST && ifa->ifa_broadaddr) {
		to.sin_addr = ((const struct sockaddr_in *)ifa->ifa_broadaddr)->sin_addr;
		send_through(a, &to, ifa);
	} else if (ifa->ifa_flags & IFF_LOOPBACK && ifa->ifa_netmask) {
		in_addr_t mask = ((const struct sockaddr_in *)ifa->ifa_netmask)->sin_addr.s_addr;
		in_addr_t addr = ((const struct sockaddr_in *)ifa->ifa_addr)->sin_addr.s_addr;
		to.sin_addr.s_addr = addr | ~mask;
		send_through(a, &to, ifa);
	}
	if (ifa->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK)) {
		inet_pton(AF_INET, NETIF_GROUP_V4, &to.sin_addr);
		send_through(a, &to, ifa);
	}
}

static void send_v6(struct announce *a, const struct ifaddrs *ifa)
{
	struct sockaddr_in6 to = {.sin6_family = AF_INET6,
		.sin6_port = htons((uint16_t)a->port),
		.sin6_scope_id = if_nametoindex(ifa->ifa_name)};
	inet_pton(AF_INET6, NETIF_GROUP_V6, &to.sin6_addr);
	sendto(a->fd6, a->datagram, sizeof a->datagram, MSG_NOSIGNAL, (struct sockaddr *)&to,
		sizeof to);
}

/* An interface has one AF_PACKET entry, and one for each address. */
static void send_on(struct announce *a, const struct ifaddrs *ifa)
{
	if (ifa->ifa_addr->sa_family == AF_INET && a->fd4 >= 0)
		send_v4(a, ifa);
	else if (ifa->ifa_addr->sa_family == AF_PACKET && a->fd6 >= 0 &&
		 ifa->ifa_flags & (IFF_MULTICAST | IFF_LOOPBACK))
		send_v6(a, ifa);
}

static bool is_wanted(const struct announce *a, const struct ifaddrs *ifa)
{
	const unsigned up = IFF_UP | IFF_RUNNING; /* and the cable is plugged */
	return ifa->ifa_addr && (ifa->ifa_flags & up) == up &&
	       (a->interfaces.n == 0 || strv_has(&a->interfaces, ifa->ifa_name));
}

/* What is sent through a real interface is heard on this machine as well: lo is used when it was
 * named, or when there is nothing else. */
static bool wants_loopback(const struct announce *a, const struct ifaddrs *list)
{
	if (a->interfaces.n)
		return true;
	for (const struct ifaddrs *ifa = list; ifa; ifa = ifa->ifa_next)
		if (is_wanted(a, ifa) && !(ifa->ifa_flags & IFF_LOOPBACK))
			return false;
	return true;
}

static void send_automatic(struct announce *a)
{
	struct ifaddrs *list;
	if (getifaddrs(&list) < 0)
		return;
	bool loopback = wants_loopback(a, list);
	for (const struct ifaddrs *ifa = list; ifa; ifa = ifa->ifa_next)
		if (is_wanted(a, ifa) && (loopback || !(ifa->ifa_flags & IFF_LOOPBACK)))
			send_on(a, ifa);
	freeifaddrs(list);
}

static void send_explicit(struct announce *a)
{
	for (size_t i = 0; i < a->explicit_n; i++) {
		const struct sockaddr *to = (const struct sockaddr *)&a->explicit[i];
		int fd = to->sa_family == AF_INET6 ? a->fd6 : a->fd4;
		sendto(fd, a->datagram, sizeof a->datagram, MSG_NOSIGNAL, to,
			netif_address_len(to));
	}
}

static void send_signed(struct announce *a, const struct key *key)
{
	a->beacon.sequence++;
	memcpy(a->beacon.key_id, key->farm_id, sizeof a->beacon.key_id);
	beacon_encode(&a->beacon, a->datagram);
	key_sign_beacon(key, a->datagram);
	if (a->automatic)
		send_automatic(a);
	send_explicit(a);
}

static void send_round(struct announce *a)
{
	for (size_t i = a->keys->n; i > 0; i--)
		send_signed(a, &a->keys->keys[i - 1]);
	a->sent_ms = clock_now_ms();
}

static void on_timer_closed(uv_handle_t *handle)
{
	struct announce *a = handle->data;
	if (a->fd4 >= 0)
		close(a->fd4);
	if (a->fd6 >= 0)
		close(a->fd6);
	strv_fini(&a->interfaces);
	free(a->explicit);
	void (*on_closed)(void *ctx) = a->on_closed;
	void *ctx = a->ctx;
	free(a);
	if (on_closed)
		on_closed(ctx);
}

static uint64_t next_delay_ms(const struct announce *a)
{
	uint8_t r = 0;
	if (a->closing)
		return GOODBYE_MS;
	uv_random(NULL, NULL, &r, sizeof r, 0, NULL);
	return PERIOD_MS - JITTER_MS + r * 2u * JITTER_MS / UINT8_MAX;
}

static void on_due(uv_timer_t *timer)
{
	struct announce *a = timer->data;
	if (a->closing && a->goodbyes-- == 0) {
		uv_close((uv_handle_t *)timer, on_timer_closed);
		return;
	}
	send_round(a);
	uv_timer_start(timer, on_due, next_delay_ms(a), 0);
}

static int open_socket(int family)
{
	int on = 1;
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd >= 0 && family == AF_INET)
		setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
	return fd;
}

static int parse_explicit(struct announce *a, const struct strv *texts)
{
	a->explicit_n = texts->n;
	a->explicit = xcalloc(texts->n, sizeof *a->explicit);
	for (size_t i = 0; i < texts->n; i++) {
		int err = netif_parse_address(texts->v[i], a->port, false, &a->explicit[i]);
		if (err)
			return err;
	}
	return 0;
}

/* Contents, but for what is ours. */
static void take_beacon(struct announce *a, const struct beacon *b)
{
	uint64_t sequence = a->beacon.sequence;
	a->beacon = *b;
	a->beacon.version = WIRE_VERSION;
	a->beacon.sequence = sequence;
}

int announce_start(
	const struct announce_conf *conf, const struct beacon *first, struct announce **ret)
{
	struct announce *a = xcalloc(1, sizeof *a);
	a->keys = conf->keys;
	a->automatic = conf->automatic;
	a->port = conf->port;
	int err = parse_explicit(a, conf->addresses);
	if (err) {
		free(a->explicit);
		free(a);
		return err;
	}
	for (size_t i = 0; i < conf->interfaces->n; i++)
		strv_push(&a->interfaces, conf->interfaces->v[i]);
	a->fd4 = open_socket(AF_INET);
	a->fd6 = open_socket(AF_INET6);
	take_beacon(a, first);
	uv_timer_init(conf->loop, &a->timer);
	a->timer.data = a;
	uv_timer_start(&a->timer, on_due, 0, 0);
	*ret = a;
	return 0;
}

void announce_update(struct announce *a, const struct beacon *b)
{
	bool urgent = b->free != a->beacon.free || b->draining != a->beacon.draining;
	take_beacon(a, b);
	if (!urgent || a->closing)
		return;
	uint64_t since_ms = clock_now_ms() - a->sent_ms;
	uint64_t delay_ms = since_ms < HURRIED_MS ? HURRIED_MS - since_ms : 0;
	if (delay_ms < uv_timer_get_due_in(&a->timer))
		uv_timer_start(&a->timer, on_due, delay_ms, 0);
}

void announce_close(struct announce *a, void (*on_closed)(void *ctx), void *ctx)
{
	a->closing = true;
	a->goodbyes = GOODBYES;
	a->beacon.draining = true;
	a->on_closed = on_closed;
	a->ctx = ctx;
	uv_timer_start(&a->timer, on_due, 0, 0);
}
