#include "plan.h"

#include <errno.h>
#include <stdlib.h>

#include "cleanup.h"
#include "units.h"

/* For the estimate only, and on the slow side: a two-core host with emulated CPUs (TCG). A
 * guest says hello after about 4 s there. With KVM a plan ends earlier than it says. */
#define BOOT_NS            (5 * NS_PER_S)
#define SHUTDOWN_NS        (1 * NS_PER_S)
#define GUEST_FILL_BYTES_S (100 * MiB) /* random data through an emulated disk */
#define HOST_FILL_BYTES_S  (400 * MiB)
#define JOB_BYTES_S        (50 * MiB)     /* of jobs that end by size, not by time */
#define BETWEEN_TRIALS_NS  (NS_PER_S / 2) /* make the image, drop caches, remove it */

#define QCOW2_CLUSTER        (64 * KiB)    /* qemu-img's default */
#define QCOW2_ENTRY_BYTES    ((uint64_t)8) /* of L1, L2 and refcount tables */
#define QCOW2_REFCOUNT_BYTES ((uint64_t)2) /* 16 bits, the default */

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

/* Fisher-Yates: every order is equally likely. */
static void shuffle(struct planned_trial *block, size_t n, uint64_t *state)
{
	for (size_t i = n; i > 1; i--) {
		size_t k = random_below(state, i);
		struct planned_trial t = block[i - 1];

		block[i - 1] = block[k];
		block[k] = t;
	}
}

static uint64_t time_for(uint64_t bytes, uint64_t bytes_s)
{
	return bytes / bytes_s * NS_PER_S + bytes % bytes_s * NS_PER_S / bytes_s;
}

static uint64_t job_ns(const struct scenario *sc, const struct job *j)
{
	uint64_t region = j->size_pct ? sc->backing_bytes / 100 * j->size_pct : j->size;
	uint64_t bytes, by_size;

	if (region == 0 || region > sc->backing_bytes)
		region = sc->backing_bytes;
	bytes = j->io_size ? j->io_size : region;
	by_size = time_for(bytes, JOB_BYTES_S);
	if (j->runtime_ns && (j->time_based || j->runtime_ns < by_size))
		return j->ramp_ns + j->runtime_ns;
	return j->ramp_ns + by_size;
}

/* Jobs of one group run together: the longest counts. */
static uint64_t jobs_ns(const struct scenario *sc)
{
	uint64_t total = 0, longest = 0;

	for (size_t i = 0; i < sc->jobs.n; i++) {
		const struct job *j = &sc->jobs.items[i];
		uint64_t ns = job_ns(sc, j);

		if (i > 0 && j->group != sc->jobs.items[i - 1].group) {
			total += longest;
			longest = 0;
		}
		if (ns > longest)
			longest = ns;
	}
	return total + longest;
}

uint64_t plan_trial_ns(const struct scenario *sc, const struct cell *c)
{
	bool has_vm = c->bus != BUS_HOST;
	uint64_t ns = BETWEEN_TRIALS_NS + jobs_ns(sc);

	if (has_vm)
		ns += BOOT_NS + SHUTDOWN_NS;
	if (sc->precondition == PRECONDITION_RANDOM_FILL)
		ns += time_for(sc->backing_bytes, has_vm ? GUEST_FILL_BYTES_S : HOST_FILL_BYTES_S);
	return ns;
}

static uint64_t divide_up(uint64_t n, uint64_t by)
{
	return n / by + (n % by != 0);
}

/* The clusters of a fully allocated qcow2 image (docs/interop/qcow2.txt of QEMU): header,
 * data, L2 and L1 tables; and refcount blocks and table, which count themselves. */
static uint64_t qcow2_bytes(uint64_t disk, uint64_t cluster)
{
	uint64_t data = divide_up(disk, cluster);
	uint64_t l2 = divide_up(data * QCOW2_ENTRY_BYTES, cluster);
	uint64_t l1 = divide_up(l2 * QCOW2_ENTRY_BYTES, cluster);
	uint64_t counted = 1 + data + l2 + l1, blocks = 0, table = 0;

	for (;;) {
		uint64_t all = counted + blocks + table;
		uint64_t b = divide_up(all * QCOW2_REFCOUNT_BYTES, cluster);
		uint64_t t = divide_up(b * QCOW2_ENTRY_BYTES, cluster);

		if (b == blocks && t == table)
			return all * cluster;
		blocks = b;
		table = t;
	}
}

uint64_t plan_backing_bytes(const struct scenario *sc, const struct cell *c)
{
	uint64_t cluster = c->cluster_size ? c->cluster_size : QCOW2_CLUSTER;

	return c->format == FORMAT_QCOW2 ? qcow2_bytes(sc->backing_bytes, cluster)
					 : sc->backing_bytes;
}

int plan_make(const struct scenario *sc, const struct matrix *m, struct plan **ret_plan,
	      struct bl_err *err)
{
	BL_CLEANUP(plan_freep) struct plan *p = calloc(1, sizeof *p);
	size_t n = matrix_len(m);
	uint64_t state = sc->seed;

	if (p)
		p->trials = calloc(n * sc->repeats, sizeof *p->trials);
	if (!p || !p->trials)
		return bl_fail(err, -ENOMEM, "out of memory for the plan");
	p->n_trials = n * sc->repeats;
	for (size_t i = 0; i < p->n_trials; i++) {
		size_t cell = sc->is_interleaved ? i % n : i / sc->repeats;
		size_t repeat = sc->is_interleaved ? i / n : i % sc->repeats;

		p->trials[i] = (struct planned_trial){(uint32_t)cell, (uint32_t)repeat};
	}
	for (size_t block = 0; sc->is_interleaved && block < sc->repeats; block++)
		shuffle(p->trials + block * n, n, &state);
	for (size_t i = 0; i < n; i++) {
		const struct cell *c = matrix_cell(m, i);
		uint64_t bytes = plan_backing_bytes(sc, c);

		p->estimate_ns += plan_trial_ns(sc, c) * sc->repeats;
		if (bytes > p->disk_bytes)
			p->disk_bytes = bytes;
	}
	*ret_plan = BL_STEAL(p);
	return 0;
}

struct plan *plan_free(struct plan *p)
{
	if (!p)
		return NULL;
	free(p->trials);
	free(p);
	return NULL;
}

void plan_freep(struct plan **p)
{
	*p = plan_free(*p);
}

void plan_to_text(const struct plan *p, const struct matrix *m, struct bl_buf *out)
{
	char clock[BL_UNIT_TEXT_MAX], size[BL_UNIT_TEXT_MAX];

	bl_buf_addf(out, "%zu cell%s, %zu trial%s, about %s, %s of disk\n", matrix_len(m),
		    matrix_len(m) == 1 ? "" : "s", p->n_trials, p->n_trials == 1 ? "" : "s",
		    bl_format_clock(clock, p->estimate_ns), bl_format_size(size, p->disk_bytes));
	for (size_t i = 0; i < p->n_trials; i++)
		bl_buf_addf(out, "trial %zu: block %u, %s\n", i + 1, p->trials[i].repeat + 1,
			    matrix_cell(m, p->trials[i].cell)->name);
}
