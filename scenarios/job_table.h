/* job_table.h - the options as rows; inside the job library only.
 *
 * One row feeds the parser, the range check, the default, the canonical text, the help and
 * docs/job-options.md. Rows stand in files by subject, job_rows_*.c.
 */
#ifndef JOB_TABLE_H
#define JOB_TABLE_H

#include "job.h"

enum kind {
	KIND_COUNT,   /* a whole number; suffixes as of sizes, as fio has it */
	KIND_PERCENT, /* 0 to 100, '%' may follow */
	KIND_SIGNED,  /* a whole number that may be negative */
	KIND_BYTES,
	KIND_TIME, /* in nanoseconds, whole us; without a unit it counts .unit */
	KIND_FLAG, /* bool; may stand alone */
	KIND_BOOL, /* bool; fio wants a value on a command line */
	KIND_DOUBLE,
	KIND_ENUM,
	KIND_TEXT,
	KIND_OWN, /* .set and .text know */
};

/* Which engines have the option; a bit for each of enum job_engine. 0: it is not an engine's. */
#define ENGINE(e)      (1u << (e))
#define ENGINES_URING  (ENGINE(JOB_IO_URING) | ENGINE(JOB_NOP))
#define ENGINES_POLLED (ENGINE(JOB_IO_URING) | ENGINE(JOB_PVSYNC2))
#define ENGINES_PRIO   (ENGINE(JOB_IO_URING) | ENGINE(JOB_LIBAIO))
#define ENGINES_NOWAIT (ENGINES_POLLED | ENGINE(JOB_LIBAIO))

struct choice {
	const char *name;
	uint64_t value;
};

struct option_row {
	const char *name, *alias;
	enum kind kind;
	size_t at;     /* field in struct job */
	size_t width;  /* bytes of the field */
	unsigned each; /* that many fields in a row, "R,W,T"; 0: one */
	size_t pct_at; /* uint32_t beside it for "20%"; 0: no percentage */
	uint32_t pct_min;
	size_t given_at; /* bool, true once the option was given; 0: none */
	uint64_t unit;   /* ns of one, for KIND_TIME */
	uint64_t min, max;
	int64_t least; /* KIND_SIGNED: instead of min */
	const char *def;
	const char *const *names; /* KIND_ENUM: value is the index */
	size_t n_names;
	const struct choice *also; /* further names, ends with NULL */
	unsigned engines;
	int first; /* order in which a section's options are applied: <0 before, >0 after the rest
		    */
	bool may_stand_alone;
	/* optional; by kind when NULL. @value is never NULL. On failure @j is unchanged. */
	int (*set)(struct job *j, const struct option_row *r, const char *value,
		   struct bl_err *err);
	/* KIND_TEXT: refuse or normalise the text, which may be rewritten in place. */
	int (*tidy)(char *text, size_t size, const struct option_row *r, struct bl_err *err);
	/* The value as text; false when it equals that of @d, all defaults. */
	bool (*text)(const struct job *j, const struct job *d, const struct option_row *r,
		     struct bl_buf *out);
	const char *help;
};

struct option_rows {
	const char *subject;
	const struct option_row *rows;
	size_t n;
};
extern const struct option_rows job_rows_where, job_rows_how, job_rows_what, job_rows_when,
	job_rows_pace, job_rows_data, job_rows_said;
#define JOB_SUBJECTS 7
extern const struct option_rows *const job_subjects[JOB_SUBJECTS];

/* Rows of all subjects, one after the other; NULL after the last. */
const struct option_row *job_row_at(size_t index);
const struct option_row *job_row(const char *name); /* by name or alias; NULL: none */

/* Field places in the rows. */
#define AT(f) .at = offsetof(struct job, f), .width = sizeof(((struct job *)0)->f)
#define AT_EACH(f)                                                                                 \
	.at = offsetof(struct job, f), .width = sizeof(((struct job *)0)->f[0]),                   \
	.each = sizeof(((struct job *)0)->f) / sizeof(((struct job *)0)->f[0])
#define PCT(f)    .pct_at = offsetof(struct job, f)
#define GIVEN(f)  .given_at = offsetof(struct job, f)
#define NAMES(a)  .names = (a), .n_names = BL_ARRAY_LEN(a)
#define BYTES_MAX ((uint64_t)1 << 60)
#define COUNT_MAX UINT32_MAX
#define TIME_MAX  (366 * 86400 * NS_PER_S)

