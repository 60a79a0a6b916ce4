/* made_run.h - whole runs made from a seed, and whether two are the same. */
#ifndef MADE_RUN_H
#define MADE_RUN_H

#include <check.h>

#include "record.h"

#define MADE_CELLS   3
#define MADE_REPEATS 2

/* The same seed gives the same run, ids too. */
void make_run(struct run_data *d, unsigned seed);
/* One more trial of that run. */
void make_trial(struct trial_record *t, const struct run_data *d, uint32_t order);
/* As a sample of a store or agent that knew nothing yet of the clock. */
void forget_version_2(struct sample *m);
/* As a run of a store that knew nothing yet of hand-overs and declared needs. */
void forget_version_3(struct run_data *d);
/* As a trial of a store that knew nothing yet of signals. */
void forget_version_4(struct trial_record *t);
/* As a trial of a store that knew nothing yet of boots that trials share. */
void forget_version_5(struct trial_record *t);
/* A baseline of that run, and a change whose later run is not in the store. */
void make_baseline(struct baseline_record *b, const struct run_data *d, unsigned number);
void make_change(struct change_record *c, const struct run_data *d, unsigned number);
void assert_same_baseline(const struct baseline_record *a, const struct baseline_record *b);
void assert_same_change(const struct change_record *a, const struct change_record *b);
/* What trial @number of that run has taken (even: vfio, odd: mount) and not given back. */
void make_handover(struct handover_record *h, const struct run_data *d, unsigned number);
void assert_same_handover(const struct handover_record *a, const struct handover_record *b);
void assert_same_run(const struct run_data *a, const struct run_data *b);

/* A new folder for the test; and its end, with all that is in it. */
extern char test_dir[64];
void make_test_dir(void);
void drop_test_dir(void);
const char *in_test_dir(const char *name); /* valid until the next call but one */

TCase *store_cases(void);
TCase *trouble_cases(void);
TCase *schema_cases(void);
TCase *handover_cases(void);
TCase *watched_cases(void);
TCase *baseline_cases(void);
TCase *merge_cases(void);

#endif
