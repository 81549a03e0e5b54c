/* job - what a node needs to know to compile one source: a structure, never a command line.
 *
 * Contract: a plain value that the message codec carries. The input kind is a tag: only the codec, those
 * who make the input and those who show it to a compiler look at it.
 *
 * Ownership: the strings and flags belong to the struct; job_spec_fini() frees them.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	TOOLCHAIN_ID_BYTES = 32,
	JOB_FLAGS_MAX = 512,              /* flags of one job */
	JOB_FLAG_BYTES_MAX = 4096,        /* bytes of one flag */
	JOB_PATH_BYTES_MAX = 4096,        /* bytes of a path */
	JOB_TEXT_BYTES_MAX = 256 << 20,   /* bytes of preprocessed text, as the compiler reads it */
	JOB_OUTPUT_BYTES_MAX = 512 << 20, /* bytes of each output stream */
	JOB_KNOWN_MAX = 64,               /* blocks of text in one CC_KNOWN */
	JOB_MARKERS_BYTES_MAX = 48000,    /* of one block */
	JOB_DIRS_BYTES_MAX = 16384,       /* of what a compiler says of its directories */
	JOB_MACROS_MAX = 1024,            /* that it defines, in one CC_DIRS */
	JOB_PRELUDE_BYTES_MAX = 65000,    /* of the definitions of those that hold from the start */
};

/* Names a block of text (io/blockmap.h). */
struct block_key {
	uint64_t low, high;
};

enum lang { LANG_C, LANG_CXX, LANG_COUNT };

enum input_kind {
	INPUT_TEXT, /* directives-only text that stands in for the source file */
	INPUT_VIEW, /* the client's own files, as a view shows them (core/view.h) */
	INPUT_KIND_COUNT
};

/* How a compile is to write the dependency file. */
enum deps_kind {
	DEPS_NONE,
	DEPS_ALL,      /* -MD */
	DEPS_USER,     /* -MMD: without the system's headers */
	DEPS_CPP_ALL,  /* -Wp,-MD: the driver adds no target */
	DEPS_CPP_USER, /* -Wp,-MMD */
	DEPS_KIND_COUNT
};

/* In what a compiler writes its messages. */
enum messages {
	MESSAGES_ASCII,
	MESSAGES_UTF8, /* with curly quotes */
	MESSAGES_HERE, /* in a language, or for a terminal, that a node does not have */
	MESSAGES_COUNT
};

enum output_kind {
	OUTPUT_OBJECT,   /* -c */
	OUTPUT_ASSEMBLY, /* -S */
	OUTPUT_KIND_COUNT
};

/* What a compile writes beside its output (core/side.h). */
enum side {
	SIDE_DWO,   /* -gsplit-dwarf */
	SIDE_NOTES, /* -ftest-coverage */
	SIDE_STACK, /* -fstack-usage */
	SIDE_CALLS, /* -fcallgraph-info */
	SIDE_COUNT
};

struct job_spec {
	uint8_t toolchain[TOOLCHAIN_ID_BYTES];
	enum lang lang;
	enum input_kind input_kind;
	enum output_kind output_kind;
	uint8_t sides;     /* bits by enum side: they come back, too; of a text, only SIDE_DWO */
	bool names_output; /* INPUT_VIEW: -o says output, which is a link to the desk in the view */
	enum deps_kind deps; /* INPUT_VIEW: otherwise the preprocessor has written them */
	enum messages messages;
	uint32_t view;     /* INPUT_VIEW: its number on this link, else 0 */
	char *cwd;         /* absolute, as the compiler would record it */
	char *source;      /* as written on the command line: relative to cwd, or absolute */
	char *output;      /* likewise; some options record its name */
	struct strv flags; /* each one allowed by ccflags_node_allows(), or ccflags_view_allows() */
};

void job_spec_fini(struct job_spec *spec);
/* A deep copy. */
void job_spec_copy(const struct job_spec *from, struct job_spec *ret);

/* The streams of bytes that travel for a job, in MSG_DATA frames. */
enum stream {
	STREAM_TEXT,
	STREAM_STDOUT,
	STREAM_STDERR,
	STREAM_OUTPUT,
	STREAM_DWO,
	STREAM_DEPS,
	STREAM_NOTES,
	STREAM_STACK,
	STREAM_CALLS,
	STREAM_COUNT
};

/* A result of a node beside what the compiler here makes of the same source. */
enum checked {
	CHECKED_SAME,
	CHECKED_DIFFERS,
	CHECKED_UNCLEAR, /* it does not make the same twice, or failed here */
	CHECKED_COUNT
};

/* How a compile ended on a node. */
struct job_result {
	int32_t wait_status; /* as wait(2) gives it */
	uint64_t cpu_us;     /* user + system time of the compiler and its children */
	uint64_t wall_us;
	uint64_t max_rss_kib;
	uint64_t raw_bytes[STREAM_COUNT]; /* unpacked size of each stream that was sent */
	uint8_t digest[32]; /* SHA-256 over the payloads of the job's MSG_DATA frames, in order */
};
