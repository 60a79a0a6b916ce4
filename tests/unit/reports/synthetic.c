#include "synthetic.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* splitmix64 (Steele, Lea, Flood 2014). */
static uint64_t next_u64(uint64_t *state)
{
	uint64_t z = (*state += 0x9e3779b97f4a7c15u);

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static double uniform(uint64_t *state)
{
	return ((double)(next_u64(state) >> 11) + 0.5) / 9007199254740992.0;
}

static double normal(uint64_t *state)
{
	return sqrt(-2 * log(uniform(state))) * cos(6.283185307179586 * uniform(state));
}

static char *dup(const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		abort();
	return copy;
}

struct made_cell {
	const char *name, *bus, *iothreads, *cache, *durability;
	double median_us, sigma, tail; /* of the log-normal; share of slow I/Os */
	const char *fails;             /* every trial, with this reason */
	const char *format;            /* NULL: raw */
	double stall_s, stall_ms;      /* a clock; 0: a stall of any length every two seconds */
};

static const char loses_nothing[] =
	"guest crash: all completed writes; QEMU kill: all completed writes; host power loss: "
	"flushed writes only (the rest is in the device's cache)";
static const char page_cache[] =
	"guest crash: all completed writes; QEMU kill: all completed writes; host power loss: "
	"flushed writes only (up to the page cache's size is lost)";
static const char nothing_kept[] = "guest crash: all completed writes; QEMU kill: all completed "
				   "writes; host power loss: nothing "
				   "is sure, not even flushed writes";

static const struct made_cell made_cells[] = {
	{"virtio-blk main none", "virtio-blk", "0", "none", loses_nothing, 310, 0.20, 0.004,
	 .fails = NULL},
	{"virtio-blk iothread none", "virtio-blk", "1", "none", loses_nothing, 270, 0.15, 0.001,
	 .fails = NULL},
	{"virtio-blk main writeback", "virtio-blk", "0", "writeback", page_cache, 240, 0.35, 0.012,
	 .fails = NULL},
	{"virtio-blk iothread writeback", "virtio-blk", "1", "writeback", page_cache, 225, 0.33,
	 0.010, .fails = NULL},
	{"virtio-scsi main none", "virtio-scsi", "0", "none", loses_nothing, 345, 0.22, 0.004,
	 .fails = NULL},
	{"virtio-scsi iothread none", "virtio-scsi", "1", "none", loses_nothing, 300, 0.16, 0.001,
	 .fails = NULL},
	{"virtio-scsi main writeback", "virtio-scsi", "0", "writeback", page_cache, 270, 0.35,
	 0.012, .fails = NULL},
	{"virtio-scsi iothread writeback", "virtio-scsi", "1", "writeback", page_cache, 250, 0.34,
	 0.010, .fails = NULL},
	{"virtio-blk main unsafe", "virtio-blk", "0", "unsafe", nothing_kept, 215, 0.30, 0.006,
	 .fails = NULL},
	{"sata none", "sata", "0", "none", loses_nothing, 720, 0.25, 0.010, .fails = NULL},
	{"nvme-emulated none", "nvme-emulated", "0", "none", loses_nothing, 400, 0.2, 0.004,
	 .fails = "hello: the guest gave no hello within 60 s; console: 'Kernel panic - not "
		  "syncing: "
		  "Attempted to kill init! exitcode=0x0000000b'"},
	{"host", "host", "0", "none", loses_nothing, 85, 0.12, 0.0006, .fails = NULL},
};

/* One device under all of them. */
static const struct made_cell device_cells[] = {
	{"virtio-blk device", "virtio-blk", "1", "none", loses_nothing, 118, 0.18, 0.002,
	 .fails = NULL},
	{"virtio-blk filesystem", "virtio-blk", "1", "none", loses_nothing, 131, 0.2, 0.002,
	 .fails = NULL},
	{"virtio-blk file", "virtio-blk", "1", "writeback", page_cache, 104, 0.4, 0.01,
	 .fails = NULL},
	{"vfio", "vfio", NULL, NULL, loses_nothing, 84, 0.12, 0.0008, .fails = NULL},
	{"nvme-userspace", "nvme-userspace", "1", NULL, loses_nothing, 101, 0.15, 0.001,
	 .fails = NULL},
	{"host device", "host", NULL, NULL, loses_nothing, 79, 0.1, 0.0006, .fails = NULL},
};
static const char *const device_storage[] = {"device", "filesystem", "file", NULL, NULL, "device"};

/* The bill of a disk, step by step; what stalls in the last two is in synthetic_watched.c. */
static const struct made_cell watched_cells[] = {
	{"host", "host", "0", "none", loses_nothing, 84, 0.12, 0, NULL, NULL, 0, 0},
	{"virtio-blk raw none iothread", "virtio-blk", "1", "none", loses_nothing, 128, 0.15, 0,
	 NULL, NULL, 0, 0},
	{"virtio-blk raw none main", "virtio-blk", "0", "none", loses_nothing, 171, 0.22, 0.003,
	 NULL, NULL, 4.7, 60},
	{"virtio-blk qcow2 none main", "virtio-blk", "0", "none", loses_nothing, 203, 0.24, 0, NULL,
	 "qcow2", 0, 0},
	{"virtio-blk qcow2 writeback main", "virtio-blk", "0", "writeback", page_cache, 141, 0.33,
	 0.006, NULL, "qcow2", 3, 110},
};

static size_t choose_cells(const struct synthetic *how, const struct made_cell **ret)
{
	*ret = how->has_devices ? device_cells : how->is_watched ? watched_cells : made_cells;
	return how->has_devices  ? sizeof(device_cells) / sizeof(*device_cells)
	       : how->is_watched ? sizeof(watched_cells) / sizeof(*watched_cells)
	       : how->is_small   ? 3
				 : sizeof(made_cells) / sizeof(*made_cells);
}

static void record_io(struct sample *s, enum io_dir dir, double at_s, double lat_ns, uint64_t bytes)
{
	uint64_t ns = (uint64_t)lat_ns;

	if (!sample_lat(&s->dir[dir].lat))
		abort();
	lat_add(s->dir[dir].lat, ns);
	s->dir[dir].ios++;
	s->dir[dir].bytes += bytes;
	(void)at_s;
}

/* The histogram of one slice while it fills. */
struct slice {
	uint32_t index;
	uint64_t count, bytes, max_ns;
	struct hist hist;
};

static void end_slice(struct sample *s, struct slice *sl)
{
	struct interval *v;
	uint32_t n = 0;

	if (!sl->count)
		return;
	s->intervals = realloc(s->intervals, (s->n_intervals + 1) * sizeof(*s->intervals));
	if (!s->intervals)
		abort();
	v = &s->intervals[s->n_intervals++];
	*v = (struct interval){.index = sl->index,
			       .dir = IO_READ,
			       .count = sl->count,
			       .bytes = sl->bytes,
			       .max_ns = sl->max_ns};
	for (unsigned b = 0; b < HIST_BUCKETS; b++)
		n += sl->hist.count[b] != 0;
	v->buckets = calloc(n, sizeof(*v->buckets));
	if (!v->buckets)
		abort();
	for (unsigned b = 0; b < HIST_BUCKETS; b++) {
		if (!sl->hist.count[b])
			continue;
		v->buckets[v->n_buckets].index = (uint16_t)b;
		v->buckets[v->n_buckets++].count = (uint32_t)sl->hist.count[b];
	}
	memset(sl, 0, sizeof(*sl));
}

static void put_slice(struct sample *s, struct slice *sl, double at_s, uint64_t ns, uint64_t bytes)
{
	uint32_t index = (uint32_t)(at_s * 10);

	if (index != sl->index) {
		end_slice(s, sl);
		sl->index = index;
	}
	sl->count++;
	sl->bytes += bytes;
	sl->max_ns = ns > sl->max_ns ? ns : sl->max_ns;
	hist_add(&sl->hist, ns);
}

/* A closed loop of @depth: log-normal latency, a slow tail, and a stall every two seconds. */
static struct sample *make_sample(const char *job, const struct made_cell *c, double scale,
				  long depth, unsigned seconds, bool has_sync, uint64_t *rng)
{
	struct sample *s = sample_new(job);
	struct slice *sl = calloc(1, sizeof(*sl));
	double t = 0, next_stall = 1.3, every = c->stall_s > 0 ? c->stall_s : 2;

	if (!s || !sl)
		abort();
	snprintf(s->engine, sizeof(s->engine), "io_uring");
	snprintf(s->clock, sizeof(s->clock), "tsc");
	s->interval_ns = 100000000;
	s->n_threads = 1;
	for (uint64_t i = 0; t < seconds; i++) {
		double us = c->median_us * scale * exp(normal(rng) * c->sigma);

		us *= 1 + 0.35 * (double)(depth - 1);
		if (uniform(rng) < c->tail)
			us *= 3 + 6 * uniform(rng);
		if (t > next_stall && c->tail > 0.001) {
			us = c->stall_s > 0 ? c->stall_ms * (900 + 200 * uniform(rng))
					    : 12000 + 140000 * uniform(rng);
			next_stall += every;
		}
		t += us / 1e6 / (double)depth;
		if (t >= seconds)
			break;
		record_io(s, IO_READ, t, us * 1000, 4096);
		put_slice(s, sl, t, (uint64_t)(us * 1000), 4096);
		if (has_sync && i % 16 == 0)
			record_io(s, IO_SYNC, t, us * 9000, 0);
	}
	end_slice(s, sl);
	free(sl);
	s->clock_cost_ns = 20.5 + (double)(s->dir[IO_READ].ios % 8) / 8;
	s->clock_drift_ppm = ((double)(s->dir[IO_READ].ios % 16) - 8) / 25;
	s->n_errors = s->dir[IO_READ].ios % 4 == 1 ? 2 : 0;
	s->n_enters = s->dir[IO_READ].ios;
	s->runtime_ns = (uint64_t)seconds * 1000000000u;
	s->cpu_user_ns = s->runtime_ns / 20;
	s->cpu_sys_ns = s->runtime_ns / 6;
	return s;
}

static void add_job(struct trial_record *t, const char *name, const struct made_cell *c,
		    double scale, long depth, bool has_sync, const struct synthetic *how,
		    uint64_t *rng)
{
	struct job_result *j;
	char text[256];

	t->jobs = realloc(t->jobs, (t->n_jobs + 1) * sizeof(*t->jobs));
	if (!t->jobs)
		abort();
	j = &t->jobs[t->n_jobs++];
	memset(j, 0, sizeof(*j));
	snprintf(text, sizeof(text),
		 "[%s]\nioengine=io_uring\nrw=randread\niodepth=%ld\ndirect=1\nruntime=%us\n%s",
		 name, depth, how->seconds, has_sync ? "fsync=16\n" : "");
	j->name = dup(name);
	j->job_text = dup(text);
	j->sample = make_sample(name, c, scale, depth, how->seconds, has_sync, rng);
	if (how->is_hostile) {
		snprintf(j->sample->engine, sizeof(j->sample->engine), "<i>|\033[31m");
		snprintf(j->sample->clock, sizeof(j->sample->clock), "<img src=x>`'\"");
	}
	j->has_host_cpu = true;
	j->host_cpu_ns = (uint64_t)((double)sample_ios(j->sample) *
				    (18000 + c->median_us * 60 + 900 * uniform(rng)));
}

static void add_effective(struct trial_record *t, const struct made_cell *c, bool is_mismatch)
{
	struct effectives *e = &t->effective;

	effectives_add(e, "bus", c->bus, c->bus, "live XML");
	if (!c->cache)
		return; /* the guest's own driver: nothing of QEMU's is in the way */
	effectives_add(e, "cache.direct", strcmp(c->cache, "none") == 0 ? "on" : "off",
		       is_mismatch                     ? "off"
		       : strcmp(c->cache, "none") == 0 ? "on"
						       : "off",
		       "qmp query-named-block-nodes");
	effectives_add(e, "iothread", strcmp(c->iothreads, "0") == 0 ? "none" : "iothread1",
		       strcmp(c->iothreads, "0") == 0 ? "none" : "iothread1",
		       "qmp query-iothreads");
	effectives_add(e, "guest.scheduler", NULL, "none", "guest sysfs");
	effectives_add(e, "guest.queues", NULL, "2", "guest sysfs");
}

static void make_trial(const struct synthetic *how, struct trial_record *t,
		       const struct made_cell *c, uint64_t *rng)
{
	double scale = exp(normal(rng) * 0.02);
	bool is_first_of_seven = strcmp(c->bus, "virtio-scsi") == 0 && t->repeat == 0 &&
				 strcmp(c->iothreads, "1") == 0 && !how->is_small &&
				 !how->is_watched;

	if (how->is_all_failed || c->fails) {
		t->state = TRIAL_FAILED;
		t->reason = dup(how->is_hostile ? HOSTILE
				: c->fails      ? c->fails
						: "boot: the domain did not start");
		t->console_tail = dup(how->is_hostile ? HOSTILE
						      : "[    1.204] Run /init as init process\n"
							"[    1.311] Kernel panic - not syncing\n");
		return;
	}
	facts_add(&t->facts, "guest.kernel", "6.1.0-50-cloud-amd64");
	facts_addf(&t->facts, "boot.start_to_hello_ns", "%.0f", 3.6e9 + 4e8 * uniform(rng));
	add_effective(t, c, is_first_of_seven);
	if (strcmp(c->bus, "host") != 0)
		t->domain_xml =
			dup(how->is_hostile ? HOSTILE
					    : "<domain type='qemu'>\n  <name>blklab</name>\n"
					      "</domain>\n");
	if (is_first_of_seven) {
		t->state = TRIAL_MISMATCH;
		t->reason = dup("cache.direct: asked on, effective off (qmp "
				"query-named-block-nodes)");
		return;
	}
	add_job(t, how->is_hostile ? "job " HOSTILE : "randread-4k-qd1", c, scale, 1, false, how,
		rng);
	if (!how->is_small)
		add_job(t, "randwrite-4k-fsync16", c, scale * 1.4, 1, true, how, rng);
	if (how->has_depths) {
		add_job(t, "randread-4k-qd4", c, scale, 4, false, how, rng);
		add_job(t, "randread-4k-qd16", c, scale, 16, false, how, rng);
		add_job(t, "randread-4k-qd64", c, scale, 64, false, how, rng);
	}
}

static void make_run(const struct synthetic *how, struct run_record *r)
{
	snprintf(r->id, sizeof(r->id), "019aa8e1-2b00-7000-8000-%012llx",
		 (unsigned long long)how->seed);
	r->scenario_name = dup(how->is_hostile ? "scenario " HOSTILE : "virtio-paths");
	r->scenario_text = dup("name: virtio-paths\nreference: virtio-blk main none\n"
			       "repeats: 8\n");
	r->host_id = dup("5f2b7c");
	r->host_name = dup("pve01");
	r->accel = dup(how->accel ? how->accel : "tcg");
	r->version = dup("0.1.0");
	r->seed = 7;
	r->repeats = how->repeats;
	r->started_ms = 1763778380000;
	r->ended_ms = how->is_killed ? 0 : r->started_ms + 1800000;
	facts_add(&r->environment, "kernel", "6.1.0-56-amd64");
	facts_add(&r->environment, "qemu", "7.2.15");
	facts_add(&r->environment, "libvirt", "9.0.0");
	facts_add(&r->environment, "cpu.model", "AMD EPYC 7B13");
	facts_add(&r->environment, "cpu.governor", how->seed % 2 ? "performance" : "schedutil");
	facts_add(&r->environment, "backing.filesystem", "ext4");
	if (how->is_hostile)
		facts_add(&r->notes, "hostile", HOSTILE);
	else
		facts_add(&r->notes, "host.busy",
			  "The host was busy: load 1.9 on 2 CPUs at the start.");
}

void synthetic_run(const struct synthetic *how, struct run_data *ret)
{
	const struct made_cell *made;
	size_t n = choose_cells(how, &made);
	const size_t small[] = {0, 1, 10};
	uint64_t rng = how->seed * 977 + 1;
	uint32_t order = 0;

	memset(ret, 0, sizeof(*ret));
	make_run(how, &ret->run);
	ret->cells = calloc(n, sizeof(*ret->cells));
	ret->trials = calloc(n * how->repeats + 1, sizeof(*ret->trials));
	if (!ret->cells || !ret->trials)
		abort();
	ret->n_cells = n;
	for (size_t i = 0; i < n; i++) {
		const struct made_cell *c = &made[how->is_small ? small[i] : i];
		struct cell_record *r = &ret->cells[i];

		r->name = dup(how->is_hostile && i == 1 ? "cell " HOSTILE : c->name);
		r->durability = dup(how->is_hostile ? HOSTILE : c->durability);
		facts_add(&r->axes, "bus", c->bus);
		if (how->has_devices && device_storage[i])
			facts_add(&r->axes, "storage", device_storage[i]);
		if (strcmp(c->bus, "host") == 0)
			continue;
		if (c->iothreads)
			facts_add(&r->axes, "iothreads", c->iothreads);
		if (c->cache)
			facts_add(&r->axes, "cache", c->cache);
		if (c->cache)
			facts_add(&r->axes, "format", c->format ? c->format : "raw");
		if (how->has_devices)
			facts_add(&r->axes, "vcpus", "4");
	}
	for (unsigned b = 0; b < how->repeats; b++) {
		for (size_t i = 0; i < n; i++) {
			struct trial_record *t = &ret->trials[ret->n_trials++];

			snprintf(t->id, sizeof(t->id), "019aa8e2-2b00-7000-8000-%012u", order);
			snprintf(t->run_id, sizeof(t->run_id), "%s", ret->run.id);
			t->cell = (uint32_t)i;
			t->repeat = b;
			t->order = order++;
			t->started_ms = ret->run.started_ms + order * 20000;
			t->ended_ms = t->started_ms + 18000;
			make_trial(how, t, &made[how->is_small ? small[i] : i], &rng);
		}
	}
	if (how->has_devices)
		synthetic_devices(how, ret);
	if (how->is_watched)
		synthetic_watched(how, ret);
}
