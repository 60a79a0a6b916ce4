/* Questions to a monitor with a limit. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "hv_limited.h"
#include "hypervisor_priv.h"
#include "units.h"

static _Atomic bool is_stuck; /* not in the VM, which may be gone when the answer comes */

static int number_qmp(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
		      struct bl_err *err)
{
	(void)vm;
	while (is_stuck)
		usleep(1000);
	if (!strcmp(command, "wrong"))
		return bl_fail(err, -ENOTSUP, "qmp wrong: there is no such command");
	*ret_reply = json_integer(json_integer_value(json_object_get(args, "n")) + 1);
	return 0;
}

static const struct hv_ops number_ops = {.name = "number", .qmp = number_qmp};

START_TEST(a_question_with_a_limit_has_its_answer)
{
	struct hv_vm vm = {.ops = &number_ops};
	struct hv_vm *l = hv_limited(&vm, 5 * NS_PER_S, NULL);
	json_t *args = json_pack("{s:i}", "n", 41), *reply = NULL;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(hv_vm_qmp(l, "count", args, &reply, &err), 0);
	ck_assert_int_eq(json_integer_value(reply), 42);
	ck_assert_int_eq(hv_vm_qmp(l, "wrong", NULL, &reply, &err), -ENOTSUP);
	ck_assert_str_eq(err.text, "qmp wrong: there is no such command");
	json_decref(reply);
	json_decref(args);
	hv_vm_end(l);
}
END_TEST

START_TEST(a_qemu_that_hangs_holds_up_one_question_and_none_behind_it)
{
	struct hv_vm vm = {.ops = &number_ops};
	struct hv_vm *l = hv_limited(&vm, 300 * NS_PER_MS, NULL);
	struct bl_err err = BL_ERR_INIT;
	uint64_t from = bl_now_ns();
	json_t *reply = NULL;

	is_stuck = true;
	ck_assert_int_eq(hv_vm_qmp(l, "count", NULL, &reply, &err), -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(err.text, "qmp count: qemu has not answered"));
	ck_assert_uint_ge(bl_now_ns() - from, 300 * NS_PER_MS);
	from = bl_now_ns();
	for (int i = 0; i < 100; i++)
		ck_assert_int_eq(hv_vm_qmp(l, "count", NULL, &reply, NULL), -ETIMEDOUT);
	ck_assert_uint_lt(bl_now_ns() - from, 10 * NS_PER_S);
	hv_vm_end(l);
	is_stuck = false;
	usleep(300000); /* the question frees itself */
}
END_TEST

START_TEST(a_stop_ends_the_wait)
{
	static volatile sig_atomic_t stop;
	struct hv_vm vm = {.ops = &number_ops};
	struct hv_vm *l = hv_limited(&vm, 600 * NS_PER_S, &stop);
	struct bl_err err = BL_ERR_INIT;
	json_t *reply = NULL;

	is_stuck = true;
	stop = 1;
	ck_assert_int_eq(hv_vm_qmp(l, "count", NULL, &reply, &err), -EINTR);
	hv_vm_end(l);
	is_stuck = false;
	usleep(300000);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("limited");
	TCase *t = tcase_create("limited");
	SRunner *run;
	int failed;

	tcase_add_test(t, a_question_with_a_limit_has_its_answer);
	tcase_add_test(t, a_qemu_that_hangs_holds_up_one_question_and_none_behind_it);
	tcase_add_test(t, a_stop_ends_the_wait);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
