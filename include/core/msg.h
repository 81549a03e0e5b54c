/* msg - the typed form of every frame on every link, and its codec.
 *
 * Links: farmcc <-> farmmake over a unix socket, one job per connection (job number 0); farmmake or
 * farmctl <-> farmnode over TLS, many jobs per connection. doc/protocol.md is normative for both.
 *
 * Contract: msg_decode() accepts exactly what msg_encode() writes, and checks every limit of job.h.
 * msg_allowed(): may this sender say this now? Who receives what is illegal closes the connection.
 *
 * Ownership: a decoded message owns its strings until msg_fini(); bytes that it points to (data, content,
 * files, need, cc_block.markers, cc_prelude) are lent by the frame. An encoded message is only read. */
#pragma once

#include "base/buf.h"
#include "core/job.h"
#include "core/msg_map.h"
#include "core/msg_values.h"
#include "core/wire.h"

enum msg_type {
#define XX(name, code, sender, phase, max) MSG_##name = code,
	MSG_MAP(XX)
#undef XX
};

struct msg {
	enum msg_type type;
	uint32_t job;
	union {
		struct {
			uint16_t version;
			bool distributable;
			char *reason;            /* why not, else "" */
			char *compiler;          /* absolute path of the real compiler */
			struct job_spec spec;    /* its toolchain is filled in by farmmake */
			struct strv words;       /* the command's, for core/incdirs */
			struct strv deps_flags;  /* a view's job has them besides the spec's */
			char *cpath, *lang_path; /* the variables of that name, else "" */
			char *no_text, *no_view; /* why it cannot be one, else "" */
		} cc_begin;
		struct {
			char *compiler;
			char *text; /* what farmprobe printed, "" when it failed */
		} cc_toolchain;
		struct {
			char *text;         /* what "-v -E" says on stderr, "" when it failed */
			struct strv macros; /* that the compiler defines, and a program may name */
		} cc_dirs;
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
			const char *text; /* n bytes: lines that define macros */
			size_t n;
		} cc_prelude;
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
			bool shows_views;
			struct strv toolchains; /* each as toolchain_format() writes it */
		} welcome;
		uint16_t credits;
		struct {
			enum refusal refusal;
			char *text;
		} refused;
		struct {
			uint32_t view;
			uint16_t count;
			const uint8_t *entries; /* n bytes: valid ones, for core/view.h */
			size_t n;
		} files;
		struct {
			uint16_t count;
			const uint8_t *numbers; /* of contents: each an u32 as on the wire */
		} need;
		struct {
			uint32_t number;
			enum packing packing;
			uint32_t raw_bytes; /* of this block, unpacked */
			const uint8_t *bytes;
			size_t n;
		} content;
		uint32_t content_gone; /* the number of one that cannot be had any more */
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
