#define TRIAL_INTERNAL
#include "trial.h"

#include <errno.h>
#include <time.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"
#include "console.h"
#include "hv_limited.h"
#include "trial_priv.h"
#include "units.h"

#define CONSOLE_LINES 40
#define WAIT_SLICE_NS (100 * NS_PER_MS)
#define TELL_NS       NS_PER_S
#define END_KNOWN_NS  (2 * NS_PER_S)
#define QUESTION_NS   (10 * NS_PER_S)

/* --- progress --- */

static void emit(struct trial *t)
{
	const struct runner_events *ev = t->s->ev;

	t->told_ns = bl_now_ns();
	t->progress.elapsed_ns = t->told_ns - t->phase_start_ns;
	if (ev->progress)
		ev->progress(ev->ctx, &t->progress);
}

static void end_phase(struct trial *t)
{
	t->phase_ns[t->progress.phase] += bl_now_ns() - t->phase_start_ns;
	t->phase_start_ns = bl_now_ns();
}

void trial_phase(struct trial *t, enum runner_phase phase, const char *job, uint64_t expected_ns)
{
	end_phase(t);
	t->progress.phase = phase;
	t->progress.job = job;
	t->progress.expected_ns = expected_ns;
	t->progress.iops = 0;
	emit(t);
}

void trial_tell(struct trial *t, double iops)
{
	if (t->progress.phase == PHASE_JOB)
		t->progress.iops = iops;
	if (bl_now_ns() - t->told_ns >= TELL_NS)
		emit(t);
}

int trial_is_stopped(struct trial *t)
{
	return t->s->stop && *t->s->stop;
}

struct hv_vm *trial_ask(struct trial *t)
{
	return hv_limited(t->vm, QUESTION_NS, t->s->stop);
}

int trial_fact(struct trial *t, const char *key, const char *fmt, ...)
{
	char value[256];
	va_list ap;
	int r;

	va_start(ap, fmt);
	vsnprintf(value, sizeof value, fmt, ap);
	va_end(ap);
	r = facts_add(&t->rec->facts, key, value);
	return r < 0 ? bl_fail(&t->err, r, "out of memory") : 0;
}

int trial_fact_once(struct trial *t, const char *key, const char *value)
{
	return facts_get(&t->rec->facts, key) ? 0 : trial_fact(t, key, "%s", value);
}

int trial_add_prefixed(struct trial *t, const char *prefix, const struct facts *from)
{
	for (size_t i = 0; i < from->n; i++) {
		char key[128];
		int r;

		snprintf(key, sizeof key, "%s%s", prefix, from->items[i].key);
		r = facts_add(&t->rec->facts, key, from->items[i].value);
		if (r < 0)
			return bl_fail(&t->err, r, "out of memory");
	}
	return 0;
}

/* --- shutdown --- */

static int wait_end(struct trial *t, uint64_t limit_ns)
{
	uint64_t deadline = bl_now_ns() + limit_ns;
	char text[BL_UNIT_TEXT_MAX];

	while (hv_vm_wait_end(t->vm, WAIT_SLICE_NS) < 0) {
		if (trial_is_stopped(t))
			return bl_fail(&t->err, -EINTR, "stopped while the guest powered off");
		if (bl_now_ns() >= deadline)
			return bl_fail(
				&t->err, -ETIMEDOUT,
				"the guest did not power off within %s; it was ended by force",
				bl_format_ns(text, limit_ns));
		trial_tell(t, 0);
	}
	return 0;
}

static int shut_down(struct trial *t)
{
	uint64_t limit = t->s->sc->limit_shutdown_ns;
	int r = guest_poweroff(t->guest, limit, &t->err);

	return r < 0 ? r : wait_end(t, limit);
}

