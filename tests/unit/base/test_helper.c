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

/* --- work that is a loop --- */

struct loop {
	struct bl_helper *h;
	uint64_t at_ns[64];
	unsigned n;
	bool is_blocking, is_over;
};

static void turn(void *ctx)
{
	struct loop *l = ctx;
	char byte;
	uint64_t tick = bl_now_ns();

	do {
		l->at_ns[l->n++] = tick;
		if (l->is_blocking)
			ck_assert_int_eq(read(gate[0], &byte, 1), 1);
		if (l->n == 2)
			usleep(50000); /* and misses two ticks */
	} while (l->n < 64 && !bl_helper_tick(l->h, &tick, 20 * NS_PER_MS));
	usleep(20000);
	l->is_over = true;
	ck_assert_int_eq(write(ended[1], "", 1), 1);
}

static struct loop *begin_loop(bool is_blocking)
{
	struct loop *l = calloc(1, sizeof *l);

	l->is_blocking = is_blocking;
	ck_assert_int_eq(pipe(gate) | pipe(ended), 0);
	ck_assert_int_eq(bl_helper_new("loop", turn, free, l, &l->h), 0);
	ck_assert(bl_helper_ask(l->h));
	return l;
}

START_TEST(a_loop_keeps_its_ticks_until_it_is_stopped)
{
	struct loop *l = begin_loop(false);

	ck_assert(bl_helper_wait(l->h, bl_now_ns() + SOON)); /* its first turn is done */
	ck_assert_uint_ge(l->n, 1);
	ck_assert(!bl_helper_ask(l->h));
	usleep(300000);
	bl_helper_stop(l->h);
	ck_assert(bl_helper_wait(l->h, bl_now_ns() + SOON));
	ck_assert(l->is_over);
	ck_assert_uint_ge(l->n, 3);
	ck_assert_uint_lt(l->n, 64);
	ck_assert_uint_ge(l->at_ns[2] - l->at_ns[1], 60 * NS_PER_MS); /* not made up for */
	for (unsigned i = 1; i < l->n; i++) {
		ck_assert_uint_gt(l->at_ns[i], l->at_ns[i - 1]);
		ck_assert_uint_eq((l->at_ns[i] - l->at_ns[0]) % (20 * NS_PER_MS), 0);
	}
	bl_helper_end(l->h);
}
END_TEST

START_TEST(a_stop_ends_a_pause_and_what_hangs_before_one_is_not_paused)
{
	struct loop *l = begin_loop(true);
	uint64_t from = bl_now_ns();
	char byte;

	ck_assert(!bl_helper_wait(l->h, from + 50 * NS_PER_MS));
	bl_helper_stop(l->h);
	ck_assert(!bl_helper_wait(l->h, from + 100 * NS_PER_MS));
	ck_assert_int_eq(write(gate[1], "", 1), 1);
	ck_assert(bl_helper_wait(l->h, from + SOON));
	ck_assert_uint_eq(l->n, 1);
	ck_assert_int_eq(read(ended[0], &byte, 1), 1); /* it is over, and does not pause */
	bl_helper_end(l->h);
}
END_TEST

START_TEST(a_loop_that_is_given_up_ends_itself)
{
	struct loop *l = begin_loop(true);
	char byte;

	ck_assert(!bl_helper_wait(l->h, bl_now_ns() + 20 * NS_PER_MS));
	bl_helper_end(l->h);
	ck_assert_int_eq(write(gate[1], "", 1), 1);
	ck_assert_int_eq(read(ended[0], &byte, 1), 1);
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
	tcase_add_test(t, a_loop_keeps_its_ticks_until_it_is_stopped);
	tcase_add_test(t, a_stop_ends_a_pause_and_what_hangs_before_one_is_not_paused);
	tcase_add_test(t, a_loop_that_is_given_up_ends_itself);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
