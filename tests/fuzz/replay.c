/* Calls a fuzz target with every file of its corpus and with what is near it: each file cut short
 * after every byte, and each of its bytes changed in a few ways. The arguments are directories. */
#include "fuzz.h"

#include "base/fs.h"

#include <dirent.h>
#include <stdio.h>
#include <string.h>

enum { FILE_BYTES_MAX = 1 << 20, NEAR_BYTES = 400 };

/* A copy of exactly this size, so that the sanitizers see a read past its end. */
static void call(const char *data, size_t n)
{
	uint8_t *copy = xmalloc(n ? n : 1);
	memcpy(copy, data, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
}

static void call_near(char *data, size_t n)
{
	static const uint8_t masks[] = {0x01, 0x20, 0x80, 0xff};
	for (size_t i = 0; i < n && i < NEAR_BYTES; i++) {
		call(data, i);
		for (size_t m = 0; m < sizeof masks; m++) {
			data[i] = (char)(data[i] ^ masks[m]);
			call(data, n);
			data[i] = (char)(data[i] ^ masks[m]);
		}
	}
}

/* Returns the number of files, or -1. */
static int replay(const char *dir)
{
	DIR *d = opendir(dir);
	if (!d)
		return -1;
	int files = 0;
	for (struct dirent *e; files >= 0 && (e = readdir(d));) {
		_cleanup_free_ char *path = xasprintf("%s/%s", dir, e->d_name);
		_cleanup_free_ char *data = NULL;
		size_t n;
		if (e->d_name[0] == '.')
			continue;
		if (fs_read_file(path, FILE_BYTES_MAX, &data, &n) < 0) {
			files = -1;
			continue;
		}
		call(data, n);
		call_near(data, n);
		files++;
	}
	closedir(d);
	return files;
}

int main(int argc, char *argv[])
{
	int total = 0;
	for (int i = 1; i < argc; i++) {
		int files = replay(argv[i]);
		if (files < 0) {
			fprintf(stderr, "%s: cannot be read\n", argv[i]);
			return EXIT_FAILURE;
		}
		total += files;
	}
	printf("%d files and what is near them\n", total);
	return total > 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
