#include "night.h"

#include <stdlib.h>

#include "cleanup.h"

const char *const night_outcome_names[] = {
	[NIGHT_OK] = "ok",
	[NIGHT_CHANGED] = "changed",
	[NIGHT_CANNOT_TELL] = "cannot tell",
	[NIGHT_NOT_MEASURED] = "not measured",
};
_Static_assert(BL_ARRAY_LEN(night_outcome_names) == NIGHT_OUTCOMES, "one name an outcome");

const char *const change_state_names[] = {
	[CHANGE_CANDIDATE] = "candidate",       [CHANGE_CONFIRMED] = "confirmed",
	[CHANGE_WENT_AWAY] = "went away",       [CHANGE_NOT_REPRODUCIBLE] = "not reproducible",
	[CHANGE_ACKNOWLEDGED] = "acknowledged",
};
_Static_assert(BL_ARRAY_LEN(change_state_names) == CHANGE_STATES, "one name a state");

const char *const profile_verdict_names[] = {
	[PROFILE_OK] = "ok",
	[PROFILE_DRIFTED] = "drifted",
	[PROFILE_CANNOT_TELL] = "cannot tell",
};
_Static_assert(BL_ARRAY_LEN(profile_verdict_names) == PROFILE_VERDICTS, "one name a verdict");

bool night_change_counts(const struct night_change *c)
{
	return c->is_new && c->state != CHANGE_WENT_AWAY && c->state != CHANGE_NOT_REPRODUCIBLE &&
	       c->state != CHANGE_ACKNOWLEDGED;
}

bool night_is_worse(const struct night *n)
{
	for (size_t i = 0; i < n->n_changes; i++) {
		if (night_change_counts(&n->changes[i]) && n->changes[i].is_worse)
			return true;
	}
	for (size_t i = 0; i < n->n_points; i++) {
		if (n->points[i].verdict == PROFILE_DRIFTED && n->points[i].is_worse)
			return true;
	}
	return false;
}

void night_change_done(struct night_change *c)
{
	free(c->cell);
	free(c->job);
	free(c->cause);
	free(c->confirmation);
	*c = (struct night_change){0};
}

void night_point_done(struct night_point *p)
{
	free(p->cell);
	free(p->job);
	free(p->why);
	*p = (struct night_point){0};
}

static void texts_done(char **texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

void night_done(struct night *n)
{
	char *strings[] = {n->scenario, n->host_id,  n->host_name,   n->version,
			   n->accel,    n->baseline, n->report_path, n->reason};

	for (size_t i = 0; i < BL_ARRAY_LEN(strings); i++)
		free(strings[i]);
	for (size_t i = 0; i < n->n_points; i++)
		night_point_done(&n->points[i]);
	for (size_t i = 0; i < n->n_changes; i++)
		night_change_done(&n->changes[i]);
	for (size_t i = 0; i < n->n_failures; i++) {
		free(n->failures[i].cell);
		free(n->failures[i].reason);
	}
	free(n->points);
	free(n->changes);
	free(n->failures);
	texts_done(n->environment, n->n_environment);
	texts_done(n->notes, n->n_notes);
	*n = (struct night){0};
}
