/* verb_merge.c - blklab merge: other stores into mine. */
#include <errno.h>

#include "cleanup.h"
#include "cli.h"
#include "merging.h"
#include "rows.h"

static int run_merge(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(merging_done) struct merging m = {0};
	struct args into = *a;
	int r;

	if (a->output && a->store)
		return bl_fail(err, -EINVAL,
			       "--store '%s' and --into '%s' both say what takes the others in; "
			       "give one",
			       a->store, a->output);
	if (a->output)
		into.store = a->output;
	r = merging_open(&m, &into, a->files.items[0], err);

	for (size_t i = 0; i < a->files.n && r == 0; i++)
		r = merging_add(&m, a->files.items[i], err);
	/* what went well before a failure is told, too: it is in the store */
	return merging_tell(&m, cli, a->json, r, err);
}

static const struct operand_row operands[] = {
	{.name = "FILE",
	 .kind = OPTION_WORDS,
	 .is_needed = true,
	 .at = AT(files),
	 .suffixes = "db",
	 .help = "store to take runs, baselines and changes from; only read"},
};

static const struct option_row options[] = {
	ROW_STORE,
	{.name = "into",
	 .letter = 'o',
	 .kind = OPTION_FILE,
	 .arg = "FILE",
	 .at = AT(output),
	 .def_says = "the store of --store",
	 .help = "the store that takes them in, made when missing"},
	ROW_WORK_DIR,
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab merge lab2.db", "what another host measured, into the store of this one"},
	{"blklab merge a.db b.db --into all.db",
	 "two stores into a new one; both stay as they are"},
};

const struct verb verb_merge = {
	.name = "merge",
	.summary = "bring other stores into mine",
	.about = "Bring all that other stores hold into the one of --store: every FILE is only "
		 "read. "
		 "Runs, trials, baselines and changes have ids that no other host gives, so stores "
		 "of any number of hosts go together; what is here already is not taken twice, "
		 "and a run that was copied while it went on is completed.\n\n"
		 "Nothing here is overwritten: what has the same id and another content is named "
		 "and "
		 "left out, and the exit code is 2. A store of an older version is brought up to "
		 "date "
		 "in a copy; a newer or damaged one is refused before anything is taken. A run is "
		 "taken "
		 "whole or not at all: after an interruption the same command goes on.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_merge,
};
