/* golden.c - run every case of every kind, or rewrite what they expect.
 *
 *   golden [KIND]              compare; BLKLAB_REGEN=1: rewrite instead
 *
 * The cases are found by listing folders. A file that no case asks for, a folder that no
 * row names and a row without cases fail: nothing is passed over in silence.
 */
#include "golden.h"

#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"

#define FILE_BYTES_MAX ((size_t)1 << 20)
#define ERR_FILE       "err.txt"

struct golden_kind {
	const char *folder;
	const char *input;
	const char *output; /* NULL: every case must be refused */
	const char *also;   /* one more file that cases may have; NULL: none */
	golden_fn run;
};

static const struct golden_kind kinds[] = {
	{"plan", "in.yaml", "out.txt", "jobs.fio", golden_plan},
	{"domain", "in.txt", "out.xml", NULL, golden_domain},
	{"scenario-errors", "in.yaml", NULL, "jobs.fio", golden_plan},
};

struct tally {
	bool is_regen;
	int n_cases, n_failed;
};

static void fail(struct tally *t, const char *kind, const char *name, const char *what)
{
	t->n_failed++;
	printf("FAILED %s/%s: %s\n", kind, name, what);
}

/* Where two texts part: the line of each. */
static void print_difference(const char *expected, const char *got)
{
	int line = 1;

	while (*expected && *expected == *got) {
		const char *end_e = expected + strcspn(expected, "\n");
		const char *end_g = got + strcspn(got, "\n");

		if (end_e - expected != end_g - got ||
		    memcmp(expected, got, (size_t)(end_e - expected)) != 0)
			break;
		expected = *end_e ? end_e + 1 : end_e;
		got = *end_g ? end_g + 1 : end_g;
		line++;
	}
	printf("  line %d\n  expected: %.*s\n  got:      %.*s\n", line,
	       (int)strcspn(expected, "\n"), expected, (int)strcspn(got, "\n"), got);
}

static void rewrite(struct tally *t, const struct golden_kind *k, const char *name,
		    const char *file, const struct bl_buf *text)
{
	struct bl_err err = BL_ERR_INIT;
	const char *other = strcmp(file, ERR_FILE) == 0 ? k->output : ERR_FILE;

	if (bl_write_file(file, bl_buf_str(text), text->len, &err) < 0)
		fail(t, k->folder, name, err.text);
	if (other)
		unlink(other);
}

static void compare(struct tally *t, const struct golden_kind *k, const char *name,
		    const char *file, const struct bl_buf *got)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf expected = BL_BUF_INIT;
	const char *other = strcmp(file, ERR_FILE) == 0 ? k->output : ERR_FILE;
	struct bl_err err = BL_ERR_INIT;

	if (other && bl_exists(other)) {
		fail(t, k->folder, name, "the other of output and message was expected; got");
		printf("%s", bl_buf_str(got));
	} else if (bl_read_file(file, FILE_BYTES_MAX, &expected, &err) < 0) {
		fail(t, k->folder, name, err.text);
		printf("%s", bl_buf_str(got));
	} else if (strcmp(bl_buf_str(&expected), bl_buf_str(got)) != 0) {
		fail(t, k->folder, name, "differs");
		print_difference(bl_buf_str(&expected), bl_buf_str(got));
	}
}

/* The working folder is the case's. */
static void check_files(struct tally *t, const struct golden_kind *k, const char *name)
{
	DIR *dir = opendir(".");
	const struct dirent *e;

	while (dir && (e = readdir(dir))) {
		const char *known[] = {".", "..", k->input, ERR_FILE, k->output, k->also};
		size_t i = 0;

		while (i < BL_ARRAY_LEN(known) && !(known[i] && strcmp(known[i], e->d_name) == 0))
			i++;
		if (i == BL_ARRAY_LEN(known)) {
			fail(t, k->folder, name, "a file that no case asks for:");
			printf("  %s\n", e->d_name);
		}
	}
	if (dir)
		closedir(dir);
}

static void run_case(struct tally *t, const struct golden_kind *k, const char *name)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	const char *file = k->output;
	int r;

	t->n_cases++;
	if (!bl_exists(k->input)) {
		fail(t, k->folder, name, "the input is missing");
		return;
	}
	r = k->run(k->input, &out, &err);
	if (r < 0) {
		bl_buf_done(&out);
		bl_buf_addf(&out, "%s\n", bl_err_text(&err));
		file = ERR_FILE;
	}
	if (!file)
		fail(t, k->folder, name, "was accepted; a message was expected");
	else if (t->is_regen)
		rewrite(t, k, name, file, &out);
	else
		compare(t, k, name, file, &out);
	check_files(t, k, name);
}

static bool is_folder(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static int by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void run_kind(struct tally *t, const struct golden_kind *k)
{
	BL_CLEANUP(bl_freep) struct dirent **cases = NULL;
	int n = scandir(k->folder, &cases, is_visible, by_name);

	if (n <= 0)
		fail(t, k->folder, "", "there are no cases");
	for (int i = 0; i < n; i++) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", k->folder, cases[i]->d_name);

		if (!is_folder(path))
			fail(t, k->folder, cases[i]->d_name, "is not the folder of a case");
		else if (chdir(path) != 0)
			fail(t, k->folder, cases[i]->d_name, strerror(errno));
		else {
			run_case(t, k, cases[i]->d_name);
			if (chdir("../..") != 0)
				exit(2);
		}
		free(cases[i]);
	}
}

/* Every folder here has a row. */
static void check_folders(struct tally *t)
{
	BL_CLEANUP(bl_freep) struct dirent **entries = NULL;
	int n = scandir(".", &entries, is_visible, by_name);

	for (int i = 0; i < n; i++) {
		size_t k = 0;

		while (k < BL_ARRAY_LEN(kinds) && strcmp(kinds[k].folder, entries[i]->d_name) != 0)
			k++;
		if (k == BL_ARRAY_LEN(kinds) && is_folder(entries[i]->d_name))
			fail(t, entries[i]->d_name, "", "no row of golden.c names this folder");
		free(entries[i]);
	}
}

int main(int argc, char **argv)
{
	const char *regen = getenv("BLKLAB_REGEN");
	struct tally t = {.is_regen = regen && strcmp(regen, "1") == 0};

	if (chdir(SOURCE_DIR "/tests/golden") != 0) {
		perror(SOURCE_DIR "/tests/golden");
		return 2;
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(kinds); i++)
		if (argc < 2 || strcmp(argv[1], kinds[i].folder) == 0)
			run_kind(&t, &kinds[i]);
	check_folders(&t);
	if (t.n_cases == 0) {
		printf("no cases were run\n");
		return 2;
	}
	printf("%d cases %s, %d failed\n", t.n_cases, t.is_regen ? "rewritten" : "compared",
	       t.n_failed);
	return t.n_failed ? 1 : 0;
}
