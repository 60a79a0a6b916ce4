#include "made_case.h"

int main(void)
{
	Suite *s = suite_create("diagnosis");
	SRunner *r;
	int failed;

	suite_add_tcase(s, device_cases());
	suite_add_tcase(s, interrupt_cases());
	suite_add_tcase(s, decision_cases());
	suite_add_tcase(s, need_cases());
	suite_add_tcase(s, command_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
