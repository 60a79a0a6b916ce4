/* doctor_load.c - who else is using the host right now. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor_areas.h"

#define AREA "load"

static int load_average(const struct doctor_options *opt, struct doctor_rows *out)
{
	unsigned cpus = host_cpus_online(opt);
	char line[128];
	double load;
	bool is_busy;

	if (host_line(opt, line, sizeof line, "/proc/loadavg") < 0)
		return doctor_add(out, AREA, "load", DOCTOR_INFO,
				  "a busy host could not be told from an idle one", NULL,
				  "/proc/loadavg is not readable");
	load = strtod(line, NULL);
	is_busy = cpus ? load > 0.25 * cpus : load > 0.5;
	return doctor_add(out, AREA, "load", is_busy ? DOCTOR_WARN : DOCTOR_OK,
			  "a vCPU or iothread that waits for a CPU looks exactly like a slow disk; "
			  "p99 shows it first",
			  is_busy ? "stop what runs, or measure when the host is idle" : NULL,
			  "%.2f in the last minute on %u cpus", load, cpus);
}

/* "some avg10=1.47 avg60=0.89 avg300=0.86 total=..." */
static double pressure(const struct doctor_options *opt, const char *what)
{
	char line[160];
	const char *at;

	if (host_line(opt, line, sizeof line, "/proc/pressure/%s", what) < 0)
		return -1;
	at = strstr(line, "avg60=");
	return at ? strtod(at + 6, NULL) : -1;
}

static int stalls(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const struct {
		const char *name, *what, *meaning;
		double limit; /* percent of the last minute */
	} rows[] = {
		{"cpu", "waiting for cpu",
		 "tasks were ready and had no CPU: the same happens to the VM's threads", 5},
		{"io", "waiting for i/o",
		 "something already keeps a disk busy; if it is the disk under test, its queue is "
		 "not ours alone",
		 2},
		{"memory", "waiting for memory",
		 "the kernel reclaims memory: page cache is thrown out and written back in the "
		 "middle of a trial",
		 0.5},
	};
	double v;
	int r = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(rows); i++) {
		v = pressure(opt, rows[i].name);
		if (v < 0)
			return r | doctor_add(out, AREA, rows[i].what, DOCTOR_INFO, rows[i].meaning,
					      "boot with psi=1 (needs CONFIG_PSI) to see stalls",
					      "not known: no /proc/pressure");
		r |= doctor_add(out, AREA, rows[i].what,
				v > rows[i].limit ? DOCTOR_WARN : DOCTOR_OK, rows[i].meaning,
				v > rows[i].limit ? "find who: top, iotop; then wait until it ends"
						  : NULL,
				"%.1f %% of the last minute", v);
	}
	return r;
}

/* Steal as a share of all CPU time since boot; /proc/stat's first line, field 8. */
static int steal(const struct doctor_options *opt, struct doctor_rows *out)
{
	unsigned long long t[8] = {0}, all = 0;
	char line[256];
	double pct;

	if (host_line(opt, line, sizeof line, "/proc/stat") < 0 ||
	    sscanf(line, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &t[0], &t[1], &t[2], &t[3],
		   &t[4], &t[5], &t[6], &t[7]) != 8)
		return 0;
	for (size_t i = 0; i < BL_ARRAY_LEN(t); i++)
		all += t[i];
	if (!all || !t[7])
		return 0; /* nobody above us takes time */
	pct = 100.0 * (double)t[7] / (double)all;
	return doctor_add(out, AREA, "cpu steal", pct > 1 ? DOCTOR_WARN : DOCTOR_INFO,
			  "time in which this host's own hypervisor ran somebody else: every "
			  "latency measured here may hold some of it",
			  pct > 1 ? "dedicated CPUs for this host" : NULL, "%.2f %% since boot",
			  pct);
}

struct vm_scan {
	const struct doctor_options *opt;
	unsigned n;
};

static void count_vm(void *ctx, const char *name)
{
	struct vm_scan *s = ctx;
	char comm[64];

	if (!isdigit((unsigned char)name[0]) ||
	    host_line(s->opt, comm, sizeof comm, "/proc/%s/comm", name) < 0)
		return;
	s->n += strncmp(comm, "qemu-system", 11) == 0 || strcmp(comm, "kvm") == 0 ||
		strncmp(comm, "cloud-hyperviso", 15) == 0 || strncmp(comm, "firecracker", 11) == 0;
}

static int other_vms(const struct doctor_options *opt, struct doctor_rows *out)
{
	struct vm_scan s = {.opt = opt};

	if (host_names(opt, "/proc", count_vm, &s) < 0)
		return 0;
	return doctor_add(
		out, AREA, "other virtual machines", s.n ? DOCTOR_WARN : DOCTOR_OK,
		"neighbours share CPUs, page cache and disk; their bursts land in our p99 "
		"and nothing in the VM under test explains them",
		s.n ? "move or stop them for the time of the run" : NULL,
		s.n ? "%u running" : "none running", s.n);
}

int doctor_load(const struct doctor_options *opt, struct doctor_rows *out)
{
	return load_average(opt, out) | stalls(opt, out) | steal(opt, out) | other_vms(opt, out);
}
