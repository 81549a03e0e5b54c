/* discover
 *
 * The happy path: a datagram comes in through a wanted interface, decodes, names our key, carries
 * the right MAC and a new sequence number, and is reported with the address at which its node
 * accepts connections.
 *
 * What fails on that way is dropped without a word, except beacons of another version or key, which
 * are nobody's attack but somebody's mistake. A boot id is no proof of anything: a beacon of an old
 * boot that somebody recorded looks like a new boot here, once, and costs its listener a connection.
 */
#include "io/discover.h"

#include "base/err.h"
#include "io/netif.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

enum {
	DATAGRAMS_PER_S = 2000,
	BURST = 64, /* looked at before others get their turn */
	KNOWN_MAX = 1024,
	STRANGERS_MAX = 64,
	BOOTS_MAX = 8, /* of one node */
	RCVBUF_BYTES = 128 * 1024,
	DATAGRAM_BYTES = 512,
};

struct boot {
	uint8_t id[8];
	uint64_t sequence; /* the last; 0: unused */
};

struct known {
	char name[WIRE_NAME_MAX + 1];
	uint8_t key_id[WIRE_KEY_ID_BYTES];
	uint8_t secret[32]; /* its beacons', under that key */
	struct boot boots[BOOTS_MAX];
	unsigned next_boot; /* to be replaced */
};

struct stranger {
	char name[WIRE_NAME_MAX + 1];
	struct sockaddr_storage from; /* port 0 */
	int err;
};

struct listener {
	struct discover *owner;
	uv_poll_t poll;
	int fd;
};

struct discover {
	struct discover_conf conf; /* interfaces is not used after the start */
	unsigned *wanted;          /* interface indexes; none: all */
	size_t wanted_n;
	struct listener listeners[2];
	size_t listeners_n;
	uv_timer_t timer;   /* each second */
	unsigned in_second; /* datagrams so far */
	struct known *known;
	size_t known_n, next_known;
	struct stranger *strangers;
	size_t strangers_n;
	unsigned pending;
	bool closing;
	void (*on_closed)(void *ctx);
	void *closed_ctx;
};

static void release(struct discover *d)
{
	if (--d->pending)
		return;
	for (size_t i = 0; i < d->listeners_n; i++)
		close(d->listeners[i].fd);
	void (*on_closed)(void *ctx) = d->on_closed;
	void *ctx = d->closed_ctx;
	if (d->known)
		explicit_bzero(d->known, KNOWN_MAX * sizeof *d->known);
	free(d->wanted);
	free(d->known);
	free(d->strangers);
	free(d);
	if (on_closed)
		on_closed(ctx);
}

static struct known *find_known(const struct discover *d, const char *name)
{
	for (size_t i = 0; i < d->known_n; i++)
		if (strcmp(d->known[i].name, name) == 0)
			return &d->known[i];
	return NULL;
}

static struct known *add_known(struct discover *d, const char *name)
{
	if (!d->known)
		d->known = xcalloc(KNOWN_MAX, sizeof *d->known);
	size_t i = d->next_known;
	d->next_known = (i + 1) % KNOWN_MAX;
	if (d->known_n < KNOWN_MAX)
		d->known_n++;
	d->known[i] = (struct known){0};
	strcpy(d->known[i].name, name);
	return &d->known[i];
}

static struct boot *find_boot(struct known *k, const uint8_t id[8])
{
	for (size_t i = 0; i < BOOTS_MAX; i++)
		if (k->boots[i].sequence && memcmp(k->boots[i].id, id, sizeof k->boots[i].id) == 0)
			return &k->boots[i];
	return NULL;
}

/* Whether this beacon is newer than all we had of its boot. Most are not: a beacon comes by each way that leads here. */
static bool is_news(struct known *k, const struct beacon *b)
{
	const struct boot *boot = k ? find_boot(k, b->boot_id) : NULL;
	return b->sequence > (boot ? boot->sequence : 0);
}

static void remember(struct known *k, const struct beacon *b)
{
	struct boot *boot = find_boot(k, b->boot_id);
	if (!boot)
		boot = &k->boots[k->next_boot++ % BOOTS_MAX];
	memcpy(boot->id, b->boot_id, sizeof boot->id);
	boot->sequence = b->sequence;
}

/* Whether this one was not told of before; remembers it, as long as there is room. One that is known
 * under a key of ours is in the middle of a change of keys. */
