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

	if (t->disk->backing.guest_must_fill && !cell_takes_controller(t->disk->cell))
		r = backing_allocation(t->disk->backing.path, t->disk->cell->format, &t->rec->facts,
				       &t->err);
	if (r == 0 && ev->stopped && !t->is_given)
		ev->stopped(ev->ctx, t->rec, t->disk->backing.path);
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
	{PHASE_BACKING, OF_BOOT, wall_clock},
	{PHASE_BACKING, OF_EACH_DISK, trial_can},
	{PHASE_BACKING, OF_EACH_DISK, trial_take_device},
	{PHASE_BACKING, OF_EACH_DISK, trial_mount},
	{PHASE_BACKING, OF_EACH_DISK, trial_make_backing},
	{PHASE_BACKING, OF_EACH_DISK, trial_serve},
	{PHASE_BACKING, OF_EACH_DISK, trial_health_before},
	{PHASE_BACKING, OF_EACH_DISK, trial_give},
	{PHASE_BOOT, OF_BOOT, trial_start},
	{PHASE_BOOT, OF_BOOT, trial_hello},
	{PHASE_PROVE, OF_BOOT, trial_clock},
	{PHASE_PROVE, OF_EACH_DISK, trial_describe},
	{PHASE_PROVE, OF_EACH_DISK, trial_prove},
	{PHASE_FILL, OF_EACH_DISK, trial_fill},
	{PHASE_FILL, OF_EACH_DISK, trial_write_in_order},
	{PHASE_FILL, OF_EACH_DISK, trial_guest_health_before},
	{PHASE_FILL, OF_EACH_DISK, trial_watch_device},
	{PHASE_FILL, OF_EACH_DISK, trial_watch_qemu},
	{PHASE_FILL, OF_EACH_DISK, trial_path},
	{PHASE_JOB, OF_BOOT, trial_turns},
	{PHASE_SHUTDOWN, OF_EACH_DISK, trial_trouble},
	{PHASE_SHUTDOWN, OF_EACH_DISK, trial_guest_health_after},
	{PHASE_SHUTDOWN, OF_BOOT, shut_down},
	{PHASE_SHUTDOWN, OF_EACH_DISK, last_look},
};

static const struct trial_step host_steps[] = {
	{PHASE_BACKING, OF_BOOT, wall_clock},
	{PHASE_BACKING, OF_EACH_DISK, trial_take_device},
	{PHASE_BACKING, OF_EACH_DISK, trial_mount},
	{PHASE_BACKING, OF_EACH_DISK, trial_make_backing},
	{PHASE_BACKING, OF_EACH_DISK, trial_health_before},
	{PHASE_FILL, OF_EACH_DISK, trial_write_in_order},
	{PHASE_FILL, OF_EACH_DISK, trial_watch_device},
	{PHASE_FILL, OF_EACH_DISK, trial_path},
	{PHASE_JOB, OF_BOOT, trial_turns},
	{PHASE_SHUTDOWN, OF_EACH_DISK, trial_trouble},
	{PHASE_SHUTDOWN, OF_EACH_DISK, last_look},
};

static void turn_to(struct trial *t, struct trial_disk *d, struct trial_record *rec)
{
	t->disk = d;
	t->rec = rec;
	t->progress.cell = d->cell;
}

/* For each disk that is not out. Nobody is left: 0, too; every record has its reason. */
static int run_for_disks(struct trial *t, const struct trial_step *step)
{
	for (size_t i = 0; i < t->s->n_cells; i++) {
		int r = 0;

		turn_to(t, &t->disks[i], &t->disks[i].found);
		if (t->disk->result == 0)
			r = step->run(t);
		if (r < 0 && (trial_is_stopped(t) || !trial_goes_on(t, r)))
			return r;
		if (r < 0)
			trial_set_aside(t, r);
	}
	return 0;
}

static bool is_any_left(const struct trial *t)
{
	for (size_t i = 0; i < t->s->n_cells; i++)
		if (t->disks[i].result == 0)
			return true;
	return false;
}

