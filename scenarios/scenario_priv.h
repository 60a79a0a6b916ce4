/* scenario_priv.h - between the files that read a scenario; nobody else includes it. */
#ifndef SCENARIO_PRIV_H
#define SCENARIO_PRIV_H

#ifndef SCENARIO_INTERNAL
#error "scenario_priv.h is for scenarios/ only: include scenario.h"
#endif

#include "nearest.h"
#include "scenario.h"

struct reader {
	struct scenario *sc;
	const char *path; /* of the file, for messages and relative paths */
	struct bl_err *err;
};

/* Read the value of one key into r->sc. */
typedef int (*key_read_fn)(struct reader *r, const char *key, const struct ynode *value);

/* One key of a mapping: most are a plain value that goes to a field of struct scenario. */
enum key_kind { KEY_OTHER, KEY_SIZE, KEY_TIME, KEY_COUNT, KEY_SEED, KEY_TEXT };
struct key_row {
	struct scenario_key key;
	enum key_kind kind;
	size_t at;         /* of the field in struct scenario; not for KEY_OTHER */
	uint64_t min, max; /* inclusive, in bytes, ns or as counted */
	uint64_t multiple; /* sizes: of this; 0: any */
	key_read_fn read;  /* KEY_OTHER: reads it; else a further check, or NULL */
};

/* One value by its row. */
int read_key(struct reader *r, const struct key_row *row, const struct ynode *node);
int read_mapping(struct reader *r, const char *section, const struct ynode *node,
		 const struct key_row *rows, size_t n);

/* -EINVAL: "KEY: FMT (file:line:column)". */
int fail_at(struct reader *r, const char *key, struct text_pos at, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
int fail_memory(struct reader *r);

/* The text of a scalar, or NULL and a reason; @accepts says what would be accepted. */
const char *scalar(struct reader *r, const char *key, const struct ynode *node,
		   const char *accepts);

/* @value relative to the scenario file's folder; new, NULL: out of memory. */
char *resolve_path(const struct reader *r, const char *value);

int read_axes(struct reader *r, const char *key, const struct ynode *node);
int read_includes(struct reader *r, const char *key, const struct ynode *node);
int read_excludes(struct reader *r, const char *key, const struct ynode *node);
int read_vm_vcpus(struct reader *r, const char *key, const struct ynode *node);
void axis_done(struct scenario_axis *axis);
void match_done(struct scenario_match *match);

/* Names and accepted values of the entries of axes, include and exclude. */
bool axis_key_at(size_t i, struct scenario_key *ret_key);

int read_device(struct reader *r, const char *key, const struct ynode *node);
int read_needs(struct reader *r, const char *key, const struct ynode *node);
void device_done(struct scenario_device *d);

int read_repeats(struct reader *r, const char *key, const struct ynode *node);
int read_min_effect(struct reader *r, const char *key, const struct ynode *node);
int read_precondition(struct reader *r, const char *key, const struct ynode *node);
/* Rules between repeats and order; after everything has been read. */
int check_repeats(struct reader *r, struct text_pos at);

extern const struct key_row device_keys[], needs_keys[], jobs_keys[], repeats_keys[],
	min_effect_keys[], precondition_keys[];
extern const size_t n_device_keys, n_needs_keys, n_jobs_keys, n_repeats_keys, n_min_effect_keys,
	n_precondition_keys;
int read_jobs(struct reader *r, const char *key, const struct ynode *node);

/* Rules between the jobs and the rest; after everything has been read. */
int check_jobs(struct reader *r, struct text_pos at);

#endif
