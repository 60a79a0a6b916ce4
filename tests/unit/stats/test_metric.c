/* What matters, as people say it and as a run declares it. */
#include <errno.h>
#include <string.h>

#include "made_data.h"
#include "metric.h"

static const struct {
	const char *text;
	int code;
	enum metric m;
	double is;
	const char *says;
} said[] = {
	{"p99=5%", 0, METRIC_P99, 0.05, NULL},
	{"p99=7.5", 0, METRIC_P99, 0.075, NULL},
	{"p99.9=20%", 0, METRIC_P99_9, 0.2, NULL},
	{"p99_9_ns=20%", 0, METRIC_P99_9, 0.2, NULL},
	{"iops=0.1%", 0, METRIC_IOPS, 0.001, NULL},
	{"cpu=100%", 0, METRIC_CPU_PER_IO, 1, NULL},
	{"p99", -EINVAL, 0, 0, "METRIC=PCT"},
	{"=5%", -EINVAL, 0, 0, "METRIC=PCT"},
	{"p98=5%", -EINVAL, 0, 0,
	 "'p98' is no metric that a smallest effect is known of; iops, bandwidth, mean, p50, p99, "
	 "p99.9, max, cpu are"},
	{"an-exceedingly-long-name-of-no-metric=5%", -EINVAL, 0, 0, "an-exceedingly-long"},
	{"p99=much", -EINVAL, 0, 0, "'much' is no percentage"},
	{"p99=5%%", -EINVAL, 0, 0, "'5%%' is no percentage"},
	{"p99=", -EINVAL, 0, 0, "is no percentage"},
	{"p99=nan", -EINVAL, 0, 0, "'nan' is no percentage"},
	{"p99=0", -ERANGE, 0, 0, "0 % is outside 0.1 % to 100 %"},
	{"p99=-5%", -ERANGE, 0, 0, "outside"},
	{"p99=101%", -ERANGE, 0, 0, "outside"},
};

START_TEST(what_matters_is_a_metric_and_a_percentage)
{
	struct min_effects e = min_effects_default;
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(min_effects_set(&e, said[_i].text, &err), said[_i].code);
	if (said[_i].code < 0) {
		ck_assert_msg(strstr(err.text, said[_i].says), "%s", err.text);
		ck_assert_mem_eq(&e, &min_effects_default, sizeof e);
		return;
	}
	ck_assert_double_eq_tol(e.by[said[_i].m], said[_i].is, 1e-12);
	e.by[said[_i].m] = min_effects_default.by[said[_i].m];
	ck_assert_mem_eq(&e, &min_effects_default, sizeof e);
}
END_TEST

START_TEST(what_a_run_declared_holds_for_it)
{
	struct run_record r = {0};
	struct min_effects e;

	facts_add(&r.declared, "needs.snapshots", "yes");
	facts_add(&r.declared, "min_effect.p99", "0.08");
	facts_add(&r.declared, "min_effect.p99.9", "0.25");
	facts_add(&r.declared, "min_effect.p50", "nonsense");
	facts_add(&r.declared, "min_effect.p12", "0.5");
	facts_add(&r.declared, "min_effect.iops", "9");
	e = min_effects_of(&r);
	for (int m = 0; m < METRICS; m++)
		ck_assert_double_eq(e.by[m], m == METRIC_P99     ? 0.08
					     : m == METRIC_P99_9 ? 0.25
								 : metric_min_effect[m]);
	facts_done(&r.declared);
}
END_TEST

TCase *metric_cases(void)
{
	TCase *t = tcase_create("metric");

	tcase_add_loop_test(t, what_matters_is_a_metric_and_a_percentage, 0,
			    sizeof said / sizeof *said);
	tcase_add_test(t, what_a_run_declared_holds_for_it);
	return t;
}
