#include "test_changes.h"

int main(void)
{
	Suite *s = suite_create("changes");
	SRunner *r;
	int failed;

	suite_add_tcase(s, changes_cases());
	suite_add_tcase(s, gesd_cases());
	suite_add_tcase(s, edivisive_cases());
	suite_add_tcase(s, value_lines_cases());
	suite_add_tcase(s, value_pairs_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
