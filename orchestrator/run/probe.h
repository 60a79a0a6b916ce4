/* probe.h - acceleration is proved, not assumed.
 *
 * /dev/kvm may open and still not boot a kernel (nested virtualization). So a small guest is
 * booted with type kvm once, with a time limit; when its agent says hello, KVM works. The
 * answer is kept in CACHE/probe.json per host kernel, CPU model, QEMU version and guest kernel; a
 * "no" for a day only, as it may have been the host's bad moment or is mended by then.
 */
#ifndef PROBE_H
#define PROBE_H

#include <signal.h>

#include "hypervisor.h"

#define PROBE_LIMIT_NS 20000000000ull

struct probe_request {
	struct hv *hv;
	const char *cache_dir;
	const char *scratch_dir; /* for the probe's disk and console */
	const char *kvm;         /* "/dev/kvm" */
	const char *host_kernel, *cpu_model;
	const char *emulator, *emulator_version;
	const char *kernel, *initrd, *kernel_release;
	const char *cmdline;
	uint64_t limit_ns;           /* for hello; 0: PROBE_LIMIT_NS */
	volatile sig_atomic_t *stop; /* may be NULL */
	void (*tick)(void *ctx);     /* about every 100 ms while it boots; may be NULL */
	void *ctx;
};

struct probe_answer {
	char accel[8];     /* "kvm" or "tcg" */
	char how[256];     /* a sentence: how that was decided */
	char detail[1024]; /* all that was said when a guest did not come up; else "" */
	bool was_cached;   /* remembered from an earlier probe */
	uint64_t took_ns;
};

/* -EINTR: stopped. Anything that keeps KVM from working is an answer ("tcg"), not an error. */
int probe_accel(const struct probe_request *req, struct probe_answer *ret, struct bl_err *err);

/* What probe_accel() would say without a boot: @req->kvm does not open, or the newest answer that
 * is remembered for this host, CPU and QEMU, whichever guest kernel proved it. Only these of @req
 * are read: cache_dir, kvm, host_kernel, cpu_model, emulator_version. False: it would have to
 * boot. */
bool probe_remembered(const struct probe_request *req, struct probe_answer *ret);

#endif
