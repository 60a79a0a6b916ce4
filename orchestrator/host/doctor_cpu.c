/* doctor_cpu.c - what makes one CPU second unlike the next. */
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "doctor_areas.h"

#define AREA "cpu"

static int governor(const struct doctor_options *opt, struct doctor_rows *out)
{
	char value[256];
	unsigned kinds;
	bool is_fast;

	if (host_cpu_values(opt, "cpufreq/scaling_governor", value, sizeof value, &kinds) < 0)
		return doctor_add(out, AREA, "governor", DOCTOR_INFO,
				  "the clock is not ours to see: firmware or a hypervisor sets it, "
				  "and it may change between trials",
				  NULL, "no cpufreq on this host");
	is_fast = strcmp(value, "performance") == 0;
	return doctor_add(out, AREA, "governor", is_fast ? DOCTOR_OK : DOCTOR_WARN,
			  "at low queue depth a CPU waits most of the time, so a saving governor "
			  "clocks it down and adds tens of microseconds to each I/O; trials then "
			  "measure the governor",
			  is_fast ? NULL : "cpupower frequency-set -g performance", "%s", value);
}

static int turbo(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const char meaning[] =
		"turbo lasts as long as the heat allows: later trials run on "
		"a slower clock than earlier ones; interleaving spreads that, "
		"it does not remove it";
	uint64_t v;
	bool is_on;
	const char *how;

	if (host_u64(opt, &v, "/sys/devices/system/cpu/intel_pstate/no_turbo") == 0) {
		is_on = v == 0;
		how = "echo 1 > /sys/devices/system/cpu/intel_pstate/no_turbo, for the steadiest "
		      "figures";
	} else if (host_u64(opt, &v, "/sys/devices/system/cpu/cpufreq/boost") == 0) {
		is_on = v != 0;
		how = "echo 0 > /sys/devices/system/cpu/cpufreq/boost, for the steadiest figures";
	} else {
		return doctor_add(out, AREA, "turbo", DOCTOR_INFO, meaning, NULL,
				  "not readable on this host");
	}
	return doctor_add(out, AREA, "turbo", is_on ? DOCTOR_INFO : DOCTOR_OK, meaning,
			  is_on ? how : NULL, "%s", is_on ? "on" : "off");
}

static int smt(const struct doctor_options *opt, struct doctor_rows *out)
{
	char control[32];
	uint64_t active;

	if (host_u64(opt, &active, "/sys/devices/system/cpu/smt/active") < 0)
		return doctor_add(out, AREA, "smt", DOCTOR_INFO,
				  "vCPU and iothread may share one core without the lab knowing",
				  NULL, "not readable on this host");
	host_line(opt, control, sizeof control, "/sys/devices/system/cpu/smt/control");
	return doctor_add(out, AREA, "smt", active ? DOCTOR_INFO : DOCTOR_OK,
			  "two threads of one core slow each other down; which ones meet changes "
			  "from boot to boot and shows up as spread between trials",
			  active ? "echo off > /sys/devices/system/cpu/smt/control, or read the "
				   "spread with that in mind"
				 : NULL,
			  "%s%s%s%s", active ? "on" : "off", control[0] ? " (control: " : "",
			  control, control[0] ? ")" : "");
}

struct mitigation_count {
	const struct doctor_options *opt;
	unsigned n, mitigated, vulnerable;
};

static void count_mitigation(void *ctx, const char *name)
{
	struct mitigation_count *c = ctx;
	char line[256];

	if (host_line(c->opt, line, sizeof line, "/sys/devices/system/cpu/vulnerabilities/%s",
		      name) < 0)
		return;
	c->n++;
	c->mitigated += strncmp(line, "Mitigation", 10) == 0;
	c->vulnerable += strncmp(line, "Vulnerable", 10) == 0;
}

static int mitigations(const struct doctor_options *opt, struct doctor_rows *out)
{
	struct mitigation_count c = {.opt = opt};

	if (host_names(opt, "/sys/devices/system/cpu/vulnerabilities", count_mitigation, &c) < 0)
		return doctor_add(
			out, AREA, "mitigations", DOCTOR_INFO,
			"each kernel entry and VM exit may cost more than on another host", NULL,
			"not readable on this host");
	return doctor_add(
		out, AREA, "mitigations", DOCTOR_INFO,
		"every I/O pays for them at each syscall and VM exit; a kernel, microcode "
		"or command line change moves the figures without any storage change, so "
		"compare only runs that agree here",
		NULL, "%u active, %u left open, of %u known weaknesses", c.mitigated, c.vulnerable,
		c.n);
}

