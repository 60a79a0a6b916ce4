/* Work in a thread that can be given up. */
#include <check.h>
#include <stdlib.h>
#include <unistd.h>

#include "clock.h"
#include "helper.h"
#include "units.h"

#define SOON (5 * NS_PER_S)

static int gate[2], ended[2];

struct job {
	int n;
	bool is_blocking;
};

static void work(void *ctx)
{
	struct job *j = ctx;
	char byte;

	if (j->is_blocking)
		ck_assert_int_eq(read(gate[0], &byte, 1), 1);
	j->n++;
}

static void done(void *ctx)
{
	char n = (char)((struct job *)ctx)->n;

	free(ctx);
	ck_assert_int_eq(write(ended[1], &n, 1), 1);
}

static struct bl_helper *begin(struct job **ret)
{
	struct bl_helper *h = NULL;

	*ret = calloc(1, sizeof **ret);
	ck_assert_int_eq(pipe(gate) | pipe(ended), 0);
	ck_assert_int_eq(bl_helper_new("test", work, done, *ret, &h), 0);
	return h;
}

START_TEST(work_is_done_one_at_a_time)
{
	struct job *j;
	struct bl_helper *h = begin(&j);
	char n;

	ck_assert(bl_helper_wait(h, 0));
	for (int i = 1; i <= 100; i++) {
		ck_assert(bl_helper_ask(h));
		ck_assert(bl_helper_wait(h, bl_now_ns() + SOON));
		ck_assert_int_eq(j->n, i);
	}
	ck_assert_ptr_null(bl_helper_end(h));
	ck_assert_int_eq(read(ended[0], &n, 1), 1);
	ck_assert_int_eq(n, 100);
}
END_TEST

START_TEST(work_that_hangs_is_given_up_and_ends_itself)
{
	struct job *j;
	struct bl_helper *h = begin(&j);
	uint64_t from = bl_now_ns();
	char n;

	j->is_blocking = true;
	ck_assert(bl_helper_ask(h));
	ck_assert(!bl_helper_wait(h, from + 50 * NS_PER_MS));
	ck_assert_uint_ge(bl_now_ns(), from + 50 * NS_PER_MS);
	ck_assert(!bl_helper_ask(h));
	bl_helper_end(h);
	ck_assert_uint_lt(bl_now_ns(), from + SOON);
	ck_assert_int_eq(write(gate[1], "", 1), 1);
	ck_assert_int_eq(read(ended[0], &n, 1), 1);
	ck_assert_int_eq(n, 1);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("helper");
	TCase *t = tcase_create("helper");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, work_is_done_one_at_a_time);
	tcase_add_test(t, work_that_hangs_is_given_up_and_ends_itself);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
