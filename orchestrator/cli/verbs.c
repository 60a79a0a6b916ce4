/* verbs.c - the list of verbs, in the order that help shows them. */
#include "cleanup.h"
#include "rows.h"

const char *const accel_values[] = {"auto", "kvm", "tcg", NULL};

/* One a line. */
/* clang-format off */
const struct verb *const verbs[] = {
	&verb_doctor,
	&verb_claim,
	&verb_plan,
	&verb_run,
	&verb_nightly,
	&verb_calibrate,
	&verb_baseline,
	&verb_hosts,
	&verb_history,
	&verb_recover,
	&verb_image,
	&verb_report,
	&verb_diagnose,
	&verb_compare,
	&verb_changes,
	&verb_stutter,
	&verb_list,
	&verb_merge,
	&verb_export,
	&verb_import,
	&verb_notify,
	&verb_help,
	&verb_man,
	&verb_completion,
	&verb_version,
};
/* clang-format on */
const size_t n_verbs = BL_ARRAY_LEN(verbs);
