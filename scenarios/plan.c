#include "plan.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "units.h"

/* For the estimate only: measured from the facts that 42 trials of quick.yaml and of a matrix of
 * bus, cache and format left in the store, on two cores with emulated CPUs (TCG), QEMU 7.2, guests
 * of 2 vCPUs with Linux 6.1, other work on the host. With KVM a plan ends earlier than it says; on
 * a host with more to do later: with a load of 5 to 7 the median boot took 7.3 s.
 * BOOT: boot.start_to_hello_ns, 4.05 s at least, 5.4 s the lower quartile. AROUND: making and
 * removing the image, dropping caches; a trial on the host less its fill and jobs. VM: what a VM
 * has on top, the checks before the jobs and the shutdown. FILL: backing.fill_ns, by the host
 * for every cell; medians of 370 to 450 MiB/s for qcow2, 520 to 700 for raw. */
#define BOOT_NS      (5 * NS_PER_S)
#define AROUND_NS    (NS_PER_S / 4)
#define VM_NS        (NS_PER_S / 2)
#define FILL_BYTES_S (400 * MiB)

/* Of jobs that end by size, not by time: what requests cost with direct I/O, as above, by jobs of
 * 4 KiB to 1 MiB and depths 1 to 32. It gives back their rates within a third, but for 1 MiB
 * writes, which are up to twice as fast. */
struct pace {
	double request_ns; /* a lone one, less what its bytes take */
	uint64_t overlap;  /* deeper queues gain no more */
	double bytes_s;
	double flush_ns; /* fsync, fdatasync */
};
static const struct pace guest_pace = {430e3, 6, 1400.0 * MiB, 800e3};
static const struct pace host_pace = {65e3, 5, 1000.0 * MiB, 40e3};

#define PLAN_ROUNDS_LEAST    5                        /* SNIA's window: steady at once */
#define ESTIMATE_MAX_NS      (1000 * 3600 * NS_PER_S) /* of one job: who waits longer? */
#define QCOW2_ENTRY_BYTES    ((uint64_t)8)            /* of L1, L2 and refcount tables */
#define QCOW2_REFCOUNT_BYTES ((uint64_t)2)            /* 16 bits, the default */

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

/* What a job takes that ends when its bytes are moved. In double: sizes have no bound here. */
static uint64_t by_size_ns(const struct scenario *sc, const struct job *j, const struct pace *pace)
{
	uint64_t region = j->size_pct ? sc->backing_bytes / 100 * j->size_pct : j->size;
	uint64_t depth = (uint64_t)j->iodepth * j->numjobs,
		 every = j->fsync ? j->fsync : j->fdatasync;
	unsigned dir = job_reads(j) ? 0 : job_writes(j) ? 1 : 2;
	double bytes, requests, ns, paced;

	if (region == 0 || region > sc->backing_bytes)
		region = sc->backing_bytes;
	if (j->io_size_pct)
		region = sc->backing_bytes / 100 * j->io_size_pct;
	bytes = (double)(j->io_size ? j->io_size : region) * j->numjobs * j->loops;
	requests = bytes * 2 / ((double)job_bs_min(j, dir) + job_bs_max(j, dir));
	ns = requests * pace->request_ns / (depth < pace->overlap ? depth : pace->overlap) +
	     bytes / pace->bytes_s * NS_PER_S;
	if (job_writes(j) && every)
		ns += requests / (double)every / j->numjobs * pace->flush_ns;
	paced = j->rate_iops[dir] ? requests / j->numjobs / (double)j->rate_iops[dir] * NS_PER_S
				  : 0;
	if (j->rate[dir])
		paced = bytes / j->numjobs / (double)j->rate[dir] * NS_PER_S;
	return (uint64_t)fmin(fmax(ns, paced), (double)ESTIMATE_MAX_NS);
}

static uint64_t job_ns(const struct scenario *sc, const struct job *j, const struct pace *pace)
{
	uint64_t by_size = by_size_ns(sc, j, pace), before = j->startdelay_max_ns + j->ramp_ns;

	if (j->runtime_ns && (j->time_based || j->runtime_ns < by_size))
		return before + j->runtime_ns;
	return before + by_size;
}

/* Jobs of one group run together: the longest counts. */
static uint64_t jobs_ns(const struct scenario *sc, const struct pace *pace)
{
	uint64_t total = 0, longest = 0;

	for (size_t i = 0; i < sc->jobs.n; i++) {
		const struct job *j = &sc->jobs.items[i];
		uint64_t ns = job_ns(sc, j, pace);

		if (i > 0 && j->group != sc->jobs.items[i - 1].group) {
			total += longest;
			longest = 0;
		}
		if (ns > longest)
			longest = ns;
	}
	return total + longest;
}

static size_t n_groups(const struct scenario *sc)
{
	size_t n = 0;

	for (size_t i = 0; i < sc->jobs.n; i++)
		n += i == 0 || sc->jobs.items[i].group != sc->jobs.items[i - 1].group;
	return n;
}

