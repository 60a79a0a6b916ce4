/* options.h - the one table a verb has: its options, operands, words and examples.
 *
 * Parser, --help, man page, bash completion and docs/cli.md all read these rows; nobody retypes
 * an option. A new option is a row in its verb's file and a field in struct args.
 */
#ifndef OPTIONS_H
#define OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "buf.h"
#include "err.h"

/* The values of an option that may be given several times, in their order. */
#define OPTION_WORDS_MAX 64
struct words {
	const char *items[OPTION_WORDS_MAX];
	size_t n;
};

/* What a command line said. Strings are borrowed from argv or from the table; NULL: not given. */
struct args {
	const char *scenario, *cell, *cell_b, *run, *run_b, *beside, *job, *verb, *action, *shell;
	const char *store, *work_dir, *cache_dir, *uri, *kernel, *modules, *agent, *accel;
	const char *report, *format, *output, *reference, *table;
	const char *csv, *least_step, *unit;  /* a file of values */
	const char *calibration;              /* a run of equal cells */
	const char *live, *disk;              /* a running VM, and one of its disks */
	const char *device, *serial, *forget; /* of a disk */
	const char *notify;                   /* the file that says whom to tell */
	const char *name, *host;              /* of an imported run, of a baseline */
	struct words cells, with;             /* which cells are to run, and changed how */
	struct words min_effects;             /* "p99=5%"; of files of values "5%" */
	struct words files;                   /* to merge or import */
	uint64_t copies;                      /* equal cells; 0: not given */
	uint64_t repeats;                     /* 0: not given; SCENARIO_REPEATS_AUTO */
	const char *budget;                   /* a time */
	uint64_t seconds;

	/* nights */
	const char *baseline, *wait, *busy, *confirm, *history, *junit, *openmetrics, *acknowledge;
	bool adopt, as_csv;

	bool json, quiet, probe, explain, xml, markdown, help;
	bool yes, erase, remove, qmp;
	bool display, alert, linear, second_opinion, gate;
	bool values, paired, more_is_better, less_is_better; /* of compared files of values */
	const char *note, *why;                              /* of a baseline */
	const char *of;            /* which: of that scenario, of that host */
	struct words runs, stores; /* several of each */
	uint64_t n_runs;           /* how many runs */
	bool all, add;
};

enum option_kind {
	OPTION_FLAG,
	OPTION_TEXT,
	OPTION_WORDS,  /* texts, into struct words: it may be given again */
	OPTION_FILE,   /* completes file names */
	OPTION_FOLDER, /* completes folders */
	OPTION_COUNT,  /* whole number within [min, max] */
	OPTION_ENUM,   /* one of values */
	OPTION_VERB,   /* operand: the name of a verb */
};

struct option_row {
	const char *name; /* without dashes */
	char letter;      /* 0: none */
	enum option_kind kind;
	const char *arg; /* "FILE"; NULL for a flag */
	size_t at;       /* offset in struct args; see AT() */
	uint64_t min, max;
	const char *word; /* OPTION_COUNT: is accepted, too, and is UINT64_MAX; NULL: none */
	const char *const *values; /* OPTION_ENUM: ends with NULL */
	const char *def;           /* set before parsing; NULL: absent unless given */
	const char *def_says;      /* what happens without it, when that is not a fixed value */
	const char *help;          /* lower case, no full stop */
};
#define AT(field) offsetof(struct args, field)

struct operand_row {
	const char *name;      /* "SCENARIO" */
	enum option_kind kind; /* OPTION_WORDS: the last row; takes all that is left, at least one
				* when it is needed */
	bool is_needed;
	size_t at;
	const char *suffixes;      /* OPTION_FILE: completes only these, "yaml yml"; NULL: any;
				    * OPTION_WORDS: files with these; NULL: no files */
	const char *const *values; /* OPTION_ENUM */
	const char *help;
};

struct example {
	const char *command, *says;
};

struct cli; /* cli.h */

struct verb {
	const char *name;    /* of an action both words: "baseline record" */
	const char *summary; /* one line, no full stop */
	const char *about;   /* paragraphs, parted by an empty line */
	const struct operand_row *operands;
	size_t n_operands;
	const struct option_row *options;
	size_t n_options;
	const struct example *examples;
	size_t n_examples;
	/* 0 or an exit code; a negative errno: the command line prints @err and picks the code. */
	int (*run)(struct cli *cli, const struct args *a, struct bl_err *err);
	/* A verb that does several things: each is a verb of its own, named by the word behind this
	 * one's. It then has no operands, options or run() itself. */
	const struct verb *const *actions;
	size_t n_actions;
};

extern const struct verb *const verbs[];
extern const size_t n_verbs;
const struct verb *verb_find(const char *name); /* NULL: no such verb */
/* All that have a page, the verbs in their order with each one's actions behind it. NULL: no more.
 */
const struct verb *verb_page(size_t i);
/* "record" of "baseline record"; the whole name of what is no action. */
const char *verb_last_word(const struct verb *v);

/* Of a verb with actions, the one that the first word names: *v becomes it, and the word is taken
 * off. Where that word is an option (--help) all stays. -EINVAL: none, or no such action. */
int verb_take_action(const struct verb **v, int *argc, char ***argv, struct bl_err *err);

/* Parse the words behind the verb. *ret is written only on success. With --help among them the
 * operands need not be complete. -EINVAL, -ERANGE: what was wrong and what would be accepted. */
int options_parse(const struct verb *v, int argc, char **argv, struct args *ret,
		  struct bl_err *err);

/* The fault of an unknown verb, with the nearest one. Returns -EINVAL. */
int verb_unknown(const char *name, struct bl_err *err);

/* Row i of @v's options, and behind them the rows that every verb has (--help). NULL: no more. */
const struct option_row *verb_option(const struct verb *v, size_t i);

const char *operand_dots(const struct operand_row *o); /* "..." behind one that takes several */

/* "[OPTION]... SCENARIO [CELL]" */
void verb_usage(const struct verb *v, struct bl_buf *out);

/* The one of @n names that @given was probably meant to be; NULL when none is near. */
const char *nearest(const char *given, const char *const *names, size_t n);

/* Exit codes, one row each: main, help and man pages read it. */
enum exit_code {
	EXIT_FINE,
	EXIT_TRIAL_FAILED,
	EXIT_BAD_INPUT,
	EXIT_HOST_CANNOT,
	EXIT_CHANGED,     /* only of verbs that judge a host against its past or its like */
	EXIT_CANNOT_TELL, /* of the same: nothing changed that is sure, and not all is known */
	EXIT_CODES
};
extern const char *const exit_code_says[EXIT_CODES];

#endif
