/* `blklab list` in a terminal: every run in one line that fits. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "documents.h"
#include "fresh_dir.h"
#include "fs.h"
#include "store.h"

static char dir[64];

static void put_run(struct store *s, const char *id, const char *scenario, const char *host,
		    bool is_ended)
{
	static const struct synthetic small = {
		.repeats = 3, .seconds = 1, .seed = 5, .is_small = true};
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct bl_err err = BL_ERR_INIT;

	synthetic_run(&small, &d);
	snprintf(d.run.id, sizeof d.run.id, "%s%s", id,
		 strlen(id) == 8 ? "-7ac1-74ba-8e81-094676b284e2" : "");
	free(d.run.scenario_name);
	free(d.run.host_name);
	d.run.scenario_name = strdup(scenario);
	d.run.host_name = strdup(host);
	d.run.ended_ms = 0;
	ck_assert_msg(store_put_run(s, &d.run, d.cells, d.n_cells, &err) == 0, "%s",
		      bl_err_text(&err));
	if (is_ended)
		ck_assert_int_eq(
			store_end_run(s, d.run.id, d.run.started_ms + 60000, &d.run.notes, NULL),
			0);
}

static char *list(const char *path, unsigned columns)
{
	char *text = NULL;
	size_t len = 0;
	FILE *out = open_memstream(&text, &len);
	struct cli cli = {.out = out, .err = out, .columns = columns, .program = "blklab"};
	struct args a = {.store = path};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(verb_find("list")->run(&cli, &a, &err) == 0, "%s", bl_err_text(&err));
	fclose(out);
	return text;
}

static void make_store(const char *path, bool is_long)
{
	BL_CLEANUP(store_closep) struct store *s = NULL;

	ck_assert_int_eq(store_open(path, STORE_WRITE, &s, NULL), 0);
	put_run(s, "01a219b6", "quick", "host", true);
	if (!is_long)
		return;
	put_run(s, "01a219b7", "a-scenario-with-a-name-of-forty-letters", "a-host.example.org",
		true);
	put_run(s, "01a219b9", "imported", "host", true);
	put_run(s, "01a219b8", "hostile\x1b[31m", "host\n", false);
}

/* Imports of one time: their ids differ at the end alone. */
START_TEST(long_ids_fit_too)
{
	BL_CLEANUP(store_closep) struct store *s = NULL;
	BL_CLEANUP(bl_freep) char *path = NULL, *text = NULL;

	fresh_dir(dir);
	path = bl_strf("%s/imports.db", dir);
	ck_assert_int_eq(store_open(path, STORE_WRITE, &s, NULL), 0);
	put_run(s, "01a219b6-7ac1-74ba-8e81-094676b284e2", "imported-of-fio", "host", true);
	put_run(s, "01a219b6-7ac1-74ba-8e81-094676b284e3", "imported-of-fio", "host", true);
	text = list(path, 80);
	expect_fits(text, 80);
	ck_assert_ptr_nonnull(strstr(text, "\n01a219b6-7ac1-74ba-8e81-094676b284e3  import"));
	bl_remove_tree(dir, NULL);
}
END_TEST

START_TEST(no_line_is_wider_than_the_terminal)
{
	static const unsigned columns[] = {80, 90, 100, 120, 200};

	fresh_dir(dir);
	for (int is_long = 0; is_long < 2; is_long++) {
		BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%d.db", dir, is_long);

		make_store(path, is_long);
		for (size_t i = 0; i < BL_ARRAY_LEN(columns); i++) {
			BL_CLEANUP(bl_freep) char *text = list(path, columns[i]);

			expect_fits(text, columns[i]);
			ck_assert_uint_eq(count_of(text, "\n"), is_long ? 5 : 2);
			ck_assert_ptr_nonnull(strstr(text, "  state\n"));
			ck_assert(!is_long || strstr(text, "  killed or running\n"));
		}
	}
	bl_remove_tree(dir, NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("list");
	TCase *t = tcase_create("terminal");
	SRunner *r;
	int failed;

	tcase_add_test(t, no_line_is_wider_than_the_terminal);
	tcase_add_test(t, long_ids_fit_too);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
