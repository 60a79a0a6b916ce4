/* trial_priv.h - a trial under way. Only trial*.c and their tests include this. */
#ifndef TRIAL_PRIV_H
#define TRIAL_PRIV_H

#ifndef TRIAL_INTERNAL
#error "trial_priv.h is for the trial only: include trial.h"
#endif

#include "backing.h"
#include "block_watch.h"
#include "claim.h"
#include "device.h"
#include "domain.h"
#include "effective.h"
#include "guest.h"
#include "interrupts.h"
#include "kernel_log.h"
#include "nbd_server.h"
#include "sampler.h"
#include "trial.h"

/* A disk under test of the VM, or, for bus host, of this host. */
struct trial_disk {
	const struct cell *cell;
	/* What all its trials have: facts, effective configuration. With the ids of the first. */
	struct trial_record found;
	/* Below 0: it is out, the others go on; and why. */
	int result;
	enum trial_state state;
	char *reason;
	size_t at; /* in the VM: its number of @bind */
	struct backing backing;
	struct nbd_server nbd; /* of the backing, in cells of storage nbd */
	struct guest_disk seen;
	char irq_pci[BL_PCI_TEXT_MAX]; /* whose interrupts the host counts; "" nobody's */
	unsigned device_io_queues;     /* that its controller grants; 0: not told */
	char *qdev;                    /* as QEMU names it; NULL: it is not watched there */
};

/* A boot under way. */
struct trial {
	const struct trial_setup *s;
	/* Where what is found out goes: to the whole boot, the disk or the trial. */
	struct trial_record *rec;
	struct trial_record boot; /* what all trials have: facts, the live XML, the console */
	struct trial_disk *disks, *disk; /* n_cells; the one that is dealt with */
	struct trial_turn *turns;
	size_t n_turns, n_begun;
	struct runner_progress progress;
	struct bl_err err;
	enum trial_state state; /* TRIAL_OK, or what a step that failed says it is */
	uint64_t *phase_ns;
	uint64_t phase_start_ns, told_ns;
	char *console, *cmdline, *xml;
	struct domain_binding bind;
	struct domain_disk *bound; /* those of @bind: the disks that are not out when it starts */
	char name[64], host[256];
	struct hv_vm *vm;
	struct guest *guest;
	uint64_t start_ns; /* QEMU was told to start */
	struct facts hello;
	struct guest_clock clock;

	/* What this host does around the current jobs. */
	struct sampler *sampler;       /* while they run; NULL: no thread could be had */
	struct neighbours *neighbours; /* NULL: nobody else is looked at */
	struct series_set host_seen;   /* of the last group of jobs */
	pid_t watched_pid;
	uint64_t host_cost_ns;

	/* What QEMU counts of the disk under test. */
	struct block_watch *qemu_watch; /* while jobs run, or as long as QEMU does not answer */
	bool qemu_is_watched;           /* @qemu_watch is of the current group of jobs */
	struct block_watched qemu_seen; /* of the last group of jobs */
	uint64_t qemu_begun_ns;         /* its first reading was there, or waited for in vain */

	/* The disk that a person named: only in cells that need one, which share no boot. */
	struct device dev;
	struct claim claim;
	int hold_fd;   /* of the disk; -1: not held */
	bool is_given; /* @handover is recorded and must be ended */
	struct handover_record handover;
	char *mount;                   /* where its file system is; NULL: none */
	struct kernel_log *kernel_log; /* NULL: not watched */
	size_t n_events;
};

enum trial_scope { OF_BOOT, OF_EACH_DISK };

/* Returns 0 or a negative errno with t->err noted. */
struct trial_step {
	enum runner_phase phase;
	enum trial_scope scope; /* once, or for each disk, which is then t->disk */
	int (*run)(struct trial *t);
};

/* Enter @phase, or tell how far it is; throttled to about once a second. */
void trial_phase(struct trial *t, enum runner_phase phase, const char *job, uint64_t expected_ns);
void trial_tell(struct trial *t, double iops);
int trial_is_stopped(struct trial *t);
/* A view of the VM whose questions end after 10 s, or when the user stops the run; hv_vm_end()
 * frees it. NULL: out of memory. */
