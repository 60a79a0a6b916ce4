#include "made_data.h"

int main(void)
{
	Suite *s = suite_create("stats");
	SRunner *r;
	int failed;

	suite_add_tcase(s, rank_cases());
	suite_add_tcase(s, enough_cases());
	suite_add_tcase(s, steady_cases());
	suite_add_tcase(s, student_cases());
	suite_add_tcase(s, metric_cases());
	suite_add_tcase(s, yuen_cases());
	suite_add_tcase(s, mann_whitney_cases());
	suite_add_tcase(s, family_cases());
	suite_add_tcase(s, forecast_cases());
	suite_add_tcase(s, median_cases());
	suite_add_tcase(s, decide_cases());
	suite_add_tcase(s, summary_cases());
	suite_add_tcase(s, compare_cases());
	suite_add_tcase(s, effects_cases());
	suite_add_tcase(s, figure_cases());
	suite_add_tcase(s, calibration_cases());
	suite_add_tcase(s, stutter_cases());
	suite_add_tcase(s, attribution_cases());
	suite_add_tcase(s, modulation_cases());
	suite_add_tcase(s, simulated_cases());
	suite_add_tcase(s, simulated_compare_cases());
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
