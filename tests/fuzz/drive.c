/* drive.c - run a fuzz target without a fuzzer: every corpus file as it is, then mutants.
 *
 *   fuzz_X SUFFIX FOLDER...
 *
 * The mutants are drawn from a fixed seed, so that the test is the same everywhere;
 * BLKLAB_FUZZ_RUNS mutants of each file (default 100). BLKLAB_FUZZ_KEEP=FILE writes each input
 * there before it is run: after a crash FILE holds the culprit.
 */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"
#include "fs.h"
#include "fuzz.h"

#define FILE_BYTES_MAX ((size_t)64 << 10)
#define FILES_MAX      1024

static const char *suffix, *keep;
static char *paths[FILES_MAX];
static size_t n_paths;

static uint64_t next_random(uint64_t *state)
{
	uint64_t x = *state; /* xorshift64; Marsaglia 2003 */

	x ^= x << 13;
	x ^= x >> 7;
	x ^= x << 17;
	return *state = x;
}

static size_t below(uint64_t *state, size_t n)
{
	return n ? (size_t)(next_random(state) % n) : 0;
}

static int note_path(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	size_t len = strlen(path), end = strlen(suffix);

	(void)st;
	(void)ftw;
	if (type != FTW_F || len < end || strcmp(path + len - end, suffix) != 0)
		return 0;
	if (n_paths == FILES_MAX) {
		fprintf(stderr, "more than %d files\n", FILES_MAX);
		return 1;
	}
	paths[n_paths] = strdup(path);
	return paths[n_paths++] ? 0 : 1;
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void run(const struct bl_buf *input)
{
	struct bl_err err = BL_ERR_INIT;

	if (keep && bl_write_file(keep, bl_buf_str(input), input->len, &err) < 0)
		fprintf(stderr, "%s\n", err.text);
	(void)LLVMFuzzerTestOneInput((const uint8_t *)bl_buf_str(input), input->len);
}

static void cut(struct bl_buf *b, size_t at, size_t len)
{
	memmove(b->data + at, b->data + at + len, b->len - at - len + 1);
	b->len -= len;
}

static void insert(struct bl_buf *b, size_t at, const char *what, size_t len)
{
	BL_CLEANUP(bl_freep) char *tail = malloc(b->len - at + 1);

	if (!tail)
		return;
	memcpy(tail, b->data + at, b->len - at);
	size_t n_tail = b->len - at;

	b->len = at;
	bl_buf_add(b, what, len);
	bl_buf_add(b, tail, n_tail);
}

/* One small change of a kind that finds bugs in parsers of text. */
static void mutate(struct bl_buf *b, const struct bl_buf *other, uint64_t *state)
{
	size_t at = below(state, b->len), len = 1 + below(state, 12), from;
	const char *word;

	if (len > b->len - at)
		len = b->len - at;
	switch (below(state, 6)) {
	case 0:
		if (b->len)
			b->data[at] = (char)next_random(state);
		break;
	case 1:
		if (b->len)
			cut(b, at, len);
		break;
	case 2: /* something from another file */
		from = below(state, other->len);
		len = other->len - from < 40 ? other->len - from : 40;
		insert(b, at, bl_buf_str(other) + from, len);
		break;
	case 3: /* a line's worth again */
		insert(b, at, other == b ? "" : bl_buf_str(other),
		       other->len < 60 ? other->len : 60);
		break;
	default:
		word = fuzz_words[below(state, n_fuzz_words)];
		insert(b, at, word, strlen(word));
		break;
	}
}

static int read_path(size_t i, struct bl_buf *out)
{
	struct bl_err err = BL_ERR_INIT;
	int r = bl_read_file(paths[i], FILE_BYTES_MAX, out, &err);

	if (r < 0)
		fprintf(stderr, "%s\n", err.text);
	return r;
}

static int run_mutants(size_t i, unsigned n_runs, uint64_t *state)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf original = BL_BUF_INIT;

	if (read_path(i, &original) < 0)
		return -1;
	run(&original);
	for (unsigned k = 0; k < n_runs; k++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf mutant = BL_BUF_INIT;
		BL_CLEANUP(bl_buf_done) struct bl_buf other = BL_BUF_INIT;
		size_t n = 1 + below(state, 4);

		if (read_path(below(state, n_paths), &other) < 0)
			return -1;
		bl_buf_add(&mutant, bl_buf_str(&original), original.len);
		while (n--)
			mutate(&mutant, &other, state);
		run(&mutant);
	}
	return 0;
}

int main(int argc, char **argv)
{
	const char *runs = getenv("BLKLAB_FUZZ_RUNS");
	unsigned n_runs = runs ? (unsigned)strtoul(runs, NULL, 10) : 100;
	uint64_t state = 88172645463325252u;
	int failed = 0;

	if (argc < 3) {
		fprintf(stderr, "usage: %s SUFFIX FOLDER...\n", argv[0]);
		return 2;
	}
	keep = getenv("BLKLAB_FUZZ_KEEP");
	suffix = argv[1];
	for (int i = 2; i < argc; i++)
		if (nftw(argv[i], note_path, 16, FTW_PHYS) != 0)
			return 2;
	qsort(paths, n_paths, sizeof paths[0], by_text);
	for (size_t i = 0; i < n_paths && !failed; i++)
		failed = run_mutants(i, n_runs, &state) < 0;
	printf("%zu files, %u mutants of each, %lu accepted\n", n_paths, n_runs, n_fuzz_accepted);
	for (size_t i = 0; i < n_paths; i++)
		free(paths[i]);
	/* a target that accepts nothing tests nothing */
	return failed || n_paths == 0 || n_fuzz_accepted == 0;
}