/* The image is closed now: what the guest filled can be told. */
static int last_look(struct trial *t)
{
	const struct runner_events *ev = t->s->ev;
	int r = 0;

	if (t->backing.guest_must_fill && !cell_takes_controller(t->s->cell))
		r = backing_allocation(t->backing.path, t->s->cell->format, &t->rec->facts,
				       &t->err);
	if (r == 0 && ev->stopped && !t->is_given)
		ev->stopped(ev->ctx, t->rec, t->backing.path);
	return r;
}

/* --- the way through --- */

/* What CLOCK_MONOTONIC is in people's time: do stalls fall on a minute, as cron's do? */
static int wall_clock(struct trial *t)
{
	struct timespec wall;

	clock_gettime(CLOCK_REALTIME, &wall);
	return trial_fact(t, "clock.wall_offset_ns", "%" PRIu64,
			  (uint64_t)wall.tv_sec * NS_PER_S + (uint64_t)wall.tv_nsec - bl_now_ns());
}

static const struct trial_step guest_steps[] = {
	{PHASE_BACKING, wall_clock},      {PHASE_BACKING, trial_take_device},
	{PHASE_BACKING, trial_mount},     {PHASE_BACKING, trial_make_backing},
	{PHASE_BACKING, trial_serve},     {PHASE_BACKING, trial_health_before},
	{PHASE_BACKING, trial_give},      {PHASE_BOOT, trial_start},
	{PHASE_BOOT, trial_hello},        {PHASE_PROVE, trial_clock},
	{PHASE_PROVE, trial_describe},    {PHASE_PROVE, trial_prove},
	{PHASE_FILL, trial_fill},         {PHASE_FILL, trial_write_in_order},
	{PHASE_FILL, trial_drop_caches},  {PHASE_FILL, trial_guest_health_before},
	{PHASE_FILL, trial_watch_device}, {PHASE_JOB, trial_jobs_in_guest},
	{PHASE_SHUTDOWN, trial_trouble},  {PHASE_SHUTDOWN, trial_guest_health_after},
	{PHASE_SHUTDOWN, shut_down},      {PHASE_SHUTDOWN, last_look},
};

static const struct trial_step host_steps[] = {
	{PHASE_BACKING, wall_clock},          {PHASE_BACKING, trial_take_device},
	{PHASE_BACKING, trial_mount},         {PHASE_BACKING, trial_make_backing},
	{PHASE_BACKING, trial_health_before}, {PHASE_FILL, trial_write_in_order},
	{PHASE_FILL, trial_drop_caches},      {PHASE_FILL, trial_watch_device},
	{PHASE_JOB, trial_jobs_on_host},      {PHASE_SHUTDOWN, trial_trouble},
	{PHASE_SHUTDOWN, last_look},
};

static int run_steps(struct trial *t, const struct trial_step *steps, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		if (trial_is_stopped(t))
			return bl_fail(&t->err, -EINTR, "stopped by the user");
		/* The jobs tell their own phase, one a group. */
		if (steps[i].phase != PHASE_JOB && (i == 0 || steps[i].phase != steps[i - 1].phase))
			trial_phase(t, steps[i].phase, NULL, t->s->expected_ns[steps[i].phase]);
		r = steps[i].run(t);
	}
	/* Ctrl-C reaches programs that a step waits for, too: that they failed is not the reason.
	 */
	if (r < 0 && r != -EINTR && trial_is_stopped(t))
		return bl_wrap(&t->err, -EINTR, "stopped by the user");
	return r;
}

/* --- what went wrong, in one sentence --- */

static enum trial_state state_of(const struct trial *t, int result)
{
	if (result == 0)
		return TRIAL_OK;
	if (result == -EINTR)
		return TRIAL_INTERRUPTED;
	return t->state != TRIAL_OK ? t->state : TRIAL_FAILED;
}

/* A server that ended or complains: what the guest noticed of it is not the reason. */
static void add_server(struct trial *t, struct bl_buf *b)
{
	char text[512];

	if (t->nbd.log && nbd_server_trouble(&t->nbd, text, sizeof text))
		bl_buf_addf(b, "; %s", text);
}

/* A guest that is gone or says nothing leaves its reason on the console and with the
 * hypervisor; a panic there is what happened, whatever was noticed first. */
