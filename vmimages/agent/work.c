#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "cleanup.h"
#include "clock.h"
#include "engine.h"
#include "guest_sampler.h"
#include "interrupts.h"
#include "jobfile.h"
#include "sample_json.h"
#include "units.h"

#define CLOCK_LIMIT_NS (5 * NS_PER_S)
#define CLOCK_EVERY_US 10000

struct work {
	enum work_kind kind;
	json_int_t id;
	char device[DISK_NAME_MAX];
	int event_fd;
	pthread_t thread;
	uint64_t started_ns;
	_Atomic bool stop;
	uint64_t fill_bytes, fill_seed;
	uint64_t limit_bytes; /* nothing is written behind; 0: the disk's own end */
	_Atomic uint64_t filled_bytes;
	uint64_t watch_interval_ns; /* 0: nothing is sampled while the jobs run */
	struct jobs jobs;
	struct engine_progress progress;
	json_t *answer; /* set by the thread, read after it has ended */
};

json_t *error_message(json_int_t id, const struct bl_err *err)
{
	json_t *text = json_string(bl_err_text(err));

	/* a reason may quote bytes that are not UTF-8 */
	return json_pack("{s:s, s:I, s:i, s:o}", "type", "error", "id", id, "code", -err->code,
			 "text", text ? text : json_string("the reason is not printable"));
}

static json_t *fill(struct work *w, struct bl_err *err)
{
	int r = engine_fill(w->device, w->fill_bytes, w->fill_seed, &w->filled_bytes, &w->stop,
			    err);

	if (r < 0) {
		bl_wrap(err, r, "precondition");
		return NULL;
	}
	return json_pack("{s:s, s:I, s:I, s:I}", "type", "preconditioned", "id", w->id, "bytes",
			 (json_int_t)atomic_load(&w->filled_bytes), "elapsed_ns",
			 (json_int_t)(bl_now_ns() - w->started_ns));
}

/* A kernel measures the tsc against another clock for a second after boot, and only then runs on
 * it; a job must not begin on one clock and end on the other. Returns the clock source. */
static const char *settle_clock(char *name, size_t len)
{
	uint64_t end = bl_now_ns() + CLOCK_LIMIT_NS;

	do {
		sysfs_read(name, len,
			   "/sys/devices/system/clocksource/clocksource0/current_clocksource");
		if (strcmp(name, "tsc-early"))
			break;
		usleep(CLOCK_EVERY_US);
	} while (bl_now_ns() < end);
	return name;
}

/* What of the disk's interrupts can't be read is left out. */
static void read_interrupts(const struct work *w, struct irq_table *ret)
{
	char pci[32];

	*ret = (struct irq_table){0};
	irq_pci_of_block("", w->device + strlen("/dev/"), pci, sizeof pci);
	if (pci[0])
		irq_read_pci("", pci, ret);
}

static void add_interrupt(void *ctx, const char *name, const char *counts)
{
	json_object_set_new(ctx, name, json_string(counts));
}

/* {NAME: "cpu:count ..."}; both tables are ended. */
static json_t *interrupts_between(struct irq_table *before, struct irq_table *after)
{
	json_t *all = json_object();

	if (all)
		irq_each_delta(before, after, add_interrupt, all);
	irq_table_done(before);
	irq_table_done(after);
	return all;
}

/* NULL: nothing is sampled. Without memory or a thread for it the jobs run all the same. */
static struct guest_sampler *start_sampler(const struct work *w)
{
	struct guest_sampler_options opt = {.root = "",
					    .disk = w->device + strlen("/dev/"),
					    .interval_ns = w->watch_interval_ns};
	struct guest_sampler *s = NULL;
	int r;

	for (size_t i = 0; i < w->jobs.n; i++) {
		const struct job *j = &w->jobs.items[i];
		uint64_t ns = j->startdelay_max_ns + j->ramp_ns + j->runtime_ns;

		if (ns > opt.expected_ns)
			opt.expected_ns = ns;
	}
	r = opt.interval_ns ? guest_sampler_start(&opt, &s) : 0;
	if (r < 0)
		say("nothing is sampled while the jobs run: %s", strerror(-r));
	return s;
}

/* The jobs, with all that is watched around them; *ret_interrupts is new, *ret_all empty when
 * nothing was sampled. */
static int run_watched(struct work *w, struct sample **samples, json_t **ret_interrupts,
		       struct guest_sampled *ret_all, struct bl_err *err)
{
	struct engine_call call = {.jobs = w->jobs.items,
				   .n_jobs = w->jobs.n,
				   .target = w->device,
				   .limit_bytes = w->limit_bytes,
				   .progress = &w->progress,
				   .stop = &w->stop};
	struct guest_sampler *sampler = start_sampler(w);
	struct irq_table before, after;
	int r;

