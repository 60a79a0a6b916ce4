/* Is what ran what was asked, and are trials of a cell alike? */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "rules.h"

#define DIFFERENCES_SHOWN 4

/* ---- asked and effective ---- */

static size_t say_mismatches(const struct trial_record *t, struct bl_buf *out)
{
	size_t n = 0;

	for (size_t i = 0; i < t->effective.n; i++) {
		const struct effective *e = &t->effective.items[i];

		if (e->matches || !e->effective) /* not readable is not different */
			continue;
		if (n++ < DIFFERENCES_SHOWN)
			bl_buf_addf(out, "%s%s was asked to be '%s' and was '%s' (%s)",
				    out->len ? "; " : "", e->key, e->asked ? e->asked : "",
				    e->effective, e->source);
	}
	if (n > DIFFERENCES_SHOWN)
		bl_buf_addf(out, " and %zu more", n - DIFFERENCES_SHOWN);
	return n;
}

static void rule_of_asked(struct diagnosis *g, uint32_t cell)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	size_t first = 0, n = 0, n_trials = 0;

	for (size_t i = 0; i < g->d->n_trials; i++) {
		const struct trial_record *t = &g->d->trials[i];
		BL_CLEANUP(bl_buf_done) struct bl_buf its = BL_BUF_INIT;

		if (t->cell != cell)
			continue;
		n_trials++;
		if (!say_mismatches(t, &its))
			continue;
		if (!n++) {
			first = i;
			bl_buf_adds(&said, bl_buf_str(&its));
		}
	}
	if (n && n_trials > 1)
		bl_buf_addf(&said, "; so in %zu of %zu trials", n, n_trials);
	diagnosis_add(
		g, "config-drift", CONFIDENCE_CERTAIN, (struct where){.cell = cell, .trial = first},
		&said,
		"measure what you ask for: find out who changed it (an old QEMU or libvirt that "
		"does not know the setting, a default of the machine type, a driver that is not "
		"in the guest)");
}

/* ---- trials of one cell ---- */

/* Facts that must be alike in all trials of a cell: what the path is made of, and who made it.
 * Not names that are new each time (image files, PIDs; of iothreads, which among several disks of
 * one VM are by the place of the disk: how many there are was asked for and proved), sizes or
 * times. */
static const char *const alike[] = {
	"path.bus",          "path.queues",        "path.queue_size",  "path.cache",
	"path.cache_direct", "path.aio",           "path.discard",     "path.detect_zeroes",
	"path.format",       "path.cluster_bytes", "path.chain_depth", "path.throttle",
	"path.storage",      "path.filesystem",    "path.vm.vcpus",    "path.vm.accel",
	"path.vm.machine",   "path.vm.pinning",    "path.host.cpus",   "path.host.memory_bytes",
	"path.emulator",     "guest.kernel",
};
/* And of the effective configuration, where nothing was asked (what was asked is compared above).
 */
static const char *const alike_effective[] = {
	"guest.driver",   "guest.queues",     "guest.scheduler", "guest.write_cache",
	"guest.model",    "guest.firmware",   "device",          "controller",
	"storage.driver", "emulator.version", "machine",         "image.o_direct",
};

static const char *effective_of(const struct trial_record *t, const char *key)
{
	for (size_t i = 0; i < t->effective.n; i++)
		if (!strcmp(t->effective.items[i].key, key))
			return t->effective.items[i].effective;
	return NULL;
}

static const char *fact_of(const struct trial_record *t, const char *key)
{
	return facts_get(&t->facts, key);
}

/* The same of every ok trial of the cell as of the first that has it. */
static size_t say_unlike(const struct run_data *d, uint32_t cell, const char *key,
			 const char *(*get)(const struct trial_record *, const char *),
			 size_t *ret_trial, struct bl_buf *out)
{
	const char *first = NULL;

	for (size_t i = 0; i < d->n_trials; i++) {
		const struct trial_record *t = &d->trials[i];
		const char *is = t->cell == cell && t->state == TRIAL_OK ? get(t, key) : NULL;

		if (!is)
			continue;
		if (!first)
			first = is;
		if (!strcmp(first, is))
			continue;
		bl_buf_addf(out, "%s%s is '%s' in trial %u and was '%s' before",
			    out->len ? "; " : "", key, is, t->repeat + 1, first);
		if (*ret_trial == SIZE_MAX)
			*ret_trial = i;
		return 1;
	}
	return 0;
}

static void rule_of_trials(struct diagnosis *g, uint32_t cell)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	size_t trial = SIZE_MAX;

	for (size_t i = 0; i < BL_ARRAY_LEN(alike); i++)
		say_unlike(g->d, cell, alike[i], fact_of, &trial, &said);
	for (size_t i = 0; i < BL_ARRAY_LEN(alike_effective); i++)
		say_unlike(g->d, cell, alike_effective[i], effective_of, &trial, &said);
	if (said.len)
		bl_buf_adds(&said, ": trials of one cell that are not alike");
	diagnosis_add(
		g, "config-drift", CONFIDENCE_CERTAIN, (struct where){.cell = cell, .trial = trial},
		&said,
		"do not average over what is not the same: find out what was changed while the "
		"run went on (an update, another disk, another kernel), and run again");
}

