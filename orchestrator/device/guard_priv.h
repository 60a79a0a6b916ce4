/* guard_priv.h - the parts of guard_check(), one file a kind; only for guard*.c, claim.c,
 * contents.c and their tests. */
#ifndef GUARD_PRIV_H
#define GUARD_PRIV_H

#ifndef GUARD_INTERNAL
#error "guard_priv.h is for the guard only: include guard.h"
#endif

#include "guard.h"
#include "mounts.h"

#define GUARD_REASON_MAX 700

/* One examination. A check notes what speaks against the use by guard_deny(). */
struct guard {
	const struct device *dev;
	const char *serial;
	enum guard_use use;
	struct claim *claim;
	/* The disk that is looked at now: dev's, or another namespace of its controller. */
	char block[BLOCK_NAME_MAX];
	char node[336];
	bool is_other;
	/* Every reason goes to @each; NULL: the first ends the examination. */
	void (*each)(void *ctx, const char *reason, const char *remedy);
	void *ctx;
	unsigned n_reasons;
	bool is_over; /* what was found makes all further questions idle */
	bool is_used; /* something on this host uses it */
	struct bl_err *err;
};

/* Note a reason (what was found, why it matters) with what to do. Returns @code; checks return it.
 */
int guard_deny(struct guard *g, int code, const char *remedy, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

/* guard_use.c: is the disk in use on this host? Each 0 or what guard_deny() returned. */
int guard_system_disk(struct guard *g);
int guard_mounts(struct guard *g);
int guard_swaps(struct guard *g);
int guard_holders(struct guard *g);
int guard_loops(struct guard *g);
/* guard_open.c: has any process it open? Those of other users are seen by root only. */
int guard_open_files(struct guard *g);
int guard_alone(struct guard *g);

/* Is @name, of /sys/class/block, the disk that is looked at or a partition of it? */
bool guard_is_of_disk(const struct guard *g, const char *name);

/* guard_pci.c: can the whole controller leave the host? */
int guard_controller(struct guard *g);
int guard_iommu(struct guard *g);
int guard_vfio(struct guard *g);
int guard_group(struct guard *g);
int guard_paths(struct guard *g);

/* contents.c: what is on it that the lab did not write? @claim: of that disk. */
int guard_signatures(struct guard *g, const struct claim *claim);
/* What guard_contents() says, of one disk; @with_claim: and of the claim that is there. */
int contents_lines(const struct device *dev, bool with_claim, struct bl_buf *out,
		   struct bl_err *err);
/* Wipe every signature and partition table, and look that none is left. @fd: open for writing. */
int contents_wipe(int fd, const char *name, struct bl_err *err);

/* Every partition of @block that the kernel knows, in order of name. Negative errno. */
int block_partitions(const char *root, const char *block, void (*each)(void *ctx, const char *name),
		     void *ctx);

/* Open @node with @flags and flock() it, waiting a little for udev. *ret_holder: the pid that has
 * it, 0 not known. -EBUSY: held by another; another negative errno: it can't be opened. */
int guard_open_locked(const char *node, int flags, int *ret_fd, long *ret_holder);

#endif
