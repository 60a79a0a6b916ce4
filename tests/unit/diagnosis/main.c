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
	suite_add_tcase(s, storage_cases());
	suite_add_tcase(s, cpu_cases());
	suite_add_tcase(s, path_cases());
	suite_add_tcase(s, memory_cases());
	suite_add_tcase(s, sound_cases());
	suite_add_tcase(s, edge_cases());
	suite_add_tcase(s, live_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
