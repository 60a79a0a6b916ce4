#include "made_job.h"

int main(void)
{
	Suite *s = suite_create("analysis");
	SRunner *r;
	int failed;

	suite_add_tcase(s, layer_cases());
	suite_add_tcase(s, budget_cases());
	suite_add_tcase(s, timeline_cases());
	suite_add_tcase(s, signal_cases());
	suite_add_tcase(s, job_cases());
	suite_add_tcase(s, knee_cases());
	suite_add_tcase(s, bill_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
