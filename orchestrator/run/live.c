#include "live.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "block_stats.h"
#include "cell.h"
#include "cleanup.h"
#include "doctor.h"
#include "neighbours.h"
#include "path_devices.h"
#include "sampler.h"
#include "units.h"

/* Five a second: a reading takes the main loop of QEMU 7.2 about 0.2 ms (own measurement), and
 * libvirt asks it two questions for one of ours. */
#define READ_EVERY_NS (200 * NS_PER_MS)
#define TELL_EVERY_NS NS_PER_S

struct live {
	const struct live_options *opt;
	struct hv_live *vm;
	size_t *disks; /* [n] of hv_live's that are looked at */
	size_t n;
	struct series_set *sets;   /* [hv_live_n_disks()] */
	struct facts *paths;       /* [n] */
	struct sampler **samplers; /* [n]; NULL: none */
	struct series_set *host;   /* [n] */
	struct neighbours *others; /* NULL: the host's side is not seen */
	uint64_t started_ms, wall_offset_ns;
	bool has_ended;
};

/* --- which disks --- */

static int unknown_disk(const struct live *l, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf all = BL_BUF_INIT;

	for (size_t i = 0; i < hv_live_n_disks(l->vm); i++)
		bl_buf_addf(&all, "%s'%s'", i ? ", " : "", hv_live_disk(l->vm, i));
	return bl_fail(err, -ENOENT, "--disk: '%s' is no disk of '%s'; it has %s", l->opt->disk,
		       hv_live_name(l->vm), bl_buf_str(&all));
}

static int choose_disks(struct live *l, struct bl_err *err)
{
	size_t all = hv_live_n_disks(l->vm);

	l->disks = calloc(all, sizeof *l->disks);
	l->sets = calloc(all, sizeof *l->sets);
	l->paths = calloc(all, sizeof *l->paths);
	l->samplers = calloc(all, sizeof(struct sampler *));
	l->host = calloc(all, sizeof *l->host);
	if (!l->disks || !l->sets || !l->paths || !l->samplers || !l->host)
		return bl_fail(err, -ENOMEM, "out of memory");
	for (size_t i = 0; i < all; i++) {
		if (!l->opt->disk || !strcmp(l->opt->disk, hv_live_disk(l->vm, i)))
			l->disks[l->n++] = i;
	}
	return l->n ? 0 : unknown_disk(l, err);
}

/* --- watching --- */

/* A path of another host, or of a mount namespace, may be something else here. */
static const char *source_here(const struct live *l, size_t i)
{
	const char *source = facts_get(&l->paths[i], "path.source");

	return hv_live_pid(l->vm) && source && source[0] == '/' && access(source, F_OK) == 0
		       ? source
		       : NULL;
}

static int map_path(struct live *l, size_t i, struct bl_err *err)
{
	const char *source;
	int r = hv_live_path(l->vm, l->disks[i], &l->paths[i], err);

	if (r < 0)
		return r;
	source = source_here(l, i);
	if (source && path_devices("", source, &l->paths[i]) < 0)
		return bl_fail(err, -ENOMEM, "out of memory");
	return 0;
}

static int start_sampler(struct live *l, size_t i, struct bl_err *err)
{
	struct sampler_watch w = {.pid = hv_live_pid(l->vm),
				  .unnamed = CPU_OTHER,
				  .path = source_here(l, i),
				  .neighbours = i == 0 ? l->others : NULL};

	return hv_live_pid(l->vm) ? sampler_start(&w, &l->samplers[i], err) : 0;
}

static bool is_stopped(const struct live *l)
{
	return l->opt->stop && *l->opt->stop;
}

static void sleep_until(uint64_t at)
{
	struct timespec t = {.tv_sec = (time_t)(at / NS_PER_S), .tv_nsec = (long)(at % NS_PER_S)};

	clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL); /* a signal ends it early */
}

static void tell(const struct live *l, uint64_t now, uint64_t end, uint64_t *due)
{
	if (!l->opt->tick || now < *due)
		return;
	l->opt->tick(l->opt->ctx, hv_live_name(l->vm), end > now ? end - now : 0);
	*due = now + TELL_EVERY_NS;
}

