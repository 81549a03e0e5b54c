/* stranger - what a host on the network without a key can do to a node and to those who listen for
 * nodes, at a rate that is bounded, for a time that is bounded.
 *
 *   stranger SECONDS TCP_PORT CONNECTIONS_PER_S UDP_PORT DATAGRAMS_PER_S
 *
 * From 127.0.1.1 to 127.0.1.8, as if it were eight hosts, it holds up to 1000 connections to
 * 127.0.0.1:TCP_PORT (0: none), opens new ones as the node closes them, and on each does one of these: says nothing; says the beginning of a TLS hello, a byte now and
 * then; sends a record or a frame of a length that no memory holds; garbage; plaintext. To
 * 127.255.255.255:UDP_PORT (0: none) it sends beacons: noise, forged, under a strange key, of another
 * version, and those that it has heard there itself, again. Prints what it did. */
#include "base/clock.h"
#include "base/str.h"
#include "core/beacon.h"
#include "core/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

enum { CONNECTIONS_MAX = 1000, TICK_MS = 5, LORIS_MS = 300, HEARD_MAX = 64, HOSTS = 8 };
enum deed { SILENCE, LORIS, HUGE_RECORD, HUGE_FRAME, GARBAGE, PLAINTEXT, DEEDS };

struct visit {
	int fd; /* -1: none */
	enum deed deed;
	size_t said;
	uint64_t next_ms;
};

static struct visit visits[CONNECTIONS_MAX];
static uint8_t heard[HEARD_MAX][BEACON_BYTES];
static size_t n_heard;
static unsigned opened, hung_up, datagrams, replays;
static uint64_t bytes;
static uint32_t seed = 1;

static unsigned next_random(void)
{
	seed = seed * 1664525 + 1013904223;
	return seed >> 8;
}

static struct sockaddr_in address(const char *host, int port)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	inet_pton(AF_INET, host, &a.sin_addr);
	return a;
}

static void say(struct visit *v, const void *data, size_t n)
{
	ssize_t sent = send(v->fd, data, n, MSG_NOSIGNAL | MSG_DONTWAIT);
	bytes += sent > 0 ? (uint64_t)sent : 0;
}

static void open_visit(struct visit *v, int port)
{
	struct sockaddr_in to = address("127.0.0.1", port);
	v->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	v->deed = (enum deed)(next_random() % DEEDS);
	v->said = 0;
	v->next_ms = clock_now_ms();
	char host[16];
	snprintf(host, sizeof host, "127.0.1.%u", 1 + next_random() % HOSTS);
	struct sockaddr_in from = address(host, 0);
	if (v->fd >= 0 && bind(v->fd, (struct sockaddr *)&from, sizeof from) < 0)
		perror("stranger: cannot be another host");
	if (v->fd >= 0 && connect(v->fd, (struct sockaddr *)&to, sizeof to) < 0 &&
		errno != EINPROGRESS) {
		close(v->fd);
		v->fd = -1;
	}
	opened += v->fd >= 0;
}

/* The head of a TLS 1.3 hello, which never ends. */
static void say_slowly(struct visit *v)
{
	static const uint8_t hello[] = {0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3};
	uint8_t next = v->said < sizeof hello ? hello[v->said] : (uint8_t)next_random();
	say(v, &next, 1);
	v->next_ms = clock_now_ms() + LORIS_MS;
}

static void act(struct visit *v)
{
	static const uint8_t huge_record[] = {0x16, 3, 1, 0xff, 0xff, 1, 0xff, 0xff, 0xff};
	static const uint8_t huge_frame[] = {0xff, 0xff, 0xff, 0xff, 0, 33, 0, 0, 0, 0, 0, 1};
	static const char plain[] =
		"\0\0\0\10\0\40\0\0\0\0\0\0\0\1\0\0\0\0\0\0GET / HTTP/1.1\r\n\r\n";
	uint8_t noise[4096];
	switch (v->deed) {
	case SILENCE: break;
	case LORIS: say_slowly(v); break;
	case HUGE_RECORD: say(v, huge_record, sizeof huge_record); break;
	case HUGE_FRAME: say(v, huge_frame, sizeof huge_frame); break;
	case GARBAGE:
		for (size_t i = 0; i < sizeof noise; i++)
			noise[i] = (uint8_t)next_random();
		say(v, noise, sizeof noise);
		break;
	case PLAINTEXT: say(v, plain, sizeof plain - 1); break;
	case DEEDS: break;
	}
	v->said++;
	if (v->deed != LORIS)
		v->next_ms = UINT64_MAX;
}

