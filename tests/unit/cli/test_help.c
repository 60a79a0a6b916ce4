/* Help of every verb, byte for byte, and docs/cli.md: BLKLAB_REGEN=1 writes them anew, and the diff
 * is reviewed like code. */
#include <check.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "help.h"

#define GOLDEN SOURCE_DIR "/tests/unit/cli/help"

static void same_as_file(const char *path, const struct bl_buf *text)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf want = BL_BUF_INIT;

	ck_assert(!bl_buf_failed(text));
	if (getenv("BLKLAB_REGEN"))
		ck_assert_int_eq(bl_write_file(path, bl_buf_str(text), text->len, NULL), 0);
	ck_assert_msg(bl_read_file(path, 1 << 20, &want, NULL) == 0,
		      "no '%s'; BLKLAB_REGEN=1 makes it", path);
	ck_assert_str_eq(bl_buf_str(text), bl_buf_str(&want));
}

/* No line is wider than a terminal, none ends in a space. */
static void check_lines(const char *name, const char *text)
{
	size_t len;

	for (const char *line = text; *line; line += len + (line[len] == '\n')) {
		len = strcspn(line, "\n");
		ck_assert_msg(len <= HELP_COLUMNS, "%s: %zu columns: %.*s", name, len, (int)len,
			      line);
		ck_assert_msg(!len || line[len - 1] != ' ', "%s: a space at the end of '%.*s'",
			      name, (int)len, line);
	}
}

START_TEST(help_of_a_verb_is_as_reviewed_and_fits_80_columns)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const struct verb *v = verb_page((size_t)_i);
	char path[512], page[64];

	help_verb(v, &text);
	check_lines(v->name, bl_buf_str(&text));
	snprintf(path, sizeof path, GOLDEN "/%s.txt", verb_page_name(v, page, sizeof page));
	same_as_file(path, &text);
}
END_TEST

START_TEST(the_overview_is_as_reviewed_and_fits_80_columns)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	help_overview(&text);
	check_lines("overview", bl_buf_str(&text));
	same_as_file(GOLDEN "/overview.txt", &text);
}
END_TEST

static bool has_page(const char *name)
{
	const struct verb *v;
	char page[64];

	for (size_t i = 0; (v = verb_page(i)); i++)
		if (strcmp(verb_page_name(v, page, sizeof page), name) == 0)
			return true;
	return false;
}

START_TEST(no_golden_help_is_left_over)
{
	DIR *d = opendir(GOLDEN);
	struct dirent *e;

	ck_assert_ptr_nonnull(d);
	while ((e = readdir(d))) {
		char name[256];
		size_t len = strlen(e->d_name);

		if (e->d_name[0] == '.' || strcmp(e->d_name, "overview.txt") == 0)
			continue;
		ck_assert_msg(len > 4 && strcmp(e->d_name + len - 4, ".txt") == 0, "stray '%s'",
			      e->d_name);
		snprintf(name, sizeof name, "%.*s", (int)len - 4, e->d_name);
		ck_assert_msg(has_page(name), "'%s' is of no verb", e->d_name);
	}
	closedir(d);
}
END_TEST

START_TEST(the_document_of_the_command_line_is_up_to_date)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	man_markdown(&text);
	same_as_file(SOURCE_DIR "/docs/cli.md", &text);
}
END_TEST

static const struct {
	const char *text;
	size_t at, indent, columns;
	const char *want;
} wraps[] = {
	{"one two three", 0, 0, 7, "one two\nthree\n"},
	{"one two three", 4, 4, 11, "one two\n    three\n"},
	{"a-word-that-fits-nowhere x", 0, 0, 5, "a-word-that-fits-nowhere\nx\n"},
	{"one\n\ntwo", 2, 2, 20, "one\n\n  two\n"},
	{"spaces   are  one", 0, 0, 40, "spaces are one\n"},
	{"", 0, 0, 10, "\n"},
};

START_TEST(text_is_wrapped_between_words)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	help_wrap(&out, wraps[_i].text, wraps[_i].at, wraps[_i].indent, wraps[_i].columns);
	ck_assert_str_eq(bl_buf_str(&out), wraps[_i].want);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("help");
	TCase *t = tcase_create("pages");
	SRunner *r;
	int failed, n_pages = 0;

	while (verb_page((size_t)n_pages))
		n_pages++;
	tcase_add_loop_test(t, help_of_a_verb_is_as_reviewed_and_fits_80_columns, 0, n_pages);
	tcase_add_test(t, the_overview_is_as_reviewed_and_fits_80_columns);
	tcase_add_test(t, no_golden_help_is_left_over);
	tcase_add_test(t, the_document_of_the_command_line_is_up_to_date);
	tcase_add_loop_test(t, text_is_wrapped_between_words, 0, BL_ARRAY_LEN(wraps));
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
