/*
 * replay.c - runs a fuzz target over files, without libFuzzer.
 *
 * The same target is linked to libFuzzer by `make fuzz` and to this by
 * `make check`, so that what fuzzing once found stays found, with any
 * compiler.  The output is TAP; a fault ends the program, which prove sees.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fuzz/fuzz.h"

enum { INPUT_MAX = 1 << 20 };

static int
read_file(const char *path, unsigned char *p, size_t *n)
{
	FILE *f = fopen(path, "rb");
	int r = 0;

	if (!f)
		return -1;
	*n = fread(p, 1, INPUT_MAX, f);
	if (ferror(f))
		r = -1;
	fclose(f);
	return r;
}

/* A copy of exactly n bytes, so that a sanitizer sees a read past them. */
static int
feed(const unsigned char *p, size_t n)
{
	unsigned char *copy = malloc(n ? n : 1);

	if (!copy)
		return -1;
	memcpy(copy, p, n);
	LLVMFuzzerTestOneInput(copy, n);
	free(copy);
	return 0;
}

int
main(int argc, char **argv)
{
	unsigned char *p = calloc(1, INPUT_MAX);
	size_t n;
	int bad = 0;

	if (!p)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, 0);
	printf("1..%d\n", argc);
	bad |= feed(p, 0);
	printf("%s 1 - the empty input\n", bad ? "not ok" : "ok");
	for (int i = 1; i < argc; i++) {
		int r = read_file(argv[i], p, &n);

		if (r == 0)
			r = feed(p, n);
		printf("%s %d - %s\n", r ? "not ok" : "ok", i + 1, argv[i]);
		bad |= r;
	}
	free(p);
	return bad ? 1 : 0;
}
