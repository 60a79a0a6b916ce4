/* job_table.h - the options as rows; inside the job library only.
 *
 * One row feeds the parser, the range check, the default, the canonical text and the help.
 */
#ifndef JOB_TABLE_H
#define JOB_TABLE_H

#include "job.h"

enum kind { KIND_TEXT, KIND_ENUM, KIND_COUNT, KIND_BYTES, KIND_TIME, KIND_FLAG };

struct option_row {
	const char *name, *alias;
	enum kind kind;
	size_t at;     /* field in struct job */
	size_t width;  /* bytes of the field */
	size_t pct_at; /* uint32_t beside it for "20%"; 0: no percentage */
	uint64_t min, max;
	const char *def; /* as one would write it */
	const char *const *names;
	size_t n_names;
	const char *help;
};

extern const struct option_row job_rows[];
extern const size_t job_rows_n;

/* Written the other way round: 'to' is set to 'from' minus the value. */
struct opposite_row {
	const char *name, *to;
	uint64_t from;
};
extern const struct opposite_row job_opposites[];
extern const size_t job_opposites_n;

/* fio options without effect here: output we shape otherwise, or the way fio runs. */
struct ignored_row {
	const char *name, *why;
};
extern const struct ignored_row job_ignored[];
extern const size_t job_ignored_n;

/* fio options known here with one value only: the one that is always in force. */
struct fixed_row {
	const char *name, *only;
};
extern const struct fixed_row job_fixed[];
extern const size_t job_fixed_n;

const struct option_row *job_row(const char *name); /* by name or alias; NULL: none */
uint64_t job_field(const struct job *j, const struct option_row *r);
void job_field_set(struct job *j, const struct option_row *r, uint64_t v);
uint32_t *job_field_pct(const struct job *j, const struct option_row *r);

/* Within the row's bounds? -ERANGE; @shown is the value as it was written. */
int job_row_range(const struct option_row *r, uint64_t v, const char *shown, struct bl_err *err);

/* "a, b, c": the names of an enum. */
void job_row_names(const struct option_row *r, char *out, size_t len);

/* job_set() of a row: @value NULL stands alone. */
int job_row_set(struct job *j, const struct option_row *r, const char *value, struct bl_err *err);

#endif
