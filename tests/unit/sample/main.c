#include "cases.h"

int main(void)
{
	Suite *s = suite_create("sample");
	SRunner *r;
	int failed;

	suite_add_tcase(s, hist_cases());
	suite_add_tcase(s, sample_cases());
	suite_add_tcase(s, json_cases());
	suite_add_tcase(s, hostile_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