static void look_after(struct visit *v)
{
	char answer[512];
	ssize_t n;
	while ((n = recv(v->fd, answer, sizeof answer, MSG_DONTWAIT)) > 0)
		;
	if (n == 0 || (errno != EAGAIN && errno != EINTR && errno != ENOTCONN)) {
		close(v->fd);
		v->fd = -1;
		hung_up++;
	} else if (clock_now_ms() >= v->next_ms) {
		act(v);
	}
}

/* One that was heard, changed as its number says. */
static size_t make_beacon(unsigned number, uint8_t out[BEACON_BYTES])
{
	struct beacon b = {.version = WIRE_VERSION, .tcp_port = 1, .name = "forged"};
	unsigned kind = number % 5;
	snprintf(b.name, sizeof b.name, "forged-%u", number % 5000);
	b.sequence = number;
	if (n_heard)
		memcpy(out, heard[number % n_heard], BEACON_BYTES);
	else
		beacon_encode(&b, out);
	switch (kind) {
	case 0: /* noise */
		for (size_t i = 0; i < BEACON_BYTES; i++)
			out[i] = (uint8_t)next_random();
		return 1 + next_random() % BEACON_BYTES;
	case 1: out[74 + next_random() % 62] ^= 1; break; /* boot, sequence, port, or MAC */
	case 2: beacon_encode(&b, out); break;            /* a strange key */
	case 3: out[5] ^= 2; break;                       /* another version */
	default: replays += n_heard > 0;
	}
	return BEACON_BYTES;
}

static void listen_in(int fd)
{
	uint8_t data[512];
	ssize_t n;
	while ((n = recv(fd, data, sizeof data, MSG_DONTWAIT)) >= 0) {
		struct beacon b;
		if (n == BEACON_BYTES && n_heard < HEARD_MAX &&
			beacon_decode(data, (size_t)n, &b) == 0 && b.version == WIRE_VERSION &&
			strncmp(b.name, "forged", 6) != 0)
			memcpy(heard[n_heard++], data, BEACON_BYTES);
	}
}

static int open_udp(int port)
{
	const int on = 1;
	struct sockaddr_in any = address("0.0.0.0", port);
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &on, sizeof on);
	setsockopt(fd, SOL_SOCKET, SO_BROADCAST, &on, sizeof on);
	if (bind(fd, (struct sockaddr *)&any, sizeof any) < 0)
		perror("stranger: cannot listen in");
	return fd;
}

static void send_datagram(int fd, int port)
{
	struct sockaddr_in to = address("127.255.255.255", port);
	uint8_t b[BEACON_BYTES];
	size_t n = make_beacon(datagrams, b);
	datagrams += sendto(fd, b, n, MSG_DONTWAIT, (struct sockaddr *)&to, sizeof to) >= 0;
}

/* What is due after so many milliseconds, at this rate. */
static unsigned due(uint64_t ms, unsigned per_s)
{
	return (unsigned)(ms * per_s / 1000);
}

int main(int argc, char *argv[])
{
	struct rlimit files;
	long arg[5];
	for (int i = 0; i < 5; i++)
		if (argc != 6 || str_to_long(argv[i + 1], 0, 1000000, &arg[i]) < 0)
			return 2;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (size_t i = 0; i < CONNECTIONS_MAX; i++)
		visits[i].fd = -1;
	int udp = arg[3] ? open_udp((int)arg[3]) : -1;
	uint64_t start_ms = clock_now_ms(), end_ms = start_ms + (uint64_t)arg[0] * 1000, now_ms;
	unsigned tried = 0, sent = 0;
	while ((now_ms = clock_now_ms()) < end_ms) {
		for (size_t i = 0; i < CONNECTIONS_MAX && arg[1]; i++) {
			struct visit *v = &visits[i];
			if (v->fd >= 0)
				look_after(v);
			else if (tried < due(now_ms - start_ms, (unsigned)arg[2]))
				open_visit(v, (int)arg[1]), tried++;
		}
		if (udp >= 0)
			listen_in(udp);
		for (; udp >= 0 && sent < due(now_ms - start_ms, (unsigned)arg[4]); sent++)
			send_datagram(udp, (int)arg[3]);
		poll(NULL, 0, TICK_MS);
	}
	printf("%u connections, of which the node ended %u; %llu bytes; %u datagrams, %u of them replays\n",
		opened, hung_up, (unsigned long long)bytes, datagrams, replays);
	return 0;
}
