#include "sampler.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "block_path.h"
#include "cleanup.h"
#include "clock.h"
#include "helper.h"
#include "interrupts.h"
#include "machine_watch.h"
#include "neighbours.h"
#include "pci_address.h"
#include "temperatures.h"
#include "thread_watch.h"
#include "units.h"
#include "watch_system.h"

#define DISKS_MAX  64                      /* of a VM with dozens of them */
#define VALUES_MAX (SERIES_VALUES_MAX / 4) /* 32 MiB */

/* Each kind of reading may take 0.5 % of a CPU, and is taken less often where it would take more:
 * the files of hosts with hundreds of CPUs and interrupts take ms. */
#define GAP_PER_COST 200
/* One that does not run but waits (a device is asked, a lock is held) for more than half a tick
 * comes less often, too, so that the others keep their pace. */
#define GAP_PER_WAIT 4
#define READINGS     9

/* Temperatures rise within many seconds, and an NVMe controller is asked by a command. */
#define TEMPERATURE_NS      (10 * NS_PER_S)
#define LAST_TEMPERATURE_NS (100 * NS_PER_MS) /* how long the end waits for it */

/* How long the end waits for the thread: what it reads takes ms on the greatest hosts. */
#define STOP_NS (5 * NS_PER_S)

#define PREEMPTED_EVERY 5 /* readings: status says much, and costs ten times of schedstat */

struct sampler {
	struct sampler_watch w;
	struct thread_watch *threads;
	struct system_watch *system;
	struct machine_watch *machine;
	struct temperatures *temperatures;
	uint64_t temperature_due_ns;
	char disks[DISKS_MAX][32];
	size_t n_disks;
	char pci[BL_PCI_TEXT_MAX];
	uint64_t interval_ns;
	struct series_set set;
	uint64_t others_ns; /* cpu.others_ns as last put */
	uint64_t server_ns; /* CPU time of the lab's server, as last read: it may end */
	uint64_t cost_ns, n_readings, due_ns[READINGS];
	bool is_last; /* the reading under way */
	int r;
	struct bl_helper *helper;
	bool was_waited_for; /* in vain, or it has ended */
};

static uint64_t cpu_clock(clockid_t id)
{
	struct timespec ts = {0};

	clock_gettime(id, &ts);
	return (uint64_t)ts.tv_sec * NS_PER_S + (uint64_t)ts.tv_nsec;
}

/* --- what is read --- */

static void read_threads(struct sampler *s)
{
	if (s->threads)
		thread_watch_read(s->threads, &s->set,
				  s->n_readings % PREEMPTED_EVERY == 0 || s->is_last);
}

static bool now_of(const struct sampler *s, const char *name, uint64_t *ret)
{
	const struct series *one = series_find(&s->set, name);

	if (!one || one->values[s->set.n - 1] == SERIES_ABSENT)
		return false;
	*ret = one->values[s->set.n - 1];
	return true;
}

static void read_server(struct sampler *s)
{
	clockid_t id;

	if (s->w.server > 0 && !clock_getcpuclockid(s->w.server, &id) &&
	    cpu_clock(id) > s->server_ns)
		s->server_ns = cpu_clock(id);
}

/* Busy without the VM, the lab and its server. What the kernel does for them in threads of its own
 * (writeback, workers of io_uring's rings, of the network) is in it. The kernel's sum is in ticks
 * and theirs is exact, so that a step may seem to go back; it is then made up for by the next ones.
 */
static void read_cpus(struct sampler *s)
{
	uint64_t busy, known = cpu_clock(CLOCK_PROCESS_CPUTIME_ID), process;

	system_watch_cpu_sum(s->system, &s->set);
	if (!now_of(s, "cpu.busy_ns", &busy))
		return;
	if (now_of(s, "process.cpu_ns", &process))
		known += process;
	read_server(s);
	known += s->server_ns;
	if (busy > known && busy - known > s->others_ns)
		s->others_ns = busy - known;
	series_put(&s->set, "cpu.others_ns", SERIES_COUNTER, s->others_ns);
}

static void read_memory(struct sampler *s)
{
	system_watch_memory(s->system, &s->set);
	system_watch_pressure(s->system, &s->set);
}

