#include "hv_fake.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "base64.h"
#include "cleanup.h"
#include "clock.h"
#include "domain.h"
#include "engine.h"
#include "fs.h"
#include "jobfile.h"
#include "sample_json.h"
#include "series.h"
#include "units.h"
#include "wire.h"

const char *const fake_fault_names[] = {
	"ok",
	"mute",
	"panic",
	"panic-in-job",
	"die-in-job",
	"silent",
	"garbage",
	"oversized",
	"error",
	"job-error",
	"will-not-start",
	"escapes",
	"escape-type",
	"escape-json",
	"other-kernel",
	"wrong-driver",
	"short-disk",
	"no-disk",
	"hang",
	"bad-interrupts",
	"bad-telemetry",
	"damaged-telemetry",
	"foreign-telemetry",
	"late-telemetry",
	"second-job-error",
	"second-driver",
	"die-in-third",
};
static_assert(BL_ARRAY_LEN(fake_fault_names) == FAKE_FAULTS, "a name for every fault");

/* Sets a terminal's title, rings, clears the screen; then bytes above ASCII. */
#define ESCAPES "\x1b]0;owned\a\x1b[2J\x7f\xc2\x9b\n"

#define HEARTBEAT_NS (200 * NS_PER_MS)

static void console(const struct fake_guest *g, const char *text)
{
	int fd = g->domain.console_path ? open(g->domain.console_path,
					       O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644)
					: -1;

	if (fd < 0)
		return;
	if (write(fd, text, strlen(text)) < 0)
		fd = -fd; /* a console nobody reads is not the guest's trouble */
	close(fd < 0 ? -fd : fd);
}

static void send_bytes(const struct fake_guest *g, const void *data, size_t len)
{
	const char *s = data;

	while (len) {
		ssize_t n = send(g->fd, s, len, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return; /* the host has cut the power */
		s += n;
		len -= (size_t)n;
	}
}

/* Steals @msg. */
static void say(const struct fake_guest *g, json_t *msg)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	if (msg && wire_encode(msg, &b, NULL) == 0)
		send_bytes(g, b.data, b.len);
	json_decref(msg);
}

static void say_error(const struct fake_guest *g, json_int_t id, int code, const char *text)
{
	say(g, json_pack("{s:s, s:I, s:i, s:s}", "type", "error", "id", id, "code", code, "text",
			 text));
}

static void say_progress(const struct fake_guest *g, const char *phase,
			 const struct engine_progress *p)
{
	say(g, json_pack("{s:s, s:I, s:s, s:I, s:I, s:I}", "type", "progress", "guest_ns",
			 (json_int_t)bl_now_ns(), "phase", phase, "elapsed_ns",
			 (json_int_t)(p ? p->elapsed_ns : 0), "ios", (json_int_t)(p ? p->ios : 0),
			 "bytes", (json_int_t)(p ? p->bytes : 0)));
}

static void say_hello(const struct fake_guest *g)
{
	const char *release = g->fault == FAKE_OTHER_KERNEL ? "6.6.6-other"
			      : g->domain.release           ? g->domain.release
							    : "fake";

	say(g, json_pack("{s:s, s:i, s:s, s:s, s:i, s:I, s:s, s:I, s:s, s:[], s:[]}", "type",
			 "hello", "protocol", WIRE_PROTOCOL_VERSION, "agent_version",
			 g->fault == FAKE_ESCAPES ? "fake" ESCAPES : "fake", "kernel", release,
			 "cpus", (int)g->domain.vcpus, "memory_bytes", (json_int_t)(512 * MiB),
			 "clocksource", "fake", "uptime_ns", (json_int_t)NS_PER_MS, "cmdline", "",
			 "modules", "module_errors"));
}

static bool is_second(const struct fake_guest *g)
{
	return g->disk->alias && strcmp(g->disk->alias, DOMAIN_DISK_ALIAS "-2") == 0;
}

