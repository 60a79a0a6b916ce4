#include <stdlib.h>

#include "suites.h"

int main(void)
{
	Suite *s = suite_create("blkjob documents");
	SRunner *run;
	int failed;

	suite_add_tcase(s, documents_tests());
	suite_add_tcase(s, entry_tests());
	suite_add_tcase(s, numbers_tests());
	suite_add_tcase(s, logs_tests());
	suite_add_tcase(s, hgrm_tests());
	suite_add_tcase(s, disk_tests());
	run = srunner_create(s);
	srunner_run_all(run, CK_NORMAL);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