/* Until the time is over - the last reading is then -, the person stops it or the VM ends. */
static int read_all(struct live *l, struct bl_err *err)
{
	uint64_t begin = bl_now_ns(), end = begin + l->opt->for_ns, due = begin, told = begin;
	int r;

	for (;;) {
		uint64_t now = bl_now_ns();

		r = hv_live_read(l->vm, l->sets, err);
		if (r < 0 || now >= end || is_stopped(l))
			break;
		tell(l, now, end, &told);
		due += READ_EVERY_NS;
		if (due < bl_now_ns()) /* QEMU was slow to answer: not all at once now */
			due = bl_now_ns() + READ_EVERY_NS;
		sleep_until(due < end ? due : end);
	}
	l->has_ended = r == -EPIPE;
	return l->has_ended && l->sets[0].n >= 2 ? 0 : r;
}

static int watch(struct live *l, struct bl_err *err)
{
	struct timespec wall;
	int r = 0;

	l->others = hv_live_pid(l->vm) ? neighbours_new("", bl_now_ns()) : NULL;
	for (size_t i = 0; i < l->n && r == 0; i++)
		r = map_path(l, i, err);
	for (size_t i = 0; i < l->n && r == 0; i++)
		r = start_sampler(l, i, err);
	l->started_ms = bl_wall_ms();
	clock_gettime(CLOCK_REALTIME, &wall);
	l->wall_offset_ns = (uint64_t)wall.tv_sec * NS_PER_S + (uint64_t)wall.tv_nsec - bl_now_ns();
	if (r == 0)
		r = read_all(l, err);
	for (size_t i = 0; i < l->n; i++) {
		if (l->samplers[i])
			sampler_stop(l->samplers[i], &l->host[i], NULL);
		l->samplers[i] = sampler_free(l->samplers[i]);
	}
	if (l->others)
		neighbours_end(l->others, hv_live_pid(l->vm), bl_now_ns());
	return r;
}

/* --- as a run --- */

/* What of the path is a value of an axis, as a cell of the lab would have it. */
static void to_cell(const struct facts *path, struct cell *c, struct facts *axes)
{
	static const char *const rows[][2] = {
		{"path.bus", "bus"},
		{"path.storage", "storage"},
		{"path.queues", "queues"},
		{"path.cache", "cache"},
		{"path.aio", "aio"},
		{"path.format", "format"},
		{"path.discard", "discard"},
		{"path.vm.vcpus", "vcpus"},
		{"path.cluster_bytes", "cluster_size"},
	};
	const char *iothread = facts_get(path, "path.iothread");

	cell_defaults(c);
	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		const char *value = facts_get(path, rows[i][0]);

		if (value && axis_find(rows[i][1])->set(c, value, NULL) == 0)
			facts_add(axes, rows[i][1], value);
	}
	if (!iothread)
		return;
	if (strcmp(iothread, "none") != 0)
		for (c->iothreads = 1; (iothread = strchr(iothread, ',')); iothread++)
			c->iothreads++;
	facts_addf(axes, "iothreads", "%u", c->iothreads);
}

static int make_cell(const struct live *l, size_t i, struct cell_record *ret)
{
	bool is_known = facts_get(&l->paths[i], "path.cache") != NULL;
	struct cell c;

	to_cell(&l->paths[i], &c, &ret->axes);
	ret->name = strdup(hv_live_disk(l->vm, l->disks[i]));
	ret->durability = strdup(is_known ? cell_durability(&c) : "not known");
	return ret->name && ret->durability ? 0 : -ENOMEM;
}

static int make_job(struct live *l, size_t i, struct job_result *ret)
{
	struct series_set *set = &l->sets[l->disks[i]];
	uint64_t from = set->at_ns[0], to = set->at_ns[set->n - 1];
	const char *bus = facts_get(&l->paths[i], "path.bus");
	int r;

	ret->name = strdup(LIVE_JOB);
	ret->job_text = strdup("");
	if (!ret->name || !ret->job_text)
		return -ENOMEM;
	if (bus)
		block_stats_drop_uncounted(set, bus);
	ret->watched[WATCHED_QEMU] = *set;
	*set = (struct series_set){0};
	ret->watched[WATCHED_HOST] = l->host[i];
	l->host[i] = (struct series_set){0};
	r = sampler_cpu(&ret->watched[WATCHED_HOST], from, to, &ret->host_cpu_ns, &ret->facts);
	ret->has_host_cpu = r == 0;
	if (r == -ENODATA)
		r = 0;
	if (r == 0 && l->others)
		r = neighbours_facts(l->others, from, to, &ret->facts);
	return r;
}