static int run_steps(struct trial *t, const struct trial_step *steps, size_t n)
{
	int r = 0;

	for (size_t i = 0; i < n && r == 0 && is_any_left(t); i++) {
		turn_to(t, &t->disks[0], &t->boot);
		if (trial_is_stopped(t))
			return bl_fail(&t->err, -EINTR, "stopped by the user");
		/* The jobs tell their own phase, one a group. */
		if (steps[i].phase != PHASE_JOB && (i == 0 || steps[i].phase != steps[i - 1].phase))
			trial_phase(t, steps[i].phase, NULL, t->s->expected_ns[steps[i].phase]);
		r = steps[i].scope == OF_BOOT ? steps[i].run(t) : run_for_disks(t, &steps[i]);
	}
	/* Ctrl-C reaches programs that a step waits for, too: that they failed is not the reason.
	 */
	if (r < 0 && r != -EINTR && trial_is_stopped(t))
		return bl_wrap(&t->err, -EINTR, "stopped by the user");
	return r;
}

/* --- the end --- */

static void end_disk(struct trial_disk *d)
{
	nbd_server_end(&d->nbd);
	backing_remove(&d->backing);
	guest_disk_done(&d->seen);
	bl_freep(&d->qdev);
}

/* Everything but what the records get. */
static void tear_down(struct trial *t)
{
	t->guest = guest_free(t->guest);
	hv_vm_stop(t->vm); /* a question that QEMU left open gets its answer */
	trial_watch_qemu_done(t);
	t->vm = hv_vm_end(t->vm);
	if (t->console) {
		t->boot.console_tail = console_tail(t->console, CONSOLE_LINES);
		unlink(t->console);
	}
	turn_to(t, &t->disks[0], &t->disks[0].found);
	trial_trouble(t); /* of jobs that failed: that is when there is some */
	for (size_t i = 0; i < t->s->n_cells; i++)
		end_disk(&t->disks[i]);
	trial_give_back(t);
	trial_watch_host_done(t);
	facts_done(&t->hello);
	free(t->console);
	free(t->cmdline);
	free(t->xml);
	free(t->bound);
}

/* What the records have their copies of. */
static void done(struct trial *t)
{
	for (size_t i = 0; i < t->s->n_cells; i++) {
		trial_record_done(&t->disks[i].found);
		free(t->disks[i].reason);
	}
	trial_record_done(&t->boot);
	free(t->disks);
}

static void name_disks(struct trial *t)
{
	for (size_t i = t->n_turns; i-- > 0;) {
		const struct trial_record *rec = t->turns[i].rec;
		struct trial_disk *d = &t->disks[t->turns[i].disk];

		d->cell = t->s->cells[t->turns[i].disk];
		memcpy(d->found.id, rec->id, sizeof d->found.id);
		memcpy(d->found.run_id, rec->run_id, sizeof d->found.run_id);
		d->found.cell = rec->cell;
		d->found.repeat = rec->repeat;
		d->found.order = rec->order;
	}
	memcpy(t->boot.id, t->turns[0].rec->id, sizeof t->boot.id);
	memcpy(t->boot.run_id, t->turns[0].rec->run_id, sizeof t->boot.run_id);
}

void trial_run(const struct trial_setup *setup, struct trial_turn *turns, size_t n_turns,
	       uint64_t *ret_phase_ns)
{
	struct trial t = {.s = setup,
			  .turns = turns,
			  .n_turns = n_turns,
			  .disks = calloc(setup->n_cells, sizeof *t.disks),
			  .state = TRIAL_OK,
			  .hold_fd = -1,
			  .phase_ns = ret_phase_ns,
			  .phase_start_ns = bl_now_ns()};
	bool on_host = setup->cells[0]->bus == BUS_HOST;
	BL_CLEANUP(bl_freep) char *reason = NULL;
	int r;

	if (!t.disks) {
		for (size_t i = 0; i < n_turns; i++)
			trial_refuse(&turns[i], TRIAL_FAILED, "out of memory");
		return;
	}
	name_disks(&t);
	t.boot.started_ms = bl_wall_ms();
	t.progress.trial = turns[0].rec->order;
	t.progress.n_trials = setup->n_trials;
	if (on_host)
		r = run_steps(&t, host_steps, BL_ARRAY_LEN(host_steps));
	else
		r = run_steps(&t, guest_steps, BL_ARRAY_LEN(guest_steps));
	reason = r < 0 ? trial_reason(&t, r) : NULL;
	tear_down(&t);
	trial_close_turns(&t, r, reason ? reason : r < 0 ? "out of memory" : NULL);
	done(&t);
	end_phase(&t);
}

void trial_refuse(struct trial_turn *turn, enum trial_state state, const char *reason)
{
	struct trial_record *rec = turn->rec;

	rec->started_ms = rec->ended_ms = bl_wall_ms();
	rec->state = state;
	rec->reason = strdup(reason);
	turn->was_reached = true;
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
