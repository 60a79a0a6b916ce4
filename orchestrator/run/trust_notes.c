#include "trust_notes.h"

#include <linux/magic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/statfs.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "units.h"

#define FEW_REPEATS 6

static int note_load(struct facts *out)
{
	double load;
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	if (getloadavg(&load, 1) != 1 || load <= 0.5 * (double)n)
		return 0;
	return facts_addf(out, "busy-host",
			  "the host was busy at the start: load %.2f on %ld CPUs; latencies hold "
			  "other programs' time",
			  load, n);
}

static bool is_in_memory(const char *path)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (fs.f_type == TMPFS_MAGIC || fs.f_type == RAMFS_MAGIC);
}

static bool is_virtual_machine(void)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	return bl_read_file("/proc/cpuinfo", 16 * MiB, &b, NULL) == 0 &&
	       strstr(bl_buf_str(&b), " hypervisor") != NULL;
}

int trust_notes(const char *accel, const char *dir, unsigned repeats, struct facts *out)
{
	int e = 0;

	if (!accel)
		e = facts_add(out, "fake",
			      "no VM ran: the figures measure the lab itself, not a disk");
	else if (strcmp(accel, "tcg") == 0)
		e = facts_add(out, "emulated-cpu",
			      "emulated CPU: compare paths, not absolute times");
	if (e == 0 && is_virtual_machine())
		e = facts_add(out, "host-is-a-vm",
			      "the host is itself a virtual machine: its neighbours and its own "
			      "hypervisor are part of every latency");
	if (e == 0)
		e = note_load(out);
	if (e == 0 && repeats < FEW_REPEATS)
		e = facts_addf(
			out, "few-repeats",
			"%u trials of each cell: differences between cells can be seen, their "
			"size is uncertain",
			repeats);
	if (e == 0 && is_in_memory(dir))
		e = facts_addf(out, "backing-in-memory", "'%s' is in memory: no disk was measured",
			       dir);
	return e;
}