static bool is_new_stranger(
	struct discover *d, const struct beacon *b, const struct sockaddr_storage *from, int err)
{
	if (err == ERR_KEY && find_known(d, b->name))
		return false;
	struct stranger s = {.from = *from, .err = err};
	strcpy(s.name, b->name);
	netif_set_port((struct sockaddr *)&s.from, 0);
	for (size_t i = 0; i < d->strangers_n; i++) {
		const struct stranger *o = &d->strangers[i];
		if (o->err == err && strcmp(o->name, s.name) == 0 &&
			memcmp(&o->from, &s.from, sizeof s.from) == 0)
			return false;
	}
	if (d->strangers_n == STRANGERS_MAX)
		return false;
	if (!d->strangers)
		d->strangers = xcalloc(STRANGERS_MAX, sizeof *d->strangers);
	d->strangers[d->strangers_n++] = s;
	return true;
}

/* What its beacons are checked with, under the key that this one names. */
static int find_secret(
	const struct discover *d, const struct known *k, const struct beacon *b, uint8_t out[32])
{
	if (k && memcmp(k->key_id, b->key_id, sizeof k->key_id) == 0) {
		memcpy(out, k->secret, sizeof k->secret);
		return 0;
	}
	struct key node_key;
	int err = key_for_node(keyring_find(d->conf.keys, b->key_id), b->name, &node_key);
	if (err < 0)
		return err;
	key_beacon_secret(&node_key, out);
	key_wipe(&node_key);
	return 0;
}

/* Whether it is news, and of who it says; what it told is remembered then. What is cheap to see comes first. */
static bool is_to_be_told(
	struct discover *d, const struct beacon *b, const uint8_t data[BEACON_BYTES])
{
	struct known *k = find_known(d, b->name);
	uint8_t secret[32];
	if (!is_news(k, b) || find_secret(d, k, b, secret) < 0)
		return false;
	bool right = key_check_beacon(secret, data);
	if (right) {
		k = k ? k : add_known(d, b->name);
		memcpy(k->key_id, b->key_id, sizeof k->key_id);
		memcpy(k->secret, secret, sizeof k->secret);
		remember(k, b);
	}
	explicit_bzero(secret, sizeof secret);
	return right;
}

static void take_datagram(
	struct discover *d, const uint8_t *data, size_t n, struct sockaddr_storage *from)
{
	struct beacon b;
	if (beacon_decode(data, n, &b) < 0)
		return;
	int err = 0;
	if (b.version != WIRE_VERSION)
		err = ERR_VERSION;
	else if (!keyring_find(d->conf.keys, b.key_id))
		err = ERR_KEY;
	bool tell = err ? is_new_stranger(d, &b, from, err) : is_to_be_told(d, &b, data);
	if (!tell)
		return;
	netif_set_port((struct sockaddr *)from, b.tcp_port);
	d->conf.on_beacon(d->conf.ctx, &b, (struct sockaddr *)from, err);
}

static bool is_wanted(const struct discover *d, unsigned index)
{
	for (size_t i = 0; i < d->wanted_n; i++)
		if (d->wanted[i] == index)
			return true;
	return d->wanted_n == 0;
}

/* Through which interface it came in; 0 when the kernel did not say. */
static unsigned arrival(struct msghdr *m)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level == IPPROTO_IP && c->cmsg_type == IP_PKTINFO) {
			struct in_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			return (unsigned)info.ipi_ifindex;
		}
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_PKTINFO) {
			struct in6_pktinfo info;
			memcpy(&info, CMSG_DATA(c), sizeof info);
			return info.ipi6_ifindex;
		}
	}
	return 0;
}

/* False when there is none left. */
static bool receive_one(struct discover *d, int fd)
{
	uint8_t data[DATAGRAM_BYTES];
	struct sockaddr_storage from = {0};
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control;
	struct iovec iov = {.iov_base = data, .iov_len = sizeof data};
	struct msghdr m = {.msg_name = &from,
		.msg_namelen = sizeof from,
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &control,
		.msg_controllen = sizeof control};
	ssize_t n = recvmsg(fd, &m, MSG_DONTWAIT);
	if (n < 0)
		return errno == EINTR;
	d->in_second++;
	if (is_wanted(d, arrival(&m)))
		take_datagram(d, data, (size_t)n, &from);
	return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	struct listener *l = poll->data;
	struct discover *d = l->owner;
	(void)status, (void)events;
	for (unsigned i = 0; i < BURST && !d->closing; i++) {
		if (d->in_second == DATAGRAMS_PER_S) {
			/* until the second is over, the kernel drops what its small buffer cannot hold */
			uv_poll_stop(poll);
			return;
		}
		if (!receive_one(d, l->fd))
			return;
	}
}

