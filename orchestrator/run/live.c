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
#include "live_reader.h"
#include "neighbours.h"
#include "path_devices.h"
#include "sampler.h"
#include "units.h"

/* Five a second: a reading takes the main loop of QEMU 7.2 about 0.2 ms (own measurement), and
 * libvirt asks it two questions for one of ours. */
#define READ_EVERY_NS (200 * NS_PER_MS)
#define TELL_EVERY_NS NS_PER_S
/* Without an answer for so long and an interval is told. */
#define GAP_NS   NS_PER_S
#define GAPS_MAX 8
/* How long beyond the end a last answer, and how long the first one is waited for. */
#define LAST_NS    (2 * NS_PER_S)
#define OPEN_NS    (30 * NS_PER_S)
#define VALUES_MAX ((size_t)4 << 20) /* kept, of all disks: 32 MiB */

struct gap {
	uint64_t from_ns, to_ns;
};

struct live {
	const struct live_options *opt;
	struct live_reader *reader;
	const struct hv_live *vm; /* the reader's */
	size_t *disks;            /* [n] of hv_live's that are looked at */
	size_t n;
	struct series_set *sets;   /* [hv_live_n_disks()] */
	struct facts *paths;       /* [n] */
	struct sampler *sampler;   /* NULL: none */
	struct series_set host;    /* of all disks */
	struct neighbours *others; /* NULL: the host's side is not seen */
	struct bl_err no_sampler;  /* why it is not there */
	uint64_t started_ms, wall_offset_ns;
	uint64_t interval_ns, answered_ns, give_up_ns, told_ns;
	struct gap gaps[GAPS_MAX];
	size_t n_gaps;           /* also those there was no room for */
	struct bl_err no_answer; /* the last reason */
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
	if (!l->disks || !l->sets || !l->paths)
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
	int r = facts_copy(&l->paths[i], live_reader_path(l->reader, l->disks[i]));

	source = source_here(l, i);
	if (r == 0 && source)
		r = path_devices("", source, &l->paths[i]);
	return r < 0 ? bl_fail(err, r, "out of memory") : 0;
}

/* One for all disks: what it watches beside them is the same. */
static void start_sampler(struct live *l)
{
	const char **paths = calloc(l->n, sizeof *paths);
	struct sampler_watch w = {.pid = hv_live_pid(l->vm),
				  .unnamed = CPU_OTHER,
				  .more_paths = paths,
				  .n_more = paths ? l->n : 0,
				  .neighbours = l->others};

	for (size_t i = 0; i < w.n_more; i++)
		paths[i] = source_here(l, i);
	if (w.pid)
		sampler_start(&w, &l->sampler, &l->no_sampler);
	free(paths);
}