static void read_disks(struct sampler *s)
{
	for (size_t i = 0; i < s->n_disks; i++) {
		char prefix[48];

		snprintf(prefix, sizeof prefix, "disk.%s", s->disks[i]);
		system_watch_disk(s->system, s->disks[i], prefix, &s->set);
	}
}

static void read_irqs(struct sampler *s)
{
	if (s->pci[0])
		system_watch_irqs(s->system, s->pci, &s->set);
}

static void read_process(struct sampler *s)
{
	machine_watch_io(s->machine, &s->set);
	machine_watch_kvm(s->machine, &s->set);
	machine_watch_cgroup(s->machine, &s->set);
}

static void read_speed(struct sampler *s)
{
	machine_watch_frequency(s->machine, &s->set);
	machine_watch_throttle(s->machine, &s->set);
}

/* What was asked for before; that may come late, or not at all. */
static void read_temperature(struct sampler *s)
{
	uint64_t now = bl_now_ns();

	if (!s->temperatures)
		return;
	if (now >= s->temperature_due_ns || s->is_last) {
		temperatures_put(s->temperatures, now, &s->set);
		temperatures_ask(s->temperatures);
		s->temperature_due_ns = now + TEMPERATURE_NS;
	}
	temperatures_put(s->temperatures, s->is_last ? now + LAST_TEMPERATURE_NS : now, &s->set);
}

static void look_at_neighbours(struct sampler *s)
{
	if (s->w.neighbours)
		neighbours_look(s->w.neighbours, s->set.at_ns[s->set.n - 1]);
}

static const struct {
	void (*read)(struct sampler *s);
	uint64_t gap_ns; /* at least; 0: each time */
	bool is_always;  /* whatever it costs, and when only threads are wanted */
} readings[] = {
	{read_threads, 0, true},
	{read_cpus, 0, false},
	{read_memory, 0, false},
	{read_disks, 0, false},
	{read_irqs, 0, false},
	{read_process, 0, false},
	{read_speed, NS_PER_S, false},
	{read_temperature, 0, false},
	{look_at_neighbours, NS_PER_S, false},
};
static_assert(BL_ARRAY_LEN(readings) == READINGS, "a time for every kind of reading");

/* --- a reading --- */

/* How long a reading is not taken again. */
static uint64_t gap_after(const struct sampler *s, uint64_t cost_ns, uint64_t took_ns)
{
	uint64_t gap = cost_ns * GAP_PER_COST;

	if (took_ns > s->interval_ns / 2 && took_ns * GAP_PER_WAIT > gap)
		gap = took_ns * GAP_PER_WAIT;
	return gap;
}

/* A job of many hours: the sum of what is kept stays bounded, and readings get rarer. */
static void make_sparser(struct sampler *s)
{
	series_thin(&s->set);
	s->interval_ns *= 2;
}

static void take_reading(struct sampler *s)
{
	uint64_t begin = cpu_clock(CLOCK_THREAD_CPUTIME_ID), at = bl_now_ns(), before = begin;
	int r;

	if ((s->set.n + 1) * s->set.n_series > s->w.values_max)
		make_sparser(s);
	r = series_moment(&s->set, at);
	if (r < 0) {
		s->r = r == -ENOMEM ? r : s->r;
		return;
	}
	for (size_t i = 0; i < BL_ARRAY_LEN(readings); i++) {
		uint64_t now, gap, began = bl_now_ns();

		if (!readings[i].is_always &&
		    (s->w.only_threads || (at < s->due_ns[i] && !s->is_last)))
			continue;
		readings[i].read(s);
		now = cpu_clock(CLOCK_THREAD_CPUTIME_ID);
		gap = gap_after(s, now - before, bl_now_ns() - began);
		gap = gap > readings[i].gap_ns ? gap : readings[i].gap_ns;
		/* Half a tick early is in time. */
		s->due_ns[i] = at + gap - (gap > s->interval_ns / 2 ? s->interval_ns / 2 : gap);
		before = now;
	}
	s->n_readings++;
	s->cost_ns += cpu_clock(CLOCK_THREAD_CPUTIME_ID) - begin;
}

/* --- the thread --- */

