#include "night.h"

#include <stdlib.h>
#include <string.h>

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

/* Neither gone nor known. */
static bool is_standing(const struct night_change *c)
{
	return c->state == CHANGE_CANDIDATE || c->state == CHANGE_CONFIRMED;
}

/* Another pair of cell and job has the same event: two would hardly shift at once by chance. */
static bool is_of_several(const struct night *n, const struct night_change *c)
{
	for (size_t i = 0; i < n->n_changes; i++) {
		const struct night_change *other = &n->changes[i];

		if (is_standing(other) && strcmp(other->event, c->event) == 0 &&
		    (strcmp(other->cell, c->cell) != 0 || strcmp(other->job, c->job) != 0))
			return true;
	}
	return false;
}

static bool is_more_than_candidate(const struct night *n, const struct night_change *c)
{
	if (c->state != CHANGE_CANDIDATE)
		return c->state == CHANGE_CONFIRMED;
	return n->trusts_candidates || c->is_beyond_baseline || is_of_several(n, c);
}

bool night_change_counts(const struct night *n, const struct night_change *c)
{
	return c->is_new && is_more_than_candidate(n, c);
}

bool night_change_alarms(const struct night *n, const struct night_change *c)
{
	return c->is_worse && night_change_counts(n, c);
}

bool night_is_worse(const struct night *n)
{
	for (size_t i = 0; i < n->n_changes; i++)
		if (night_change_alarms(n, &n->changes[i]))
			return true;
	return false;
}

enum night_exit night_exit_of(const struct night *n)
{
	if (night_is_worse(n))
		return NIGHT_EXIT_WORSE;
	if (n->is_stopped || n->n_ok < n->n_trials)
		return NIGHT_EXIT_TRIAL_FAILED;
	return n->outcome == NIGHT_CANNOT_TELL ? NIGHT_EXIT_CANNOT_TELL : NIGHT_EXIT_FINE;
}

bool night_change_is_open(const struct night *n, const struct night_change *c)
{
	return c->is_new && c->state == CHANGE_CANDIDATE && !is_more_than_candidate(n, c);
}

bool night_change_is_told(const struct night *n, const struct night_change *c)
{
	if (!c->is_new || !is_standing(c))
		return true;
	for (size_t i = 0; i < n->n_changes; i++)
		if (strcmp(n->changes[i].event, c->event) == 0 &&
		    night_change_counts(n, &n->changes[i]))
			return true;
	return false;
}

size_t night_count_unsettled(const struct night *n)
{
	size_t found = 0;

	for (size_t i = 0; i < n->n_changes; i++) {
		const struct night_change *c = &n->changes[i];

		found += c->is_worse && is_standing(c) && (!c->is_new || night_change_counts(n, c));
	}
	return found;
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
