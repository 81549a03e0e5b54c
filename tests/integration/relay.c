/* relay - a bad network between farmmake and one node, on the loopback interface.
 *
 *     relay CONTROL LISTEN-ADDRESS NODE-ADDRESS PORT BEACONS-IN BEACONS-OUT
 *
 * Connections to LISTEN-ADDRESS:PORT go on to NODE-ADDRESS:PORT, and beacons that come to port BEACONS-IN,
 * from LISTEN-ADDRESS to port BEACONS-OUT of every listener of lo: so whoever hears them connects to the
 * relay. Commands are lines in the fifo CONTROL, see the table at the
 * end; "clear" undoes all that lasts. Ends when its parent does.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum {
	LINKS_MAX = 64,
	PIECE_BYTES = 16 * 1024,
	QUEUE_MAX = 64, /* pieces */
	BEACONS_KEPT = 64,
	BEACON_BYTES_MAX = 512,
};

struct piece {
	uint64_t due_us;
	size_t n, at;
	uint8_t data[PIECE_BYTES];
};

/* One direction of a link. */
struct lane {
	int from, to;
	bool down;  /* from the node */
	bool ended; /* nothing more comes in */
	struct piece *queue[QUEUE_MAX];
	unsigned head, count;
	uint64_t free_us; /* the last piece is out then, at this rate */
	uint64_t bytes;
	int64_t flip_in; /* bytes until one is wrong */
};

struct link {
	bool used, half; /* half: the node has forgotten it */
	struct lane lanes[2];
};

/* What is wrong with this network, all numbers 0 when nothing is. */
struct faults {
	long latency_ms, jitter_ms;
	long rate;                        /* bytes in a second */
	long slice, pause_us;             /* so many bytes in a piece, and so long between them */
	long cut;                         /* nothing comes through, nothing is heard of */
	long reset_after, truncate_after; /* bytes from the node, of each link */
	long flip_every, flip_seed;       /* about so many bytes */
	long loss, dup, replay;           /* of beacons, in percent */
};

static struct link links[LINKS_MAX];
static struct faults now;
static struct sockaddr_in node, beacons_out;
static int listener, control, beacons_in, beacons_from;
static struct {
	uint8_t data[BEACON_BYTES_MAX];
	size_t n;
} kept[BEACONS_KEPT];
static unsigned kept_n;
static uint64_t rng = 1;

static _Noreturn void die(const char *what)
{
	fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
	exit(1);
}

static uint64_t clock_us(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

static uint64_t draw(uint64_t n)
{
	rng ^= rng << 13, rng ^= rng >> 7, rng ^= rng << 17;
	return n ? rng % n : 0;
}

static void lane_open(struct lane *l, int from, int to, bool down)
{
	*l = (struct lane){.from = from, .to = to, .down = down, .flip_in = -1};
}

static void lane_empty(struct lane *l)
{
	for (; l->count; l->count--)
		free(l->queue[l->head++ % QUEUE_MAX]);
}

static void link_close(struct link *k, bool reset)
{
	struct linger at_once = {.l_onoff = 1, .l_linger = 0};
	for (int i = 0; i < 2; i++) {
		struct lane *l = &k->lanes[i];
		lane_empty(l);
		if (l->from < 0)
			continue;
		if (reset)
			setsockopt(l->from, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		close(l->from);
	}
	k->used = false;
}

/* The node's end goes silently; what the client says next is answered as by a machine that has started
 * anew. */
static void link_halve(struct link *k)
{
	struct lane *up = &k->lanes[0], *down = &k->lanes[1];
	lane_empty(up);
	lane_empty(down);
	close(down->from);
	down->from = up->to = -1;
	down->ended = true;
	k->half = true;
}

static void accept_link(void)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd < 0)
		return;
	int out = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
	struct link *k = links;
	while (k < links + LINKS_MAX && k->used)
		k++;
	bool failed = out < 0 || k == links + LINKS_MAX ||
		      connect(out, (struct sockaddr *)&node, sizeof node) < 0;
	if (failed) {
		struct linger at_once = {.l_onoff = 1, .l_linger = 0};
		setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof at_once);
		close(fd);
		close(out);
		return;
	}
	fcntl(out, F_SETFL, O_NONBLOCK);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	setsockopt(out, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
	*k = (struct link){.used = true};
	lane_open(&k->lanes[0], fd, out, false);
	lane_open(&k->lanes[1], out, fd, true);
}

