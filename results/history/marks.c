/* marks.c - what changed from one night to the next that a change of figures may come from. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fingerprint.h"
#include "history_priv.h"

void texts_free(char **texts, size_t n)
{
	for (size_t i = 0; i < n; i++)
		free(texts[i]);
	free(texts);
}

int texts_add(char ***texts, size_t *n, const char *text)
{
	char **grown = reallocarray(*texts, *n + 1, sizeof(char *));

	if (!grown)
		return -ENOMEM;
	*texts = grown;
	grown[*n] = strdup(text);
	if (!grown[*n])
		return -ENOMEM;
	++*n;
	return 0;
}

/* Does @f have another job of that name and cell before row @at with the same two texts? */
static bool is_told(const struct run_figures *f, const struct run_figures *before, size_t at)
{
	const struct figure_row *row = &f->rows[at];

	for (size_t i = 0; i < at; i++) {
		const struct figure_row *b;

		if (strcmp(f->rows[i].job, row->job) != 0)
			continue;
		b = run_figures_find(before, f->rows[i].cell, row->job);
		if (b && strcmp(b->job_text, f->rows[i].job_text) != 0)
			return true;
	}
	return false;
}

/* Jobs that have the same name in both runs, and another text. */
static int job_marks(const struct run_figures *before, const struct run_figures *after, char ***ret,
		     size_t *ret_n)
{
	int r = 0;

	for (size_t i = 0; i < after->n && r == 0; i++) {
		const struct figure_row *row = &after->rows[i];
		const struct figure_row *b = run_figures_find(before, row->cell, row->job);
		char text[192];

		if (!b || strcmp(b->job_text, row->job_text) == 0 || is_told(after, before, i))
			continue;
		snprintf(text, sizeof text, "job '%.100s' is another one", row->job);
		r = texts_add(ret, ret_n, text);
	}
	return r;
}

int history_marks(const struct fingerprint *known, const struct history_run *before,
		  const struct history_run *after, char ***ret, size_t *ret_n)
{
	BL_CLEANUP(env_changes_done) struct env_changes changes = {0};
	int r = fingerprint_compare(known, &after->figures.fingerprint, true, &changes);

	for (size_t i = 0; i < changes.n && r == 0; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

		env_change_text(&changes.items[i], &text);
		r = bl_buf_failed(&text) ? -ENOMEM : texts_add(ret, ret_n, bl_buf_str(&text));
	}
	if (r == 0)
		r = job_marks(&before->figures, &after->figures, ret, ret_n);
	if (r == 0 && strcmp(before->scenario_text, after->scenario_text) != 0)
		r = texts_add(ret, ret_n, "the scenario's file was edited");
	return r;
}