/* Written the other way round: 'to' is set to 'from' minus the value. */
struct opposite_row {
	const char *name, *to;
	uint64_t from;
};
extern const struct opposite_row job_opposites[];
extern const size_t job_opposites_n;

/* Options that are known without a field, and why. */
struct other_row {
	const char *name, *alias;
	const char *only; /* "a b": values that are accepted; NULL: every value */
	const char *why;
	bool may_stand_alone;
};
/* fio's, read and without effect: output we shape otherwise, or the way fio runs. */
extern const struct other_row job_ignored[];
extern const size_t job_ignored_n;
/* fio's, accepted with some values only: those that are in force anyway. */
extern const struct other_row job_fixed[];
extern const size_t job_fixed_n;
/* fio's, refused: what would be run is something else. */
extern const struct other_row job_refused[];
extern const size_t job_refused_n;

const struct other_row *job_other(const struct other_row *rows, size_t n, const char *name);

/* Element @i of the row's field, as a number (not of doubles and texts). */
uint64_t job_field(const struct job *j, const struct option_row *r, unsigned i);
void job_field_set(struct job *j, const struct option_row *r, unsigned i, uint64_t v);
static inline void *job_field_at(const struct job *j, size_t at)
{
	return (void *)((uintptr_t)j + at);
}

/* "a, b, c": the canonical names of an enum. */
void job_row_names(const struct option_row *r, struct bl_buf *out);
bool job_row_choice(const struct option_row *r, const char *name, uint64_t *ret);

/* job_set() of a row: @value NULL stands alone. */
int job_row_set(struct job *j, const struct option_row *r, const char *value, struct bl_err *err);

/* The row's value as text; false: it is @d's, the default, and nothing was added. */
bool job_row_text(const struct job *j, const struct job *d, const struct option_row *r,
		  struct bl_buf *out);

/* Are the job's folders and CPUs on this machine? -ENOENT, -ENOTDIR, -ERANGE. In job_here.c. */
int job_check_here(const struct job *j, struct bl_err *err);

/* Own setters and texts, in job_lists.c (request sizes, splits, zones), job_special.c and
 * job_tidy.c. */
#define ROW_SET(name)                                                                              \
	int name(struct job *j, const struct option_row *r, const char *value, struct bl_err *err)
#define ROW_TEXT(name)                                                                             \
	bool name(const struct job *j, const struct job *d, const struct option_row *r,            \
		  struct bl_buf *out)
#define ROW_TIDY(name)                                                                             \
	int name(char *text, size_t size, const struct option_row *r, struct bl_err *err)
ROW_SET(row_set_name);
ROW_TEXT(row_text_none);
ROW_SET(row_set_bs);
ROW_TEXT(row_text_bs);
ROW_SET(row_set_bsrange);
ROW_TEXT(row_text_bsrange);
ROW_SET(row_set_bssplit);
ROW_TEXT(row_text_bssplit);
ROW_SET(row_set_cmdprio_bssplit);
ROW_TEXT(row_text_cmdprio_bssplit);
ROW_SET(row_set_dist);
ROW_TEXT(row_text_dist);
ROW_SET(row_set_rw);
ROW_TEXT(row_text_rw);
ROW_SET(row_set_file_service);
ROW_TEXT(row_text_file_service);
ROW_SET(row_set_filesize);
ROW_TEXT(row_text_filesize);
ROW_SET(row_set_startdelay);
ROW_TEXT(row_text_startdelay);
ROW_SET(row_set_steadystate);
ROW_TEXT(row_text_steadystate);
ROW_SET(row_set_percentiles);
ROW_TEXT(row_text_percentiles);
ROW_SET(row_set_gtod_reduce);
ROW_SET(row_set_cpumask);
ROW_SET(row_set_log);
ROW_TIDY(row_tidy_cpus);
ROW_TIDY(row_tidy_numa_policy);
ROW_TIDY(row_tidy_pattern);
ROW_TIDY(row_tidy_verify_pattern);
ROW_TIDY(row_tidy_errors);

#endif