static void flip_bits(struct lane *l, uint8_t *data, size_t n)
{
	if (!now.flip_every)
		return;
	if (l->flip_in < 0)
		l->flip_in = (int64_t)draw(2 * (uint64_t)now.flip_every);
	for (; l->flip_in < (int64_t)n;
		l->flip_in += 1 + (int64_t)draw(2 * (uint64_t)now.flip_every))
		data[l->flip_in] ^= (uint8_t)(1u << draw(8));
	l->flip_in -= (int64_t)n;
}

/* When a piece that comes in now goes out. */
static uint64_t due(struct lane *l, size_t n)
{
	uint64_t us = clock_us() + (uint64_t)now.latency_ms * 1000 +
		      draw((uint64_t)now.jitter_ms * 1000 + 1);
	if (us < l->free_us)
		us = l->free_us; /* in order */
	if (now.rate)
		us += n * 1000000 / (uint64_t)now.rate;
	if (now.slice)
		us += (uint64_t)now.pause_us;
	l->free_us = us;
	return us;
}

/* How much of n more bytes comes through before this link ends. */
static size_t allowed(const struct lane *l, long limit, size_t n)
{
	uint64_t left = (uint64_t)limit > l->bytes ? (uint64_t)limit - l->bytes : 0;
	return limit && l->down && left < n ? left : n;
}

static void lane_read(struct link *k, struct lane *l)
{
	struct piece *p = malloc(sizeof *p);
	if (!p)
		die("malloc");
	size_t want = now.slice && now.slice < PIECE_BYTES ? (size_t)now.slice : PIECE_BYTES;
	ssize_t n = recv(l->from, p->data, want, 0);
	if (n <= 0 || k->half) {
		free(p);
		l->ended = n == 0;
		if (k->half || (n < 0 && errno != EAGAIN))
			link_close(k, true);
		return;
	}
	p->at = 0;
	p->n = allowed(l, now.truncate_after, (size_t)n);
	l->ended = p->n < (size_t)n;
	if (allowed(l, now.reset_after, p->n) < p->n) {
		free(p);
		link_close(k, true);
		return;
	}
	flip_bits(l, p->data, p->n);
	l->bytes += p->n;
	p->due_us = due(l, p->n);
	l->queue[(l->head + l->count++) % QUEUE_MAX] = p;
}

static void lane_write(struct link *k, struct lane *l)
{
	struct piece *p = l->queue[l->head % QUEUE_MAX];
	ssize_t n = send(l->to, p->data + p->at, p->n - p->at, MSG_NOSIGNAL);
	if (n < 0 && errno != EAGAIN) {
		link_close(k, true);
		return;
	}
	p->at += n > 0 ? (size_t)n : 0;
	if (p->at < p->n)
		return;
	free(p);
	l->head++;
	l->count--;
}

/* An end of the stream goes on, behind all that came before it. */
static void link_tidy(struct link *k)
{
	bool over = true;
	for (int i = 0; i < 2; i++) {
		struct lane *l = &k->lanes[i];
		if (l->ended && !l->count && l->to >= 0) {
			shutdown(l->to, SHUT_WR);
			l->to = -1;
		}
		over = over && l->ended && !l->count;
	}
	if (over && !k->half)
		link_close(k, false);
}