/* ---- two runs ---- */

/* What makes hosts unlike: CPU, kernel, QEMU and its settings. Not load, not free memory. */
static const char *const of_host[] = {
	"accel",
	"qemu.version",
	"libvirt.version",
	"host.kernel",
	"host.kernel_arguments",
	"cpu.model",
	"cpu.stepping",
	"cpu.microcode",
	"cpu.count",
	"cpu.online",
	"cpu.smt",
	"cpu.governor",
	"cpu.frequency_driver",
	"cpu.clocksource",
	"cpu.mitigations",
	"memory.total_bytes",
	"memory.transparent_hugepage",
	"memory.ksm",
	"memory.swappiness",
	"memory.dirty_ratio",
	"memory.dirty_bytes",
	"memory.dirty_background_ratio",
	"memory.dirty_background_bytes",
	"disk.file_system",
	"disk.mount_options",
	"disk.layers",
	"disk.model",
	"disk.firmware",
	"disk.scheduler",
	"disk.rotational",
	"disk.write_cache",
	"disk.queue_requests",
};

static void say_if_unlike(const char *key, const char *here, const char *there, struct bl_buf *out)
{
	if (here && there && strcmp(here, there) != 0)
		bl_buf_addf(out, "%s%s is '%s' here and '%s' there", out->len ? "; " : "", key,
			    here, there);
}

static void say_unlike_hosts(const struct run_data *d, const struct run_data *beside,
			     struct bl_buf *out)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(of_host); i++)
		say_if_unlike(of_host[i], facts_get(&d->run.environment, of_host[i]),
			      facts_get(&beside->run.environment, of_host[i]), out);
}

/* The first line in which two jobs of one name differ. */
static void say_unlike_jobs(const struct job_result *here, const struct job_result *there,
			    struct bl_buf *out)
{
	const char *a = here->job_text, *b = there->job_text;

	while (a && b && *a && *b) {
		size_t na = strcspn(a, "\n"), nb = strcspn(b, "\n");

		if (na != nb || strncmp(a, b, na) != 0)
			break;
		a += na + (a[na] == '\n');
		b += nb + (b[nb] == '\n');
	}
	if (a && b && (*a || *b))
		bl_buf_addf(out, "%sjob '%s' has '%.*s' here and '%.*s' there",
			    out->len ? "; " : "", here->name, (int)strcspn(a, "\n"), a,
			    (int)strcspn(b, "\n"), b);
}

static void say_unlike_cells(const struct trial_record *here, const struct trial_record *there,
			     struct bl_buf *out)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(alike); i++)
		say_if_unlike(alike[i], fact_of(here, alike[i]), fact_of(there, alike[i]), out);
	for (size_t i = 0; i < BL_ARRAY_LEN(alike_effective); i++)
		say_if_unlike(alike_effective[i], effective_of(here, alike_effective[i]),
			      effective_of(there, alike_effective[i]), out);
	for (size_t i = 0; i < here->n_jobs; i++) {
		const struct job_result *other = trial_job(there, here->jobs[i].name);

		if (other)
			say_unlike_jobs(&here->jobs[i], other, out);
	}
}

static void add_unlike(struct diagnosis *g, uint32_t cell, size_t trial, struct bl_buf *said,
		       const char *remedy)
{
	if (said->len)
		bl_buf_addf(said, ": beside run %.13s on host '%s', which should be alike",
			    g->beside->run.id, g->beside->run.host_name);
	diagnosis_add(g, "config-drift", CONFIDENCE_CERTAIN,
		      (struct where){.cell = cell, .trial = trial}, said, remedy);
}

/* Hosts apart from paths: the former is said alike for every cell. */
static void rule_of_runs(struct diagnosis *g, uint32_t cell)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf hosts = BL_BUF_INIT, paths = BL_BUF_INIT;
	uint32_t same = cell_named(g->beside, g->d->cells[cell].name);
	size_t here = first_ok_trial(g->d, cell, NULL), there;

	if (same == NO_CELL)
		return;
	there = first_ok_trial(g->beside, same, NULL);
	say_unlike_hosts(g->d, g->beside, &hosts);
	add_unlike(g, cell, here, &hosts,
		   "make them alike, or do not expect the same figures: which of these explains "
		   "a difference, one change at a time can tell");
	if (here == SIZE_MAX || there == SIZE_MAX)
		return;
	say_unlike_cells(&g->d->trials[here], &g->beside->trials[there], &paths);
	add_unlike(g, cell, here, &paths,
		   "cells of one name should be one configuration: find out what changed it (an "
		   "update, a default, another disk), and run again");
}

void rules_of_drift(struct diagnosis *g, uint32_t cell)
{
	rule_of_asked(g, cell);
	rule_of_trials(g, cell);
	if (g->beside)
		rule_of_runs(g, cell);
}