static void dispose(void *ctx)
{
	struct sampler *s = ctx;

	thread_watch_free(s->threads);
	system_watch_free(s->system);
	machine_watch_free(s->machine);
	temperatures_free(s->temperatures);
	series_done(&s->set);
	free(s);
}

static void sample(void *ctx)
{
	struct sampler *s = ctx;
	uint64_t tick = s->set.n ? s->set.at_ns[0] : bl_now_ns();

	while (!bl_helper_tick(s->helper, &tick, s->interval_ns))
		take_reading(s);
	s->is_last = true;
	take_reading(s);
}

/* --- begin, end --- */

static void add_disk(struct sampler *s, const struct block_node *node)
{
	for (size_t i = 0; i < s->n_disks; i++)
		if (!strcmp(s->disks[i], node->name)) /* several images lie there */
			return;
	if (s->n_disks == DISKS_MAX)
		return;
	snprintf(s->disks[s->n_disks++], sizeof s->disks[0], "%s", node->name);
	if (node->is_leaf && !s->pci[0])
		irq_pci_of_block(s->w.root, node->name, s->pci, sizeof s->pci);
}

/* All leaves, and what the backing lies on when that is another. */
static void choose_disks(struct sampler *s, const char *path)
{
	BL_CLEANUP(block_path_done) struct block_path p = {0};

	if (!path || block_path_of(s->w.root, path, &p, NULL) < 0)
		return;
	for (size_t i = 0; i < p.n; i++)
		if (i == 0 || p.nodes[i].is_leaf)
			add_disk(s, &p.nodes[i]);
}

static int prepare(struct sampler *s)
{
	if (s->w.pid > 0 && !(s->threads = thread_watch_new(s->w.root, s->w.pid, s->w.unnamed)))
		return -ENOMEM;
	if (s->w.only_threads)
		return 0;
	s->system = system_watch_new(s->w.root);
	s->machine = machine_watch_new(s->w.root, s->w.pid);
	if (!s->system || !s->machine)
		return -ENOMEM;
	if (s->w.pci)
		snprintf(s->pci, sizeof s->pci, "%s", s->w.pci);
	choose_disks(s, s->w.path);
	for (size_t i = 0; i < s->w.n_more; i++)
		choose_disks(s, s->w.more_paths[i]);
	s->temperatures = temperatures_new(s->w.root, s->disks, s->n_disks); /* or there are none */
	return 0;
}

int sampler_start(const struct sampler_watch *w, struct sampler **ret, struct bl_err *err)
{
	struct sampler *s = calloc(1, sizeof *s);
	int r;

	if (!s)
		return bl_fail(err, -ENOMEM, "out of memory");
	s->w = *w;
	s->w.root = s->w.root ? s->w.root : "";
	s->interval_ns = w->interval_ns ? w->interval_ns : SAMPLER_INTERVAL_NS;
	s->w.values_max = w->values_max ? w->values_max : VALUES_MAX;
	r = prepare(s);
	if (r == 0)
		take_reading(s);
	s->w.root = s->w.path = s->w.pci = NULL;
	s->w.more_paths = NULL; /* the caller's, who may end them now */
	if (r == 0)
		r = bl_helper_new("host sampler", sample, dispose, s, &s->helper);
	if (r < 0) {
		dispose(s);
		return bl_fail(err, r, "cannot watch this host: %s", strerror(-r));
	}
	bl_helper_ask(s->helper);
	*ret = s;
	return 0;
}

/* false: it hangs in a reading. It is waited for once. */
static bool end_loop(struct sampler *s)
{
	uint64_t until = s->was_waited_for ? 0 : bl_now_ns() + STOP_NS;

	s->was_waited_for = true;
	bl_helper_stop(s->helper);
	return bl_helper_wait(s->helper, until);
}

int sampler_stop(struct sampler *s, struct series_set *ret_set, uint64_t *ret_cost_ns)
{
	if (!end_loop(s))
		return -ETIMEDOUT;
	*ret_set = s->set;
	s->set = (struct series_set){0};
	if (ret_cost_ns)
		*ret_cost_ns = s->cost_ns;
	return s->r;
}

struct sampler *sampler_free(struct sampler *s)
{
	if (!s)
		return NULL;
	end_loop(s);
	bl_helper_end(s->helper);
	return NULL;
}
