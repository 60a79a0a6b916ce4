/* Every allocation on the way from text to plan fails once: the answer is -ENOMEM with a
 * reason, nothing is returned, and (in the sanitizer build) nothing leaks. libyaml's own, in its
 * shared object, are not among them. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "failing_alloc.h"
#include "plan.h"
#include "scenario_text.h"

static const char text[] = "name: t\n"
			   "description: words\n"
			   "vm: { vcpus: 2, memory: 1GiB, machine: pc }\n"
			   "backing: { dir: here, size: 64MiB }\n"
			   "device: { pci: '5E:00.0', serial: S5XX }\n"
			   "needs: { snapshots: no }\n"
			   "axes:\n"
			   "  bus: [virtio-blk, sata, host]\n"
			   "  iothreads: [0, 1]\n"
			   "  kernel: [default, a/vmlinuz, b/vmlinuz]\n"
			   "exclude:\n"
			   "  - { bus: sata, iothreads: 1 }\n"
			   "  - { kernel: b/vmlinuz, queues: auto }\n"
			   "include:\n"
			   "  - { name: again }\n"
			   "  - { cache: unsafe, kernel: b/vmlinuz }\n"
			   "reference: again\n"
			   "jobs: { file: ../jobs/quick.fio, only: [commit-4k], runtime: 1s }\n";

/* One cell changed, and another that the matrix has under another name. */
static int choose(const struct matrix *m, struct bl_buf *out, struct bl_err *err)
{
	static const char *const changes[] = {"cache=unsafe,kernel=c/vmlinuz", "iothreads=1"};
	static const size_t cells[] = {0};
	struct matrix_choice want = {cells, 1, changes, BL_ARRAY_LEN(changes)};
	BL_CLEANUP(matrix_freep) struct matrix *chosen = NULL;
	int r = matrix_select(m, &want, &chosen, err);

	if (r < 0) {
		ck_assert_ptr_null(chosen);
		return r;
	}
	matrix_to_text(chosen, out);
	return 0;
}

static int go_through(struct bl_buf *out, struct bl_err *err)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	BL_CLEANUP(plan_freep) struct plan *p = NULL;
	int r = scenario_parse(text, TEXT_PATH, &sc, err);

	if (r < 0) {
		ck_assert_ptr_null(sc);
		return r;
	}
	r = matrix_expand(sc, &m, err);
	if (r < 0) {
		ck_assert_ptr_null(m);
		return r;
	}
	r = plan_make(sc, m, &p, err);
	if (r < 0) {
		ck_assert_ptr_null(p);
		return r;
	}
	r = choose(m, out, err);
	if (r < 0)
		return r;
	matrix_to_text(m, out);
	plan_to_text(p, m, out);
	return bl_buf_failed(out) ? -ENOMEM : 0;
}

START_TEST(a_failed_allocation_is_reported_and_nothing_else_changes)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf good = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	long n = 0;

	ck_assert_msg(go_through(&good, &err) == 0, "%s", err.text);
	for (;; n++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
		struct bl_err why = BL_ERR_INIT;
		bool was_failed;
		int r;

		alloc_fail(n);
		r = go_through(&out, &why);
		was_failed = alloc_failed();
		if (r == 0) {
			ck_assert_str_eq(bl_buf_str(&out), bl_buf_str(&good));
			if (!was_failed)
				break; /* fewer calls than n */
			continue;
		}
		ck_assert_msg(r == -ENOMEM, "call %ld: %d, %s", n, r, why.text);
	}
	ck_assert_int_gt(n, 100);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("scenario_memory");
	TCase *tc = tcase_create("scenario_memory");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, a_failed_allocation_is_reported_and_nothing_else_changes);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
