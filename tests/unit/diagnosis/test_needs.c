/* Which rule decides: every combination of declared needs with measured outcomes and hand-overs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "decision.h"
#include "made_case.h"

enum { MIGRATE, SNAPSHOT, SHARE, LATENCY, FAULTS, NEEDS };

static const char *const keys[NEEDS] = {"needs.live_migration", "needs.snapshots",
					"needs.shared_device", "needs.latency_critical",
					"needs.device_faults_handled"};
static const char *const against[NEEDS] = {"yes", "yes", "yes", "no", "no"};
static const char *const allows[NEEDS] = {"no", "no", "no", "yes", "yes"};

enum outcome { BETTER, SAME, TOO_FEW, OUTCOMES };
enum said { ALLOWS, AGAINST, UNSAID, SAIDS };

static void make(struct run_data *d, enum outcome outcome)
{
	static const char *const buses[] = {"virtio-blk", "vfio", NULL};

	make_case(d, buses, outcome == TOO_FEW ? 2 : 6);
	for (size_t i = 0; i < d->n_trials; i++) {
		struct trial_record *t = &d->trials[i];
		bool is_faster = t->cell == 1 && outcome == BETTER;

		set_reads(&t->jobs[0], 200000, is_faster ? 60000 : 100000 + t->repeat, 20000);
	}
}

static void hand_over(struct run_data *d, size_t n, size_t n_back)
{
	d->handovers = calloc(n, sizeof *d->handovers);
	d->n_handovers = n;
	for (size_t i = 0; i < n; i++) {
		struct handover_record *h = &d->handovers[i];

		h->host_id = strdup("h");
		h->device = strdup("0000:5e:00.0");
		h->serial = strdup("S");
		h->model = strdup("M");
		h->driver_before = strdup("nvme");
		h->namespaces = strdup("nvme0n1");
		h->is_back = i < n_back;
		h->outcome = strdup(h->is_back ? "back" : "gone");
	}
}

/* The rules as they stand in the header, written once more. */
static enum decision expected(const enum said said[NEEDS], enum outcome outcome, bool is_fault,
			      size_t *ret_line)
{
	static const size_t lines[NEEDS] = {0, 1, 2, 3, 7};

	for (size_t i = MIGRATE; i <= LATENCY; i++) {
		*ret_line = lines[i];
		if (said[i] == AGAINST)
			return DECISION_VIRTIO;
	}
	*ret_line = 4;
	if (outcome == SAME)
		return DECISION_VIRTIO;
	if (is_fault) {
		*ret_line = 6;
		return DECISION_NOT_YET;
	}
	if (said[FAULTS] == AGAINST) {
		*ret_line = 7;
		return DECISION_NOT_YET;
	}
	if (outcome == TOO_FEW)
		return DECISION_CANNOT_TELL;
	for (size_t i = 0; i < NEEDS; i++)
		if (said[i] == UNSAID)
			return DECISION_CONDITIONAL;
	return DECISION_PASSTHROUGH;
}

static void check_lines(const struct passthrough_decision *p, const enum said said[NEEDS],
			size_t decided)
{
	static const size_t lines[NEEDS] = {0, 1, 2, 3, 7};

	ck_assert_uint_eq(p->n, 8);
	for (size_t i = 0; i < p->n; i++)
		ck_assert_int_eq(p->lines[i].decided, i == decided);
	for (size_t i = 0; i < NEEDS; i++) {
		const struct decision_line *l = &p->lines[lines[i]];

		ck_assert_int_eq(l->speaks_for, said[i] == UNSAID ? 0 : said[i] == ALLOWS ? 1 : -1);
		ck_assert_str_eq(l->answer, said[i] == UNSAID   ? "not said"
					    : said[i] == ALLOWS ? allows[i]
								: against[i]);
	}
}

START_TEST(every_combination_is_decided_by_the_first_rule_that_can)
{
	enum outcome outcome = (enum outcome)(_i % OUTCOMES);
	bool is_fault = _i >= OUTCOMES;
	struct run_data d;

	make(&d, outcome);
	hand_over(&d, 3, is_fault ? 2 : 3);
	for (int combination = 0; combination < 243; combination++) { /* 3 to the 5th */
		struct passthrough_decision p;
		enum said said[NEEDS];
		size_t line;
		int rest = combination;

		facts_done(&d.run.declared);
		for (size_t i = 0; i < NEEDS; i++, rest /= SAIDS) {
			said[i] = (enum said)(rest % SAIDS);
			if (said[i] != UNSAID)
				facts_add(&d.run.declared, keys[i],
					  said[i] == ALLOWS ? allows[i] : against[i]);
		}
		ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
		ck_assert_msg(p.decision == expected(said, outcome, is_fault, &line),
			      "combination %d: %s: %s", combination, decision_names[p.decision],
			      p.sentence);
		check_lines(&p, said, line);
		passthrough_decision_done(&p);
	}
	run_data_done(&d);
}
END_TEST