static int make_trial(struct live *l, size_t i, const char *run_id, struct trial_record *ret)
{
	const char *xml = hv_live_xml(l->vm);
	int r;

	bl_uuid7(ret->id, l->started_ms);
	snprintf(ret->run_id, sizeof ret->run_id, "%s", run_id);
	ret->cell = ret->order = (uint32_t)i;
	ret->state = TRIAL_OK;
	ret->started_ms = l->started_ms;
	ret->ended_ms = bl_wall_ms();
	ret->jobs = calloc(1, sizeof *ret->jobs);
	ret->domain_xml = xml ? strdup(xml) : NULL;
	if (!ret->jobs || (xml && !ret->domain_xml))
		return -ENOMEM;
	ret->n_jobs = 1;
	r = facts_addf(&ret->facts, "clock.wall_offset_ns", "%" PRIu64, l->wall_offset_ns);
	if (r == 0)
		r = facts_add(&ret->facts, "live.means", hv_live_means(l->vm));
	if (r == 0)
		r = facts_addf(&ret->facts, "live.disks", "%zu", hv_live_n_disks(l->vm));
	if (r == 0)
		r = facts_copy(&ret->facts, &l->paths[i]);
	return r < 0 ? r : make_job(l, i, ret->jobs);
}

static int add_notes(const struct live *l, struct facts *notes, double watched_s)
{
	int r = 0;

	if (l->has_ended)
		r = facts_addf(notes, "vm-ended",
			       "The VM ended while it was looked at, %.1f s after the beginning.",
			       watched_s);
	if (r == 0 && hv_live_no_host(l->vm))
		r = facts_addf(notes, "host-side", "The host's side is not known: %s.",
			       hv_live_no_host(l->vm));
	return r;
}

static int make_run(struct live *l, struct run_record *ret)
{
	struct doctor_options here = {.root = ""};
	const struct series_set *first = &l->sets[l->disks[0]];
	const char *accel = facts_get(&l->paths[0], "path.vm.accel");
	char host[256] = "", id[17] = "";

	gethostname(host, sizeof host - 1);
	host_id(&here, id, NULL);
	bl_uuid7(ret->id, l->started_ms);
	ret->scenario_name = strdup(hv_live_name(l->vm));
	ret->scenario_text = strdup("");
	ret->host_id = strdup(id);
	ret->host_name = strdup(host);
	ret->accel = strdup(accel ? accel : "");
	ret->version = strdup(l->opt->version);
	ret->repeats = 1;
	ret->started_ms = l->started_ms;
	ret->ended_ms = bl_wall_ms();
	if (!ret->scenario_name || !ret->scenario_text || !ret->host_id || !ret->host_name ||
	    !ret->accel || !ret->version)
		return -ENOMEM;
	return add_notes(l, &ret->notes,
			 (double)(first->at_ns[first->n - 1] - first->at_ns[0]) / 1e9);
}

static int make_data(struct live *l, struct run_data *ret)
{
	int r;

	ret->cells = calloc(l->n, sizeof *ret->cells);
	ret->trials = calloc(l->n, sizeof *ret->trials);
	if (!ret->cells || !ret->trials)
		return -ENOMEM;
	r = make_run(l, &ret->run);
	for (size_t i = 0; i < l->n && r == 0; i++) {
		ret->n_cells = ret->n_trials = i + 1;
		r = make_cell(l, i, &ret->cells[i]);
		if (r == 0)
			r = make_trial(l, i, ret->run.id, &ret->trials[i]);
	}
	return r;
}

static void done(struct live *l)
{
	size_t all = l->vm ? hv_live_n_disks(l->vm) : 0;

	for (size_t i = 0; i < all; i++) {
		if (l->sets)
			series_done(&l->sets[i]);
		if (l->paths)
			facts_done(&l->paths[i]);
		if (l->host)
			series_done(&l->host[i]);
	}
	free(l->disks);
	free(l->sets);
	free(l->paths);
	free(l->samplers);
	free(l->host);
	neighbours_free(l->others);
	hv_live_close(l->vm);
}

int live_watch(const struct live_options *opt, struct run_data *ret, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data data = {0};
	struct live l = {.opt = opt};
	int r = hv_live_open(&opt->vm, &l.vm, err);

	if (r == 0)
		r = choose_disks(&l, err);
	if (r == 0)
		r = watch(&l, err);
	if (r == 0 && l.sets[l.disks[0]].n < 2)
		r = bl_fail(err, -EINTR, "stopped before there were two readings to compare");
	if (r == 0 && make_data(&l, &data) < 0)
		r = bl_fail(err, -ENOMEM, "out of memory");
	done(&l);
	if (r < 0)
		return r;
	*ret = data;
	data = (struct run_data){0};
	return 0;
}
