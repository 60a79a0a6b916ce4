/* Any text is refused with a reason or is a scenario whose matrix and plan hold what their
 * headers promise. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fuzz.h"
#include "plan.h"

const char *const fuzz_words[] = {
	"\n",
	"\n- ",
	"\n  ",
	": ",
	"[",
	"]",
	"{",
	"}",
	", ",
	"&a ",
	"*a",
	"!!int ",
	"\"",
	"'",
	"name: ",
	"axes: ",
	"include: ",
	"exclude: ",
	"vm: ",
	"backing: ",
	"limits: ",
	"jobs: ",
	"only: ",
	"runtime: ",
	"repeats: ",
	"auto",
	"least: ",
	"budget: ",
	"metric: p99",
	"min_effect: ",
	"precondition: ",
	"snia",
	"round: ",
	"5%",
	"seed: ",
	"reference: ",
	"bus: ",
	"iothreads: ",
	"queues: ",
	"cache: ",
	"aio: ",
	"format: ",
	"cluster_size: ",
	"vcpus: ",
	"kernel: ",
	"device: ",
	"needs: ",
	"pci: ",
	"path: ",
	"serial: ",
	"namespace: ",
	"snapshots: ",
	"storage: ",
	"vfio",
	"filesystem",
	"0000:00:10.0",
	"/dev/sdb",
	"yes",
	"host",
	"sata",
	"native",
	"writeback",
	"qcow2",
	"1",
	"0",
	"64",
	"1MiB",
	"4096",
	"-1",
	"1e9",
	"99999999999999999999",
	"\xc3\xa9",
	"\xff",
	"\t",
	"#",
};
const size_t n_fuzz_words = BL_ARRAY_LEN(fuzz_words);
unsigned long n_fuzz_accepted;

/* The corpus' jobs are beside the shipped scenarios' or beside a golden case. */
static const char *const bases[] = {SOURCE_DIR "/scenarios/library/fuzz.yaml",
				    SOURCE_DIR "/tests/golden/plan/all-keys/fuzz.yaml"};

static void check_failure(int r, const struct bl_err *err)
{
	FUZZ_MUST(r < 0);
	FUZZ_MUST(err->code == r);
	FUZZ_MUST(err->text[0]);
	FUZZ_MUST(strlen(err->text) < BL_ERR_TEXT_MAX);
}

static void check_matrix(const struct matrix *m)
{
	FUZZ_MUST(matrix_len(m) > 0 && matrix_len(m) <= MATRIX_CELLS_MAX);
	FUZZ_MUST(matrix_reference(m) < matrix_len(m));
	for (size_t i = 0; i < matrix_len(m); i++) {
		const struct cell *c = matrix_cell(m, i);

		FUZZ_MUST(c->name[0]);
		FUZZ_MUST(cell_check(c, NULL) == 0);
		for (size_t k = 0; k < i; k++)
			FUZZ_MUST(strcmp(c->name, matrix_cell(m, k)->name) != 0);
	}
}

/* How often a cell has its turn in a repeat. */
static unsigned turns_of(const struct scenario *sc, const struct matrix *m, size_t cell)
{
	BL_CLEANUP(bl_freep) size_t *group = calloc(matrix_len(m), sizeof *group);

	FUZZ_MUST(group);
	return plan_group(sc, m, cell, group) > 1 ? sc->rounds : 1;
}

static void check_plan(const struct scenario *sc, const struct matrix *m, const struct plan *p)
{
	size_t n = matrix_len(m), n_all = 0;
	BL_CLEANUP(bl_freep) unsigned *counts = calloc(n * sc->repeats, sizeof *counts);

	FUZZ_MUST(counts);
	FUZZ_MUST(p->estimate_ns > 0);
	for (size_t i = 0; i < n; i++)
		FUZZ_MUST(cell_needs_device(matrix_cell(m, i)) ||
			  p->disk_bytes >= sc->backing_bytes);
	for (size_t i = 0; i < p->n_trials; i++) {
		const struct planned_trial *t = &p->trials[i];

		FUZZ_MUST(t->cell < n && t->repeat < sc->repeats);
		FUZZ_MUST(t->round < turns_of(sc, m, t->cell));
		counts[t->repeat * n + t->cell]++;
	}
	for (size_t i = 0; i < n; i++) {
		unsigned turns = turns_of(sc, m, i);

		n_all += (size_t)turns * sc->repeats;
		for (size_t k = 0; k < sc->repeats; k++)
			FUZZ_MUST(counts[k * n + i] == turns);
	}
	FUZZ_MUST(p->n_trials == n_all);
}

static void check_device(const struct scenario *sc, const struct matrix *m)
{
	const struct scenario_device *d = &sc->device;
	struct bl_err err = BL_ERR_INIT;
	int r = matrix_check_device(m, sc, &err);

	FUZZ_MUST((d->at.line > 0) == (d->serial != NULL));
	FUZZ_MUST(!d->serial || !d->pci != !d->path);
	FUZZ_MUST((d->nsid > 0) == (d->pci != NULL));
	if (r < 0)
		check_failure(r, &err);
	for (size_t i = 0; i < matrix_len(m) && r == 0; i++) {
		FUZZ_MUST(!cell_needs_device(matrix_cell(m, i)) || d->serial);
		FUZZ_MUST(!cell_takes_controller(matrix_cell(m, i)) || d->pci);
	}
}

static void check_scenario(const struct scenario *sc)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(matrix_freep) struct matrix *m = NULL;
	BL_CLEANUP(plan_freep) struct plan *p = NULL;
	struct bl_err err = BL_ERR_INIT;
	int r;

	scenario_to_text(sc, &text);
	FUZZ_MUST(!bl_buf_failed(&text) && text.len > 0);
	r = matrix_expand(sc, &m, &err);
	if (r < 0) {
		check_failure(r, &err);
		FUZZ_MUST(r == -EINVAL || r == -E2BIG);
		return;
	}
	check_matrix(m);
	check_device(sc, m);
	r = plan_make(sc, m, &p, &err);
	if (r < 0) { /* more disks than a VM takes */
		check_failure(r, &err);
		FUZZ_MUST(r == -EINVAL && sc->is_within_boot);
		return;
	}
	check_plan(sc, m, p);
	n_fuzz_accepted++;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = NULL;
	BL_CLEANUP(bl_freep) char *text = malloc(size + 1);
	int r = -ENOENT;

	FUZZ_MUST(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	for (size_t i = 0; i < BL_ARRAY_LEN(bases) && r == -ENOENT; i++) {
		struct bl_err err = BL_ERR_INIT;

		r = scenario_parse(text, bases[i], &sc, &err);
		if (r < 0) {
			check_failure(r, &err);
			FUZZ_MUST(sc == NULL);
		}
	}
	if (sc)
		check_scenario(sc);
	return 0;
}