static const char *driver_of(const struct fake_guest *g)
{
	static const char *const rows[][2] = {{"virtio", "virtio_blk"},
					      {"scsi", "virtio_scsi"},
					      {"sata", "ahci"},
					      {"nvme", "nvme"},
					      {"vfio", "nvme"}};

	if (g->fault == FAKE_WRONG_DRIVER || (g->fault == FAKE_SECOND_DRIVER && is_second(g)))
		return "floppy";
	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		if (strcmp(rows[i][0], g->disk->bus) == 0)
			return rows[i][1];
	}
	return "virtio_blk";
}

/* The disk under test from now on. The serial of one that is handed over is not in the XML. */
static bool find_disk(struct fake_guest *g, const char *serial)
{
	for (size_t i = 0; i < g->domain.n_disks; i++) {
		struct fake_disk *d = &g->domain.disks[i];

		if (d->serial && strcmp(d->serial, serial) != 0)
			continue;
		g->disk = d;
		return true;
	}
	return false;
}

static void describe(struct fake_guest *g, json_int_t id, const json_t *ask)
{
	const char *serial = json_string_value(json_object_get(ask, "serial"));
	bool is_there = find_disk(g, serial ? serial : "");
	uint64_t size = g->disk->size_bytes / (g->fault == FAKE_SHORT_DISK ? 2 : 1);
	unsigned n = g->disk->queues ? g->disk->queues : g->domain.vcpus;
	char queues[16], vectors[16];

	if (g->fault == FAKE_NO_DISK || !is_there) {
		say_error(g, id, ENODEV, "no disk with that serial");
		return;
	}
	if (g->fault == FAKE_ESCAPE_TYPE) {
		say(g, json_pack("{s:s, s:I}", "type", "disk" ESCAPES, "id", id));
		return;
	}
	snprintf(queues, sizeof queues, "%u", n);
	snprintf(vectors, sizeof vectors, "%u", n + 1);
	say(g, json_pack("{s:s, s:I, s:s, s:I, s:I, s:{s:s, s:s, s:s, s:s, s:s, s:s, s:s}}", "type",
			 "disk", "id", id, "device", "/dev/fake", "size_bytes", (json_int_t)size,
			 "first_read_ns", (json_int_t)bl_now_ns(), "facts", "driver", driver_of(g),
			 "serial", serial ? serial : "", "queues", queues, "msix_vectors", vectors,
			 "scheduler", g->fault == FAKE_ESCAPES ? "none" ESCAPES : "none",
			 "write_cache", g->disk->is_writeback ? "write back" : "write through",
			 "discard_max_bytes", "0"));
}

/* As QEMU's own NVMe controller tells it; other disks have none. */
static void health(const struct fake_guest *g, json_int_t id)
{
	static const char *const facts[][2] = {{"model", "QEMU NVMe Ctrl"},
					       {"serial", "blklab-dut"},
					       {"firmware", "7.2.22"},
					       {"namespace", "1"},
					       {"smart.critical_warning", "0x00"},
					       {"smart.temperature_c", "50"},
					       {"smart.media_errors", "0"},
					       {"smart.error_log_entries", "0"},
					       {"errors.entries", "0"}};
	json_t *told = json_object(), *events = json_array();

	for (size_t i = 0; i < BL_ARRAY_LEN(facts) && !strcmp(g->disk->bus, "nvme"); i++)
		json_object_set_new(told, facts[i][0], json_string(facts[i][1]));
	if (g->fault == FAKE_ESCAPES) {
		json_object_set_new(told, "model" ESCAPES, json_string("fake" ESCAPES));
		json_array_append_new(events, json_string("nvme nvme0: timeout" ESCAPES));
	}
	say(g, json_pack("{s:s, s:I, s:o, s:o}", "type", "health", "id", id, "facts", told,
			 "events", events));
}

