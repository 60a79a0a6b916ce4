/* doctor_passthrough.c - could an NVMe disk be handed to a guest (VFIO), and safely? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor_areas.h"
#include "guard.h"
#include "handover.h"

#define AREA      "passthrough"
#define CHECKLIST "passthrough checklist"
#define PCI_DIR   "/sys/bus/pci/devices"

/* Namespaces of one controller go together; they are neighbours in the list: the first stands for
 * it. */
static bool is_controller(const struct device *items, size_t i)
{
	return items[i].is_nvme && (!i || strcmp(items[i].pci, items[i - 1].pci) != 0);
}

static int iommu(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const char meaning[] =
		"passthrough removes the host from the I/O path; without an "
		"IOMMU a guest could write anywhere in memory, so VFIO refuses";
	char args[2048], given[256] = "";
	int n = host_names(opt, "/sys/kernel/iommu_groups", NULL, NULL);
	const char *word;

	host_line(opt, args, sizeof args, "/proc/cmdline");
	word = strstr(args, "iommu=");
	while (word && word > args && word[-1] != ' ')
		word--; /* intel_iommu=, amd_iommu= */
	if (word)
		snprintf(given, sizeof given, "%.*s", (int)strcspn(word, " "), word);
	if (n > 0)
		return doctor_add(out, AREA, "iommu", DOCTOR_OK, meaning, NULL, "%d groups%s%s", n,
				  given[0] ? ", " : "", given);
	return doctor_add(out, AREA, "iommu", DOCTOR_INFO, meaning,
			  "switch it on in the firmware (VT-d, AMD-Vi) and boot with "
			  "intel_iommu=on or amd_iommu=on",
			  "off or absent: no groups%s%s", given[0] ? ", kernel argument " : "",
			  given);
}

static int vfio(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const char meaning[] = "vfio-pci is the driver that hands a disk over";
	char release[128];
	enum device_vfio state = device_vfio_state(opt->root, release, sizeof release);

	if (state == DEVICE_VFIO_LOADED)
		return doctor_add(out, AREA, "vfio-pci", DOCTOR_OK, meaning, NULL, "loaded");
	if (state == DEVICE_VFIO_LOADABLE)
		return doctor_add(out, AREA, "vfio-pci", DOCTOR_OK, meaning, NULL,
				  "available for kernel %s, not loaded", release);
	return doctor_add(out, AREA, "vfio-pci", DOCTOR_INFO, meaning,
			  "a kernel with CONFIG_VFIO_PCI", "not there for kernel %s", release);
}

/* x86 names the interrupt chip "IR-PCI-MSI" or "IR-IO-APIC" in /proc/interrupts when its messages
 * go through the IOMMU (arch/x86/kernel/apic, drivers/iommu), without "IR-" when not. Elsewhere the
 * names do not tell. */
static int remapping(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const char meaning[] =
		"a device writes its interrupts into memory; only when the IOMMU remaps them can a "
		"guest that owns a device raise none but its own. Without that VFIO refuses the "
		"device";
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	const char *all;

	host_file(opt, &text, "/proc/interrupts");
	all = bl_buf_str(&text);
	if (strstr(all, " IR-"))
		return doctor_add(out, AREA, "interrupt remapping", DOCTOR_OK, meaning, NULL,
				  "on (/proc/interrupts)");
	if (!strstr(all, "PCI-MSI") && !strstr(all, "IO-APIC"))
		return doctor_add(out, AREA, "interrupt remapping", DOCTOR_INFO, meaning, NULL,
				  "not known: /proc/interrupts does not tell");
	return doctor_add(out, AREA, "interrupt remapping", DOCTOR_INFO, meaning,
			  "switch it on in the firmware (x2APIC, interrupt remapping), and boot "
			  "without intremap=off",
			  "off (/proc/interrupts)");
}

