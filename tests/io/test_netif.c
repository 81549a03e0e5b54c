#include "base/err.h"
#include "io/netif.h"

#include <criterion/criterion.h>
#include <ifaddrs.h>
#include <errno.h>
#include <string.h>

static const char *format(const struct sockaddr_storage *a, char out[64])
{
	return netif_format_address((const struct sockaddr *)a, out, 64);
}

Test(netif, addresses_as_people_write_them)
{
	static const struct {
		const char *text, *want;
	} cases[] = {
		{"127.0.0.1", "127.0.0.1:3634"},
		{"127.0.0.1:80", "127.0.0.1:80"},
		{"127.0.0.1:0", "127.0.0.1:0"},
		{"::1", "[::1]:3634"},
		{"[::1]", "[::1]:3634"},
		{"[::1]:65535", "[::1]:65535"},
		{"fe80::1%lo", "[fe80::1%lo]:3634"},
		{"[ff02::fa:3634%lo]:1", "[ff02::fa:3634%lo]:1"},
		{"0.0.0.0:9", "0.0.0.0:9"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct sockaddr_storage a;
		char out[64];
		cr_assert_eq(netif_parse_address(cases[i].text, NETIF_PORT, true, &a), 0, "%s",
			cases[i].text);
		cr_expect_str_eq(format(&a, out), cases[i].want);
	}
}

Test(netif, a_star_or_nothing_is_any_address)
{
	static const char *const texts[] = {"*", "*:70", ":70"};
	for (size_t i = 0; i < 3; i++) {
		struct sockaddr_storage a;
		char out[64];
		cr_assert_eq(netif_parse_address(texts[i], 70, true, &a), 0);
		cr_expect_str_eq(
			format(&a, out), a.ss_family == AF_INET6 ? "[::]:70" : "0.0.0.0:70");
	}
}

Test(netif, what_is_no_address_is_refused)
{
	static const char *const texts[] = {"", "127.0.0.1:", "127.0.0.1:65536", "127.0.0.1:-1",
		"127.0.0.1:8x", "127.0.0.1: 8", "[::1", "[]", "[]:1", "[::1]x", "[::1]:", "::1]",
		"1:2:3", "localhost", "256.1.1.1", "[127.0.0.1"};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct sockaddr_storage a = {.ss_family = 77};
		cr_expect_eq(netif_parse_address(texts[i], 1, true, &a), -EINVAL, "%s", texts[i]);
		cr_expect_eq(a.ss_family, 77, "untouched on failure");
	}
	char long_text[400];
	struct sockaddr_storage a;
	memset(long_text, 'a', sizeof long_text);
	long_text[sizeof long_text - 1] = '\0';
	cr_expect_eq(netif_parse_address(long_text, 1, false, &a), -EINVAL);
}

Test(netif, names_are_resolved_unless_forbidden)
{
	struct sockaddr_storage a;
	cr_assert_eq(netif_parse_address("localhost:99", 1, false, &a), 0);
	cr_expect_eq(netif_address_port((struct sockaddr *)&a), 99);
	cr_expect_eq(netif_parse_address("localhost:99", 1, true, &a), -EINVAL);
}

Test(netif, an_ipv4_peer_of_a_dual_socket_reads_as_ipv4)
{
	struct sockaddr_storage a;
	char out[64], tiny[6];
	cr_assert_eq(netif_parse_address("[::ffff:192.0.2.9]:1234", 1, true, &a), 0);
	cr_expect_str_eq(format(&a, out), "192.0.2.9:1234");
	netif_format_address((struct sockaddr *)&a, tiny, sizeof tiny);
	cr_expect_str_eq(tiny, "192.0", "cut to fit");
}

Test(netif, ports_and_lengths)
{
	struct sockaddr_in6 six = {.sin6_family = AF_INET6};
	struct sockaddr_in four = {.sin_family = AF_INET};
	netif_set_port((struct sockaddr *)&six, 4660);
	netif_set_port((struct sockaddr *)&four, 13330);
	cr_expect_eq(six.sin6_port, htons(4660));
	cr_expect_eq(netif_address_port((struct sockaddr *)&six), 4660);
	cr_expect_eq(netif_address_port((struct sockaddr *)&four), 13330);
	cr_expect_eq(netif_address_len((struct sockaddr *)&six), sizeof six);
	cr_expect_eq(netif_address_len((struct sockaddr *)&four), sizeof four);
}

Test(netif, interfaces)
{
	cr_expect_eq(netif_check("lo"), 0);
	cr_expect_eq(netif_check("no-such-if"), -ENODEV);
	cr_expect_eq(netif_check(""), -ENODEV);
}

Test(netif, addresses_of_this_machine)
{
	static const struct {
		const char *text;
		bool here;
	} rows[] = {{"127.0.0.1:1", true}, {"127.3.2.1:1", true}, {"[::1]:1", true},
		{"192.0.2.1:1", false}, {"[2001:db8::1]:1", false}, {"[fe80::1234]:1", false}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sockaddr_storage a;
		cr_assert_eq(netif_parse_address(rows[i].text, 1, true, &a), 0);
		cr_expect_eq(
			netif_is_here((struct sockaddr *)&a), rows[i].here, "%s", rows[i].text);
	}
	struct ifaddrs *all;
	cr_assert_eq(getifaddrs(&all), 0);
	for (struct ifaddrs *i = all; i; i = i->ifa_next)
		if (i->ifa_addr && i->ifa_addr->sa_family == AF_INET)
			cr_expect(netif_is_here(i->ifa_addr), "%s", i->ifa_name);
	freeifaddrs(all);
}

Test(netif, sources)
{
	static const struct {
		const char *a, *b;
		bool same;
	} rows[] = {
		{"10.0.0.1:1", "10.0.0.1:2", true},
		{"10.0.0.1:1", "10.0.0.2:1", false},
		{"10.0.0.1:1", "[::ffff:10.0.0.1]:1", true},
		{"[::ffff:10.0.0.2]:1", "[::ffff:10.0.0.1]:1", false},
		{"[2001:db8:1:2::3]:1", "[2001:db8:1:2:4:5:6:7]:1", true},
		{"[2001:db8:1:2::3]:1", "[2001:db8:1:3::3]:1", false},
		{"[::1]:1", "127.0.0.1:1", false},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct sockaddr_storage a, b;
		const struct sockaddr *x = (struct sockaddr *)&a, *y = (struct sockaddr *)&b;
		cr_assert_eq(netif_parse_address(rows[i].a, 1, true, &a), 0);
		cr_assert_eq(netif_parse_address(rows[i].b, 1, true, &b), 0);
		cr_expect_eq(netif_same_source(x, y), rows[i].same, "row %zu", i);
		cr_expect_eq(netif_same_source(y, x), rows[i].same, "row %zu", i);
	}
}
