/* environment.c - the host as facts, without judgement: what has to agree before two runs may be
 * compared. A fact that can't be read is absent. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cleanup.h"
#include "digest.h"
#include "environment.h"
#include "fs.h"
#include "hostfs.h"

#define DMI "/sys/class/dmi/id"

/* One small file, one fact. */
static const struct {
	const char *key, *path;
	bool has_choice; /* "always [madvise] never" */
} file_facts[] = {
	{"host.kernel", "/proc/sys/kernel/osrelease", false},
	{"host.kernel_version", "/proc/sys/kernel/version", false},
	{"host.kernel_arguments", "/proc/cmdline", false},
	{"cpu.online", "/sys/devices/system/cpu/online", false},
	{"cpu.isolated", "/sys/devices/system/cpu/isolated", false},
	{"cpu.smt", "/sys/devices/system/cpu/smt/control", false},
	{"cpu.no_turbo", "/sys/devices/system/cpu/intel_pstate/no_turbo", false},
	{"cpu.boost", "/sys/devices/system/cpu/cpufreq/boost", false},
	{"cpu.clocksource", "/sys/devices/system/clocksource/clocksource0/current_clocksource",
	 false},
	{"memory.transparent_hugepage", "/sys/kernel/mm/transparent_hugepage/enabled", true},
	{"memory.ksm", "/sys/kernel/mm/ksm/run", false},
	{"memory.swappiness", "/proc/sys/vm/swappiness", false},
	{"memory.dirty_ratio", "/proc/sys/vm/dirty_ratio", false},
	{"memory.dirty_bytes", "/proc/sys/vm/dirty_bytes", false},
	{"memory.dirty_background_ratio", "/proc/sys/vm/dirty_background_ratio", false},
	{"memory.dirty_background_bytes", "/proc/sys/vm/dirty_background_bytes", false},
	{"host.io_uring_disabled", "/proc/sys/kernel/io_uring_disabled", false},
	{"host.kvm_nested_intel", "/sys/module/kvm_intel/parameters/nested", false},
	{"host.kvm_nested_amd", "/sys/module/kvm_amd/parameters/nested", false},
	{"host.kvm_halt_poll_ns", "/sys/module/kvm/parameters/halt_poll_ns", false},
	{"host.nvme_poll_queues", "/sys/module/nvme/parameters/poll_queues", false},
	{"cpu.idle_driver", "/sys/devices/system/cpu/cpuidle/current_driver", false},
	{"cpu.idle_governor", "/sys/devices/system/cpu/cpuidle/current_governor_ro", false},
	/* What everybody may read of DMI. Serials and the UUID are root's only, and not needed: the
	 * host's id says which host it is. */
	{"bios.vendor", DMI "/bios_vendor", false},
	{"bios.version", DMI "/bios_version", false},
	{"bios.date", DMI "/bios_date", false},
	{"bios.release", DMI "/bios_release", false},
	{"bios.ec_firmware", DMI "/ec_firmware_release", false},
	{"board.vendor", DMI "/board_vendor", false},
	{"board.name", DMI "/board_name", false},
	{"board.version", DMI "/board_version", false},
	{"system.vendor", DMI "/sys_vendor", false},
	{"system.product", DMI "/product_name", false},
	{"system.version", DMI "/product_version", false},
};

int environment_file(const struct doctor_options *opt, struct facts *out, const char *key,
		     bool has_choice, const char *path)
{
	char line[1024], value[1024];

	if (host_line(opt, line, sizeof line, "%s", path) < 0 || !line[0])
		return 0;
	if (has_choice)
		bracketed(line, value, sizeof value);
	return facts_add(out, key, has_choice ? value : line);
}

static int add_files(const struct doctor_options *opt, struct facts *out)
{
	int r = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(file_facts); i++)
		r |= environment_file(opt, out, file_facts[i].key, file_facts[i].has_choice,
				      file_facts[i].path);
	if (!host_exists(opt, DMI "/bios_version"))
		r |= facts_add(out, "bios.why_absent",
			       "the kernel shows no " DMI ": no SMBIOS here (some virtual "
			       "machines), or a container that hides it");
	return r;
}

static int add_cpu(const struct doctor_options *opt, struct facts *out)
{
	static const struct {
		const char *field, *key;
	} fields[] = {
		{"vendor_id", "cpu.vendor"},
		{"model name", "cpu.model"},
		{"stepping", "cpu.stepping"},
		{"microcode", "cpu.microcode"},
	};
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char value[8192], padded[8208];
	unsigned n = host_cpus_online(opt), kinds;
	int r = n ? facts_addf(out, "cpu.count", "%u", n) : 0;

	if (host_cpu_values(opt, "cpufreq/scaling_governor", value, sizeof value, &kinds) == 0)
		r |= facts_add(out, "cpu.governor", value);
	if (host_cpu_values(opt, "cpufreq/scaling_driver", value, sizeof value, &kinds) == 0)
		r |= facts_add(out, "cpu.frequency_driver", value);
	if (host_cpu_values(opt, "cpufreq/scaling_max_freq", value, sizeof value, &kinds) == 0)
		r |= facts_add(out, "cpu.max_khz", value);
	if (host_cpu_values(opt, "cpufreq/energy_performance_preference", value, sizeof value,
			    &kinds) == 0)
		r |= facts_add(out, "cpu.energy_preference", value);
	if (host_file(opt, &text, "/proc/cpuinfo") < 0)
		return r;
	for (size_t i = 0; i < BL_ARRAY_LEN(fields); i++)
		if (text_field(bl_buf_str(&text), fields[i].field, value, sizeof value) == 0)
			r |= facts_add(out, fields[i].key, value);
	if (text_field(bl_buf_str(&text), "flags", value, sizeof value) == 0) {
		snprintf(padded, sizeof padded, " %s ", value);
		r |= facts_add(out, "host.is_virtual",
			       strstr(padded, " hypervisor ") ? "yes" : "no");
	}
	return r;
}

