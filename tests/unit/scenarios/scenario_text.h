/* scenario_text.h - scenarios for tests, as text. */
#ifndef SCENARIO_TEXT_H
#define SCENARIO_TEXT_H

#include <check.h>
#include <stdio.h>

#include "matrix.h"

/* Where the texts pretend to be, so that ../jobs/quick.fio is the shipped file. */
#define TEXT_PATH SOURCE_DIR "/scenarios/library/t.yaml"
#define TEXT_HEAD "name: t\njobs: ../jobs/quick.fio\n"

static inline struct scenario *must_parse(const char *text)
{
	struct bl_err err = BL_ERR_INIT;
	struct scenario *sc = NULL;

	ck_assert_msg(scenario_parse(text, TEXT_PATH, &sc, &err) == 0, "%s", err.text);
	return sc;
}

static inline struct matrix *must_expand(const struct scenario *sc)
{
	struct bl_err err = BL_ERR_INIT;
	struct matrix *m = NULL;

	ck_assert_msg(matrix_expand(sc, &m, &err) == 0, "%s", err.text);
	return m;
}

#endif