struct idle_scan {
	const struct doctor_options *opt;
	uint64_t deepest_us;
	char name[32];
};

static void scan_idle(void *ctx, const char *state)
{
	struct idle_scan *s = ctx;
	uint64_t us, off = 0;

	if (host_u64(s->opt, &us, "/sys/devices/system/cpu/cpu0/cpuidle/%s/latency", state) < 0)
		return;
	host_u64(s->opt, &off, "/sys/devices/system/cpu/cpu0/cpuidle/%s/disable", state);
	if (off || us < s->deepest_us)
		return;
	s->deepest_us = us;
	host_line(s->opt, s->name, sizeof s->name, "/sys/devices/system/cpu/cpu0/cpuidle/%s/name",
		  state);
}

static int idle_states(const struct doctor_options *opt, struct doctor_rows *out)
{
	struct idle_scan s = {.opt = opt};
	bool is_deep;

	if (host_names(opt, "/sys/devices/system/cpu/cpu0/cpuidle", scan_idle, &s) <= 0)
		return 0;            /* nothing to tell: no idle driver, or a hypervisor's */
	is_deep = s.deepest_us > 20; /* about a fifth of an NVMe read */
	return doctor_add(out, AREA, "idle states", is_deep ? DOCTOR_WARN : DOCTOR_OK,
			  "an I/O that completes on a sleeping CPU waits for it to wake: at queue "
			  "depth 1 that is added to every single latency",
			  is_deep ? "cpupower idle-set -D 20, while measuring" : NULL,
			  "deepest %s, %llu us to wake", s.name[0] ? s.name : "unnamed",
			  (unsigned long long)s.deepest_us);
}

static int clocksource(const struct doctor_options *opt, struct doctor_rows *out)
{
	char name[64];
	bool is_quick;

	if (host_line(opt, name, sizeof name,
		      "/sys/devices/system/clocksource/clocksource0/current_clocksource") < 0)
		return doctor_add(out, AREA, "clocksource", DOCTOR_INFO,
				  "the cost of reading the time is not known", NULL,
				  "not readable on this host");
	is_quick = strcmp(name, "tsc") == 0 || strcmp(name, "kvm-clock") == 0 ||
		   strcmp(name, "arch_sys_counter") == 0;
	return doctor_add(out, AREA, "clocksource", is_quick ? DOCTOR_OK : DOCTOR_WARN,
			  "QEMU and the kernel read the time at every I/O; through hpet or acpi_pm "
			  "one reading costs a microsecond and can't run in parallel",
			  is_quick ? NULL
				   : "find out why the kernel dropped tsc: dmesg | grep -i tsc",
			  "%s", name);
}

static int virtual_host(const struct doctor_options *opt, struct doctor_rows *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char flags[8192], model[128], padded[8208];
	unsigned cpus = host_cpus_online(opt);
	int r;

	if (host_file(opt, &text, "/proc/cpuinfo") < 0 ||
	    text_field(bl_buf_str(&text), "flags", flags, sizeof flags) < 0)
		return doctor_add(out, AREA, "processor", DOCTOR_INFO,
				  "runs of different processors must not be compared", NULL,
				  "/proc/cpuinfo has no flags");
	text_field(bl_buf_str(&text), "model name", model, sizeof model);
	r = doctor_add(out, AREA, "processor", DOCTOR_INFO,
		       "CPU time per I/O, and latency at low depth, belong to this processor", NULL,
		       "%s, %u online", model[0] ? model : "unnamed", cpus);
	snprintf(padded, sizeof padded, " %s ", flags);
	if (strstr(padded, " hypervisor "))
		r |= doctor_add(out, AREA, "host is itself a VM", DOCTOR_WARN,
				"another hypervisor schedules these CPUs and serves this disk: "
				"time stolen there shows up here as latency, and nobody here can "
				"see why",
				"measure on the metal for absolute figures; compare paths only",
				"yes (hypervisor flag)");
	if (cpus == 1)
		r |= doctor_add(out, AREA, "parallelism", DOCTOR_WARN,
				"vCPU, iothread and the lab itself take turns on one CPU: latency "
				"is then mostly waiting for it",
				"two CPUs at least, four for scenarios with iothreads", "1 cpu");
	return r;
}

int doctor_cpu(const struct doctor_options *opt, struct doctor_rows *out)
{
	return virtual_host(opt, out) | governor(opt, out) | turbo(opt, out) | smt(opt, out) |
	       mitigations(opt, out) | idle_states(opt, out) | clocksource(opt, out);
}