/* One queue each CPU, and each CPU has had what its queue gave. */
static json_t *interrupts(const struct fake_guest *g)
{
	bool is_nvme = !strcmp(g->disk->bus, "nvme");
	json_t *all = json_object();
	char name[32], counts[32];

	for (unsigned cpu = 0; cpu < g->domain.vcpus; cpu++) {
		snprintf(name, sizeof name, is_nvme ? "nvme0q%u" : "virtio1-req.%u", cpu + is_nvme);
		snprintf(counts, sizeof counts, "%u:%u", cpu, 100 + cpu);
		json_object_set_new(all, name, json_string(counts));
	}
	if (g->fault == FAKE_ESCAPES)
		json_object_set_new(all, "queue" ESCAPES, json_string("0:1 4294967295:2"));
	if (g->fault == FAKE_BAD_INTERRUPTS)
		json_object_set_new(all, "queue", json_string("0:1 1:2" ESCAPES));
	return all;
}

struct work {
	const struct fake_guest *g;
	struct jobs jobs;
	struct sample *samples[64];
	uint64_t limit_bytes, watch_interval_ns;
	uint64_t begun_ns, ended_ns;
	struct engine_progress progress;
	_Atomic bool stop, has_ended;
	int result;
	struct bl_err err;
};

static void *work_main(void *arg)
{
	struct work *w = arg;
	struct engine_call call = {.jobs = w->jobs.items,
				   .n_jobs = w->jobs.n,
				   .target = w->g->disk->path,
				   .limit_bytes = w->limit_bytes,
				   .progress = &w->progress,
				   .stop = &w->stop};

	w->begun_ns = bl_now_ns();
	w->result = engine_run(&call, w->samples, &w->err);
	w->ended_ns = bl_now_ns();
	w->has_ended = true;
	return NULL;
}

static void pause_ms(long ms)
{
	nanosleep(&(struct timespec){.tv_nsec = ms * 1000000}, NULL);
}

static bool dies_now(const struct fake_guest *g)
{
	return g->fault == FAKE_DIE_IN_JOB || (g->fault == FAKE_DIE_IN_THIRD && g->n_runs == 3);
}

/* Waits for the job's end with heartbeats, or until the fault strikes. */
static void attend(struct fake_guest *g, struct work *w)
{
	uint64_t next = 0;

	while (!w->has_ended && !g->must_end) {
		if (bl_now_ns() >= next) {
			say_progress(g, w->progress.ramping ? "ramp" : "run", &w->progress);
			next = bl_now_ns() + HEARTBEAT_NS;
		}
		if (dies_now(g) || g->fault == FAKE_PANIC_IN_JOB)
			break;
		pause_ms(2);
	}
	w->stop = !w->has_ended;
}

static void spoil(struct sample *s)
{
	s->error = EIO;
	snprintf(s->error_text, sizeof s->error_text, "%s", "read" ESCAPES);
	snprintf(s->job, sizeof s->job, "%s", "job" ESCAPES);
	snprintf(s->engine, sizeof s->engine, "%s", "\x1b[2J\a");
	snprintf(s->clock, sizeof s->clock, "%s", "\x1b[2J\a");
}

/* A disk that did a thousand writes a second, seen from one interval before the jobs until one
 * after them. */
static void watch_nothing(const struct work *w, struct series_set *set)
{
	uint64_t from = w->begun_ns - w->watch_interval_ns;

	for (uint64_t at = from; at < w->ended_ns + 2 * w->watch_interval_ns;
	     at += w->watch_interval_ns) {
		series_moment(set, at);
		series_put(set, "disk.writes", SERIES_COUNTER, (at - from) / NS_PER_MS);
		series_put(set, "cpu0.steal_ns", SERIES_COUNTER, 0);
		if (w->g->fault == FAKE_FOREIGN_TELEMETRY)
			series_put(set, "thread.main.run_ns", SERIES_COUNTER, 0);
	}
	if (w->g->fault == FAKE_LATE_TELEMETRY)
		series_moment(set, UINT64_MAX);
}

static void add_telemetry(const struct work *w, json_t *result)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT, text = BL_BUF_INIT;
	BL_CLEANUP(series_done) struct series_set set = {0};

	if (!w->watch_interval_ns)
		return;
	watch_nothing(w, &set);
	series_encode(&set, &bytes);
	if (w->g->fault == FAKE_DAMAGED_TELEMETRY)
		bytes.data[0] = '\x7f';
	base64_encode(bytes.data, bytes.len, &text);
	if (w->g->fault == FAKE_BAD_TELEMETRY)
		bl_buf_adds(&text, ESCAPES);
	json_object_set_new(result, "telemetry", json_string(bl_buf_str(&text)));
	json_object_set_new(result, "telemetry_cost_ns", json_integer(1000));
	json_object_set_new(result, "telemetry_readings", json_integer((json_int_t)set.n));
}

