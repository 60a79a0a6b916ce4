/* verb_doctor.c - blklab doctor: can this host run the lab, and what on it will spoil a
 * measurement? */
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "cleanup.h"
#include "cli.h"
#include "clock.h"
#include "doctor.h"
#include "fs.h"
#include "help.h"
#include "hypervisor.h"
#include "progress.h"
#include "rows.h"
#include "runner.h"

static const char *const level_marks[DOCTOR_LEVELS] = {" ok ", "info", "WARN", "BAD "};
static const char *const level_colors[DOCTOR_LEVELS] = {"\033[32m", "\033[36m", "\033[33m",
							"\033[1;31m"};

#define VALUE_AT 32 /* column of the values */

/* What the rows about the hypervisor are made from. */
struct findings {
	struct doctor_hypervisor hv;
	struct facts facts;
	struct bl_err fault, probe_fault;
	struct progress progress;
	char accel[16], how[600];
};

static void on_progress(void *ctx, const struct runner_progress *p)
{
	progress_update(ctx, p, bl_now_ns());
}

/* The runner calls it only for trials, and doctor runs none. */
static int on_trial(void *ctx, const struct trial_record *t, struct bl_err *err)
{
	(void)ctx;
	return bl_fail(err, -ENOTSUP, "trial %s: doctor runs none", t->id);
}

static void ask_libvirt(struct findings *f, const struct args *a, const char *work_dir)
{
	BL_CLEANUP(bl_freep) char *root = bl_strf("%s/libvirt", work_dir);
	struct hv *hv = NULL;

	if (!root || bl_mkdir_p(work_dir, &f->fault) < 0 ||
	    hv_open(a->uri, root, &hv, &f->fault) < 0) {
		f->hv.fault = bl_err_text(&f->fault);
		f->hv.fault_code = f->fault.code;
		return;
	}
	hv_facts(hv, &f->facts, NULL);
	hv_close(hv);
	f->hv.libvirt_version = facts_get(&f->facts, "libvirt.version");
	f->hv.qemu_version = facts_get(&f->facts, "qemu.version");
	f->hv.uri = facts_get(&f->facts, "hypervisor.uri");
}

static int open_and_ask(struct findings *f, const struct runner_options *opt)
{
	struct runner_events ev = {.ctx = &f->progress, .progress = on_progress, .trial = on_trial};
	struct facts facts = {0};
	struct runner *runner = NULL;
	const char *how;
	int r = runner_open(opt, &ev, &runner, &f->probe_fault);

	progress_end(&f->progress);
	if (r < 0)
		return r;
	snprintf(f->accel, sizeof f->accel, "%s", runner_accel(runner));
	f->hv.accel = f->accel;
	runner_environment(runner, &facts, NULL);
	how = facts_get(&facts, "accel.how");
	if (how) {
		snprintf(f->how, sizeof f->how, "%s", how);
		f->hv.accel_how = f->how;
	}
	facts_done(&facts);
	runner_close(runner);
	return 0;
}