static void on_second(uv_timer_t *timer)
{
	struct discover *d = timer->data;
	d->in_second = 0;
	for (size_t i = 0; i < d->listeners_n; i++)
		uv_poll_start(&d->listeners[i].poll, UV_READABLE, on_readable);
}

static int open_socket(int family, int port)
{
	const bool v6 = family == AF_INET6;
	const int on = 1, size = RCVBUF_BYTES;
	struct sockaddr_storage any = {.ss_family = (sa_family_t)family};
	netif_set_port((struct sockaddr *)&any, port);
	int fd = socket(family, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &size, sizeof size);
	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
	/* without this no datagram could be told to come from a wanted interface */
	int rc = v6 ? setsockopt(fd, IPPROTO_IPV6, IPV6_RECVPKTINFO, &on, sizeof on)
		    : setsockopt(fd, IPPROTO_IP, IP_PKTINFO, &on, sizeof on);
	if (rc < 0 ||
		bind(fd, (struct sockaddr *)&any, netif_address_len((struct sockaddr *)&any)) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

/* Best effort: an interface without multicast may still have broadcast. */
static void join_groups(const struct discover *d, int family, int fd)
{
	struct ip_mreqn v4 = {0};
	struct ipv6_mreq v6 = {0};
	inet_pton(AF_INET, NETIF_GROUP_V4, &v4.imr_multiaddr);
	inet_pton(AF_INET6, NETIF_GROUP_V6, &v6.ipv6mr_multiaddr);
	struct if_nameindex *list = if_nameindex();
	for (struct if_nameindex *i = list; i && i->if_index; i++) {
		if (!is_wanted(d, i->if_index))
			continue;
		v4.imr_ifindex = (int)i->if_index;
		v6.ipv6mr_interface = i->if_index;
		if (family == AF_INET)
			setsockopt(fd, IPPROTO_IP, IP_ADD_MEMBERSHIP, &v4, sizeof v4);
		else
			setsockopt(fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &v6, sizeof v6);
	}
	if (list)
		if_freenameindex(list);
}

static int listen_on(struct discover *d, int family)
{
	int fd = open_socket(family, d->conf.port);
	if (fd < 0)
		return fd;
	join_groups(d, family, fd);
	struct listener *l = &d->listeners[d->listeners_n];
	int err = uv_poll_init(d->conf.loop, &l->poll, fd);
	if (err) {
		close(fd);
		return err;
	}
	l->owner = d;
	l->fd = fd;
	l->poll.data = l;
	d->listeners_n++;
	d->pending++;
	uv_poll_start(&l->poll, UV_READABLE, on_readable);
	return 0;
}

static int resolve_interfaces(struct discover *d, const struct strv *names)
{
	d->wanted = xcalloc(names->n, sizeof *d->wanted);
	for (size_t i = 0; i < names->n; i++) {
		unsigned index = if_nametoindex(names->v[i]);
		if (!index)
			return -ENODEV;
		d->wanted[d->wanted_n++] = index;
	}
	return 0;
}

int discover_start(const struct discover_conf *conf, struct discover **ret)
{
	struct discover *d = xcalloc(1, sizeof *d);
	d->conf = *conf;
	int err = resolve_interfaces(d, conf->interfaces);
	if (!err)
		err = listen_on(d, AF_INET);
	if (err) {
		free(d->wanted);
		free(d);
		return err;
	}
	listen_on(d, AF_INET6); /* a machine without IPv6 hears the rest */
	uv_timer_init(conf->loop, &d->timer);
	d->timer.data = d;
	d->pending++;
	uv_timer_start(&d->timer, on_second, 1000, 1000);
	*ret = d;
	return 0;
}

static void on_poll_closed(uv_handle_t *handle)
{
	release(((struct listener *)handle->data)->owner);
}

static void on_timer_closed(uv_handle_t *handle)
{
	release(handle->data);
}

void discover_close(struct discover *d, void (*on_closed)(void *ctx), void *ctx)
{
	d->closing = true;
	d->on_closed = on_closed;
	d->closed_ctx = ctx;
	uv_close((uv_handle_t *)&d->timer, on_timer_closed);
	for (size_t i = 0; i < d->listeners_n; i++)
		uv_close((uv_handle_t *)&d->listeners[i].poll, on_poll_closed);
}