static void say_samples(struct fake_guest *g, json_int_t id, struct work *w)
{
	json_t *list = json_array(), *result;

	if (w->result < 0) {
		json_decref(list);
		say_error(g, id, -w->result, bl_err_text(&w->err));
		return;
	}
	for (size_t i = 0; i < w->jobs.n; i++) {
		if (g->fault == FAKE_JOB_ERROR ||
		    (g->fault == FAKE_SECOND_JOB_ERROR && is_second(g))) {
			w->samples[i]->error = EIO;
			snprintf(w->samples[i]->error_text, sizeof w->samples[i]->error_text,
				 "read at 4096: Input/output error");
		}
		if (g->fault == FAKE_ESCAPES)
			spoil(w->samples[i]);
		json_array_append_new(list, sample_to_json(w->samples[i]));
	}
	result = json_pack("{s:s, s:I, s:o, s:o}", "type", "result", "id", id, "samples", list,
			   "interrupts", interrupts(g));
	add_telemetry(w, result);
	say(g, result);
}

/* The null engine has no target whose size it could ask for. */
static void make_null(const struct fake_guest *g, struct job *j)
{
	j->engine = JOB_NULL;
	if (!j->size && !j->size_pct && j->offset < g->disk->size_bytes)
		j->size = g->disk->size_bytes - j->offset;
}

static void run_jobs(struct fake_guest *g, json_int_t id, const json_t *ask)
{
	const char *text = json_string_value(json_object_get(ask, "jobs"));
	struct work w = {
		.g = g,
		.limit_bytes = (uint64_t)json_integer_value(json_object_get(ask, "limit_bytes")),
		.watch_interval_ns =
			(uint64_t)json_integer_value(json_object_get(ask, "watch_interval_ns"))};
	pthread_t thread;
	int r = jobfile_parse(text ? text : "", "jobs", &w.jobs, &w.err);

	g->n_runs++;
	if (r < 0 || w.jobs.n > BL_ARRAY_LEN(w.samples) || g->fault == FAKE_ERROR) {
		say_error(g, id, EINVAL, r < 0 ? bl_err_text(&w.err) : "the fake was told to fail");
		jobs_done(&w.jobs);
		return;
	}
	for (size_t i = 0; i < w.jobs.n; i++)
		make_null(g, &w.jobs.items[i]);
	if (pthread_create(&thread, NULL, work_main, &w) == 0) {
		attend(g, &w);
		pthread_join(thread, NULL);
		if (dies_now(g))
			g->must_end = true;
		else if (g->fault == FAKE_PANIC_IN_JOB)
			console(g, "[    9.9] Kernel panic - not syncing: fake, in mid-job\n");
		else
			say_samples(g, id, &w);
	}
	for (size_t i = 0; i < w.jobs.n; i++)
		sample_free(w.samples[i]);
	jobs_done(&w.jobs);
}

static void precondition(const struct fake_guest *g, json_int_t id, const json_t *ask)
{
	uint64_t size = (uint64_t)json_integer_value(json_object_get(ask, "size_bytes"));
	uint64_t seed = (uint64_t)json_integer_value(json_object_get(ask, "seed"));
	uint64_t limit = (uint64_t)json_integer_value(json_object_get(ask, "limit_bytes"));
	uint64_t start = bl_now_ns();
	struct bl_err err = BL_ERR_INIT;
	int r = limit && size > limit ? bl_fail(&err, -ERANGE, "size_bytes is behind limit_bytes")
				      : engine_fill(g->disk->path, size, seed, NULL, NULL, &err);

	if (r < 0)
		say_error(g, id, -r, bl_err_text(&err));
	else
		say(g,
		    json_pack("{s:s, s:I, s:I, s:I}", "type", "preconditioned", "id", id, "bytes",
			      (json_int_t)size, "elapsed_ns", (json_int_t)(bl_now_ns() - start)));
}

