/* msg - the typed form of every frame on every link, and its codec.
 *
 * Links: farmcc <-> farmmake over a unix socket, one job per connection (job number 0); farmmake or
 * farmctl <-> farmnode over TLS, many jobs per connection. doc/protocol.md is normative for both.
 *
 * Contract: msg_decode() accepts exactly what msg_encode() writes, and checks every limit of job.h.
 * msg_allowed(): may this sender say this now? Who receives what is illegal closes the connection.
 *
 * Ownership: a decoded message owns its strings until msg_fini(); data.bytes and cc_block.markers are lent
 * by the frame. An encoded message is only read. */
#pragma once

#include "base/buf.h"
#include "core/job.h"
#include "core/msg_map.h"
#include "core/wire.h"

enum msg_type {
#define XX(name, code, sender, phase, max) MSG_##name = code,
	MSG_MAP(XX)
#undef XX
};

/* Who sent a message; masks, so that a message of the table can have several senders. */
enum msg_sender {
	MSG_FROM_CC = 1,
	MSG_FROM_CTL = 2,
	MSG_FROM_CLIENT = 4,
	MSG_FROM_NODE = 8,
	MSG_FROM_LINK = MSG_FROM_CLIENT | MSG_FROM_NODE,
	MSG_FROM_ALL = 15,
};

enum msg_phase { MSG_IN_HELLO = 1, MSG_IN_OPEN = 2, MSG_IN_ANY = 3 };
enum packing { PACKING_STORED, PACKING_LZO1X, PACKING_COUNT };

enum verdict {
	VERDICT_LOCAL,      /* compile here, now */
	VERDICT_PREPROCESS, /* preprocess, and send the text */
	VERDICT_PROBE,      /* fingerprint the compiler first, answer CC_TOOLCHAIN, then ask on */
	VERDICT_IDLE,       /* compile here, with what the others leave of the cores */
	VERDICT_COUNT
};

enum role { ROLE_BUILD, ROLE_OBSERVER, ROLE_COUNT }; /* an observer gets no credits */

enum refusal {
	REFUSED_DRAINING,  /* the node is going away: try elsewhere */
	REFUSED_TOOLCHAIN, /* it does not have, or no longer has, this toolchain */
	REFUSED_FLAG,      /* a flag or path that this node does not allow */
	REFUSED_FULL,      /* no memory, no space, no descriptors: try elsewhere */
	REFUSED_LIMIT,     /* an output or a time limit was exceeded */
	REFUSED_COUNT
};

struct msg {
	enum msg_type type;
	uint32_t job;
	union {
		struct {
			uint16_t version;
			bool distributable;
			char *reason;         /* why not, else "" */
			char *compiler;       /* absolute path of the real compiler */
			struct job_spec spec; /* its toolchain is filled in by farmmake */
		} cc_begin;
		struct {
			char *compiler;
			char *text; /* what farmprobe printed, "" when it failed */
		} cc_toolchain;
		struct {
			uint64_t raw_bytes;
			uint64_t cpu_us; /* the preprocessor's */
		} cc_staged;
		char *cc_local; /* why what was to go to a node is compiled here after all */
		struct {
			int32_t wait_status;
			uint64_t cpu_us; /* of local children since the last report */
		} cc_done;
		struct {
			struct block_key key;
			uint32_t raw_bytes, text_bytes; /* of the DATA, and of their source */
			uint64_t opening;               /* of its first line (io/blockmap.h) */
			const char *markers;            /* its line markers */
			size_t markers_n;
		} cc_block;
		struct {
			uint32_t ids[JOB_KNOWN_MAX];
			uint16_t n;
		} cc_known; /* blocks that farmmake has are the text's next part */
		struct {
			uint16_t version;
			uint64_t input_bytes;
		} cc_heavy; /* a step that needs much memory and is no compile */
		enum checked cc_checked;
		struct {
			enum verdict verdict;
			char *reason;
		} cc_verdict;
		struct job_result result; /* CC_RESULT (then its DATA), RESULT (after its DATA) */
		struct {
			uint16_t version;
			enum role role;
			char *client; /* user@host, for people */
		} hello;
		struct {
			struct job_spec spec;
		} job_spec;
		struct {
			uint64_t raw_bytes;
			uint32_t cost_ms; /* what the client expects; 0: nothing */
		} job_text_end;
		struct {
			uint16_t version;
			char *name;
			uint8_t boot_id[8];
			uint16_t slots, preload, jail_level, credits;
			struct strv toolchains; /* each as toolchain_format() writes it */
		} welcome;
		uint16_t credits;
		struct {
			enum refusal refusal;
			char *text;
		} refused;
		struct {
			enum stream stream;
			enum packing packing;
			uint32_t raw_bytes; /* of this block, unpacked */
			const uint8_t *bytes;
			size_t n;
		} data;
	};
};

/* Appends header and payload to out. ERR_TOOBIG when a field exceeds its limit. */
int msg_encode(const struct msg *m, struct buf *out);
int msg_decode(const struct wire_header *h, const uint8_t *payload, struct msg *ret);
void msg_fini(struct msg *m);

const char *msg_name(enum msg_type type); /* NULL for a code that is not in the table */
bool msg_allowed(enum msg_type type, enum msg_sender sender, enum msg_phase phase);

/* A row of msg_map.h, for tests and documentation; NULL past the end. */
struct msg_row {
	const char *name;
	enum msg_type type;
	unsigned senders, phases;
	size_t max_bytes;
};
const struct msg_row *msg_row(size_t i);
