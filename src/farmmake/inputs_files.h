/* inputs_files - the contents of files: read once, hashed and scanned.
 *
 * Contract: one thread at a time. A content is a number from 1; equal bytes have equal numbers. Its scan lives
 * until inputs_files_destroy().
 */
#pragma once

#include "core/incscan.h"
#include "core/view.h"

#include <sys/stat.h>

struct inputs_files;

struct inputs_content {
	uint8_t hash[VIEW_HASH_BYTES];
	uint64_t bytes;
	struct incscan *scan;
};

struct inputs_files *inputs_files_create(void);
void inputs_files_destroy(struct inputs_files *f);

/* Reads the regular file at a path without symlinks; *ret_st is its state, unchanged while it was read.
 * -errno, ERR_TOOBIG past VIEW_CONTENT_BYTES_MAX, -EAGAIN when it changes all the time. *ret_data is malloc'd. */
int inputs_files_read(const char *path, char **ret_data, struct stat *ret_st);
/* The file's bytes, malloc'd, if they have this hash; else NULL. */
char *inputs_files_read_as(const char *path, const uint8_t hash[VIEW_HASH_BYTES], size_t *ret_n);
/* The number of the content that the file has now, and the state that it has it in; 0 when it cannot be read. */
uint32_t inputs_files_take(struct inputs_files *f, const char *path, struct stat *ret_st);
const struct inputs_content *inputs_files_content(const struct inputs_files *f, uint32_t number);