static char *reason_of(struct trial *t, int result)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const char *why;
	char line[256];

	bl_buf_adds(&b, bl_err_text(&t->err));
	if (result != -EINTR)
		add_server(t, &b);
	if (!t->vm || result == -EINTR || (result != -EPIPE && result != -ETIMEDOUT))
		return bl_buf_take(&b);
	if (result == -EPIPE) /* the channel closes a moment before the end is known */
		hv_vm_wait_end(t->vm, END_KNOWN_NS);
	why = hv_vm_end_reason(t->vm);
	if (why)
		bl_buf_addf(&b, "; %s", why);
	if (console_panic(t->console, line, sizeof line))
		bl_buf_addf(&b, "; the guest panicked: '%s'", line);
	else if (console_last_line(t->console, line, sizeof line))
		bl_buf_addf(&b, "; its console ends with '%s'", line);
	else
		bl_buf_adds(&b, "; its console is empty");
	return bl_buf_take(&b);
}

static void tear_down(struct trial *t)
{
	t->guest = guest_free(t->guest);
	hv_vm_stop(t->vm); /* a question that QEMU left open gets its answer */
	trial_watch_qemu_done(t);
	t->vm = hv_vm_end(t->vm);
	if (t->console) {
		t->rec->console_tail = console_tail(t->console, CONSOLE_LINES);
		unlink(t->console);
	}
	trial_trouble(t); /* of jobs that failed: that is when there is some */
	nbd_server_end(&t->nbd);
	backing_remove(&t->backing);
	trial_give_back(t);
	trial_watch_host_done(t);
	guest_disk_done(&t->disk);
	facts_done(&t->hello);
	free(t->console);
	free(t->cmdline);
	free(t->xml);
}

void trial_run(const struct trial_setup *setup, struct trial_record *rec, uint64_t *ret_phase_ns)
{
	struct trial t = {.s = setup,
			  .rec = rec,
			  .progress = setup->progress,
			  .state = TRIAL_OK,
			  .hold_fd = -1,
			  .phase_ns = ret_phase_ns,
			  .phase_start_ns = bl_now_ns()};
	bool on_host = setup->cell->bus == BUS_HOST;
	int r;

	rec->started_ms = bl_wall_ms();
	if (on_host)
		r = run_steps(&t, host_steps, BL_ARRAY_LEN(host_steps));
	else
		r = run_steps(&t, guest_steps, BL_ARRAY_LEN(guest_steps));
	rec->state = state_of(&t, r);
	if (r < 0)
		rec->reason = reason_of(&t, r);
	tear_down(&t);
	end_phase(&t);
	rec->ended_ms = bl_wall_ms();
}

void trial_refuse(struct trial_record *rec, enum trial_state state, const char *reason)
{
	rec->started_ms = rec->ended_ms = bl_wall_ms();
	rec->state = state;
	rec->reason = strdup(reason);
}

const char *trial_image_lacks(const struct image *image, const struct cell *cell, char *out,
			      size_t len)
{
	static const struct {
		enum cell_bus bus;
		const char *module;
	} needs[] = {
		{BUS_VIRTIO_BLK, "virtio_blk"},
		{BUS_VIRTIO_SCSI, "virtio_scsi"},
		{BUS_VIRTIO_SCSI, "sd_mod"},
		{BUS_SATA, "ahci"},
		{BUS_SATA, "sd_mod"},
		{BUS_NVME_EMULATED, "nvme"},
		{BUS_VFIO, "nvme"},
		{BUS_NVME_USERSPACE, "virtio_blk"},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(needs); i++) {
		if (needs[i].bus != cell->bus || image_has_module(image, needs[i].module))
			continue;
		snprintf(out, len,
			 "bus %s needs the module '%s', which the guest kernel %s does not have; "
			 "choose another kernel",
			 cell_bus_names[cell->bus], needs[i].module, image->release);
		return out;
	}
	return NULL;
}