static const struct {
	int need; /* against; -1: none */
	const char *says;
} sentences[] = {
	{MIGRATE, "No, virtio: the VM must migrate live, and one that holds a device of the host "
		  "cannot be moved while it runs."},
	{SNAPSHOT, "No, virtio: snapshots of its disk are needed"},
	{SHARE, "No, virtio: the device must be shared"},
	{LATENCY, "No, virtio: its workload is said not to be critical"},
	{FAULTS, "Not yet: the scenario says that resets and errors of the device are not handled"},
	{-1, "Yes, if it need not migrate live, the host need not take snapshots of its disk, it "
	     "can have the device to itself, its workload is critical at p99 or p99.9 and it "
	     "survives a reset of its disk: 'vfio' against 'virtio-blk': j: p99 -40 %"},
};

START_TEST(the_sentence_says_which_rule_decided)
{
	struct passthrough_decision p;
	struct run_data d;

	make(&d, BETTER);
	if (sentences[_i].need >= 0)
		facts_add(&d.run.declared, keys[sentences[_i].need], against[sentences[_i].need]);
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_msg(strncmp(p.sentence, sentences[_i].says, strlen(sentences[_i].says)) == 0,
		      "%s", p.sentence);
	passthrough_decision_done(&p);
	run_data_done(&d);
}
END_TEST

START_TEST(a_hand_over_with_a_fault_says_what_it_was)
{
	struct passthrough_decision p;
	struct run_data d;

	make(&d, BETTER);
	hand_over(&d, 6, 6);
	facts_add(&d.trials[1].facts, "device.iommu_group", "12");
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_str_eq(p.lines[6].answer, "yes");
	ck_assert_str_eq(p.lines[6].evidence,
			 "6 of 6 trials with bus vfio ran, the device came back "
			 "from 6 of 6 hand-overs, IOMMU group 12");
	passthrough_decision_done(&p);
	d.trials[3].state = TRIAL_FAILED;
	d.trials[3].reason = strdup("failed to setup container for group 2");
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_int_eq(p.decision, DECISION_NOT_YET);
	ck_assert_ptr_nonnull(strstr(p.sentence, "Not yet: the hand-over did not work without a "
						 "fault: 5 of 6 trials"));
	ck_assert_ptr_nonnull(
		strstr(p.sentence, "'vfio' failed: failed to setup container for group 2"));
	passthrough_decision_done(&p);
	d.trials[3].state = TRIAL_INTERRUPTED; /* by the user: no fault */
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_str_eq(p.lines[6].answer, "yes");
	passthrough_decision_done(&p);
	run_data_done(&d);
}
END_TEST

/* A disk without a claim, say: no fault of the hand-over. */
START_TEST(what_was_never_handed_over_is_not_called_a_hand_over)
{
	struct passthrough_decision p;
	struct run_data d;

	make(&d, BETTER);
	for (size_t i = 0; i < d.n_trials; i++) {
		d.trials[i].state = TRIAL_FAILED;
		d.trials[i].reason = strdup("no claim");
	}
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_str_eq(p.sentence,
			 "Not yet: nothing was handed over: 0 of 6 trials with bus vfio "
			 "ran; 'vfio' failed: no claim.");
	passthrough_decision_done(&p);
	run_data_done(&d);
}
END_TEST

START_TEST(resets_of_the_run_are_evidence_for_the_last_rule)
{
	struct passthrough_decision p;
	struct run_data d;

	make(&d, BETTER);
	ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
	ck_assert_ptr_nonnull(strstr(p.lines[7].evidence, "none was seen in this run"));
	passthrough_decision_done(&p);
	for (size_t i = 1; i < 4; i += 2) {
		facts_add(&d.trials[i].facts, "device.event.0",
			  "guest: nvme nvme0: resetting controller");
		ck_assert_int_eq(decide_run(&d, &p, NULL), 0);
		ck_assert_ptr_nonnull(
			strstr(p.lines[7].evidence,
			       i == 1 ? "; this run has 1 finding of resets or errors"
				      : "; this run has 2 findings of resets or errors"));
		passthrough_decision_done(&p);
	}
	run_data_done(&d);
}
END_TEST

TCase *need_cases(void)
{
	TCase *t = tcase_create("needs");

	/* Hundreds of whole runs a case: seconds with sanitizers on a busy machine. */
	tcase_set_timeout(t, 60);
	tcase_add_loop_test(t, every_combination_is_decided_by_the_first_rule_that_can, 0,
			    2 * OUTCOMES);
	tcase_add_loop_test(t, the_sentence_says_which_rule_decided, 0,
			    sizeof sentences / sizeof *sentences);
	tcase_add_test(t, a_hand_over_with_a_fault_says_what_it_was);
	tcase_add_test(t, what_was_never_handed_over_is_not_called_a_hand_over);
	tcase_add_test(t, resets_of_the_run_are_evidence_for_the_last_rule);
	return t;
}