static int unsafe_interrupts(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const char meaning[] =
		"it hands devices over although their interrupts are not remapped: a guest, or "
		"whoever breaks into it, can then raise any interrupt of this host";
	char line[16];

	if (host_line(opt, line, sizeof line,
		      "/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts") < 0)
		return doctor_add(out, AREA, "unsafe interrupts", DOCTOR_OK, meaning, NULL,
				  "not allowed: vfio_iommu_type1 is not loaded");
	if (line[0] != 'Y' && line[0] != '1')
		return doctor_add(out, AREA, "unsafe interrupts", DOCTOR_OK, meaning, NULL,
				  "not allowed (allow_unsafe_interrupts is off)");
	return doctor_add(out, AREA, "unsafe interrupts", DOCTOR_WARN, meaning,
			  "only on a host that trusts its guests; else remove it from "
			  "/etc/modprobe.d and the kernel command line",
			  "allowed (allow_unsafe_interrupts is on)");
}

struct members {
	const struct doctor_options *opt;
	const char *pci;
	struct bl_buf text;
	unsigned n_others;
};

static void add_member(void *ctx, const char *pci)
{
	struct members *m = ctx;
	char what[64], driver[64];
	uint32_t class = device_pci_class(m->opt->root, pci, what, sizeof what);

	if (strcmp(pci, m->pci) == 0)
		return;
	device_pci_driver(m->opt->root, pci, driver, sizeof driver);
	m->n_others += class >> 8 != DEVICE_CLASS_PCI_BRIDGE_16; /* bridges stay with the host */
	bl_buf_addf(&m->text, "%s%s %s (%s)", m->text.len ? ", " : "", pci,
		    what[0] ? what : "not known", driver[0] ? driver : "no driver");
}

/* "QEMU NVMe Ctrl, serial X, at 0000:5e:00.0, group 12 with 0000:5e:00.1 NVMe controller (nvme)" */
static void describe(const struct doctor_options *opt, const struct device *d, char *out,
		     size_t len)
{
	struct members m = {.opt = opt, .pci = d->pci, .text = BL_BUF_INIT};
	char dir[96], group[16];

	snprintf(dir, sizeof dir, "/sys/kernel/iommu_groups/%d/devices", d->iommu_group);
	snprintf(group, sizeof group, "group %d", d->iommu_group);
	if (d->iommu_group >= 0)
		host_names(opt, dir, add_member, &m);
	snprintf(out, len, "%s%s%s, at %s, %s%s%s",
		 d->block[0] ? d->model : "no disk of the host's now",
		 d->serial[0] ? ", serial " : "", d->serial, d->pci,
		 d->iommu_group < 0 ? "no IOMMU group" : group,
		 d->iommu_group < 0 ? ""
		 : m.text.len       ? " with "
				    : " (alone)",
		 bl_buf_str(&m.text));
	bl_buf_done(&m.text);
}

/* The first reason stands with who it is, each further one in a row of its own. */
static int candidate(const struct doctor_options *opt, const struct device *d,
		     struct doctor_rows *out)
{
	BL_CLEANUP(guard_list_done) struct guard_list against = {.n = 0};
	const char *name = d->block[0] ? d->block : d->pci;
	char who[256], what[128]; /* who: with its group */
	int r = guard_list_make(d, &against);

	if (r < 0)
		return r;
	describe(opt, d, who, sizeof who);
	if (!against.n)
		return doctor_add(
			out, AREA, name, DOCTOR_OK,
			"a claimed disk in a group of its own that nothing on this host uses", NULL,
			"%s: ready", who);
	r = doctor_add(out, AREA, name, DOCTOR_INFO, against.items[0].reason,
		       against.items[0].remedy, "%s: not now", who);
	for (size_t i = 1; i < against.n; i++) {
		snprintf(what, sizeof what, "%s (%zu of %zu)", name, i + 1, against.n);
		r |= doctor_add(out, AREA, what, DOCTOR_INFO, against.items[i].reason,
				against.items[i].remedy, "stopped also by this");
	}
	return r;
}

struct bound {
	const struct doctor_options *opt;
	struct bl_buf text;
	unsigned n_unused;
};

static void add_bound(void *ctx, const char *pci)
{
	struct bound *b = ctx;
	char driver[64], what[64];
	long user;

	device_pci_driver(b->opt->root, pci, driver, sizeof driver);
	if (strcmp(driver, "vfio-pci") != 0)
		return;
	device_pci_class(b->opt->root, pci, what, sizeof what);
	user = handover_user(b->opt->root, pci);
	b->n_unused += user == 0;
	bl_buf_addf(&b->text, "%s%s %s, ", b->text.len ? "; " : "", pci, what);
	if (user)
		bl_buf_addf(&b->text, "used by process %ld", user);
	else
		bl_buf_adds(&b->text, "unused");
}

