#include "made_runs.h"

int main(void)
{
	SRunner *r = srunner_create(fingerprint_suite());
	int failed;

	srunner_add_suite(r, history_suite());
	srunner_add_suite(r, judge_suite());
	srunner_add_suite(r, worse_suite());
	srunner_add_suite(r, confirm_suite());
	srunner_add_suite(r, profile_suite());
	srunner_add_suite(r, alike_suite());
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