/* By a real guest: when asked for, or when an earlier probe left its answer in the cache. */
static void prove(struct findings *f, struct cli *cli, const struct args *a, const char *work_dir)
{
	BL_CLEANUP(bl_freep) char *cache = NULL;
	BL_CLEANUP(bl_freep) char *answer = NULL;
	BL_CLEANUP(bl_freep) char *agent = NULL;
	BL_CLEANUP(bl_freep) char *wrapper = path_helper_or_null("blklab-qemu");
	BL_CLEANUP(bl_freep) char *fetcher = path_helper_or_null("blklab-fetch-packages");
	struct runner_options opt = {.uri = a->uri, .kernel = a->kernel, .version = BLKLAB_VERSION};
	int r = path_cache_dir(a, &cache, &f->probe_fault);

	answer = r == 0 ? bl_strf("%s/probe.json", cache) : NULL;
	if (r == 0 && !a->probe && !(answer && bl_exists(answer)))
		return; /* the row says how to get the proof */
	if (r == 0 && !a->agent)
		r = path_helper("blklab-agent", &agent, &f->probe_fault);
	opt.work_dir = work_dir;
	opt.cache_dir = cache;
	opt.agent = a->agent ? a->agent : agent;
	opt.wrapper = wrapper;
	opt.fetcher = fetcher;
	/* A probe guest is not left behind. */
	cli_catch_stop(cli, "stopping: the probe guest is ended...", CLI_STOP_AGAIN);
	opt.stop = cli->stop;
	f->progress = (struct progress){.mode = cli->err_is_tty && !a->json ? PROGRESS_LIVE
									    : PROGRESS_QUIET,
					.to = cli->err,
					.columns = cli->columns,
					.start_ns = bl_now_ns()};
	if (r == 0)
		r = open_and_ask(f, &opt);
	if (r < 0)
		f->hv.accel_how = bl_err_text(&f->probe_fault);
}

static int collect(struct cli *cli, const struct args *a, struct doctor_rows *rows,
		   struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *work_dir = NULL;
	struct doctor_options opt = {.root = "", .now_ms = bl_wall_ms()};
	struct findings f = {.fault = BL_ERR_INIT, .probe_fault = BL_ERR_INIT};
	struct doctor_rows host = {0};
	int r = path_work_dir(a, &work_dir, err);

	if (r < 0)
		return r;
	opt.work_dir = work_dir;
	/* The host first: a probe guest would be seen as load. */
	r = doctor_host(&opt, &host, err);
	if (r == 0) {
		ask_libvirt(&f, a, work_dir);
		if (!f.hv.fault)
			prove(&f, cli, a, work_dir);
		r = doctor_hypervisor(&opt, &f.hv, rows, err);
	}
	for (size_t i = 0; r == 0 && i < host.n; i++) {
		const struct doctor_row *h = &host.items[i];

		r = doctor_add(rows, h->area, h->what, h->level, h->meaning, h->remedy, "%s",
			       h->value);
	}
	doctor_rows_done(&host);
	facts_done(&f.facts);
	return r;
}

static int print_json(struct cli *cli, const struct doctor_rows *rows, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *text = NULL;
	json_t *list = json_array();

	for (size_t i = 0; i < rows->n; i++) {
		const struct doctor_row *row = &rows->items[i];

		json_array_append_new(list,
				      json_pack("{s:s,s:s,s:s,s:s,s:s,s:s?}", "area", row->area,
						"what", row->what, "level",
						doctor_level_names[row->level], "value", row->value,
						"meaning", row->meaning, "remedy", row->remedy));
	}
	text = json_dumps(list, JSON_INDENT(2));
	json_decref(list);
	if (!text)
		return bl_fail(err, -ENOMEM, "out of memory");
	bl_buf_addf(&out, "%s\n", text);
	return cli_print(cli, &out, err);
}

/* Fine rows are one line; the others say what they mean and what to do. */
static void add_row(const struct cli *cli, const struct doctor_row *row, bool explain,
		    struct bl_buf *out)
{
	size_t columns = cli_text_columns(cli) - 1;
	const char *on = cli->color ? level_colors[row->level] : "";
	const char *off = cli->color ? "\033[0m" : "", *dim = cli->color ? "\033[2m" : "";

	bl_buf_addf(out, "  %s%s%s  %s", on, level_marks[row->level], off, row->what);
	if (strlen(row->what) > VALUE_AT - 10)
		bl_buf_addf(out, "\n%*s", VALUE_AT, "");
	else
		bl_buf_addf(out, "%*s", (int)(VALUE_AT - 8 - strlen(row->what)), "");
	help_wrap(out, row->value, VALUE_AT, VALUE_AT, columns);
	if (row->level == DOCTOR_OK && !explain)
		return;
	bl_buf_addf(out, "%8s%s", "", dim);
	help_wrap(out, row->meaning, 8, 8, columns);
	bl_buf_adds(out, off);
	if (!row->remedy)
		return;
	bl_buf_addf(out, "%8s-> ", "");
	help_wrap(out, row->remedy, 11, 11, columns);
}

