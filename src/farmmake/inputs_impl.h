/* inputs_impl - what the parts of inputs share. For inputs*.c only.
 *
 * inputs.c is the loop's side: orders wait there, and become answers. All others are the worker's side, which
 * runs only while the loop's waits for it; inputs_order.c is pure.
 */
#pragma once

#include "base/list.h"
#include "core/incdirs.h"
#include "inputs.h"
#include "inputs_places.h"

/* What a compiler says of itself, by its key: the compiler, the language, and what else decides about it. */
struct inputs_compiler {
	char *key;
	bool known;
	bool usable; /* it does say where it looks */
	bool is_gcc;
	struct strv dirs, macros;
	uint32_t asker; /* the order that was answered INPUTS_DIRS, 0: none */
};

/* An order, copied and read, and what becomes of it. */
struct inputs_job {
	struct list link;
	uint32_t number;
	inputs_answer_fn fn; /* NULL: cancelled */
	void *ctx;

	char *compiler, *cwd, *source, *cpath, *lang_path;
	char *output; /* NULL: its name is none of the compiler's business */
	unsigned sides;
	bool is_cxx;
	bool is_hosted;       /* stdc-predef.h is included */
	bool warns_of_no_dir; /* -Wmissing-include-dirs */
	struct incdirs_args args;
	struct inputs_compiler *own;

	bool answered;
	struct inputs_answer answer;
};

/* Never fails: what cannot be read is answered. */
struct inputs_job *inputs_order_read(const struct inputs_order *order);
char *inputs_order_key(const struct inputs_job *job, const struct inputs_order *order);
void inputs_order_free(struct inputs_job *job);
/* Answers INPUTS_NONE unless there is an answer; takes the reason over. */
void inputs_order_refuse(struct inputs_job *job, char *reason);
void inputs_answer_fini(struct inputs_answer *a);

/* What an order needs of a spot. */
enum inputs_need {
	NEED_WATCH = 1 << 0,    /* the answer relies on what it is */
	NEED_EXISTS = 1 << 1,   /* a directory has to be there */
	NEED_SEARCHED = 1 << 2, /* names are looked for in it */
	NEED_SHOWN = 1 << 3,    /* a file or symlink, or that nothing is there */
	NEED_WHOLE = 1 << 4,    /* from here on: made by inputs_view.c */
	NEED_IMPLIED = 1 << 5,
};

struct inputs_site;

/* The worker's side. */
struct inputs_world {
	struct inputs_files *files;
	struct inputs_places places;
	VEC(struct inputs_site *) sites;
	VEC(struct view_entry *) entries; /* number 1 first */
	size_t view_entries;              /* in the view counted_view */
	uint32_t counted_view;

	uint32_t order;       /* the current one's number */
	VEC(uint32_t) needed; /* the spots that it needs something of */
};

void inputs_world_init(struct inputs_world *w);
void inputs_world_fini(struct inputs_world *w);
/* What is looked at from now on is looked at anew. */
void inputs_world_begin_epoch(struct inputs_world *w);
void inputs_world_answer(struct inputs_world *w, struct inputs_job *job);

/* inputs_flags.c: where the job's compiler looks. false: refused. */
bool inputs_flags_build(
	struct inputs_world *w, uint32_t cwd, struct inputs_job *job, struct incdirs *ret_chain);

/* inputs_desk.c: the names under which the job's compiler writes. cwd: where it is. May refuse. */
void inputs_desk_need(struct inputs_world *w, uint32_t cwd, struct inputs_job *job);

void inputs_view_begin(struct inputs_world *w);
void inputs_view_need(struct inputs_world *w, uint32_t spot, unsigned needs);
/* All that is needed to see what a walk sees, when it looks for a name in the directory at the end of it. */
void inputs_view_need_walk(struct inputs_world *w, const struct inputs_walk *walk);
/* The directory has to be there, and the way to it from start. NO_SPOT when it is none. */
uint32_t inputs_view_need_directory(struct inputs_world *w, uint32_t start, const char *path);
/* What lies above the spot holds a compiler's own files. */
void inputs_view_spare(struct inputs_world *w, uint32_t spot);
/* Answers the job with what is needed; false: refused. */
void inputs_view_answer(struct inputs_world *w, struct inputs_job *job);

/* Packs contents, and keeps what it packed last. */
struct inputs_packer;
struct inputs_packer *inputs_pack_create(void);
void inputs_pack_destroy(struct inputs_packer *p);
/* What was packed before this may be forgotten. */
void inputs_pack_begin(struct inputs_packer *p);
/* NULL when the file is no more what the entry says. */
const struct chunks *inputs_pack(struct inputs_packer *p, const struct view_entry *e);