static void tell_run(const struct fake_guest *g)
{
	BL_CLEANUP(bl_freep)
	char *text = bl_strf("fake guest: runs jobs on %s\n",
			     g->disk->serial ? g->disk->serial : "the disk");

	console(g, text ? text : "");
}

static void answer(struct fake_guest *g, const json_t *ask)
{
	json_int_t id = json_integer_value(json_object_get(ask, "id"));
	const char *type = wire_type(ask);

	if (g->fault == FAKE_SILENT || (g->fault == FAKE_PANIC_IN_JOB && g->has_crashed))
		return;
	if (strcmp(type, "drop") == 0)
		console(g, "fake guest: drops its caches\n");
	if (strcmp(type, "run") == 0)
		tell_run(g);
	if (strcmp(type, "ping") == 0)
		say(g, json_pack("{s:s, s:I, s:O, s:I}", "type", "pong", "id", id, "host_ns",
				 json_object_get(ask, "host_ns"), "guest_ns",
				 (json_int_t)bl_now_ns()));
	else if (strcmp(type, "describe") == 0)
		describe(g, id, ask);
	else if (strcmp(type, "precondition") == 0)
		precondition(g, id, ask);
	else if (strcmp(type, "run") == 0)
		run_jobs(g, id, ask);
	else if (strcmp(type, "health") == 0)
		health(g, id);
	else if (strcmp(type, "drop") == 0 || strcmp(type, "poweroff") == 0)
		say(g, json_pack("{s:s, s:I}", "type", "done", "id", id));
	else
		say_error(g, id, EOPNOTSUPP, "not a message the fake knows");
	if (strcmp(type, "poweroff") == 0 && g->fault != FAKE_HANG)
		g->must_end = true;
}

static void converse(struct fake_guest *g)
{
	struct wire_reader in = {0};
	uint64_t next_beat = 0;

	while (!g->must_end) {
		struct pollfd p = {.fd = g->fd, .events = POLLIN};
		json_t *ask = NULL;
		char chunk[4096];
		ssize_t n;

		if (bl_now_ns() >= next_beat && g->fault != FAKE_SILENT) {
			say_progress(g, "idle", NULL);
			next_beat = bl_now_ns() + HEARTBEAT_NS;
		}
		if (poll(&p, 1, 20) <= 0)
			continue;
		n = recv(g->fd, chunk, sizeof chunk, 0);
		if (n <= 0)
			break;
		wire_reader_push(&in, chunk, (size_t)n);
		while (wire_reader_next(&in, &ask, NULL) > 0) {
			answer(g, ask);
			json_decref(ask);
		}
	}
	wire_reader_done(&in);
}

static void hang(const struct fake_guest *g)
{
	while (!g->must_end)
		pause_ms(5);
}

void *fake_guest_main(void *guest)
{
	struct fake_guest *g = guest;

	console(g, "fake guest: no VM runs\n");
	if (g->fault == FAKE_PANIC) {
		console(g, "[    0.1] Kernel panic - not syncing: fake, before hello\n");
		g->has_crashed = true;
	} else if (g->fault == FAKE_MUTE) {
		hang(g);
	} else {
		say_hello(g);
		if (g->fault == FAKE_ESCAPES)
			say(g, json_pack("{s:s, s:s}", "type", "log", "text", "log" ESCAPES));
		if (g->fault == FAKE_ESCAPE_JSON)
			send_bytes(g, "\x0b\0\0\0{\"a\": \x1b[2J\a", 15);
		if (g->fault == FAKE_GARBAGE)
			send_bytes(g, "\x10\0\0\0this is no json!", 20);
		if (g->fault == FAKE_OVERSIZED)
			send_bytes(g, "\xff\xff\xff\xff{}", 6);
		converse(g);
	}
	close(g->fd);
	g->fd = -1;
	g->has_ended = true;
	return NULL;
}