struct mitigation_list {
	const struct doctor_options *opt;
	struct bl_buf text;
};

/* "meltdown: PTI; ..." without those the processor does not have. */
static void add_mitigation(void *ctx, const char *name)
{
	struct mitigation_list *m = ctx;
	char line[256];

	if (host_line(m->opt, line, sizeof line, "/sys/devices/system/cpu/vulnerabilities/%s",
		      name) < 0 ||
	    strcmp(line, "Not affected") == 0)
		return;
	bl_buf_addf(&m->text, "%s%s=%s", m->text.len ? " | " : "", name,
		    strncmp(line, "Mitigation: ", 12) == 0 ? line + 12 : line);
}

static int add_mitigations(const struct doctor_options *opt, struct facts *out)
{
	struct mitigation_list m = {.opt = opt, .text = BL_BUF_INIT};
	int r = 0;

	if (host_names(opt, "/sys/devices/system/cpu/vulnerabilities", add_mitigation, &m) >= 0)
		r = facts_add(out, "cpu.mitigations", m.text.len ? bl_buf_str(&m.text) : "none");
	bl_buf_done(&m.text);
	return r;
}

static int add_memory(const struct doctor_options *opt, struct facts *out)
{
	static const struct {
		const char *field, *key;
	} fields[] = {
		{"MemTotal", "memory.total_bytes"},
		{"MemAvailable", "memory.available_bytes"},
		{"SwapTotal", "memory.swap_bytes"},
	};
	uint64_t v;
	int r = 0;

	for (size_t i = 0; i < BL_ARRAY_LEN(fields); i++)
		if (host_meminfo(opt, fields[i].field, &v) == 0)
			r |= facts_addf(out, fields[i].key, "%llu", (unsigned long long)v);
	return r;
}

/* PRETTY_NAME="Debian GNU/Linux 12 (bookworm)" of os-release(5). */
static int add_system(const struct doctor_options *opt, struct facts *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char name[160] = "";
	const char *at;

	if (host_file(opt, &text, "/etc/os-release") < 0 &&
	    host_file(opt, &text, "/usr/lib/os-release") < 0)
		return 0;
	at = strstr(bl_buf_str(&text), "PRETTY_NAME=");
	if (!at)
		return 0;
	at += strlen("PRETTY_NAME=");
	at += *at == '"';
	snprintf(name, sizeof name, "%.*s", (int)strcspn(at, "\"\n"), at);
	return facts_add(out, "host.system", name);
}

/* Which facts are looked for at all: a fact that one run has and another of the same version lacks
 * was not there then; of an older version it may only not have been asked for. */
#define ENVIRONMENT_VERSION "2"

int host_environment(const struct doctor_options *opt, struct facts *out, struct bl_err *err)
{
	struct facts f = {0};
	int r = facts_add(&f, "environment.version", ENVIRONMENT_VERSION) | add_system(opt, &f) |
		add_files(opt, &f) | add_cpu(opt, &f) | add_mitigations(opt, &f) |
		add_memory(opt, &f) | environment_disk(opt, &f) | environment_packages(opt, &f);

	for (size_t i = 0; r == 0 && i < f.n; i++)
		r = facts_add(out, f.items[i].key, f.items[i].value);
	facts_done(&f);
	return r < 0 ? bl_fail(err, -ENOMEM, "out of memory") : 0;
}

int host_id(const struct doctor_options *opt, char out[17], struct bl_err *err)
{
	BL_CLEANUP(digest_freep) struct digest *d = digest_new();
	char machine[64], hex[DIGEST_TEXT];
	int r = host_line(opt, machine, sizeof machine, "/etc/machine-id");

	strcpy(out, "unknown");
	if (!d)
		return bl_fail(err, -ENOMEM, "out of memory");
	if (r == 0 && strlen(machine) < 32) /* "uninitialized" in images that never booted */
		r = -EINVAL;
	if (r < 0)
		return bl_fail(
			err, r,
			"/etc/machine-id has no id (%s): results of this host are kept as those "
			"of an unknown host; systemd-machine-id-setup makes one",
			strerror(-r));
	digest_add(d, "blklab", strlen("blklab"));
	digest_add(d, machine, strlen(machine));
	memcpy(out, digest_hex(d, hex), 16);
	out[16] = '\0';
	return 0;
}
