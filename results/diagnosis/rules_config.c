/* What the configuration says by itself: once a cell. */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "figure.h"
#include "rules.h"

/* ---- cache-unsafe ---- */

static bool drops_flushes(const struct run_data *d, const struct trial_record *t)
{
	const char *said = facts_get(&t->facts, "path.cache_no_flush");

	if (said)
		return !strcmp(said, "on") || !strcmp(said, "yes") || !strcmp(said, "true");
	said = facts_get(&t->facts, "path.cache");
	return !strcmp(said ? said : axis_of(d, t->cell, "cache"), "unsafe");
}

/* The speed is told beside the risk: of the first job, against a cell that keeps flushes. */
static void say_speed(const struct diagnosis *g, uint32_t cell, const struct trial_record *t,
		      struct bl_buf *out)
{
	static const enum metric shown[] = {METRIC_IOPS, METRIC_P99};
	static const char *const safe[] = {"none", "writeback", "directsync", "writethrough"};
	struct sibling other;

	for (size_t i = 0; t->n_jobs && i < BL_ARRAY_LEN(safe); i++) {
		if (!sibling_of(g, cell, t->jobs[0].name, "cache", safe[i], &other))
			continue;
		say_gain(g, &other, shown, BL_ARRAY_LEN(shown), out);
		return;
	}
}

static void rule_of_durability(struct diagnosis *g, uint32_t cell)
{
	size_t first = first_ok_trial(g->d, cell, NULL);
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	const struct cell_record *c = &g->d->cells[cell];

	if (first == SIZE_MAX || !drops_flushes(g->d, &g->d->trials[first]))
		return;
	bl_buf_addf(&said, "QEMU answers flushes without passing them on%s%s",
		    c->durability && *c->durability ? ": " : "",
		    c->durability ? c->durability : "");
	say_speed(g, cell, &g->d->trials[first], &said);
	diagnosis_add(
		g, "cache-unsafe", CONFIDENCE_CERTAIN,
		(struct where){.cell = cell, .trial = first, .change = "cache=none"}, &said,
		"never for data that is to be kept: cache=none is the fast mode that is safe. "
		"Harmless for a VM that is thrown away when anything happens (an installer, a "
		"build)");
}

/* ---- emulated-cpu ---- */

static void rule_of_emulation(struct diagnosis *g, uint32_t cell)
{
	size_t first = first_ok_trial(g->d, cell, NULL);
	const char *bus = axis_of(g->d, cell, "bus"), *accel;
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;

	if (first == SIZE_MAX || !strcmp(bus, "host"))
		return;
	accel = facts_get(&g->d->trials[first].facts, "path.vm.accel");
	if (!run_is_emulated(&g->d->run) && !(accel && !strcmp(accel, "tcg")))
		return;
	bl_buf_adds(&said,
		    "the VM's CPU is emulated (accelerator tcg): guest and QEMU need many times "
		    "the CPU time that they need on a real one");
	diagnosis_add(
		g, "emulated-cpu", CONFIDENCE_CERTAIN, (struct where){.cell = cell, .trial = first},
		&said,
		"compare paths with each other, not times with those of real VMs; give the host "
		"/dev/kvm (nested virtualization, or a host of its own) for figures that hold");
}

void rules_of_configuration(struct diagnosis *g, uint32_t cell)
{
	rule_of_durability(g, cell);
	rule_of_emulation(g, cell);
}
