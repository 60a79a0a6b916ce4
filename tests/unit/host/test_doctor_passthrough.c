/* The doctor's answers about passthrough, on faked hosts with NVMe disks. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "doctor_areas.h"
#include "faked.h"
#include "guarded.h"
#include "hostfs.h"

static struct doctor_rows rows;

static void make_host(void)
{
	faked_one_disk();
	faked_put("/proc/cmdline", "root=/dev/sda1 intel_iommu=on iommu=pt\n");
	faked_put("/proc/interrupts", "  24:   1   0  IR-PCI-MSI 524288-edge  nvme0q0\n");
}

static void drop_host(void)
{
	doctor_rows_done(&rows);
	faked_drop();
}

static void ask(void)
{
	struct doctor_options opt = {.root = faked_root, .work_dir = "/"};

	doctor_rows_done(&rows);
	ck_assert_int_eq(doctor_passthrough(&opt, &rows), 0);
}

static const struct doctor_row *find(const char *what)
{
	for (size_t i = 0; i < rows.n; i++)
		if (strcmp(rows.items[i].what, what) == 0)
			return &rows.items[i];
	ck_abort_msg("no row '%s'", what);
	return NULL;
}

static void expect(const char *what, enum doctor_level level, const char *value)
{
	const struct doctor_row *row = find(what);

	ck_assert_str_eq(row->value, value);
	ck_assert_str_eq(doctor_level_names[row->level], doctor_level_names[level]);
	ck_assert_uint_gt(strlen(row->meaning), 20);
}

static void means(const char *what, const char *meaning)
{
	ck_assert_str_eq(find(what)->meaning, meaning);
	ck_assert_ptr_nonnull(find(what)->remedy);
}

START_TEST(a_host_that_is_ready_has_good_answers)
{
	faked_claim();
	ask();
	expect("iommu", DOCTOR_OK, "1 groups, intel_iommu=on");
	expect("vfio-pci", DOCTOR_OK, "loaded");
	expect("interrupt remapping", DOCTOR_OK, "on (/proc/interrupts)");
	expect("unsafe interrupts", DOCTOR_OK, "not allowed: vfio_iommu_type1 is not loaded");
	expect("nvme0n1", DOCTOR_OK,
	       "TEST SSD 1000, serial S5XX-0001, at 0000:5e:00.0, group 12 (alone): ready");
	expect("bound to vfio-pci", DOCTOR_OK, "nothing now");
	expect("sane iommu groups", DOCTOR_OK, "1 of 1 NVMe controllers have a group of their own");
	expect("interrupt affinity", DOCTOR_OK,
	       "irqbalance does not run; nvme: 0 interrupts on 0 CPUs");
	expect("errors and resets", DOCTOR_OK, "recorded by every trial on a device");
	for (size_t i = 0; i < rows.n; i++)
		ck_assert_msg(rows.items[i].level < DOCTOR_WARN, "%s", rows.items[i].what);
}
END_TEST

START_TEST(everything_that_stops_a_candidate_is_a_row)
{
	faked_pci("0000:5e:00.1", "0x010802\n", "vfio-pci", 12);
	faked_pci("0000:5e:00.2", "0x020000\n", "e1000e", 12);
	faked_put("/proc/swaps",
		  "Filename Type Size Used Priority\n/dev/nvme0n1 partition 1 0 -2\n");
	ask();
	expect("nvme0n1", DOCTOR_INFO,
	       "TEST SSD 1000, serial S5XX-0001, at 0000:5e:00.0, group 12 with 0000:5e:00.1 NVMe "
	       "controller (vfio-pci), 0000:5e:00.2 Ethernet controller (e1000e): not now");
	means("nvme0n1",
	      "'nvme0n1' is swap of this host ('/dev/nvme0n1'): its memory would be destroyed");
	expect("nvme0n1 (2 of 2)", DOCTOR_INFO, "stopped also by this");
	means("nvme0n1 (2 of 2)",
	      "'nvme0n1' shares its IOMMU group 12 with 0000:5e:00.2 (Ethernet controller, driver "
	      "e1000e), in use by this host: a group is handed over as a whole");
	expect("0000:5e:00.1", DOCTOR_INFO,
	       "no disk of the host's now, at 0000:5e:00.1, group 12 with 0000:5e:00.0 NVMe "
	       "controller (nvme), 0000:5e:00.2 Ethernet controller (e1000e): not now");
	expect("bound to vfio-pci", DOCTOR_INFO, "0000:5e:00.1 NVMe controller, unused");
	expect("sane iommu groups", DOCTOR_INFO,
	       "0 of 2 NVMe controllers have a group of their own");
	faked_link("/proc/4711/fd/9", "/dev/vfio/12");
	ask();
	expect("bound to vfio-pci", DOCTOR_OK,
	       "0000:5e:00.1 NVMe controller, used by process 4711");
}
END_TEST

START_TEST(interrupts_that_are_not_confined_are_told)
{
	faked_put("/proc/interrupts", "  24:   1   0  PCI-MSI 524288-edge  nvme0q0\n");
	faked_put("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "N\n");
	ask();
	expect("interrupt remapping", DOCTOR_INFO, "off (/proc/interrupts)");
	expect("unsafe interrupts", DOCTOR_OK, "not allowed (allow_unsafe_interrupts is off)");
	faked_put("/sys/module/vfio_iommu_type1/parameters/allow_unsafe_interrupts", "Y\n");
	faked_remove("/proc/interrupts");
	ask();
	expect("interrupt remapping", DOCTOR_INFO, "not known: /proc/interrupts does not tell");
	expect("unsafe interrupts", DOCTOR_WARN, "allowed (allow_unsafe_interrupts is on)");
}
END_TEST

START_TEST(irqbalance_and_the_place_of_interrupts_are_told)
{
	faked_put("/sys/devices/system/cpu/online", "0-3\n");
	faked_put("/sys/devices/pci0000:00/" PCI "/msi_irqs/24", "msix\n");
	faked_put("/sys/devices/pci0000:00/" PCI "/msi_irqs/25", "msix\n");
	faked_put("/sys/devices/pci0000:00/" PCI "/msi_irqs/26", "msix\n");
	faked_put("/proc/irq/24/effective_affinity_list", "0\n");
	faked_put("/proc/irq/25/effective_affinity_list", "2-3\n");
	faked_put("/sys/kernel/debug/irq/irqs/24", "dstate: 0x1\n");
	faked_put("/sys/kernel/debug/irq/irqs/25", "dstate: 0x1\n    IRQD_AFFINITY_MANAGED\n");
	faked_put("/proc/88/comm", "irqbalance\n");
	ask();
	expect("interrupt affinity", DOCTOR_INFO,
	       "irqbalance runs; nvme: 3 interrupts on 3 CPUs, 1 of them managed by the kernel");
	faked_remove("/proc/88");
	faked_put("/proc/irq/25/effective_affinity_list", "0\n");
	ask();
	expect("interrupt affinity", DOCTOR_INFO,
	       "irqbalance does not run; nvme: 3 interrupts on 1 CPU, 1 of them managed by the "
	       "kernel; all 3 of nvme0 on one CPU");
}
END_TEST

START_TEST(a_host_without_nvme_gets_one_row_instead_of_a_checklist)
{
	faked_drop();
	faked_make();
	ask();
	expect("iommu", DOCTOR_INFO, "off or absent: no groups");
	expect("nvme disks", DOCTOR_INFO, "none on this host");
	ck_assert_uint_eq(rows.n, 5);
}
END_TEST

static const struct {
	const char *list, *ranges;
} lists[] = {
	{"", ""},
	{"\n", ""},
	{"7", "7-7 "},
	{"0-3,6\n", "0-3 6-6 "},
	{"1,3,10-4095", "1-1 3-3 10-4095 "},
};

START_TEST(lists_of_cpus_are_taken_apart)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;
	const char *list = lists[_i].list;
	long from, to;

	while (cpu_range_next(&list, &from, &to))
		bl_buf_addf(&b, "%ld-%ld ", from, to);
	ck_assert_str_eq(bl_buf_str(&b), lists[_i].ranges);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("doctor-passthrough");
	TCase *t = tcase_create("passthrough");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make_host, drop_host);
	tcase_add_test(t, a_host_that_is_ready_has_good_answers);
	tcase_add_test(t, everything_that_stops_a_candidate_is_a_row);
	tcase_add_test(t, interrupts_that_are_not_confined_are_told);
	tcase_add_test(t, irqbalance_and_the_place_of_interrupts_are_told);
	tcase_add_test(t, a_host_without_nvme_gets_one_row_instead_of_a_checklist);
	tcase_add_loop_test(t, lists_of_cpus_are_taken_apart, 0, BL_ARRAY_LEN(lists));
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
