/* Which runs of a store are loaded as a history: nights are counted, not runs. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "made_runs.h"
#include "nights_load.h"

static char dir[64];

static void make_dir(void)
{
	fresh_dir(dir);
}

static void drop_dir(void)
{
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

/* Run @n, which declares @key. */
static void put(struct store *s, unsigned n, const char *key)
{
	struct run_data d;

	made_run(&d, 1000 + n, "h", 1); /* no id is the beginning of another */
	ck_assert_int_eq(facts_add(&d.run.declared, key, "yes"), 0);
	made_trial(&d, 0, 10, 1000);
	memcpy(d.trials[0].run_id, d.run.id, sizeof d.run.id);
	ck_assert_int_eq(store_put_run(s, &d.run, d.cells, d.n_cells, NULL), 0);
	ck_assert_int_eq(store_put_trial(s, &d.trials[0], NULL), 0);
	run_data_done(&d);
}

START_TEST(runs_that_are_no_nights_do_not_push_nights_out)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/s.db", dir);
	BL_CLEANUP(history_done) struct history h = {0};
	struct history_rules rules = {.adopt = false};
	struct store *s = NULL;
	struct bl_err err = BL_ERR_INIT;
	unsigned n = 0;

	ck_assert_int_eq(store_open(path, STORE_WRITE, &s, NULL), 0);
	for (; n < 3; n++)
		put(s, n, NIGHTLY_FACT);
	for (; n < NIGHTS_LOAD_MAX + 5; n++)
		put(s, n, NIGHTLY_FACT_CONFIRM);
	ck_assert_msg(nights_load(s, "h", "nightly", &rules, &h, &err) == 0, "%s", err.text);
	ck_assert_uint_eq(h.n_nights, 3);
	ck_assert_uint_eq(history_left_out(&h, HISTORY_EXTRA), NIGHTS_LOAD_MAX);
	store_close(s);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nights of a store");
	TCase *t = tcase_create("load");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, make_dir, drop_dir);
	tcase_add_test(t, runs_that_are_no_nights_do_not_push_nights_out);
	tcase_set_timeout(t, 60);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