static int bound_now(const struct doctor_options *opt, struct doctor_rows *out)
{
	static const char meaning[] =
		"libvirt binds a disk to vfio-pci for a trial and gives it back; every trial reads "
		"the driver back while its guest runs. One that is bound and unused was left, or "
		"kept so by hand";
	struct bound b = {.opt = opt, .text = BL_BUF_INIT};
	char back[HANDOVER_REMEDY_MAX], remedy[320];
	int r;

	host_names(opt, PCI_DIR, add_bound, &b);
	snprintf(remedy, sizeof remedy, "if it was not you: %s", handover_remedy("ADDRESS", back));
	r = doctor_add(out, CHECKLIST, "bound to vfio-pci", b.n_unused ? DOCTOR_INFO : DOCTOR_OK,
		       meaning, b.n_unused ? remedy : NULL, "%s",
		       b.text.len ? bl_buf_str(&b.text) : "nothing now");
	bl_buf_done(&b.text);
	return r;
}

struct irqs {
	const struct doctor_options *opt;
	unsigned n, n_managed, n_told, n_here; /* interrupts; n_here: of one controller */
	bool cpus[4096], cpus_here[4096];
	struct bl_buf crowded;
};

static void mark_cpus(const char *list, bool cpus[4096])
{
	long from, to;

	while (cpu_range_next(&list, &from, &to))
		for (long i = from; i <= to && i < 4096; i++)
			cpus[i] = true;
}

static unsigned count_cpus(const bool cpus[4096])
{
	unsigned n = 0;

	for (size_t i = 0; i < 4096; i++)
		n += cpus[i];
	return n;
}

/* debugfs says it, where the kernel has CONFIG_GENERIC_IRQ_DEBUGFS and this is root. */
static void add_irq(void *ctx, const char *irq)
{
	struct irqs *s = ctx;
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	char line[256];

	s->n_here++;
	if (host_line(s->opt, line, sizeof line, "/proc/irq/%s/effective_affinity_list", irq) == 0)
		mark_cpus(line, s->cpus_here);
	if (host_file(s->opt, &text, "/sys/kernel/debug/irq/irqs/%s", irq) < 0)
		return;
	s->n_told++;
	s->n_managed += strstr(bl_buf_str(&text), "IRQD_AFFINITY_MANAGED") != NULL;
}

/* Two interrupts (admin and one queue) are no crowd. */
static void add_irqs(const struct device *d, struct irqs *s)
{
	char dir[96];

	if (!d->controller[0])
		return;
	s->n_here = 0;
	memset(s->cpus_here, 0, sizeof s->cpus_here);
	snprintf(dir, sizeof dir, PCI_DIR "/%s/msi_irqs", d->pci);
	host_names(s->opt, dir, add_irq, s);
	s->n += s->n_here;
	for (size_t i = 0; i < BL_ARRAY_LEN(s->cpus); i++)
		s->cpus[i] |= s->cpus_here[i];
	if (s->n_here > 2 && count_cpus(s->cpus_here) == 1)
		bl_buf_addf(&s->crowded, "; all %u of %s on one CPU", s->n_here, d->controller);
}

static void find_irqbalance(void *ctx, const char *name)
{
	struct irqs *s = ctx; /* .n counts */
	char comm[32];

	if (name[0] >= '0' && name[0] <= '9' &&
	    host_line(s->opt, comm, sizeof comm, "/proc/%s/comm", name) == 0)
		s->n += strcmp(comm, "irqbalance") == 0;
}

static int affinity(const struct doctor_options *opt, const struct device *items, size_t n,
		    struct doctor_rows *out)
{
	static const char meaning[] =
		"the nvme driver has the kernel place each queue's interrupt at the CPUs that use "
		"the queue. Handed over, a disk's interrupts are ordinary ones of vfio: they sit "
		"where the host puts them, and irqbalance moves them while a job runs. Trials "
		"record how many each CPU took";
	struct irqs s = {.opt = opt, .crowded = BL_BUF_INIT}, balance = {.opt = opt};
	char managed[64] = "";
	bool is_odd;
	int r;

