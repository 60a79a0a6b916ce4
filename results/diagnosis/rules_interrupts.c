/* Did one CPU take the device's interrupts? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "irq_counts.h"
#include "rules.h"
#include "units.h"

/* A thousand: an emulated host was seen to take 26 for a set-up and a megabyte of I/O, and what a
 * few hundred cost a CPU in a job of seconds (microseconds each) can't be felt. */
#define LEAST_INTERRUPTS 1000
/* "Nearly all": with a fair share on just one other CPU it would be a half. */
#define NEARLY_ALL_PCT 95

/* A line that has less than this part of a fair share is there by chance. */
#define LEAST_OF_SHARE 20

#define NAMES_SHOWN 4

/* One side of one job in one trial. */
struct taken {
	uint64_t all, most; /* counts: of all CPUs, and of the one that has the most */
	unsigned cpu;       /* that one */
	unsigned n_cpus;    /* that could take them; 0: not known */
	unsigned n_lines;   /* that counted */
	unsigned n_sharing; /* of them: those that end on that CPU, and not by chance */
	unsigned n_queues;  /* that there are */
	const struct job_result *job;
	const char *side; /* "guest" or "host" */
};

/* Interrupts that no I/O completes by: the admin queue and changes of the configuration. */
static bool is_of_admin(const char *name)
{
	size_t n = strlen(name);

	if (!strncmp(name, "nvme", 4) && n > 2 && !strcmp(name + n - 2, "q0"))
		return true;
	if (!strncmp(name, "vfio-msix[0]", strlen("vfio-msix[0]")))
		return true;
	return strstr(name, "-config") || strstr(name, "-control") || strstr(name, "-event");
}

/* A device with one vector has its admin queue and its I/O on it: then that one counts. */
static bool counts_here(const struct job_result *j, const char *side, const char *name)
{
	if (!is_of_admin(name))
		return true;
	for (size_t i = 0; i < j->facts.n; i++) {
		const char *other = irq_line_name(&j->facts.items[i], side);

		if (other && !is_of_admin(other))
			return false;
	}
	return true;
}

/* How many CPUs there are to choose from, as far as it is known. */
static unsigned cpus_of(const struct run_data *d, uint32_t cell, const char *side)
{
	const char *n = axis_of(d, cell, "vcpus");

	if (!strcmp(side, "host"))
		n = facts_get(&d->run.environment, "cpu.count");
	return n ? (unsigned)strtoul(n, NULL, 10) : 0;
}

static unsigned queues_of(const struct trial_record *t)
{
	for (size_t i = 0; i < t->effective.n; i++) {
		const struct effective *e = &t->effective.items[i];

		if (!strcmp(e->key, "guest.queues") && e->effective)
			return (unsigned)strtoul(e->effective, NULL, 10);
	}
	return 0;
}

/* Does the line @text end on @cpu? Not one that has next to nothing of its share: a thread that was
 * moved for a moment leaves a few interrupts behind. */
static bool ends_on(const char *text, unsigned cpu, const struct taken *x, uint64_t *per_cpu)
{
	uint64_t sum = 0;
	unsigned most = 0;

	memset(per_cpu, 0, IRQ_CPUS_MAX * sizeof *per_cpu);
	irq_add_counts(text, per_cpu);
	for (unsigned i = 0; i < IRQ_CPUS_MAX; i++) {
		sum += per_cpu[i];
		if (per_cpu[i] > per_cpu[most])
			most = i;
	}
	return most == cpu && sum * LEAST_OF_SHARE * x->n_lines >= x->all;
}

static void count_sharing(struct taken *x, uint64_t *per_cpu)
{
	for (size_t i = 0; i < x->job->facts.n; i++) {
		const char *name = irq_line_name(&x->job->facts.items[i], x->side);

		if (name && counts_here(x->job, x->side, name))
			x->n_sharing += ends_on(x->job->facts.items[i].value, x->cpu, x, per_cpu);
	}
}

static bool count_taken(struct diagnosis *g, const struct trial_record *t,
			const struct job_result *j, const char *side, struct taken *ret)
{
	BL_CLEANUP(bl_freep) uint64_t *per_cpu = calloc(IRQ_CPUS_MAX, sizeof *per_cpu);

	if (!per_cpu) {
		g->failed = true;
		return false;
	}
	*ret = (struct taken){.n_cpus = cpus_of(g->d, t->cell, side), .job = j, .side = side};
	for (size_t i = 0; i < j->facts.n; i++) {
		const char *name = irq_line_name(&j->facts.items[i], side);

		if (!name || !counts_here(j, side, name))
			continue;
		irq_add_counts(j->facts.items[i].value, per_cpu);
		ret->n_lines++;
	}
	for (unsigned cpu = 0; cpu < IRQ_CPUS_MAX; cpu++) {
		ret->all += per_cpu[cpu];
		if (per_cpu[cpu] > ret->most) {
			ret->most = per_cpu[cpu];
			ret->cpu = cpu;
		}
		if (per_cpu[cpu] && cpu >= ret->n_cpus)
			ret->n_cpus = cpu + 1; /* what was seen to take one can take one */
	}
	/* The guest's queues are the host's only where the guest has the controller itself. */
	if (!strcmp(side, "guest") || !strcmp(axis_of(g->d, t->cell, "bus"), "vfio"))
		ret->n_queues = queues_of(t);
	if (ret->n_lines > ret->n_queues)
		ret->n_queues = ret->n_lines;
	count_sharing(ret, per_cpu);
	return true;
}

