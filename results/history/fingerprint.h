/* fingerprint.h - which facts say what system a run was made on, what people call them, and what
 * changed between two runs.
 *
 * An environment also holds what says nothing of that (free memory, how the acceleration was
 * found out, paths). Who compares environments compares fingerprints.
 */
#ifndef FINGERPRINT_H
#define FINGERPRINT_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "record.h"

struct fingerprint {
	/* The facts that count, in the order of importance for people (kernel and QEMU first), of
	 * the environment and of the trials (the guest's kernel; models and firmware of the disks
	 * under test). What there is several of in a run is one fact: "emulator.version" =
	 * "7.2.22, 10.0.2", sorted. */
	struct facts facts;
	/* Those of the trials, and of what VMs are made of, once more, of each cell that has them,
	 * for comparing: a run may lack cells, or what they need, and is no other system for it.
	 * "guest.kernel CELL" = "6.1.0". */
	struct facts by_cell;
};
/* *ret is new. -ENOMEM. */
int fingerprint_of(const struct run_data *d, struct fingerprint *ret);
/* @last becomes what is known after @now: of cells and facts that @now lacks, what was known
 * before. -ENOMEM: @last is still to be ended. */
int fingerprint_follow(struct fingerprint *last, const struct fingerprint *now);
void fingerprint_done(struct fingerprint *f);

/* What people call the fact @key of a fingerprint: "host kernel", "package qemu-system-x86". */
void fingerprint_says(const char *key, struct bl_buf *out);
/* A value of it as people read it: "64 GiB" of memory.total_bytes. NULL: "none". */
void fingerprint_value(const char *key, const char *value, struct bl_buf *out);

/* Are two values of the fact @key the same system's? Lists in any order, memory within what a
 * kernel keeps to itself. NULL: absent, which is like nothing else. 1, 0, -ENOMEM. */
int fingerprint_same(const char *key, const char *a, const char *b);
/* Another host has another one (a serial, a device's name) and is no other system for it. */
bool fingerprint_is_of_one_host(const char *key);

struct env_change {
	const char *key;            /* of the fingerprint */
	const char *before, *after; /* of struct env_changes; NULL: absent */
	const char *what;           /* "QEMU", "host kernel", "firmware of the disk": static */
};
struct env_changes {
	struct env_change *items;
	size_t n;
	struct facts facts[2]; /* what the items point into */
};

/* What changed from one run to another. Of a change that shows in several facts (QEMU's version,
 * its package, its binary) only the first is told. What differs between cells (emulators, guest
 * kernels, disks under test) is compared cell by cell, where both runs have it, and the values of
 * the cells that differ are told. What only a newer version of the lab asks for is no change; of
 * runs on different hosts neither are serials and names of devices. -ENOMEM. */
int fingerprint_diff(const struct run_data *before, const struct run_data *after,
		     struct env_changes *ret);
/* The same of two fingerprints; @is_same_host. They are copied. */
int fingerprint_compare(const struct fingerprint *before, const struct fingerprint *after,
			bool is_same_host, struct env_changes *ret);
void env_changes_done(struct env_changes *c);

/* "QEMU 7.2.22 -> 10.0.2"; of lists what came and what went: "kernel arguments: now
 * mitigations=off; no longer quiet". */
void env_change_text(const struct env_change *c, struct bl_buf *out);

/* Does an acceleration ("kvm", "tcg", "none": no cell has a VM) say what CPU the guests had? */
bool accel_is_of_vm(const char *accel);
/* May figures of runs with these stand together? What ran without a VM stands with both. */
bool accel_is_alike(const char *a, const char *b);

#endif
