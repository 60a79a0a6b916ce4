#include "suites.h"

int main(void)
{
	Suite *s = suite_create("import");
	SRunner *r;
	int failed;

	suite_add_tcase(s, document_cases());
	suite_add_tcase(s, run_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