static void stop_sampler(struct live *l)
{
	int r = l->sampler ? sampler_stop(l->sampler, &l->host, NULL) : 0;

	if (r == -ETIMEDOUT) {
		bl_fail(&l->no_sampler, r,
			"a reading of this host's files hangs in the kernel (a device that does "
			"not answer?)");
		l->others = NULL; /* the thread that hangs has them */
	} else if (r < 0) {
		bl_fail(&l->no_sampler, r, "out of memory, readings are missing");
	}
	l->sampler = sampler_free(l->sampler);
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

/* Whether to wait on. */
static bool still(void *ctx)
{
	struct live *l = ctx;
	uint64_t now = bl_now_ns();

	if (l->opt->tick && l->vm && now >= l->told_ns) {
		uint64_t end = l->give_up_ns - LAST_NS;

		l->opt->tick(l->opt->ctx, hv_live_name(l->vm), end > now ? end - now : 0);
		l->told_ns = now + TELL_EVERY_NS;
	}
	return !is_stopped(l) && now < l->give_up_ns;
}

static void note_gap(struct live *l, uint64_t to_ns)
{
	if (l->answered_ns + GAP_NS + l->interval_ns >= to_ns)
		return;
	if (l->n_gaps < GAPS_MAX)
		l->gaps[l->n_gaps] = (struct gap){l->answered_ns, to_ns};
	l->n_gaps++;
}

/* A look of many hours: what is kept stays bounded, and readings get rarer. */
static void thin_out(struct live *l)
{
	size_t all = hv_live_n_disks(l->vm), n = 0;

	for (size_t i = 0; i < all; i++)
		n += l->sets[i].n * (l->sets[i].n_series + 1);
	if (n < (l->opt->values_max ? l->opt->values_max : VALUES_MAX) || l->sets[0].n < 4)
		return;
	for (size_t i = 0; i < all; i++)
		series_thin(&l->sets[i]);
	l->interval_ns *= 2;
}

/* After others the next reading may have an answer: a VM that stalls is what is looked for. */
static bool is_final(int r)
{
	return r == -EPIPE || r == -EBADMSG || r == -ENOMEM || r == -EPERM || r == -EINTR;
}

static int read_once(struct live *l)
{
	struct bl_err why = BL_ERR_INIT;
	int r;

	thin_out(l);
	r = live_reader_read(l->reader, still, l, l->sets, &why);
	if (r == -E2BIG) {
		l->interval_ns *= 2;
		for (size_t i = 0; i < hv_live_n_disks(l->vm); i++)
			series_thin(&l->sets[i]);
	}
	if (r < 0) {
		l->no_answer = why;
		return r;
	}
	note_gap(l, bl_now_ns());
	l->answered_ns = bl_now_ns();
	return 0;
}

/* Until the time is over - the last reading is then -, the person stops it or the VM ends. What
 * came before a reading that failed is kept. */
static int read_all(struct live *l, struct bl_err *err)
{
	uint64_t begin = bl_now_ns(), end = begin + l->opt->for_ns, due = begin;
	int r;

	l->answered_ns = begin;
	l->give_up_ns = end + LAST_NS;
	for (;;) {
		uint64_t now = bl_now_ns();

		r = read_once(l);
		if (is_final(r) || now >= end || !still(l))
			break;
		due += l->interval_ns;
		if (due < bl_now_ns()) /* QEMU was slow to answer: not all at once now */
			due = bl_now_ns() + l->interval_ns;
		sleep_until(due < end ? due : end);
	}
	l->has_ended = r == -EPIPE;
	if (!l->has_ended) /* where nothing more can come, all that is left is a gap */
		note_gap(l, is_final(r) && r != -EINTR ? end : bl_now_ns());
	if (l->sets[l->disks[0]].n >= 2 || r == 0 || (r == -EINTR && is_stopped(l)))
		return 0;
	return bl_fail(err, r == -EINTR ? -ETIMEDOUT : r,
		       "there are no two readings to compare: %s", bl_err_text(&l->no_answer));
}

static int watch(struct live *l, struct bl_err *err)
{
	struct timespec wall;
	int r = 0;

	l->others = hv_live_pid(l->vm) ? neighbours_new("", bl_now_ns()) : NULL;
	for (size_t i = 0; i < l->n && r == 0; i++)
		r = map_path(l, i, err);
	if (r < 0)
		return r;
	start_sampler(l);
	l->started_ms = bl_wall_ms();
	clock_gettime(CLOCK_REALTIME, &wall);
	l->wall_offset_ns = (uint64_t)wall.tv_sec * NS_PER_S + (uint64_t)wall.tv_nsec - bl_now_ns();
	r = read_all(l, err);
	stop_sampler(l);
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

/* @signal: "nvme0n1.reads", which is of a device that "path.device.N" names. */
static bool is_below(const struct facts *path, const char *signal)
{
	size_t n = strcspn(signal, ".");

	for (size_t i = 0; i < path->n; i++) {
		const char *key = path->items[i].key, *value = path->items[i].value;

		if (!strncmp(key, "path.device.", 12) && !strchr(key + 12, '.') &&
		    strlen(value) == n && !strncmp(value, signal, n))
			return true;
	}
	return false;
}

static bool is_of_others(const void *path, const struct series_set *set, const struct series *one)
{
	(void)set;
	return !strncmp(one->name, "disk.", 5) && !is_below(path, one->name + 5);
}

/* Of the host's signals those that all disks have in common, and of the devices below this one. */
static int take_host(const struct live *l, size_t i, uint64_t from, uint64_t to,
		     struct job_result *ret)
{
	struct series_set *set = &ret->watched[WATCHED_HOST];
	int r = l->host.n ? series_cut(&l->host, from, to, set) : 0;

	if (r < 0)
		return r;
	series_drop(set, is_of_others, &l->paths[i]);
	r = sampler_cpu(set, from, to, &ret->host_cpu_ns, &ret->facts);
	ret->has_host_cpu = r == 0;
	return r == -ENODATA ? 0 : r;
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
	r = take_host(l, i, from, to, ret);
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

static double seconds(uint64_t from_ns, uint64_t to_ns)
{
	return to_ns > from_ns ? (double)(to_ns - from_ns) / 1e9 : 0;
}

/* "from +1.2 s to +3.0 s, from ...". */
static int note_no_answer(const struct live *l, uint64_t begin_ns, struct facts *notes)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf when = BL_BUF_INIT;

	for (size_t i = 0; i < l->n_gaps && i < GAPS_MAX; i++)
		bl_buf_addf(&when, "%sfrom +%.1f s to +%.1f s", i ? ", " : "",
			    seconds(begin_ns, l->gaps[i].from_ns),
			    seconds(begin_ns, l->gaps[i].to_ns));
	if (l->n_gaps > GAPS_MAX)
		bl_buf_addf(&when, ", and %zu times more", l->n_gaps - GAPS_MAX);
	if (l->no_answer.text[0])
		bl_buf_addf(&when, " (%s)", l->no_answer.text);
	return facts_addf(notes, "no-answer",
			  "The VM gave no answer %s: what QEMU did then is known as a sum only.",
			  bl_buf_str(&when));
}

static int add_notes(const struct live *l, uint64_t begin_ns, struct facts *notes, double watched_s)
{
	int r = 0;

	if (l->has_ended)
		r = facts_addf(notes, "vm-ended",
			       "The VM ended while it was looked at, %.1f s after the beginning.",
			       watched_s);
	if (r == 0 && hv_live_no_host(l->vm))
		r = facts_addf(notes, "host-side", "The host's side is not known: %s.",
			       hv_live_no_host(l->vm));
	if (r == 0 && l->no_sampler.text[0])
		r = facts_addf(notes, "host-not-watched",
			       "What this host did meanwhile is not known: %s.",
			       bl_err_text(&l->no_sampler));
	if (r == 0 && l->n_gaps)
		r = note_no_answer(l, begin_ns, notes);
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
	return add_notes(l, first->at_ns[0], &ret->notes,
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
	}
	free(l->disks);
	free(l->sets);
	free(l->paths);
	series_done(&l->host);
	neighbours_free(l->others);
	live_reader_close(l->reader);
}

int live_watch(const struct live_options *opt, struct run_data *ret, struct bl_err *err)
{
	BL_CLEANUP(run_data_done) struct run_data data = {0};
	struct live l = {.opt = opt,
			 .interval_ns = READ_EVERY_NS,
			 .give_up_ns = bl_now_ns() + OPEN_NS,
			 .no_sampler = BL_ERR_INIT,
			 .no_answer = BL_ERR_INIT};
	int r = live_reader_open(&opt->vm, still, &l, &l.reader, err);

	if (r == 0) {
		l.vm = live_reader_vm(l.reader);
		r = choose_disks(&l, err);
	}
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
