/* verb_diagnose.c - blklab diagnose: what made it slow, how sure is that, and what to do? */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "diagnose_live.h"
#include "diagnosis_report.h"
#include "rows.h"
#include "scenario_load.h"
#include "store.h"

/* --cell into indexes. */
static int choose_cells(struct store *store, const struct args *a, const struct run_data *d,
			uint32_t *cells, struct bl_err *err)
{
	for (size_t i = 0; i < a->cells.n; i++) {
		int r = cell_of_run(store, d, a->cells.items[i], &cells[i], err);

		if (r < 0)
			return bl_wrap(err, r, "--cell");
	}
	return 0;
}

static bool has_job(const struct run_data *d, const char *job)
{
	for (size_t i = 0; i < d->n_trials; i++)
		if (trial_job(&d->trials[i], job))
			return true;
	return false;
}

#define JOBS_NAMED 64

static int check_job(const struct run_data *d, const char *job, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;
	const char *names[JOBS_NAMED], *near;
	size_t n = 0;

	if (!job || has_job(d, job))
		return 0;
	for (size_t i = 0; i < d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i];

		for (size_t j = 0; j < t->n_jobs && n < JOBS_NAMED; j++) {
			size_t k = 0;

			while (k < n && strcmp(names[k], t->jobs[j].name) != 0)
				k++;
			if (k < n)
				continue;
			names[n++] = t->jobs[j].name;
			bl_buf_addf(&all, "%s'%s'", n > 1 ? ", " : "", t->jobs[j].name);
		}
	}
	near = nearest(job, names, n);
	if (near)
		return bl_fail(err, -ENOENT,
			       "--job: '%s' is not a job of run %.13s; the nearest is '%s'; there "
			       "are %s",
			       job, d->run.id, near, bl_buf_str(&all));
	return bl_fail(err, -ENOENT, "--job: '%s' is not a job of run %.13s; there are %s", job,
		       d->run.id, n ? bl_buf_str(&all) : "none");
}

/* @beside: NULL, or what @d, of @store, should be like. */
static int print(struct cli *cli, struct store *store, const struct args *a,
		 const struct run_data *d, const struct run_data *beside, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(findings_done) struct findings found = {0};
	uint32_t cells[OPTION_WORDS_MAX];
	struct diagnosis_options opt = {.cells = cells,
					.n_cells = a->cells.n,
					.job = a->job,
					.store = a->store,
					.beside = beside};
	int r = choose_cells(store, a, d, cells, err);

	if (r == 0)
		r = check_job(d, a->job, err);
	if (r == 0)
		r = beside ? diagnose_beside(d, beside, &found, err) : diagnose_run(d, &found, err);
	if (r < 0)
		return r;
	if (a->json)
		r = report_diagnosis_json(d, &found, &opt, &text, err);
	else
		r = report_diagnosis(d, &found, &opt, cli_text_columns(cli), cli->color, &text,
				     err);
	return r < 0 ? r : cli_print(cli, &text, err);
}

static int diagnose_stored(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	BL_CLEANUP(store_closep) struct store *store = NULL;
	BL_CLEANUP(run_data_done) struct run_data d = {0}, beside = {0};
	int r = path_store(a, &path, err);

	if (r == 0)
		r = store_open(path, STORE_READ, &store, err);
	if (r == 0)
		r = store_load_run(store, a->run, &d, err);
	if (r == 0 && a->beside) {
		r = store_load_run(store, a->beside, &beside, err);
		if (r < 0)
			return bl_wrap(err, r, "--beside");
	}
	return r < 0 ? r : print(cli, store, a, &d, a->beside ? &beside : NULL, err);
}

static int run_diagnose(struct cli *cli, const struct args *a, struct bl_err *err)
{
	if (a->live && a->beside)
		return bl_fail(err, -EINVAL,
			       "--beside '%s': a VM that runs is not compared; --beside is of "
			       "two stored runs",
			       a->beside);
	if (a->live)
		return diagnose_live(cli, a, err);
	if (a->disk || a->qmp || a->uri || a->seconds)
		return bl_fail(err, -EINVAL,
			       "--disk, --seconds, --qmp and --uri are of a running VM: name it by "
			       "--live");
	return diagnose_stored(cli, a, err);
}