static void send_beacon(const uint8_t *data, size_t n)
{
	sendto(beacons_from, data, n, 0, (struct sockaddr *)&beacons_out, sizeof beacons_out);
}

static void relay_beacon(void)
{
	uint8_t data[BEACON_BYTES_MAX];
	ssize_t n = recv(beacons_in, data, sizeof data, 0);
	if (n <= 0 || now.cut)
		return;
	if ((long)draw(100) >= now.loss)
		send_beacon(data, (size_t)n);
	if ((long)draw(100) < now.dup)
		send_beacon(data, (size_t)n);
	if (kept_n && (long)draw(100) < now.replay) {
		unsigned old = (unsigned)draw(kept_n < BEACONS_KEPT ? kept_n : BEACONS_KEPT);
		send_beacon(kept[old].data, kept[old].n);
	}
	memcpy(kept[kept_n % BEACONS_KEPT].data, data, (size_t)n);
	kept[kept_n++ % BEACONS_KEPT].n = (size_t)n;
}

static void each_link(void (*fn)(struct link *k))
{
	for (struct link *k = links; k < links + LINKS_MAX; k++)
		if (k->used)
			fn(k);
}

static void reset_one(struct link *k)
{
	link_close(k, true);
}

static void clear(void)
{
	now = (struct faults){0};
}

static void reset(void)
{
	each_link(reset_one);
}

static void half(void)
{
	each_link(link_halve);
}

static const struct command {
	const char *name;
	long *first, *second; /* where its numbers go; a word without one is 1 */
	void (*act)(void);
} commands[] = {
	{"clear", NULL, NULL, clear},
	{"latency", &now.latency_ms, &now.jitter_ms, NULL},
	{"rate", &now.rate, NULL, NULL},
	{"slice", &now.slice, &now.pause_us, NULL},
	{"cut", &now.cut, NULL, NULL},
	{"reset", NULL, NULL, reset},
	{"reset_after", &now.reset_after, NULL, NULL},
	{"truncate_after", &now.truncate_after, NULL, NULL},
	{"flip", &now.flip_every, &now.flip_seed, NULL},
	{"half", NULL, NULL, half},
	{"loss", &now.loss, NULL, NULL},
	{"dup", &now.dup, NULL, NULL},
	{"replay", &now.replay, NULL, NULL},
};

static void obey(char *line)
{
	char *save, *name = strtok_r(line, " ", &save);
	for (size_t i = 0; name && i < sizeof commands / sizeof *commands; i++) {
		const struct command *c = &commands[i];
		if (strcmp(c->name, name) != 0)
			continue;
		const char *first = strtok_r(NULL, " ", &save),
			   *second = strtok_r(NULL, " ", &save);
		if (c->first)
			*c->first = first ? strtol(first, NULL, 10) : 1;
		if (c->second)
			*c->second = second ? strtol(second, NULL, 10) : 0;
		if (c->act)
			c->act();
		if (now.flip_seed)
			rng = (uint64_t)now.flip_seed, now.flip_seed = 0;
		return;
	}
	fprintf(stderr, "relay: what is %s?\n", name ? name : "an empty line");
}

static void read_commands(void)
{
	static char text[4096];
	static size_t len;
	ssize_t n = read(control, text + len, sizeof text - 1 - len);
	if (n <= 0)
		return;
	len += (size_t)n;
	text[len] = '\0';
	char *line = text, *end;
	for (; (end = strchr(line, '\n')); line = end + 1) {
		*end = '\0';
		obey(line);
	}
	len -= (size_t)(line - text);
	memmove(text, line, len);
}