	for (size_t i = 0; i < n; i++)
		if (is_controller(items, i))
			add_irqs(&items[i], &s);
	host_names(opt, "/proc", find_irqbalance, &balance);
	if (s.n_told)
		snprintf(managed, sizeof managed, ", %u of them managed by the kernel",
			 s.n_managed);
	is_odd = balance.n || (s.crowded.len && host_cpus_online(opt) > 1);
	r = doctor_add(out, CHECKLIST, "interrupt affinity", is_odd ? DOCTOR_INFO : DOCTOR_OK,
		       meaning,
		       is_odd ? "stop irqbalance for measurements, place interrupts by "
				"/proc/irq/N/smp_affinity_list, and pin the guest's CPUs"
			      : NULL,
		       "irqbalance %s; nvme: %u interrupts on %u %s%s%s",
		       balance.n ? "runs" : "does not run", s.n, count_cpus(s.cpus),
		       count_cpus(s.cpus) == 1 ? "CPU" : "CPUs", managed, bl_buf_str(&s.crowded));
	bl_buf_done(&s.crowded);
	return r;
}

/* The rest of the list is not this host's to answer. */
static int design(struct doctor_rows *out)
{
	return doctor_add(out, CHECKLIST, "errors and resets", DOCTOR_OK,
			  "a disk that is handed over tells only its guest of errors; every trial "
			  "records the SMART and error logs before and after, and what the kernels "
			  "of host and guest say of resets and timeouts",
			  NULL, "recorded by every trial on a device") |
	       doctor_add(
		       out, CHECKLIST, "device faults", DOCTOR_INFO,
		       "a reset or a dead disk is the guest's to survive: no host layer retries, "
		       "and the VM can't move away",
		       "have replication, rehearse its failover, and say so in the scenario: "
		       "needs: {device_faults_handled: yes}",
		       "not known to the lab: a question of your design") |
	       doctor_add(
		       out, CHECKLIST, "which VM needs it?", DOCTOR_INFO,
		       "latency that matters, a disk of its own, no live migration, practice "
		       "with VFIO, a design for faults: passthrough needs all five",
		       "run a scenario with bus vfio beside virtio and say its needs: the report "
		       "answers with the figures",
		       "a report decides, not the host");
}

static int groups_in_short(const struct doctor_options *opt, const struct device *items, size_t n,
			   struct doctor_rows *out)
{
	unsigned total = 0, alone = 0;
	char dir[96];

	for (size_t i = 0; i < n; i++) {
		struct members m = {.opt = opt, .pci = items[i].pci, .text = BL_BUF_INIT};

		if (!is_controller(items, i))
			continue;
		total++;
		snprintf(dir, sizeof dir, "/sys/kernel/iommu_groups/%d/devices",
			 items[i].iommu_group);
		alone += items[i].iommu_group >= 0 && host_names(opt, dir, add_member, &m) > 0 &&
			 !m.n_others;
		bl_buf_done(&m.text);
	}
	return doctor_add(out, CHECKLIST, "sane iommu groups",
			  alone == total ? DOCTOR_OK : DOCTOR_INFO,
			  "no device changes hands by surprise", NULL,
			  "%u of %u NVMe controllers have a group of their own", alone, total);
}

int doctor_passthrough(const struct doctor_options *opt, struct doctor_rows *out)
{
	BL_CLEANUP(bl_freep) struct device *items = NULL;
	size_t n = 0, n_nvme = 0;
	int r = iommu(opt, out) | vfio(opt, out) | remapping(opt, out) |
		unsafe_interrupts(opt, out);

	if (device_list(opt->root, &items, &n, NULL) < 0)
		n = 0;
	for (size_t i = 0; i < n; i++) {
		if (!is_controller(items, i))
			continue;
		n_nvme++;
		r |= candidate(opt, &items[i], out);
	}
	if (!n_nvme)
		return r |
		       doctor_add(out, AREA, "nvme disks", DOCTOR_INFO,
				  "only a whole NVMe controller is handed over; other disks can "
				  "be measured as block devices",
				  NULL, "none on this host");
	return r | bound_now(opt, out) | groups_in_short(opt, items, n, out) |
	       affinity(opt, items, n, out) | design(out);
}
