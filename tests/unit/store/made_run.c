#include "made_run.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fresh_dir.h"
#include "fs.h"

char test_dir[64];

void make_test_dir(void)
{
	fresh_dir(test_dir);
}

void drop_test_dir(void)
{
	ck_assert_int_eq(bl_remove_tree(test_dir, NULL), 0);
}

const char *in_test_dir(const char *name)
{
	static char path[2][128];
	static int turn;

	turn ^= 1;
	snprintf(path[turn], sizeof path[0], "%s/%s", test_dir, name);
	return path[turn];
}

/* splitmix64: the same numbers on every host */
static uint64_t draw(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

static void make_id(char id[BL_UUID_TEXT], uint64_t ms, unsigned kind, unsigned number)
{
	snprintf(id, BL_UUID_TEXT, "%08x-%04x-7%03x-8000-%012x", (unsigned)(ms >> 16),
		 (unsigned)(ms & 0xffff), kind, number);
}

/* @n latencies in one slice, all in one bucket. */
static void put_slice(struct sample *m, int dir, uint32_t slice, uint32_t n, uint64_t ns)
{
	struct interval *iv;

	m->intervals = realloc(m->intervals, (m->n_intervals + 1) * sizeof *iv);
	iv = &m->intervals[m->n_intervals++];
	*iv = (struct interval){.index = slice,
				.dir = (uint8_t)dir,
				.count = n,
				.bytes = 4096ull * n,
				.max_ns = ns,
				.n_buckets = 1};
	iv->buckets = malloc(sizeof *iv->buckets);
	iv->buckets[0] = (struct interval_bucket){(uint16_t)hist_index(ns), n};
}

static struct sample *make_job_sample(const char *name, uint64_t *seed)
{
	struct sample *m = sample_new(name);

	strcpy(m->engine, "io_uring");
	strcpy(m->clock, "tsc");
	m->start_ns = 1000000000 + draw(seed) % 1000;
	m->runtime_ns = 1000000000 + draw(seed) % 1000;
	m->n_threads = 2;
	m->cpu_user_ns = draw(seed) >> 30;
	m->cpu_sys_ns = draw(seed) >> 30;
	m->ctx_voluntary = draw(seed) >> 50;
	m->ctx_involuntary = 1;
	m->interval_ns = 100000000;
	for (uint32_t slice = 0; slice < 10; slice++) {
		uint64_t ns = 50000 + (draw(seed) >> (44 + slice));

		if (slice == 4 || slice == 5)
			continue; /* a stall */
		for (int dir = 0; dir < IO_DIRS; dir += IO_SYNC) {
			uint32_t n = dir ? 3 : 300;

			put_slice(m, dir, slice, n, ns);
			m->dir[dir].ios += n;
			m->dir[dir].bytes += dir ? 0 : 4096ull * n;
			for (uint32_t i = 0; i < n; i++) {
				lat_add(sample_lat(&m->dir[dir].lat), ns);
				lat_add(sample_lat(&m->dir[dir].clat), ns - 900);
				if (!dir)
					lat_add(sample_lat(&m->dir[dir].slat), 900);
			}
		}
	}
	lat_add(sample_lat(&m->dir[IO_READ].sched), 3000000);
	return m;
}

/* What version 2 added: made from the rest, so that the fixture of version 1 keeps its numbers. */
static void add_version_2(struct sample *m)
{
	m->clock_cost_ns = 20 + (double)(m->start_ns % 64) / 3;
	m->clock_drift_ppm = ((double)(m->runtime_ns % 64) - 32) / 7;
	m->n_errors = m->start_ns % 3;
	m->n_enters = m->dir[IO_READ].ios / 2;
}

void forget_version_2(struct sample *m)
{
	m->clock_cost_ns = m->clock_drift_ppm = 0;
	m->n_errors = m->n_enters = 0;
}

/* What version 4 added: 12 moments of a counter that rises, a gauge that comes and goes. */
static void add_version_4(struct job_result *j, uint64_t seed)
{
	for (int w = 0; w < WATCHERS; w++) {
		struct series_set *set = &j->watched[w];
		uint64_t sum = draw(&seed) >> 20;

		if (w == WATCHED_QEMU && strcmp(j->name, "mixed") == 0)
			continue; /* nobody looked */
		for (uint64_t m = 0; m < 12; m++) {
			ck_assert_int_eq(
				series_moment(set, 900000000 + m * 100000000 + draw(&seed) % 999),
				0);
			sum += draw(&seed) >> 40;
			series_put(set, "disk.writes", SERIES_COUNTER, sum);
			if (m % 5)
				series_put(set, "memory.dirty_bytes", SERIES_GAUGE,
					   draw(&seed) >> 30);
		}
	}
}

void forget_version_4(struct trial_record *t)
{
	for (size_t i = 0; i < t->n_jobs; i++)
		for (int w = 0; w < WATCHERS; w++)
			series_done(&t->jobs[i].watched[w]);
}

static void make_jobs(struct trial_record *t, uint64_t *seed)
{
	t->n_jobs = t->state == TRIAL_FAILED ? 1 : 2;
	t->jobs = calloc(t->n_jobs, sizeof *t->jobs);
	for (size_t i = 0; i < t->n_jobs; i++) {
		struct job_result *j = &t->jobs[i];

		j->name = strdup(i ? "mixed" : "randread-4k");
		j->job_text = strdup("[randread-4k]\nrw=randread\nbs=4k\n");
		if (t->state == TRIAL_FAILED)
			continue; /* no sample, no CPU time */
		j->sample = make_job_sample(j->name, seed);
		if (t->order != 3) /* its guest has an older agent */
			add_version_2(j->sample);
		j->has_host_cpu = i == 0;
		j->host_cpu_ns = i == 0 ? draw(seed) >> 34 : 0;
		facts_add(&j->facts, "cpu.vcpu_ns", "123");
		add_version_4(j, t->order * 2 + i);
		if (i)
			j->sample->error = 5, strcpy(j->sample->error_text, "the disk said no");
	}
}

/* What version 5 added: the last one ran in the boot of the one before it. */
static void add_version_5(struct trial_record *t, const struct run_data *d)
{
	bool is_second = t->order == MADE_CELLS * MADE_REPEATS - 1;
	uint32_t first = t->order - is_second;

	make_id(t->boot, d->run.started_ms + 1000 * first, 2, first);
	t->round = is_second ? 7 : 0;
}

void forget_version_5(struct trial_record *t)
{
	strcpy(t->boot, t->id);
	t->round = 0;
}

void make_trial(struct trial_record *t, const struct run_data *d, uint32_t order)
{
	uint64_t seed = d->run.seed + order;

	*t = (struct trial_record){.cell = order % MADE_CELLS,
				   .repeat = order / MADE_CELLS,
				   .order = order,
				   .state = order == 1   ? TRIAL_FAILED
					    : order == 2 ? TRIAL_MISMATCH
							 : TRIAL_OK,
				   .started_ms = d->run.started_ms + 1000 * order,
				   .ended_ms = d->run.started_ms + 1000 * order + 900};
	make_id(t->id, t->started_ms, 2, order);
	strcpy(t->run_id, d->run.id);
	add_version_5(t, d);
	if (t->state != TRIAL_OK)
		t->reason = strdup("no hello within 60 s: \"panic\" äöü\n");
	facts_addf(&t->facts, "boot.start_to_hello_ns", "%llu",
		   (unsigned long long)draw(&seed) >> 32);
	facts_add(&t->facts, "guest.kernel", "6.1.0");
	facts_add(&t->facts, "guest.kernel", "a second one of the same name");
	effectives_add(&t->effective, "cache.direct", "true",
		       t->state == TRIAL_MISMATCH ? "false" : "true", "qmp");
	effectives_add(&t->effective, "guest.scheduler", NULL, "none", "guest sysfs");
	effectives_add(&t->effective, "guest.fua", NULL, NULL, "no such file");
	if (order != 3) {
		t->domain_xml = strdup("<domain/>");
		t->console_tail = strdup("");
	}
	make_jobs(t, &seed);
}

static void make_cells(struct run_data *d)
{
	static const char *const caches[MADE_CELLS] = {"none", "writeback", "unsafe"};

	d->n_cells = MADE_CELLS;
	d->cells = calloc(MADE_CELLS, sizeof *d->cells);
	for (size_t i = 0; i < MADE_CELLS; i++) {
		struct cell_record *c = &d->cells[i];

		c->name = strdup(caches[i]);
		c->durability = strdup(i == 2 ? "loses all" : "what was flushed stays");
		facts_add(&c->axes, "cache", caches[i]);
		facts_add(&c->axes, "bus", "virtio-blk");
		facts_add(&c->axes, "colour", "an axis that the view does not know");
	}
}

void make_handover(struct handover_record *h, const struct run_data *d, unsigned number)
{
	*h = (struct handover_record){
		.kind = number % 2 ? HANDOVER_MOUNT : HANDOVER_VFIO,
		.host_id = strdup(d->run.host_id),
		.owner_pid = 4711,
		.owner_start = UINT64_MAX - number,
		.device = strdup(number % 2 ? "/dev/nvme0n1" : "0000:5e:00.0"),
		.serial = strdup("S5XX"),
		.model = strdup("a model with spaces"),
		.driver_before = strdup(number % 2 ? "/tmp/mnt" : "nvme"),
		.namespaces = strdup(number % 2 ? "" : "nvme0n1 nvme0n2"),
		.given_ms = d->run.started_ms + 1000 * number + 10,
	};
	make_id(h->id, h->given_ms, 5, number);
	strcpy(h->run_id, d->run.id);
	strcpy(h->trial_id, d->trials[number].id);
}

/* What version 3 added. All is back, or the run could not be deleted. */
static void add_version_3(struct run_data *d)
{
	facts_add(&d->run.declared, "needs.live_migration", "no");
	facts_add(&d->run.declared, "device.serial", "S5XX");
	d->n_handovers = 2;
	d->handovers = calloc(d->n_handovers, sizeof *d->handovers);
	for (unsigned i = 0; i < d->n_handovers; i++) {
		struct handover_record *h = &d->handovers[i];

		make_handover(h, d, i);
		h->returned_ms = h->given_ms + 800;
		h->is_back = true;
		h->outcome = strdup("back after 1.2 s");
	}
}

void forget_version_3(struct run_data *d)
{
	facts_done(&d->run.declared);
	for (size_t i = 0; i < d->n_handovers; i++)
		handover_record_done(&d->handovers[i]);
	free(d->handovers);
	d->handovers = NULL;
	d->n_handovers = 0;
}

void make_baseline(struct baseline_record *b, const struct run_data *d, unsigned number)
{
	*b = (struct baseline_record){
		.name = strdup(number ? "after the update" : "default"),
		.host = strdup(d->run.host_id),
		.host_name = strdup(d->run.host_name),
		.scenario = strdup(d->run.scenario_name),
		.made_ms = d->run.started_ms + 5000 + number,
		.note = strdup(number ? "" : "as delivered: \"quiet\" \xc3\xa4"),
		.runs = malloc(sizeof *b->runs),
		.n_runs = 1,
	};
	make_id(b->id, b->made_ms, 6, number);
	strcpy(b->runs[0], d->run.id);
}

void make_change(struct change_record *c, const struct run_data *d, unsigned number)
{
	*c = (struct change_record){
		.host = strdup(d->run.host_id),
		.scenario = strdup(d->run.scenario_name),
		.cell = strdup("none"),
		.job = strdup("randread-4k"),
		.metric = strdup("p99"),
		.before = 123456.75,
		.after = 150000,
		.lo = number % 2 ? NAN : 1.1, /* no interval */
		.hi = number % 2 ? NAN : 1.35,
		.p = 3e-5,
		.is_drift = number % 2,
		.cause = number % 2 ? NULL : strdup("QEMU 7.2.22 -> 10.0.2 on that night"),
		.state = strdup(CHANGE_CANDIDATE_NAME),
		.reported_ms = number % 2 ? 0 : d->run.started_ms + 7000,
	};
	make_id(c->id, d->run.started_ms, 7, number);
	make_id(c->event, d->run.started_ms, 8, number / 2);
	strcpy(c->at_run, d->run.id);
	make_id(c->found_run, d->run.started_ms + 86400000, 1, number); /* not in this store */
}

void make_run(struct run_data *d, unsigned seed)
{
	struct run_record *r = &d->run;

	*d = (struct run_data){0};
	r->started_ms = 1700000000000 + 1000000ull * seed;
	r->ended_ms = seed % 2 ? r->started_ms + 60000 : 0;
	make_id(r->id, r->started_ms, 1, seed);
	r->scenario_name = strdup("caches");
	r->scenario_text = strdup("name: caches\naxes: { cache: [none, writeback, unsafe] }\n");
	r->host_id = strdup("0123abcd");
	r->host_name = strdup(seed % 2 ? "alpha" : "beta");
	r->accel = strdup("tcg");
	r->version = strdup("0.1.0");
	r->seed = seed == 3 ? UINT64_MAX : seed; /* the whole range comes back */
	r->repeats = MADE_REPEATS;
	facts_addf(&r->environment, "kernel", "6.%u.0", seed);
	facts_add(&r->environment, "qemu", "7.2.0");
	facts_add(&r->notes, "accel", "emulated CPU: compare paths, not absolute times");
	make_cells(d);
	d->n_trials = MADE_CELLS * MADE_REPEATS;
	d->trials = calloc(d->n_trials, sizeof *d->trials);
	for (uint32_t i = 0; i < d->n_trials; i++)
		make_trial(&d->trials[i], d, i);
	add_version_3(d);
}

/* ---- the same? ---- */

static void same_text(const char *a, const char *b)
{
	if (!a || !b)
		ck_assert_ptr_eq(a, b);
	else
		ck_assert_str_eq(a, b);
}

static void same_facts(const struct facts *a, const struct facts *b)
{
	ck_assert_uint_eq(a->n, b->n);
	for (size_t i = 0; i < a->n; i++) {
		ck_assert_str_eq(a->items[i].key, b->items[i].key);
		ck_assert_str_eq(a->items[i].value, b->items[i].value);
	}
}

static void same_lat(const struct lat *a, const struct lat *b)
{
	if (!a || !b)
		ck_assert_ptr_eq(a, b);
	else
		ck_assert_mem_eq(a, b, sizeof *a); /* doubles too, bit by bit */
}

static void same_sample(const struct sample *a, const struct sample *b)
{
	struct sample x, y;

	if (!a || !b) {
		ck_assert_ptr_eq(a, b);
		return;
	}
	x = *a;
	y = *b;
	memset(x.dir, 0, sizeof x.dir);
	memset(y.dir, 0, sizeof y.dir);
	x.intervals = y.intervals = NULL;
	ck_assert_mem_eq(&x, &y, sizeof x);
	for (int d = 0; d < IO_DIRS; d++) {
		ck_assert_uint_eq(a->dir[d].ios, b->dir[d].ios);
		ck_assert_uint_eq(a->dir[d].bytes, b->dir[d].bytes);
		same_lat(a->dir[d].slat, b->dir[d].slat);
		same_lat(a->dir[d].clat, b->dir[d].clat);
		same_lat(a->dir[d].lat, b->dir[d].lat);
		same_lat(a->dir[d].sched, b->dir[d].sched);
	}
	for (size_t i = 0; i < a->n_intervals; i++) {
		struct interval p = a->intervals[i], q = b->intervals[i];

		ck_assert_uint_eq(p.n_buckets, q.n_buckets);
		for (uint32_t k = 0; k < p.n_buckets; k++) {
			ck_assert_uint_eq(p.buckets[k].index, q.buckets[k].index);
			ck_assert_uint_eq(p.buckets[k].count, q.buckets[k].count);
		}
		ck_assert_uint_eq(p.index, q.index);
		ck_assert_uint_eq(p.dir, q.dir);
		ck_assert_uint_eq(p.count, q.count);
		ck_assert_uint_eq(p.bytes, q.bytes);
		ck_assert_uint_eq(p.max_ns, q.max_ns);
	}
}

static void same_series(const struct series_set *a, const struct series_set *b)
{
	ck_assert_uint_eq(a->n, b->n);
	ck_assert_uint_eq(a->n_series, b->n_series);
	for (size_t i = 0; i < a->n; i++)
		ck_assert_uint_eq(a->at_ns[i], b->at_ns[i]);
	for (size_t i = 0; i < a->n_series; i++) {
		ck_assert_str_eq(a->items[i].name, b->items[i].name);
		ck_assert_int_eq(a->items[i].kind, b->items[i].kind);
		ck_assert_mem_eq(a->items[i].values, b->items[i].values,
				 a->n * sizeof *a->items[i].values);
	}
}

static void same_trial(const struct trial_record *a, const struct trial_record *b)
{
	ck_assert_str_eq(a->id, b->id);
	ck_assert_str_eq(a->run_id, b->run_id);
	ck_assert_uint_eq(a->cell, b->cell);
	ck_assert_uint_eq(a->repeat, b->repeat);
	ck_assert_uint_eq(a->order, b->order);
	ck_assert_int_eq(a->state, b->state);
	ck_assert_str_eq(a->boot, b->boot);
	ck_assert_uint_eq(a->round, b->round);
	same_text(a->reason, b->reason);
	ck_assert_uint_eq(a->started_ms, b->started_ms);
	ck_assert_uint_eq(a->ended_ms, b->ended_ms);
	same_facts(&a->facts, &b->facts);
	ck_assert_uint_eq(a->effective.n, b->effective.n);
	for (size_t i = 0; i < a->effective.n; i++) {
		const struct effective *x = &a->effective.items[i], *y = &b->effective.items[i];

		same_text(x->key, y->key);
		same_text(x->asked, y->asked);
		same_text(x->effective, y->effective);
		same_text(x->source, y->source);
		ck_assert_int_eq(x->matches, y->matches);
	}
	same_text(a->domain_xml, b->domain_xml);
	same_text(a->console_tail, b->console_tail);
	ck_assert_uint_eq(a->n_jobs, b->n_jobs);
	for (size_t i = 0; i < a->n_jobs; i++) {
		const struct job_result *x = &a->jobs[i], *y = &b->jobs[i];

		same_text(x->name, y->name);
		same_text(x->job_text, y->job_text);
		ck_assert_int_eq(x->has_host_cpu, y->has_host_cpu);
		ck_assert_uint_eq(x->host_cpu_ns, y->host_cpu_ns);
		same_facts(&x->facts, &y->facts);
		same_sample(x->sample, y->sample);
		for (int w = 0; w < WATCHERS; w++)
			same_series(&x->watched[w], &y->watched[w]);
	}
}

void assert_same_handover(const struct handover_record *a, const struct handover_record *b)
{
	ck_assert_str_eq(a->id, b->id);
	ck_assert_str_eq(a->run_id, b->run_id);
	ck_assert_str_eq(a->trial_id, b->trial_id);
	ck_assert_int_eq(a->kind, b->kind);
	same_text(a->host_id, b->host_id);
	ck_assert_int_eq(a->owner_pid, b->owner_pid);
	ck_assert_uint_eq(a->owner_start, b->owner_start);
	same_text(a->device, b->device);
	same_text(a->serial, b->serial);
	same_text(a->model, b->model);
	same_text(a->driver_before, b->driver_before);
	same_text(a->namespaces, b->namespaces);
	ck_assert_uint_eq(a->given_ms, b->given_ms);
	ck_assert_uint_eq(a->returned_ms, b->returned_ms);
	ck_assert_int_eq(a->is_back, b->is_back);
	ck_assert_int_eq(a->is_ended, b->is_ended);
	same_text(a->outcome, b->outcome);
}

void assert_same_baseline(const struct baseline_record *a, const struct baseline_record *b)
{
	ck_assert_str_eq(a->id, b->id);
	same_text(a->name, b->name);
	same_text(a->host, b->host);
	same_text(a->host_name, b->host_name);
	same_text(a->scenario, b->scenario);
	ck_assert_uint_eq(a->made_ms, b->made_ms);
	same_text(a->note, b->note);
	ck_assert_uint_eq(a->retired_ms, b->retired_ms);
	same_text(a->retired_why, b->retired_why);
	ck_assert_uint_eq(a->n_runs, b->n_runs);
	for (size_t i = 0; i < a->n_runs; i++)
		ck_assert_str_eq(a->runs[i], b->runs[i]);
}

static void same_real(double a, double b)
{
	ck_assert(a == b || (isnan(a) && isnan(b)));
}

void assert_same_change(const struct change_record *a, const struct change_record *b)
{
	ck_assert_str_eq(a->id, b->id);
	ck_assert_str_eq(a->event, b->event);
	same_text(a->host, b->host);
	same_text(a->scenario, b->scenario);
	same_text(a->cell, b->cell);
	same_text(a->job, b->job);
	same_text(a->metric, b->metric);
	ck_assert_str_eq(a->at_run, b->at_run);
	ck_assert_str_eq(a->found_run, b->found_run);
	same_real(a->before, b->before);
	same_real(a->after, b->after);
	same_real(a->lo, b->lo);
	same_real(a->hi, b->hi);
	same_real(a->p, b->p);
	ck_assert_int_eq(a->is_drift, b->is_drift);
	same_text(a->cause, b->cause);
	same_text(a->state, b->state);
	same_text(a->confirmation, b->confirmation);
	ck_assert_uint_eq(a->reported_ms, b->reported_ms);
}

void assert_same_run(const struct run_data *a, const struct run_data *b)
{
	const struct run_record *x = &a->run, *y = &b->run;

	ck_assert_str_eq(x->id, y->id);
	same_text(x->scenario_name, y->scenario_name);
	same_text(x->scenario_text, y->scenario_text);
	same_text(x->host_id, y->host_id);
	same_text(x->host_name, y->host_name);
	same_text(x->accel, y->accel);
	same_text(x->version, y->version);
	ck_assert_uint_eq(x->seed, y->seed);
	ck_assert_uint_eq(x->repeats, y->repeats);
	ck_assert_uint_eq(x->started_ms, y->started_ms);
	ck_assert_uint_eq(x->ended_ms, y->ended_ms);
	same_facts(&x->environment, &y->environment);
	same_facts(&x->notes, &y->notes);
	same_facts(&x->declared, &y->declared);
	ck_assert_uint_eq(a->n_handovers, b->n_handovers);
	for (size_t i = 0; i < a->n_handovers; i++)
		assert_same_handover(&a->handovers[i], &b->handovers[i]);
	ck_assert_uint_eq(a->n_cells, b->n_cells);
	for (size_t i = 0; i < a->n_cells; i++) {
		same_text(a->cells[i].name, b->cells[i].name);
		same_text(a->cells[i].durability, b->cells[i].durability);
		same_facts(&a->cells[i].axes, &b->cells[i].axes);
	}
	ck_assert_uint_eq(a->n_trials, b->n_trials);
	for (size_t i = 0; i < a->n_trials; i++)
		same_trial(&a->trials[i], &b->trials[i]);
}
