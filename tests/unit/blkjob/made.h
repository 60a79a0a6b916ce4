/* made.h - results of a run made by hand: no engine, no clock, no randomness. */
#ifndef TEST_MADE_H
#define TEST_MADE_H

#include "disk_util.h"
#include "document.h"

#define MADE_CLONES_MAX 8

struct made {
	struct jobs jobs;
	struct job items[MADE_CLONES_MAX];
	struct job_echo echoes[MADE_CLONES_MAX];
	struct engine_clone clones[MADE_CLONES_MAX];
	struct results r;
};

/* An empty run at 2026-01-02 03:04:05.678 UTC that took 3 s; TZ is set to UTC. */
void made_init(struct made *m);
void made_done(struct made *m);

/* A job of defaults that reads; its clones are made by made_clone(). */
struct job *made_job(struct made *m, const char *name, const char *options);

/* A clone of the last job: one thread, 2 s, no I/O. */
struct engine_clone *made_clone(struct made *m);

/* @n requests of 4096 bytes in direction @dir, evenly over the clone's time, with latencies
 * from @least_ns on, in steps of its 16th, every hundredth ten times as long. @has_slat: an
 * eighth of it is slat. */
void made_ios(struct engine_clone *c, enum io_dir dir, uint64_t n, uint64_t least_ns,
	      bool has_slat);

/* A folder to work in, made and removed by the process that is not the case's: as an unchecked
 * fixture it goes even when a case fails. The cases of a TCase share it. */
void scratch_enter(void);
void scratch_leave(void);
const char *scratch_folder(void);

/* Compare with expected/@file; BLKLAB_REGEN=1 rewrites it. */
void expect_file(const char *file, const char *text);

#endif
