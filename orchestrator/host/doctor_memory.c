/* doctor_memory.c - page cache, write-back and swap: where a benchmark measures RAM by mistake. */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "doctor_areas.h"
#include "units.h"

#define AREA "memory"

/* Guest, its page cache on the host and the lab: with less, nothing useful starts. */
#define NEEDED_BYTES (1 * GiB)

static int available(const struct doctor_options *opt, struct doctor_rows *out)
{
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX];
	uint64_t total = 0, avail = 0;
	bool is_little;

	if (host_meminfo(opt, "MemTotal", &total) < 0 ||
	    host_meminfo(opt, "MemAvailable", &avail) < 0)
		return doctor_add(out, AREA, "available", DOCTOR_WARN,
				  "a VM that does not fit makes the host swap", NULL,
				  "/proc/meminfo is not readable");
	is_little = avail < NEEDED_BYTES;
	return doctor_add(out, AREA, "available", is_little ? DOCTOR_BAD : DOCTOR_OK,
			  "guest memory comes out of it, and what is left is the host page cache "
			  "that cached modes (writeback, writethrough, unsafe) measure with",
			  is_little ? "free at least 1 GiB: stop other programs or add memory"
				    : NULL,
			  "%s of %s", bl_format_size(a, avail), bl_format_size(b, total));
}

static int swap(const struct doctor_options *opt, struct doctor_rows *out)
{
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX];
	uint64_t total, unused, used;
	bool is_used;

	if (host_meminfo(opt, "SwapTotal", &total) < 0 ||
	    host_meminfo(opt, "SwapFree", &unused) < 0)
		return 0;
	used = total > unused ? total - unused : 0;
	is_used = used > 16 * MiB; /* less is what the kernel parks at leisure */
	if (!total)
		return doctor_add(out, AREA, "swap", DOCTOR_OK,
				  "guest memory can't be swapped out under a running trial", NULL,
				  "none");
	return doctor_add(out, AREA, "swap", is_used ? DOCTOR_WARN : DOCTOR_OK,
			  "a page of the guest or of QEMU that was swapped out comes back at disk "
			  "latency: single I/Os of many milliseconds that no disk setting explains",
			  is_used ? "free memory, then swapoff -a && swapon -a" : NULL,
			  "%s of %s used", bl_format_size(a, used), bl_format_size(b, total));
}

/* The bytes a writer may leave dirty: vm.dirty_bytes, else vm.dirty_ratio percent of available
 * memory (kernel: Documentation/admin-guide/sysctl/vm.rst). 0: not known. */
static uint64_t dirty_limit(const struct doctor_options *opt, const char *bytes_key,
			    const char *ratio_key)
{
	uint64_t v = 0, avail = 0;

	if (host_u64(opt, &v, "/proc/sys/vm/%s", bytes_key) == 0 && v)
		return v;
	if (host_u64(opt, &v, "/proc/sys/vm/%s", ratio_key) < 0 ||
	    host_meminfo(opt, "MemAvailable", &avail) < 0)
		return 0;
	return avail / 100 * v;
}

static int dirty_limits(const struct doctor_options *opt, struct doctor_rows *out)
{
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX];
	uint64_t hard = dirty_limit(opt, "dirty_bytes", "dirty_ratio");
	uint64_t soft = dirty_limit(opt, "dirty_background_bytes", "dirty_background_ratio");
	bool is_large = soft > 512 * MiB;

	if (!hard || !soft)
		return doctor_add(out, AREA, "write-back limits", DOCTOR_INFO,
				  "how much a cached mode may hold back in RAM is not known", NULL,
				  "not readable");
	return doctor_add(
		out, AREA, "write-back limits", is_large ? DOCTOR_WARN : DOCTOR_OK,
		"with cache=writeback or unsafe this much is acknowledged out of RAM before the "
		"disk "
		"has to keep up: a job that writes less measures memory, one that writes more "
		"stutters when the flush comes",
		is_large ? "cache=none for what is compared, jobs longer than that, or "
			   "sysctl vm.dirty_background_bytes=268435456 vm.dirty_bytes=536870912"
			 : NULL,
		"flusher starts at %s, writers wait at %s", bl_format_size(a, soft),
		bl_format_size(b, hard));
}

static int dirty_now(const struct doctor_options *opt, struct doctor_rows *out)
{
	char a[BL_UNIT_TEXT_MAX], b[BL_UNIT_TEXT_MAX];
	uint64_t dirty, writeback;
	bool is_much;

	if (host_meminfo(opt, "Dirty", &dirty) < 0 ||
	    host_meminfo(opt, "Writeback", &writeback) < 0)
		return 0;
	is_much = dirty + writeback > 256 * MiB;
	return doctor_add(out, AREA, "dirty now", is_much ? DOCTOR_WARN : DOCTOR_OK,
			  "somebody's writes wait for the disk; they will be written in the middle "
			  "of a trial",
			  is_much ? "sync, and find the writer" : NULL, "%s dirty, %s under way",
			  bl_format_size(a, dirty), bl_format_size(b, writeback));
}

static int huge_pages(const struct doctor_options *opt, struct doctor_rows *out)
{
	char line[128], thp[32];
	bool is_always;

	if (host_line(opt, line, sizeof line, "/sys/kernel/mm/transparent_hugepage/enabled") < 0)
		return 0;
	bracketed(line, thp, sizeof thp);
	is_always = strcmp(thp, "always") == 0;
	return doctor_add(
		out, AREA, "transparent huge pages", is_always ? DOCTOR_INFO : DOCTOR_OK,
		"guest memory in huge pages makes I/O cheaper, but khugepaged joins pages "
		"while a trial runs: some trials get them earlier than others (QEMU asks "
		"for them itself under madvise)",
		is_always ? "echo madvise > /sys/kernel/mm/transparent_hugepage/enabled" : NULL,
		"%s", thp);
}

static int same_page_merging(const struct doctor_options *opt, struct doctor_rows *out)
{
	uint64_t run;

	if (host_u64(opt, &run, "/sys/kernel/mm/ksm/run") < 0 || run != 1)
		return 0; /* not there or not running: nothing to say */
	return doctor_add(out, AREA, "same-page merging", DOCTOR_WARN,
			  "ksmd scans guest memory on a CPU of its own, and a write to a merged "
			  "page costs a copy: jitter that comes and goes",
			  "echo 0 > /sys/kernel/mm/ksm/run (and stop ksmtuned)", "running");
}

int doctor_memory(const struct doctor_options *opt, struct doctor_rows *out)
{
	return available(opt, out) | swap(opt, out) | dirty_limits(opt, out) | dirty_now(opt, out) |
	       huge_pages(opt, out) | same_page_merging(opt, out);
}