	read_interrupts(w, &before);
	r = engine_run(&call, samples, err);
	read_interrupts(w, &after);
	if (sampler)
		guest_sampler_stop(sampler, ret_all);
	*ret_interrupts = interrupts_between(&before, &after);
	return r < 0 ? bl_wrap(err, r, "run") : 0;
}

/* Ends the samples. NULL: out of memory. */
static json_t *samples_json(const struct work *w, struct sample **samples)
{
	json_t *list = json_array();

	for (size_t i = 0; i < w->jobs.n; i++) {
		if (json_array_append_new(list, sample_to_json(samples[i])) < 0) {
			json_decref(list);
			list = NULL;
		}
		samples[i] = sample_free(samples[i]);
	}
	return list;
}

static json_t *run(struct work *w, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) struct sample **samples = calloc(w->jobs.n, sizeof(struct sample *));
	struct guest_sampled all = {0};
	json_t *interrupts = NULL, *answer = NULL;
	char clock[64];
	int r;

	settle_clock(clock, sizeof clock);
	r = samples ? run_watched(w, samples, &interrupts, &all, err)
		    : bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0)
		answer = json_pack("{s:s, s:I, s:s, s:o, s:O}", "type", "result", "id", w->id,
				   "clocksource", clock, "samples", samples_json(w, samples),
				   "interrupts", interrupts);
	if (answer && all.set.n && telemetry_add(answer, &all) < 0) {
		json_decref(answer);
		answer = NULL;
	}
	json_decref(interrupts);
	series_done(&all.set);
	return answer;
}

static json_t *drop(struct work *w, struct bl_err *err)
{
	BL_CLEANUP(bl_closep) int fd = open("/proc/sys/vm/drop_caches", O_WRONLY | O_CLOEXEC);

	sync();
	if (fd < 0 || write(fd, "3", 1) != 1) {
		bl_fail(err, -errno, "cannot drop caches: %s", strerror(errno));
		return NULL;
	}
	return json_pack("{s:s, s:I}", "type", "done", "id", w->id);
}

static json_t *health(struct work *w, struct bl_err *err)
{
	(void)err;
	return health_answer(w->id, w->device);
}

static void *work_thread(void *arg)
{
	static json_t *(*const does[])(struct work *, struct bl_err *) = {
		[WORK_FILL] = fill, [WORK_RUN] = run, [WORK_DROP] = drop, [WORK_HEALTH] = health};
	struct work *w = arg;
	struct bl_err err = BL_ERR_INIT;
	uint64_t one = 1;

	w->answer = does[w->kind](w, &err);
	if (!w->answer) {
		bl_fail(&err, -ENOMEM, "out of memory for the answer");
		w->answer = error_message(w->id, &err);
	}
	if (write(w->event_fd, &one, sizeof one) < 0)
		fatal("cannot signal the end of a job: %s", strerror(errno));
	return NULL;
}

/* The jobs may touch the disk under test only, and are one group. */
static int check_jobs(const struct work *w, struct bl_err *err)
{
	if (w->jobs.n == 0)
		return bl_fail(err, -EINVAL, "jobs: there is none");
	for (size_t i = 0; i < w->jobs.n; i++) {
		const struct job *j = &w->jobs.items[i];

		if (!job_uses_target(j) && strcmp(j->filename, w->device))
			return bl_fail(err, -EPERM,
				       "job '%s': filename '%s' is not '%s', the disk "
				       "under test",
				       j->name, j->filename, w->device);
		if (j->group != w->jobs.items[0].group)
			return bl_fail(err, -EINVAL,
				       "job '%s': a request holds jobs of one group "
				       "(stonewall starts another)",
				       j->name);
	}
	return 0;
}

static int read_amounts(struct work *w, json_int_t size, json_int_t limit, struct bl_err *err)
{
	if (size < 0 || limit < 0)
		return bl_fail(err, -ERANGE, "%s: %lld is below the least, 0",
			       size < 0 ? "size_bytes" : "limit_bytes",
			       (long long)(size < 0 ? size : limit));
	if (limit && size > limit)
		return bl_fail(err, -ERANGE,
			       "size_bytes: %lld is behind limit_bytes, %lld, where the disk "
			       "under test ends for the lab",
			       (long long)size, (long long)limit);
	w->fill_bytes = (uint64_t)size;
	w->limit_bytes = (uint64_t)limit;
	return 0;
}

