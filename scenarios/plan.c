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

#define ESTIMATE_MAX_NS      (1000 * 3600 * NS_PER_S) /* of one job: who waits longer? */
#define QCOW2_ENTRY_BYTES    ((uint64_t)8)            /* of L1, L2 and refcount tables */
#define QCOW2_REFCOUNT_BYTES ((uint64_t)2)            /* 16 bits, the default */

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

static bool has_vm(const struct cell *c)
{
	return c->bus != BUS_HOST;
}

static const struct pace *pace_of(const struct cell *c)
{
	return has_vm(c) ? &guest_pace : &host_pace;
}

/* A disk, made, filled and written as asked. */
static uint64_t disk_ns(const struct scenario *sc, const struct cell *c)
{
	uint64_t in_order = time_for(sc->backing_bytes, (uint64_t)pace_of(c)->bytes_s);
	uint64_t ns = AROUND_NS + sc->warm_up.sequential * in_order;

	if (sc->precondition == PRECONDITION_RANDOM_FILL)
		ns += time_for(sc->backing_bytes, FILL_BYTES_S);
	return ns;
}

uint64_t plan_boot_ns(const struct scenario *sc, const struct cell *c,
		      const struct plan_boot_size *n)
{
	uint64_t turn = jobs_ns(sc, pace_of(c)) + n_groups(sc) * n->warm_up * sc->warm_up.round_ns;
	uint64_t ns = n->disks * (disk_ns(sc, c) + n->turns * turn);

	return has_vm(c) ? ns + BOOT_NS + VM_NS : ns;
}

uint64_t plan_trial_ns(const struct scenario *sc, const struct cell *c)
{
	const struct plan_boot_size lone = {.disks = 1, .turns = 1, .warm_up = sc->warm_up.rounds};

	return plan_boot_ns(sc, c, &lone);
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

void plan_repeats_text(const struct scenario *sc, const char *what, struct bl_buf *out)
{
	if (sc->more.is_auto && sc->more.least < sc->repeats)
		bl_buf_addf(out, "%u to ", sc->more.least);
	bl_buf_addf(out, "%u %s%s", sc->repeats, what, sc->repeats == 1 ? "" : "s");
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

static uint64_t group_bytes(const struct scenario *sc, const struct matrix *m, const size_t *cells,
			    size_t n)
{
	uint64_t bytes = 0;

	for (size_t i = 0; i < n; i++)
		bytes += plan_backing_bytes(sc, matrix_cell(m, cells[i]));
	return bytes;
}

uint64_t plan_space_bytes(const struct scenario *sc, const struct matrix *m)
{
	size_t n = matrix_len(m), *group = calloc(n, sizeof *group), alone;
	uint64_t most = 0;
	bool has_source = false;

	for (size_t i = 0; i < n; i++) {
		const struct cell *c = matrix_cell(m, i);
		size_t *cells = group ? group : &alone;
		size_t n_cells = group ? plan_group(sc, m, i, group) : (alone = i, 1);
		uint64_t bytes = group_bytes(sc, m, cells, n_cells);

		if (bytes > most)
			most = bytes;
		if (c->format == FORMAT_QCOW2 && !cell_needs_device(c))
			has_source = sc->precondition == PRECONDITION_RANDOM_FILL;
	}
	free(group);
	return most + (has_source ? sc->backing_bytes : 0);
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
	for (size_t i = 0; i < p->n_trials; i++) {
		const struct planned_trial *t = &p->trials[i];

		bl_buf_addf(out, "trial %zu: block %u, ", i + 1, t->repeat + 1);
		if (plan_boot_len(p, i) > 1 || (i > 0 && p->trials[i - 1].boot == t->boot))
			bl_buf_addf(out, "boot %u, round %u, ", t->boot + 1, t->round + 1);
		bl_buf_addf(out, "%s\n", matrix_cell(m, t->cell)->name);
	}
}
