/* plan_order.c - who shares a boot with whom, and the order of it all. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "plan.h"

#define WARM_UP_LEAST 5 /* rounds, SNIA's window: steady at once */

/* --- randomness --- */

uint64_t plan_random(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

/* Uniform in [0, n): draws from the uneven rest at the top are thrown away. */
static uint64_t random_below(uint64_t *state, uint64_t n)
{
	uint64_t limit = UINT64_MAX - UINT64_MAX % n, v;

	do
		v = plan_random(state);
	while (v >= limit);
	return v % n;
}

static void swap(size_t *a, size_t *b)
{
	size_t t = *a;

	*a = *b;
	*b = t;
}

/* Fisher-Yates: every order is equally likely. */
static void shuffle(size_t *items, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--)
		swap(&items[i - 1], &items[random_below(state, i)]);
}

static void reverse(size_t *items, size_t n)
{
	for (size_t i = 0; i < n / 2; i++)
		swap(&items[i], &items[n - 1 - i]);
}

/* --- who shares a boot --- */

/* A VM can have any number of these disks, and nobody hands anything over for them. */
static bool can_share(const struct cell *c)
{
	bool is_qemus = c->bus == BUS_VIRTIO_BLK || c->bus == BUS_VIRTIO_SCSI ||
			c->bus == BUS_SATA || c->bus == BUS_NVME_EMULATED;

	return is_qemus && (c->storage == STORAGE_FILE || c->storage == STORAGE_NBD);
}

/* vCPUs, kernel, emulator; the rest of the VM is the scenario's. */
static bool is_same_vm(const struct cell *a, const struct cell *b)
{
	for (size_t i = 0; i < n_axis_rows; i++)
		if (axis_rows[i].group == AXES_VM && !axis_equal(&axis_rows[i], a, b))
			return false;
	return true;
}

size_t plan_group(const struct scenario *sc, const struct matrix *m, size_t cell, size_t *ret)
{
	const struct cell *c = matrix_cell(m, cell);
	size_t n = 0;

	for (size_t i = 0; i < matrix_len(m); i++) {
		const struct cell *other = matrix_cell(m, i);
		bool shares = sc->is_within_boot && can_share(c) && can_share(other) &&
			      is_same_vm(c, other);

		if (i == cell || shares)
			ret[n++] = i;
	}
	return n;
}

/* --- the order --- */

/* A cell that boots alone, or the cells of a group: units[] has the first cell of each. */
struct order {
	const struct scenario *sc;
	const struct matrix *m;
	struct plan *p;
	size_t *units, *block, *group; /* each with room for all cells */
	size_t n_units;
	uint32_t n_boots;
	uint64_t state;
};

static int check_size(const struct order *o, size_t first, size_t n, struct bl_err *err)
{
	size_t n_sata = 0;

	for (size_t i = 0; i < n; i++)
		n_sata += matrix_cell(o->m, o->group[i])->bus == BUS_SATA;
	if (n > 1 && n_sata > PLAN_SATA_MAX)
		return text_pos_fail(err, -EINVAL, o->sc->path, o->sc->interleave_at,
				     "interleave: within-boot: %zu sata cells would share a VM, "
				     "whose controller has %d ports; choose fewer with --cell or "
				     "exclude, or use between-boots",
				     n_sata, PLAN_SATA_MAX);
	if (n <= PLAN_DISKS_MAX)
		return 0;
	return text_pos_fail(
		err, -EINVAL, o->sc->path, o->sc->interleave_at,
		"interleave: within-boot: %zu cells differ only in the disk from '%s', "
		"and one VM takes at most %d disks (those that QEMU is told of by the "
		"lab have as many PCI slots of q35); choose fewer with --cell or "
		"exclude, or use between-boots",
		n, matrix_cell(o->m, first)->name, PLAN_DISKS_MAX);
}

