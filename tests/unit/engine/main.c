#include "support.h"

int main(void)
{
	Suite *s = suite_create("engine");
	SRunner *run;
	int failed;

	suite_add_tcase(s, blocks_cases());
	suite_add_tcase(s, slices_cases());
	suite_add_tcase(s, counts_cases());
	suite_add_tcase(s, failures_cases());
	suite_add_tcase(s, pace_cases());
	suite_add_tcase(s, fill_cases());
	suite_add_tcase(s, limit_cases());
	suite_add_tcase(s, rich_cases());
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed != 0;
}