/* A trial whose jobs are steady after @rounds. */
static uint64_t trial_ns(const struct scenario *sc, const struct cell *c, uint32_t rounds)
{
	bool has_vm = c->bus != BUS_HOST;
	const struct pace *pace = has_vm ? &guest_pace : &host_pace;
	uint64_t ns = AROUND_NS + jobs_ns(sc, pace);

	if (has_vm)
		ns += BOOT_NS + VM_NS;
	if (sc->precondition == PRECONDITION_RANDOM_FILL)
		ns += time_for(sc->backing_bytes, FILL_BYTES_S);
	ns += sc->warm_up.sequential * time_for(sc->backing_bytes, (uint64_t)pace->bytes_s);
	return ns + n_groups(sc) * rounds * sc->warm_up.round_ns;
}

uint64_t plan_trial_ns(const struct scenario *sc, const struct cell *c)
{
	return trial_ns(sc, c, sc->warm_up.rounds);
}

static void estimate(const struct scenario *sc, const struct matrix *m, struct plan *p)
{
	uint32_t least = sc->more.is_auto ? sc->more.least : sc->repeats;

	for (size_t i = 0; i < matrix_len(m); i++) {
		p->estimate_ns += plan_trial_ns(sc, matrix_cell(m, i)) * sc->repeats;
		p->least_ns += trial_ns(sc, matrix_cell(m, i), PLAN_ROUNDS_LEAST) * least;
	}
	if (sc->more.budget_ns && p->estimate_ns > sc->more.budget_ns)
		p->estimate_ns = sc->more.budget_ns;
	if (p->least_ns > p->estimate_ns)
		p->least_ns = p->estimate_ns;
}

void plan_time_text(const struct plan *p, struct bl_buf *out)
{
	char least[BL_UNIT_TEXT_MAX], most[BL_UNIT_TEXT_MAX];

	bl_format_clock(least, p->least_ns);
	bl_format_clock(most, p->estimate_ns);
	if (strcmp(least, most) != 0)
		bl_buf_addf(out, "%s to ", least);
	bl_buf_adds(out, most);
}

void plan_repeats_text(const struct scenario *sc, struct bl_buf *out)
{
	if (sc->more.is_auto && sc->more.least < sc->repeats)
		bl_buf_addf(out, "%u to ", sc->more.least);
	bl_buf_addf(out, "%u trial%s", sc->repeats, sc->repeats == 1 ? "" : "s");
}

static uint64_t divide_up(uint64_t n, uint64_t by)
{
	return n / by + (n % by != 0);
}

/* The clusters of a fully allocated qcow2 image (docs/interop/qcow2.txt of QEMU): header,
 * data, L2 and L1 tables; and refcount blocks and table, which count themselves. */
uint64_t plan_qcow2_bytes(uint64_t disk, uint64_t cluster)
{
	uint64_t data, l2, l1, counted, blocks = 0, table = 0;

	if (!cluster)
		cluster = CELL_QCOW2_CLUSTER;
	data = divide_up(disk, cluster);
	l2 = divide_up(data * QCOW2_ENTRY_BYTES, cluster);
	l1 = divide_up(l2 * QCOW2_ENTRY_BYTES, cluster);
	counted = 1 + data + l2 + l1;
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
	if (cell_needs_device(c))
		return 0;
	return c->format == FORMAT_QCOW2 ? plan_qcow2_bytes(sc->backing_bytes, c->cluster_size)
					 : sc->backing_bytes;
}

uint64_t plan_space_bytes(const struct scenario *sc, const struct matrix *m)
{
	uint64_t most = 0;
	bool has_source = false;

	for (size_t i = 0; i < matrix_len(m); i++) {
		const struct cell *c = matrix_cell(m, i);
		uint64_t bytes = plan_backing_bytes(sc, c);

		if (bytes > most)
			most = bytes;
		if (c->format == FORMAT_QCOW2 && !cell_needs_device(c))
			has_source = sc->precondition == PRECONDITION_RANDOM_FILL;
	}
	return most + (has_source ? sc->backing_bytes : 0);
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
	estimate(sc, m, p);
	p->may_end_early = sc->more.is_auto || sc->more.budget_ns;
	p->disk_bytes = plan_space_bytes(sc, m);
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
	char size[BL_UNIT_TEXT_MAX];

	bl_buf_addf(out, "%zu cell%s, %s%zu trial%s, about ", matrix_len(m),
		    matrix_len(m) == 1 ? "" : "s", p->may_end_early ? "at most " : "", p->n_trials,
		    p->n_trials == 1 ? "" : "s");
	plan_time_text(p, out);
	bl_buf_addf(out, ", %s of disk\n", bl_format_size(size, p->disk_bytes));
	for (size_t i = 0; i < p->n_trials; i++)
		bl_buf_addf(out, "trial %zu: block %u, %s\n", i + 1, p->trials[i].repeat + 1,
			    matrix_cell(m, p->trials[i].cell)->name);
}
