/* distcc - what is said to a distccd, and what it answers: versions 1 and 2 of its protocol.
 *
 * One connection is one job. Up go the compiler's words and the source's text, down come the wait status,
 * what the compiler said, and the object. There is no greeting, no key and no refusal: who does not want a
 * job closes the connection. In version 2 texts are LZO blocks of any size that do not tell how long they
 * are unpacked.
 *
 * A distccd compiles a file of its own name, <random>.i, in its own directory. What it is sent is
 * therefore the text of core/dtext with a head: the source's name, the directory, and the macros that dtext has
 * left out. gcc takes all three from a text of that kind if it is told -fdirectives-only, and makes the local
 * compiler's object of it; but under -g that word is part of the producer's name, in DW_AT_producer.
 *
 * Contract: pure. A reply is fed as it comes, in pieces of any size, and holds no more than has come.
 */
#pragma once

#include "base/buf.h"
#include "core/toolchain.h"

enum {
	DISTCC_PORT = 3632,
	DISTCC_SLOTS_MAX = 1024,
	DISTCC_HOST_BYTES = 256,
	DISTCC_SAID_BYTES_MAX = 16 << 20, /* on stdout or stderr, as sent */
};

struct distcc_address {
	char host[DISTCC_HOST_BYTES]; /* a name, or an address without brackets */
	uint16_t port, slots;
	bool lzo; /* version 2 */
};

/* Does it begin as one? */
bool distcc_is_address(const char *text);
/* "distcc://HOST[:PORT]/SLOTS[,lzo]"; an IPv6 address in brackets. ERR_CONFIG. */
int distcc_parse_address(const char *text, struct distcc_address *ret);
/* "HOST:PORT", for io/netif.h; malloc'd. */
char *distcc_host_port(const struct distcc_address *a);

enum { DISTCC_NAME_BYTES = 96 };
/* The i-th name by which a distccd may have this toolchain; false when there are no more. A distccd runs
 * nothing but names, and which compiler has which is different on each machine: what it makes has to tell. */
bool distcc_name(const struct toolchain *t, unsigned i, char ret[DISTCC_NAME_BYTES]);
/* The words for a distccd's compiler of that name; NULL. Or why a distccd would not take such a job, or would
 * make something else of it (static text); then ret_words is empty. */
const char *distcc_words(const struct job_spec *spec, const char *name, struct strv *ret_words);
/* Has such a job's object the compiler's own words in it, so that one by a distccd differs in them? */
bool distcc_shows_words(const struct job_spec *spec);
/* Appends what stands before the text. macros: n bytes of directives. buf's errors. */
int distcc_head(const struct job_spec *spec, const char *macros, size_t n, struct buf *out);
/* Does the text say something that only the file's own name can answer? */
bool distcc_names_file(const void *text, size_t n);
/* Appends all of a request but the text itself, of which text_bytes will follow as they are, packed if lzo. */
int distcc_request(const struct strv *words, bool lzo, size_t text_bytes, struct buf *out);
/* Appends a whole request. */
int distcc_request_text(
	const struct strv *words, bool lzo, const struct buf *text, struct buf *out);

enum distcc_part { DISTCC_STDERR, DISTCC_STDOUT, DISTCC_OBJECT, DISTCC_PARTS };

struct distcc_reply {
	bool lzo;
	unsigned packet; /* that comes next: DONE, STAT and the parts */
	char head[12];   /* its name and its number, as far as they are here */
	size_t head_n;
	size_t left; /* bytes of its body */
	bool is_whole;
	int32_t wait_status;
	struct buf part[DISTCC_PARTS]; /* as sent */
};

void distcc_reply_init(struct distcc_reply *r, bool lzo);
void distcc_reply_fini(struct distcc_reply *r); /* may be repeated */
/* ERR_PROTO for what is no reply, or comes behind one; ERR_TOOBIG; buf's errors. */
int distcc_reply_feed(struct distcc_reply *r, const uint8_t *p, size_t n);
/* Appends that part of a whole reply, unpacked. ERR_LZO, or buf's errors. */
int distcc_reply_unpack(const struct distcc_reply *r, enum distcc_part part, struct buf *out);