static void estimate(const struct order *o, const struct cell *c, size_t n, uint32_t turns)
{
	const struct scenario *sc = o->sc;
	struct plan_boot_size size = {.disks = n, .turns = turns, .warm_up = sc->warm_up.rounds};

	o->p->block_ns += plan_boot_ns(sc, c, &size);
	size.warm_up = WARM_UP_LEAST;
	o->p->least_ns +=
		(sc->more.is_auto ? sc->more.least : sc->repeats) * plan_boot_ns(sc, c, &size);
}

static int find_units(struct order *o, struct bl_err *err)
{
	for (size_t i = 0; i < matrix_len(o->m); i++) {
		size_t n = plan_group(o->sc, o->m, i, o->group);
		uint32_t rounds = n > 1 ? o->sc->rounds : 1;
		int r = check_size(o, i, n, err);

		if (r < 0)
			return r;
		o->p->n_trials += (size_t)o->sc->repeats * rounds;
		if (o->group[0] != i)
			continue;
		o->units[o->n_units++] = i;
		estimate(o, matrix_cell(o->m, i), n, rounds);
	}
	o->p->estimate_ns = o->sc->repeats * o->p->block_ns;
	if (o->sc->more.budget_ns && o->p->estimate_ns > o->sc->more.budget_ns)
		o->p->estimate_ns = o->sc->more.budget_ns;
	if (o->p->least_ns > o->p->estimate_ns)
		o->p->least_ns = o->p->estimate_ns;
	return 0;
}

static void add_boot(struct order *o, size_t unit, uint32_t repeat, size_t *ret_at)
{
	size_t n = plan_group(o->sc, o->m, unit, o->group);
	uint32_t rounds = n > 1 ? o->sc->rounds : 1;

	for (uint32_t round = 0; round < rounds; round++) {
		if (n > 1 && round % 2 == 0)
			shuffle(o->group, n, &o->state);
		else
			reverse(o->group, n);
		for (size_t i = 0; i < n; i++)
			o->p->trials[(*ret_at)++] =
				(struct planned_trial){.cell = (uint32_t)o->group[i],
						       .repeat = repeat,
						       .round = round,
						       .boot = o->n_boots};
	}
	o->n_boots++;
}

static void add_all(struct order *o)
{
	uint32_t repeats = o->sc->repeats;
	size_t at = 0;

	if (!o->sc->is_interleaved) {
		for (size_t i = 0; i < o->n_units * repeats; i++)
			add_boot(o, o->units[i / repeats], (uint32_t)(i % repeats), &at);
		return;
	}
	for (uint32_t repeat = 0; repeat < repeats; repeat++) {
		memcpy(o->block, o->units, o->n_units * sizeof *o->block);
		shuffle(o->block, o->n_units, &o->state);
		for (size_t i = 0; i < o->n_units; i++)
			add_boot(o, o->block[i], repeat, &at);
	}
}

int plan_make(const struct scenario *sc, const struct matrix *m, struct plan **ret_plan,
	      struct bl_err *err)
{
	BL_CLEANUP(plan_freep) struct plan *p = calloc(1, sizeof *p);
	BL_CLEANUP(bl_freep) size_t *room = calloc(3 * matrix_len(m), sizeof *room);
	struct order o = {.sc = sc, .m = m, .p = p, .units = room, .state = sc->seed};
	int r;

	if (!p || !room)
		return bl_fail(err, -ENOMEM, "out of memory for the plan");
	o.block = room + matrix_len(m);
	o.group = o.block + matrix_len(m);
	r = find_units(&o, err);
	if (r < 0)
		return r;
	p->trials = calloc(p->n_trials, sizeof *p->trials);
	if (!p->trials)
		return bl_fail(err, -ENOMEM, "out of memory for the plan");
	add_all(&o);
	p->may_end_early = sc->more.is_auto || sc->more.budget_ns;
	p->disk_bytes = plan_space_bytes(sc, m);
	*ret_plan = BL_STEAL(p);
	return 0;
}

size_t plan_boot_len(const struct plan *p, size_t first)
{
	size_t n = 1;

	while (first + n < p->n_trials && p->trials[first + n].boot == p->trials[first].boot)
		n++;
	return n;
}