struct hv_vm *trial_ask(struct trial *t);
int trial_fact(struct trial *t, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* The first reason stays: nothing when @key is there already. */
int trial_fact_once(struct trial *t, const char *key, const char *value);
int trial_add_prefixed(struct trial *t, const char *prefix, const struct facts *from);

/* Jobs that run at once. */
struct trial_group {
	const struct job *jobs;
	size_t n;
	struct job_result *results; /* of the same jobs */
	uint64_t expected_ns;       /* start delay, ramp and runtime; 0: until the size is done */
};

/* trial_turns.c: the trials of a boot, one behind the other, and what becomes of their records. */
int trial_turns(struct trial *t);
/* May others go on after @result in something of t->disk? The guest, if there is one, must live. */
bool trial_goes_on(struct trial *t, int result);
/* Why, in one sentence, with what console, hypervisor and server say; new. */
char *trial_reason(struct trial *t, int result);
enum trial_state trial_state_of(const struct trial *t, int result);
/* t->disk failed with @result: it is out. */
void trial_set_aside(struct trial *t, int result);
/* The boot has ended with @result, @reason (NULL: well), and is torn down: the records get what
 * they lack. */
void trial_close_turns(struct trial *t, int result, const char *reason);

/* trial_jobs.c: the jobs in their groups, in the guest or on the host. */
int trial_jobs_in_guest(struct trial *t);
int trial_jobs_on_host(struct trial *t);

/* trial_warm_up.c: what the scenario's warm_up asks for; steps that do nothing where it does not.
 */
/* Before anything is written: fact "backing.purge". That it could not be done is no failure. */
int trial_purge(struct trial *t, bool is_on_device);
int trial_write_in_order(struct trial *t);
/* Rounds of the group, until they are steady or were enough; facts "steady.*" of its jobs. */
int trial_until_steady(struct trial *t, const struct trial_group *g);
/* Fact "steady.measured" of a job whose sample is there; nothing of one that can't be judged. */
int trial_say_measured(struct trial *t, struct job_result *j);

/* trial_watch.c: what was watched meanwhile. */
/* guest_run() of @jobs with the trial's telemetry, between two measurements of the guest's clock;
 * *ret_clock holds for the time between, and ret->watched is on the host's clock. Without
 * telemetry, or where the guest did not answer the second in time (trial fact
 * "clock.not_measured"), it is the first, with room for drift. As guest_run(), with t->err noted.
 */
int trial_run_watched(struct trial *t, struct guest_jobs *jobs, struct guest_jobs_told *ret,
		      struct guest_clock *ret_clock);
/* What @told of the guest goes to its jobs, whose samples are there: the set around each one's
 * counted time, and the facts clock.* and telemetry.guest.*. */
int trial_keep_watched(struct trial *t, struct job_result *results, size_t n,
		       const struct guest_jobs_told *told, const struct guest_clock *clock);
/* What a watcher has seen of a group of jobs. */
struct trial_seen {
	const struct series_set *set; /* on the host's clock; empty: nothing was seen */
	uint64_t cost_ns, readings;
};
/* A job's share: the moments that lie in its counted time or 3 s around it, and the facts
 * "telemetry.WHO.cost_ns" and "telemetry.WHO.readings". Of an empty set nothing. -ENOMEM. */
int trial_keep_seen(struct job_result *j, enum watcher who, const struct trial_seen *seen,
		    int64_t clock_offset_ns);

/* trial_watch_host.c: what this host does meanwhile. What can't be had is a trial fact,
 * "host.not_watched", and no failure. */
/* Before a group of jobs, when nothing of it runs. */
void trial_watch_host_prepare(struct trial *t);
void trial_watch_host_begin(struct trial *t, pid_t pid, enum cpu_role unnamed);
void trial_watch_host_end(struct trial *t); /* before the process is reaped */
/* Into @j, one of @n_jobs of the group, whose sample is there: its CPU time, who else was busy, the
 * signals. @offset_ns: host's time - the sample's. */
int trial_watch_host_take(struct trial *t, struct job_result *j, size_t n_jobs, int64_t offset_ns);
void trial_watch_host_done(struct trial *t);

/* trial_watch_qemu.c: what QEMU counts of the disk. What can't be had is a trial fact,
 * "qemu.not_watched", "qemu.no_histograms" or, where only some readings are missing,
 * "qemu.readings_failed" (how many, and why), and no failure. */
int trial_watch_qemu(struct trial *t);        /* once a disk: it is found, histograms begin */
void trial_watch_qemu_begin(struct trial *t); /* just before a group of jobs */
void trial_watch_qemu_end(struct trial *t);   /* just after it */
/* Into results[n], whose samples are there. */
int trial_watch_qemu_take(struct trial *t, const struct job *jobs, struct job_result *results,
			  size_t n);
void trial_watch_qemu_done(struct trial *t); /* when the VM is stopped and not freed */

/* trial_path.c: the facts "path.*" (disk_path.h), of a disk of the VM that runs or, for bus host,
 * of this host. */
int trial_path(struct trial *t);

/* trial_device.c: the disk that a person named. Steps that do nothing in other cells. */
int trial_take_device(struct trial *t); /* proved to be the one that is meant, and free */
int trial_mount(struct trial *t);
int trial_health_before(struct trial *t);
int trial_give(struct trial *t); /* the hand-over is recorded; libvirt does it */
int trial_watch_device(struct trial *t);
int trial_guest_health_before(struct trial *t);
int trial_guest_health_after(struct trial *t);
int trial_trouble(struct trial *t);
void trial_give_back(struct trial *t); /* when the VM is gone, whatever happened before */

/* trial_boot.c: from nothing to a guest that is proved to be what was asked for. */
int trial_can(struct trial *t); /* can the guest and this emulator do the cell at all? */
int trial_make_backing(struct trial *t);
int trial_serve(struct trial *t); /* storage nbd; else nothing */
int trial_start(struct trial *t);
int trial_hello(struct trial *t);
int trial_clock(struct trial *t);
int trial_describe(struct trial *t);
int trial_prove(struct trial *t);
int trial_fill(struct trial *t);
uint64_t
trial_limit_bytes(const struct trial *t); /* fill and jobs end there; 0: at the disk's end */
int trial_drop_caches(struct trial *t);   /* of the guest and of all disks' files */
int trial_turn_to(struct trial *t);       /* the guest takes t->disk for the disk under test */

#endif