/* What to wait for on one link; returns when its next piece is due. */
static uint64_t watch(const struct link *k, struct pollfd fds[2])
{
	uint64_t next_us = UINT64_MAX, us = clock_us();
	for (int i = 0; i < 2; i++)
		fds[i] = (struct pollfd){.fd = k->lanes[i].from};
	for (int i = 0; i < 2; i++) {
		const struct lane *l = &k->lanes[i];
		if (!l->ended && l->count < QUEUE_MAX)
			fds[i].events |= POLLIN;
		if (!l->count || l->to < 0)
			continue;
		uint64_t due_us = l->queue[l->head % QUEUE_MAX]->due_us;
		if (due_us <= us)
			fds[!i].events |= POLLOUT;
		else if (due_us < next_us)
			next_us = due_us;
	}
	for (int i = 0; i < 2; i++)
		if (now.cut || !fds[i].events)
			fds[i].fd = -1; /* not even its end is looked at */
	return now.cut ? UINT64_MAX : next_us;
}

static void serve(struct link *k, const struct pollfd fds[2])
{
	for (int i = 0; i < 2 && k->used; i++) {
		if (fds[i].fd < 0)
			continue;
		if (fds[i].revents & POLLOUT)
			lane_write(k, &k->lanes[!i]);
		if (k->used && fds[i].revents & (POLLIN | POLLHUP | POLLERR) &&
			fds[i].events & POLLIN)
			lane_read(k, &k->lanes[i]);
		else if (k->used && fds[i].revents & POLLERR)
			link_close(k, true);
	}
	if (k->used && !now.cut)
		link_tidy(k);
}

static void run(void)
{
	for (;;) {
		struct pollfd fds[3 + 2 * LINKS_MAX] = {
			{.fd = control, .events = POLLIN},
			{.fd = now.cut ? -1 : listener, .events = POLLIN},
			{.fd = beacons_in, .events = POLLIN},
		};
		uint64_t next_us = UINT64_MAX, us;
		for (int i = 0; i < LINKS_MAX; i++) {
			struct pollfd *two = &fds[3 + 2 * i];
			two[0].fd = two[1].fd = -1;
			if (links[i].used && (us = watch(&links[i], two)) < next_us)
				next_us = us;
		}
		us = clock_us();
		struct timespec pause = {.tv_sec = 3600};
		if (next_us != UINT64_MAX) {
			us = next_us > us ? next_us - us : 0;
			pause = (struct timespec){
				(time_t)(us / 1000000), (long)(us % 1000000) * 1000};
		}
		if (ppoll(fds, 3 + 2 * LINKS_MAX, &pause, NULL) < 0 && errno != EINTR)
			die("poll");
		for (int i = 0; i < LINKS_MAX; i++)
			if (links[i].used)
				serve(&links[i], &fds[3 + 2 * i]);
		if (fds[0].revents)
			read_commands();
		if (fds[1].revents)
			accept_link();
		if (fds[2].revents)
			relay_beacon();
	}
}

static struct sockaddr_in address(const char *host, const char *port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)atoi(port))};
	if (inet_pton(AF_INET, host, &a.sin_addr) != 1)
		die(host);
	return a;
}

static int bound(int type, struct sockaddr_in a)
{
	int on = 1, fd = socket(AF_INET, type | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	if (fd < 0 || bind(fd, (struct sockaddr *)&a, sizeof a) < 0)
		die("bind");
	return fd;
}

int main(int argc, char *argv[])
{
	if (argc != 7) {
		fputs("usage: relay CONTROL LISTEN-ADDRESS NODE-ADDRESS PORT BEACONS-IN BEACONS-OUT\n",
			stderr);
		return 2;
	}
	int on = 1;
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	node = address(argv[3], argv[4]);
	beacons_out = address("127.255.255.255", argv[6]);
	listener = bound(SOCK_STREAM, address(argv[2], argv[4]));
	beacons_in = bound(SOCK_DGRAM, address("0.0.0.0", argv[5]));
	beacons_from = bound(SOCK_DGRAM, address(argv[2], "0"));
	setsockopt(beacons_from, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
	control = open(argv[1], O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (control < 0 || listen(listener, 64) < 0)
		die(argv[1]);
	run();
}