static const struct operand_row operands[] = {
	{.name = "RUN",
	 .kind = OPTION_TEXT,
	 .at = AT(run),
	 .help = "the beginning of a run's id ('blklab list' shows them); the newest run "
		 "otherwise"},
};

static const struct option_row options[] = {
	ROW_STORE,
	ROW_CELLS,
	{.name = "job",
	 .kind = OPTION_TEXT,
	 .arg = "JOB",
	 .at = AT(job),
	 .def_says = "all jobs",
	 .help = "only findings of this job, and those that are of none"},
	{.name = "beside",
	 .kind = OPTION_TEXT,
	 .arg = "RUN",
	 .at = AT(beside),
	 .help = "a run of the same store that should be alike (another host, an earlier night): "
		 "what its host, QEMU, guest and path have otherwise is a finding, too"},
	{.name = "live",
	 .kind = OPTION_TEXT,
	 .arg = "DOMAIN",
	 .at = AT(live),
	 .help = "instead of a stored run a VM that runs, whoever started it: a libvirt domain by "
		 "name, UUID or id, or the path of a QMP socket"},
	{.name = "disk",
	 .kind = OPTION_TEXT,
	 .arg = "DISK",
	 .at = AT(disk),
	 .def_says = "all of the VM's",
	 .help = "of --live: only this disk, 'vda'"},
	{.name = "seconds",
	 .kind = OPTION_COUNT,
	 .arg = "N",
	 .at = AT(seconds),
	 .min = 1,
	 .max = 86400,
	 .def_says = "10",
	 .help = "of --live: how long to look"},
	{.name = "uri",
	 .kind = OPTION_TEXT,
	 .arg = "URI",
	 .at = AT(uri),
	 .def_says = "qemu:///system",
	 .help = "of --live with a libvirt domain: the connection, opened read-only (with --qmp: "
		 "for writing)"},
	{.name = "qmp",
	 .at = AT(qmp),
	 .help = "of --live with a libvirt domain: ask QEMU's monitor too (query-* only), which "
		 "has merges, discards and errors. The connection is opened for writing, libvirt "
		 "marks the domain as tainted, and each question takes the domain's job lock: "
		 "whoever changes the domain meanwhile waits for it, and when QEMU hangs, until "
		 "it answers"},
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab diagnose", "what is wrong in the newest run, and what to try"},
	{"blklab diagnose 0199 --cell 0 --job randread-4k-qd1", "of one cell and job"},
	{"blklab diagnose 0199c --beside 0199a", "and what changed since the run that was good"},
	{"blklab diagnose --json | jq -r '.trials[].jobs[].findings[].cause'",
	 "the causes found in jobs, for programs (docs/diagnose.md has the shape)"},
	{"blklab diagnose --live web1 --disk vda --seconds 30",
	 "a VM that runs, without touching it"},
	{"blklab diagnose --live /run/web1/qmp.sock", "one that runs without libvirt"},
};

const struct verb verb_diagnose = {
	.name = "diagnose",
	.summary = "say what made a run slow, with evidence, and what to do",
	.about =
		"For each cell of a stored run: the way of its I/O in one line, and the findings, "
		"each with its cause, how sure it is, the layer it lies in, the evidence with its "
		"numbers, when it was, what to do, and where that is a change of the scenario the "
		"command that tries it. A remedy's command runs the same cell as it was and once "
		"more changed, so that `blklab compare` can tell.\n\n"
		"The names of causes are those of docs/findings.md. Findings are made anew each "
		"time, so a newer blklab may find more in an old run. No finding means that no "
		"rule "
		"fired, not that all is well: what was not measured can't be judged.\n\n"
		"With --live it looks at a VM that runs, for some seconds: the way of each disk's "
		"I/O, what QEMU counts of it, what this host's threads and devices do meanwhile. "
		"Nothing is changed and no job runs in it; a monitor is sent query-* commands "
		"only, five times a second. Who holds a QMP socket shuts out every other program "
		"from it: while it is looked at, what else uses that socket has to wait. Latencies "
		"are means of what the VM did by itself in that time.",
	.operands = operands,
	.n_operands = BL_ARRAY_LEN(operands),
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_diagnose,
};