static int read_interval(struct work *w, json_int_t ns, struct bl_err *err)
{
	if (ns && (ns < (json_int_t)GUEST_SAMPLER_INTERVAL_MIN_NS ||
		   ns > (json_int_t)GUEST_SAMPLER_INTERVAL_MAX_NS))
		return bl_fail(
			err, -ERANGE,
			"watch_interval_ns: %lld is not within %llu to %llu; 0 samples nothing",
			(long long)ns, (unsigned long long)GUEST_SAMPLER_INTERVAL_MIN_NS,
			(unsigned long long)GUEST_SAMPLER_INTERVAL_MAX_NS);
	w->watch_interval_ns = (uint64_t)ns;
	return 0;
}

static int read_request(struct work *w, const json_t *request, struct bl_err *err)
{
	json_int_t size = 0, seed = 0, limit = 0, interval = GUEST_SAMPLER_INTERVAL_NS;
	const char *device = w->device, *jobs = NULL;
	json_error_t why;
	json_t *rq = (json_t *)request; /* jansson unpacks from a non-const pointer */
	int r = 0;

	if (w->kind == WORK_FILL)
		r = json_unpack_ex(rq, &why, 0, "{s:s, s:I, s:I, s?I}", "device", &device,
				   "size_bytes", &size, "seed", &seed, "limit_bytes", &limit);
	else if (w->kind == WORK_RUN)
		r = json_unpack_ex(rq, &why, 0, "{s:s, s:s, s?I, s?I}", "device", &device, "jobs",
				   &jobs, "limit_bytes", &limit, "watch_interval_ns", &interval);
	if (r < 0)
		return bl_fail(err, -EINVAL, "%s: %s",
			       json_string_value(json_object_get(rq, "type")), why.text);
	if (w->kind != WORK_DROP && !w->device[0])
		return bl_fail(err, -EPERM, "no disk under test is known yet; describe it first");
	if (strcmp(device, w->device))
		return bl_fail(err, -EPERM, "device '%s' is not '%s', the disk under test", device,
			       w->device);
	w->fill_seed = (uint64_t)seed;
	r = read_amounts(w, size, limit, err);
	if (r == 0)
		r = read_interval(w, interval, err);
	if (r < 0 || !jobs)
		return r;
	r = jobfile_parse(jobs, "jobs", &w->jobs, err);
	return r < 0 ? r : check_jobs(w, err);
}

static struct work *work_free(struct work *w)
{
	jobs_done(&w->jobs);
	json_decref(w->answer);
	free(w);
	return NULL;
}

int work_start(enum work_kind kind, const json_t *request, const char *device, int event_fd,
	       struct work **ret_work, struct bl_err *err)
{
	struct work *w = calloc(1, sizeof *w);
	int r;

	if (!w)
		return bl_fail(err, -ENOMEM, "out of memory");
	w->kind = kind;
	w->id = json_integer_value(json_object_get(request, "id"));
	w->event_fd = event_fd;
	w->started_ns = bl_now_ns();
	strncpy(w->device, device, sizeof w->device - 1);
	r = read_request(w, request, err);
	if (r == 0) {
		r = -pthread_create(&w->thread, NULL, work_thread, w);
		if (r < 0)
			bl_fail(err, r, "cannot start a thread: %s", strerror(-r));
	}
	if (r < 0) {
		work_free(w);
		return r;
	}
	*ret_work = w;
	return 0;
}

json_t *work_progress(struct work *w)
{
	const char *phase = "idle";
	uint64_t elapsed = 0, ios = 0, bytes = 0;

	if (w && w->kind == WORK_FILL) {
		phase = "fill";
		bytes = atomic_load(&w->filled_bytes);
		elapsed = bl_now_ns() - w->started_ns;
	} else if (w && w->kind == WORK_RUN) {
		phase = atomic_load(&w->progress.ramping) ? "ramp" : "run";
		elapsed = atomic_load(&w->progress.elapsed_ns);
		ios = atomic_load(&w->progress.ios);
		bytes = atomic_load(&w->progress.bytes);
	}
	return json_pack("{s:s, s:I, s:s, s:I, s:I, s:I, s:I}", "type", "progress", "guest_ns",
			 (json_int_t)bl_now_ns(), "phase", phase, "id", w ? w->id : 0, "elapsed_ns",
			 (json_int_t)elapsed, "ios", (json_int_t)ios, "bytes", (json_int_t)bytes);
}

json_t *work_finish(struct work *w)
{
	json_t *answer;

	pthread_join(w->thread, NULL);
	answer = BL_STEAL(w->answer);
	work_free(w);
	return answer;
}

void work_stop(struct work *w)
{
	atomic_store(&w->stop, true);
}
