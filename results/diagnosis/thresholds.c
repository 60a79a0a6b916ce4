#include "thresholds.h"

const struct threshold_row threshold_rows[N_THRESHOLDS] = {
#define X(name, real, emulated, unit, why) {#name, real, emulated, unit, why},
	THRESHOLDS(X)
#undef X
};
