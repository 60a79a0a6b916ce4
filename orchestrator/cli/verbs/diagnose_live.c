#include "diagnose_live.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "cleanup.h"
#include "diagnosis_report.h"
#include "job_analysis.h"
#include "live.h"
#include "units.h"

#define SECONDS 10 /* unless --seconds says otherwise */

static void tick(void *ctx, const char *vm, uint64_t left_ns)
{
	struct cli *cli = ctx;
	char left[BL_UNIT_TEXT_MAX];

	if (cli->err_is_tty)
		fprintf(cli->err, "\r%s: %s to go \x1b[K", vm, bl_format_clock(left, left_ns));
}

/* --- what was seen --- */

static double rate(const struct job_analysis *a, double n)
{
	return n / ((double)(a->to_ns - a->from_ns) / 1e9);
}

static void add_ns(struct bl_buf *out, double ns)
{
	char text[BL_UNIT_TEXT_MAX];

	bl_buf_addf(out, "%10s", isfinite(ns) ? bl_format_ns(text, (uint64_t)ns) : "-");
}

static void add_percentile(struct bl_buf *out, const struct layer_dir *d, double p)
{
	double ns;

	add_ns(out, layer_percentile(d, p, &ns) ? ns : NAN);
}

static void add_dir(const struct job_analysis *a, const char *place, const char *name,
		    const struct layer_dir *d, struct bl_buf *out)
{
	char count[BL_UNIT_TEXT_MAX];

	if (!d->has || d->n < 1)
		return;
	bl_buf_addf(out, "  %-18s %-8s", place, name);
	bl_buf_addf(out, "%9s /s", bl_format_count(count, rate(a, d->n)));
	if (isfinite(d->bytes))
		bl_buf_addf(out, "%9.3g MiB/s", rate(a, d->bytes) / (double)MiB);
	else
		bl_buf_addf(out, "%15s", "");
	add_ns(out, d->mean_ns);
	if (d->n_bounds) {
		add_percentile(out, d, 50);
		add_percentile(out, d, 99);
	}
	bl_buf_addc(out, '\n');
}

static void add_layer(const struct job_analysis *a, enum layer_at at, struct bl_buf *out)
{
	static const char *const names[IO_DIRS] = {[IO_READ] = "read",
						   [IO_WRITE] = "write",
						   [IO_TRIM] = "discard",
						   [IO_SYNC] = "flush"};
	const struct layer_seen *l = &a->layers[at];
	const char *place = layer_at_names[at];
	size_t begin = out->len;

	for (int i = 0; i < IO_DIRS; i++)
		add_dir(a, out->len == begin ? place : "", names[i], &l->dir[i], out);
	if (out->len == begin)
		bl_buf_addf(out, "  %-18s %s\n", place, l->absent[0] ? l->absent : "no request");
	if (l->device[0] && isfinite(l->busy_share))
		bl_buf_addf(out, "  %-18s %s: busy %.0f %% of the time, %.2g in flight\n", "",
			    l->device, l->busy_share * 100, l->mean_inflight);
}

/* By role, three a line. */
static void add_cpu(const struct job_analysis *a, struct bl_buf *out)
{
	for (size_t i = 0; i < a->n_roles; i++) {
		const struct role_cost *r = &a->roles[i];

		if (i % 3 == 0)
			bl_buf_addf(out, "%s  %-18s", i ? ",\n" : "", i ? "" : "CPUs used");
		bl_buf_addf(out, "%s %s %.2f", i % 3 ? "," : "", r->role, r->run_share);
		if (isfinite(r->wait_share) && r->wait_share >= .005)
			bl_buf_addf(out, " (and %.2f waited for)", r->wait_share);
	}
	if (a->n_roles)
		bl_buf_addc(out, '\n');
}

/* A disk that nothing was learnt of says why in its layers. */
static int add_disk(const struct run_data *d, size_t trial, struct bl_buf *out, struct bl_err *err)
{
	struct job_analysis a;
	int r = analyse_job(d, trial, 0, &a, err);

	if (r < 0)
		return r;
	bl_buf_addf(out, "\n%-29.29s%12s%15s%10s\n", d->cells[d->trials[trial].cell].name,
		    "requests", "data", "mean");
	add_layer(&a, LAYER_AT_QEMU, out);
	add_layer(&a, LAYER_AT_HOST_BLOCK, out);
	add_cpu(&a, out);
	job_analysis_done(&a);
	return 0;
}

static void add_heading(const struct run_data *d, struct bl_buf *out)
{
	const struct series_set *seen = &d->trials[0].jobs[0].watched[WATCHED_QEMU];
	const char *means = facts_get(&d->trials[0].facts, "live.means");

	bl_buf_addf(out, "%s on %s: looked at for %.1f s, by %s\n", d->run.scenario_name,
		    d->run.host_name, (double)(seen->at_ns[seen->n - 1] - seen->at_ns[0]) / 1e9,
		    means);
	for (size_t i = 0; i < d->run.notes.n; i++)
		bl_buf_addf(out, "%s\n", d->run.notes.items[i].value);
}

static int print_text(struct cli *cli, const struct run_data *d, const struct findings *found,
		      struct bl_buf *out, struct bl_err *err)
{
	struct diagnosis_options opt = {.heading = "Paths and findings"};
	int r = 0;

	add_heading(d, out);
	for (size_t i = 0; i < d->n_trials && r == 0; i++)
		r = add_disk(d, i, out, err);
	bl_buf_addc(out, '\n');
	return r < 0 ? r
		     : report_diagnosis(d, found, &opt, cli_text_columns(cli), cli->color, out,
					err);
}

static int print(struct cli *cli, const struct args *a, const struct run_data *d,
		 struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(findings_done) struct findings found = {0};
	struct diagnosis_options opt = {0};
	int r = diagnose_run(d, &found, err);

	if (r == 0 && a->json)
		r = report_diagnosis_json(d, &found, &opt, &text, err);
	else if (r == 0)
		r = print_text(cli, d, &found, &text, err);
	return r < 0 ? r : cli_print(cli, &text, err);
}

int diagnose_live(struct cli *cli, const struct args *a, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	struct live_options opt = {
		.vm = {.domain = a->live, .uri = a->uri, .with_monitor = a->qmp},
		.disk = a->disk,
		.for_ns = (a->seconds ? a->seconds : SECONDS) * NS_PER_S,
		.version = BLKLAB_VERSION,
		.tick = tick,
		.ctx = cli,
	};
	int r;

	if (a->run || a->job || a->store || a->cells.n)
		return bl_fail(
			err, -EINVAL,
			"--live: a running VM has no stored run, no --job, --cell or --store; "
			"choose one of its disks by --disk");
	if (strchr(a->live, '/') && (a->qmp || a->uri))
		return bl_fail(
			err, -EINVAL,
			"--live '%s' is the path of a QMP socket, which is the monitor itself: "
			"--qmp and --uri are of libvirt domains, named by name, UUID or id; "
			"leave them out",
			a->live);
	cli_catch_stop(
		cli, "stops looking; the virtual machine is left as it is",
		"stops looking as soon as what is asked now is answered (once more: leave at "
		"once)");
	opt.stop = cli->stop; /* there since then */
	r = live_watch(&opt, &d, err);
	if (cli->err_is_tty)
		fprintf(cli->err, "\r\x1b[K");
	return r < 0 ? bl_wrap(err, r, "--live") : print(cli, a, &d, err);
}