static void add_verdict(const size_t count[DOCTOR_LEVELS], struct bl_buf *out)
{
	bl_buf_addc(out, '\n');
	if (count[DOCTOR_BAD])
		bl_buf_addf(out, "This host can't run the lab: %zu thing%s to cure first.\n",
			    count[DOCTOR_BAD], count[DOCTOR_BAD] == 1 ? "" : "s");
	else if (count[DOCTOR_WARN])
		bl_buf_addf(out, "The lab runs here; %zu thing%s will show in the figures.\n",
			    count[DOCTOR_WARN], count[DOCTOR_WARN] == 1 ? "" : "s");
	else
		bl_buf_adds(out, "The lab runs here, and nothing was found that spoils a "
				 "measurement.\n");
}

static int print_text(struct cli *cli, const struct doctor_rows *rows, bool explain,
		      const size_t count[DOCTOR_LEVELS], struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	const char *area = "";

	for (size_t i = 0; i < rows->n; i++) {
		if (strcmp(area, rows->items[i].area) != 0) {
			area = rows->items[i].area;
			bl_buf_addf(&out, "%s%s\n", i ? "\n" : "", area);
		}
		add_row(cli, &rows->items[i], explain, &out);
	}
	add_verdict(count, &out);
	return cli_print(cli, &out, err);
}

static int run_doctor(struct cli *cli, const struct args *a, struct bl_err *err)
{
	struct doctor_rows rows = {0};
	size_t count[DOCTOR_LEVELS] = {0};
	int r = collect(cli, a, &rows, err);

	for (size_t i = 0; i < rows.n; i++)
		count[rows.items[i].level]++;
	if (r == 0)
		r = a->json ? print_json(cli, &rows, err)
			    : print_text(cli, &rows, a->explain, count, err);
	doctor_rows_done(&rows);
	if (r < 0)
		return r;
	return count[DOCTOR_BAD] ? EXIT_HOST_CANNOT : EXIT_FINE;
}

static const struct option_row options[] = {
	{.name = "probe",
	 .at = AT(probe),
	 .help = "prove the acceleration by booting a small guest, up to half a minute; an "
		 "earlier proof is shown without asking"},
	{.name = "explain",
	 .letter = 'e',
	 .at = AT(explain),
	 .help = "say what every row means, also the fine ones"},
	ROW_WORK_DIR,
	ROW_CACHE_DIR,
	ROW_URI,
	ROW_KERNEL,
	ROW_AGENT,
	ROW_JSON,
};

static const struct example examples[] = {
	{"blklab doctor --work-dir /mnt/nvme/lab", "the host, with the disk below that folder"},
	{"blklab doctor --json | jq -r '.[] | select(.level == \"warn\") | .what'",
	 "what to cure, for a script"},
};

const struct verb verb_doctor = {
	.name = "doctor",
	.summary = "can this host run the lab, and what will spoil a measurement?",
	.about =
		"Look at CPU, memory, the disk under the work folder, timers, load and hypervisor, "
		"and say for each what it means for a measurement and what to do. No setting of "
		"the "
		"host is changed: the work folder is made when it is missing, and a file of 4 KiB "
		"is "
		"written into it and removed, to try O_DIRECT.\n\n"
		"Marks: ok; info, know it when you compare; WARN, it will show in the figures; "
		"BAD, "
		"the lab can't run. Exit code 3 when something is BAD, else 0.",
	.options = options,
	.n_options = BL_ARRAY_LEN(options),
	.examples = examples,
	.n_examples = BL_ARRAY_LEN(examples),
	.run = run_doctor,
};
