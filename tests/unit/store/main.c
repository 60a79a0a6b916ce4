#include "made_run.h"

int main(void)
{
	Suite *s = suite_create("store");
	SRunner *r;
	int failed;

	suite_add_tcase(s, store_cases());
	suite_add_tcase(s, trouble_cases());
	suite_add_tcase(s, schema_cases());
	suite_add_tcase(s, handover_cases());
	suite_add_tcase(s, watched_cases());
	suite_add_tcase(s, baseline_cases());
	suite_add_tcase(s, merge_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