/* One thread sends each request to the queue of the CPU that it sits on, and its completion comes
 * back there: one queue and one CPU are what it must be, however deep it queues. Moved to another
 * CPU now and then, it uses that one's queue for a while: each queue still ends on its own CPU. */
static bool is_expected(const struct taken *x)
{
	return x->job->sample && x->job->sample->n_threads <= 1 && x->n_sharing <= 1;
}

/* A device of the host with one vector has nothing to spread. */
static bool is_one_vector(const struct taken *x)
{
	return !strcmp(x->side, "host") && x->n_queues < 2;
}

static bool is_one_cpu(const struct taken *x)
{
	return !is_one_vector(x) && x->all >= LEAST_INTERRUPTS && x->n_cpus >= 2 &&
	       x->most * 100 >= x->all * NEARLY_ALL_PCT && !is_expected(x);
}

static void say_lines(const struct taken *x, struct bl_buf *out)
{
	unsigned n = 0;

	for (size_t i = 0; i < x->job->facts.n; i++) {
		const char *name = irq_line_name(&x->job->facts.items[i], x->side);

		if (!name || !counts_here(x->job, x->side, name))
			continue;
		if (n < NAMES_SHOWN)
			bl_buf_addf(out, "%s%s", n ? ", " : "", name);
		n++;
	}
	if (n > NAMES_SHOWN)
		bl_buf_addf(out, " and %u more", n - NAMES_SHOWN);
}

static void say_taken(const struct taken *x, unsigned trial, struct bl_buf *out)
{
	bl_buf_addf(out,
		    "in trial %u CPU %u of the %u of the %s took %llu of %llu interrupts (%.3g %%) "
		    "of ",
		    trial + 1, x->cpu, x->n_cpus, x->side, (unsigned long long)x->most,
		    (unsigned long long)x->all, 100.0 * (double)x->most / (double)x->all);
	say_lines(x, out);
	if (x->n_queues > x->n_lines)
		bl_buf_addf(out, "; %u queues could have had one each", x->n_queues);
}

static const char *remedy_of(const struct taken *x)
{
	if (!strcmp(x->side, "host"))
		return "spread them: irqbalance, or a mask in /proc/irq/N/smp_affinity_list for "
		       "each; keep vCPUs and iothreads (pinning) off the CPU that takes them";
	if (x->n_queues < 2)
		return "there is one queue: give the disk as many queues as the VM has vCPUs "
		       "(`queues: auto`)";
	if (x->n_sharing < 2)
		return "nearly all went by one of its queues: give the job more threads (numjobs), "
		       "each "
		       "submits on the queue of its vCPU; pin the vCPUs so that they really run "
		       "beside each other";
	return "look at /proc/irq/N/effective_affinity_list in the guest for each queue; pin the "
	       "vCPUs, and give each its own queue (as many queues as vCPUs)";
}

/* One job on one side, over the trials of the cell: said once, of the first. */
static void rule_of_job(struct diagnosis *g, uint32_t cell, const char *job, const char *side)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf said = BL_BUF_INIT;
	struct where at = {.cell = cell, .job = job, .is_of_host = !strcmp(side, "host")};
	struct taken first = {0}, x;
	size_t n = 0, n_known = 0;

	for (size_t i = 0; i < g->d->n_trials; i++) {
		const struct trial_record *t = &g->d->trials[i];
		const struct job_result *j = t->cell == cell ? trial_job(t, job) : NULL;

		if (!j || !count_taken(g, t, j, side, &x) || !x.n_lines)
			continue;
		n_known++;
		if (!is_one_cpu(&x))
			continue;
		if (!n++) {
			first = x;
			at.trial = i;
		}
	}
	if (!n)
		return;
	say_taken(&first, g->d->trials[at.trial].repeat, &said);
	if (n_known > 1)
		bl_buf_addf(&said, "; so in %zu of %zu trials", n, n_known);
	diagnosis_add(g, "interrupts-one-cpu",
		      first.n_sharing >= 2 ? CONFIDENCE_CERTAIN : CONFIDENCE_LIKELY, at, &said,
		      remedy_of(&first));
}

static void rule_of_sides(struct diagnosis *g, uint32_t cell, const char *job)
{
	rule_of_job(g, cell, job, "guest");
	rule_of_job(g, cell, job, "host");
}

void rules_of_interrupts(struct diagnosis *g, uint32_t cell)
{
	each_job(g, cell, rule_of_sides);
}
