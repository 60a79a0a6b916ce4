/* /proc/interrupts of one PCI function, on a faked tree. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "interrupts.h"

static void give_msix(const char *pci, unsigned irq)
{
	BL_CLEANUP(bl_freep) char *name = bl_strf("/sys/bus/pci/devices/%s/msi_irqs/%u", pci, irq);

	faked_put(name, "msix\n");
}

static struct bl_buf heard;

static void hear(void *ctx, const char *name, const char *counts)
{
	(void)ctx;
	bl_buf_addf(&heard, "%s=%s\n", name, counts);
}

/* "name=counts" lines of the difference. */
static const char *delta(const struct irq_table *before, const struct irq_table *after)
{
	bl_buf_done(&heard);
	heard = (struct bl_buf)BL_BUF_INIT;
	ck_assert_int_eq(irq_each_delta(before, after, hear, NULL), 0);
	return bl_buf_str(&heard);
}

static int read_text(const char *text, struct irq_table *ret)
{
	faked_put("/proc/interrupts", text);
	return irq_read_pci(faked_root, PCI, ret);
}

/* As Linux 6.1 prints it: CPU 2 is offline, interrupt 32 has nobody behind it. */
static const char before_text[] =
	"           CPU0       CPU1       CPU3       \n"
	"  1:          9          0          0  IR-IO-APIC    1-edge      i8042\n"
	" 29:         10          0          0  IR-PCI-MSIX-0000:5e:00.0    0-edge      nvme0q0\n"
	" 30:          0        100          0  IR-PCI-MSIX-0000:5e:00.0    1-edge      nvme0q1\n"
	" 31:          0          0        200  IR-PCI-MSIX-0000:5e:00.0    2-edge      nvme0q2\n"
	" 32:          0          0          0  IR-PCI-MSIX-0000:5e:00.0    3-edge    \n"
	"129:          5          5          5  IR-PCI-MSIX-0000:5f:00.0    0-edge      nvme1q0\n"
	"NMI:          0          0          0   Non-maskable interrupts\n"
	"ERR:          0\n";

static const char after_text[] =
	"           CPU0       CPU1       CPU3       \n"
	"  1:         99          0          0  IR-IO-APIC    1-edge      i8042\n"
	" 29:         10          0          0  IR-PCI-MSIX-0000:5e:00.0    0-edge      nvme0q0\n"
	" 30:          0       1334          0  IR-PCI-MSIX-0000:5e:00.0    1-edge      nvme0q1\n"
	" 31:          7          0        255  IR-PCI-MSIX-0000:5e:00.0    2-edge      nvme0q2\n"
	" 32:          0          0          0  IR-PCI-MSIX-0000:5e:00.0    3-edge    \n"
	"129:         50         50         50  IR-PCI-MSIX-0000:5f:00.0    0-edge      nvme1q0\n";

static void give_disk(void)
{
	for (unsigned irq = 29; irq <= 32; irq++)
		give_msix(PCI, irq);
	give_msix("0000:5f:00.0", 129);
}

START_TEST(only_the_functions_own_interrupts_are_read)
{
	struct irq_table t;

	give_disk();
	ck_assert_int_eq(read_text(before_text, &t), 0);
	ck_assert_uint_eq(t.n_cpus, 3);
	ck_assert_uint_eq(t.cpus[2], 3); /* the third column is CPU 3 */
	ck_assert_uint_eq(t.n_lines, 4);
	ck_assert_uint_eq(t.lines[1].irq, 30);
	ck_assert_str_eq(t.lines[1].name, "nvme0q1");
	ck_assert_uint_eq(t.lines[2].counts[2], 200);
	ck_assert_str_eq(t.lines[3].name, "irq 32");
	irq_table_done(&t);
	ck_assert_uint_eq(irq_msix_vectors(faked_root, PCI), 4);
}
END_TEST

START_TEST(the_difference_names_queues_and_the_cpus_that_served_them)
{
	struct irq_table before, after;

	give_disk();
	ck_assert_int_eq(read_text(before_text, &before), 0);
	ck_assert_int_eq(read_text(after_text, &after), 0);
	ck_assert_str_eq(delta(&before, &after), "nvme0q1=1:1234\nnvme0q2=0:7 3:55\n");
	ck_assert_str_eq(delta(&after, &after), "");
	irq_table_done(&before);
	irq_table_done(&after);
}
END_TEST

START_TEST(what_was_not_there_before_or_began_anew_counts_from_0)
{
	struct irq_table before, after;

	give_disk();
	/* queue 2 did not exist, CPU 3 was offline, queue 1 was made anew */
	ck_assert_int_eq(
		read_text("           CPU0       CPU1       \n"
			  " 29:         10          0  IR-PCI-MSIX-0000:5e:00.0    0-edge      "
			  "nvme0q0\n"
			  " 30:          0       9999  IR-PCI-MSIX-0000:5e:00.0    1-edge      "
			  "nvme0q1\n",
			  &before),
		0);
	ck_assert_int_eq(read_text(after_text, &after), 0);
	ck_assert_str_eq(delta(&before, &after), "nvme0q1=1:1334\nnvme0q2=0:7 3:255\n");
	irq_table_done(&before);
	irq_table_done(&after);
}
END_TEST

START_TEST(a_name_may_have_blanks_and_two_lines_may_share_one)
{
	static const char text[] =
		"            CPU0       CPU1       \n"
		"  29:          1          0   PCI-MSI 1-edge      PCIe PME, aerdrv\n"
		"  30:          0          2     GICv3  27 Level     arch_timer\n"
		"  31:          0          3   PCI-MSI 2-edge      mlx5_async\n"
		"  32:          4          0   PCI-MSI 3-edge      mlx5_async\n";
	struct irq_table t, none = {0};

	give_disk();
	ck_assert_int_eq(read_text(text, &t), 0);
	ck_assert_str_eq(delta(&none, &t), "PCIe PME, aerdrv=0:1\narch_timer=1:2\n"
					   "mlx5_async=0:4 1:3\n");
	irq_table_done(&t);
}
END_TEST

START_TEST(a_name_is_printable_and_bounded)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct irq_table t;

	give_disk();
	bl_buf_adds(&text, "  CPU0\n29:  1 PCI-MSI 1-edge  \x1b[2J");
	for (int i = 0; i < 300; i++)
		bl_buf_addc(&text, 'x');
	ck_assert_int_eq(read_text(bl_buf_str(&text), &t), 0);
	ck_assert_uint_eq(strlen(t.lines[0].name), IRQ_NAME_MAX - 1);
	ck_assert_int_eq(strncmp(t.lines[0].name, "?[2Jxxx", 7), 0);
	irq_table_done(&t);
}
END_TEST

START_TEST(a_function_without_messages_has_its_one_line)
{
	struct irq_table t;

	faked_put("/sys/bus/pci/devices/" PCI "/irq", "16\n");
	ck_assert_int_eq(read_text("           CPU0       \n"
				   " 16:         42   IO-APIC  16-fasteoi   ahci[0000:5e:00.0]\n",
				   &t),
			 0);
	ck_assert_uint_eq(t.n_lines, 1);
	ck_assert_str_eq(t.lines[0].name, "ahci[0000:5e:00.0]");
	ck_assert_uint_eq(t.lines[0].counts[0], 42);
	irq_table_done(&t);
	ck_assert_uint_eq(irq_msix_vectors(faked_root, PCI), 0);
}
END_TEST

/* 512 CPUs, one queue each: the size of a large server. */
START_TEST(many_cpus_and_queues)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *last = NULL;
	struct irq_table t, none = {0};
	const char *all;

	for (unsigned c = 0; c < 512; c++)
		bl_buf_addf(&text, "       CPU%u", c);
	bl_buf_addc(&text, '\n');
	for (unsigned q = 0; q < 512; q++) {
		give_msix(PCI, 1000 + q);
		bl_buf_addf(&text, "%4u:", 1000 + q);
		for (unsigned c = 0; c < 512; c++)
			bl_buf_addf(&text, " %10u", c == q ? 4000000000u : 0);
		bl_buf_addf(&text, "  PCI-MSI %u-edge      nvme0q%u\n", q, q + 1);
	}
	ck_assert_int_eq(read_text(bl_buf_str(&text), &t), 0);
	ck_assert_uint_eq(t.n_cpus, 512);
	ck_assert_uint_eq(t.n_lines, 512);
	all = delta(&none, &t);
	ck_assert_ptr_nonnull(strstr(all, "nvme0q1=0:4000000000\n"));
	last = bl_strf("\nnvme0q512=511:4000000000\n");
	ck_assert_ptr_nonnull(strstr(all, last));
	irq_table_done(&t);
}
END_TEST

static const struct {
	const char *text;
	int code;
} wrong[] = {
	{"", -EIO},
	{"no CPUs here\n", -EIO},
	{"  CPU0 CPUx\n29: 1 1 PCI-MSI 1-edge a\n", -EIO},
	{"  CPU0 CPU1\n29: 1\n", -EIO},
	{"  CPU0 CPU1\n29: 1 PCI-MSI 1-edge a\n", -EIO},
	{"  CPU0 CPU1\n29: 1 1x PCI-MSI 1-edge a\n", -EIO},
	{"  CPU0\n5: 1 PCI-MSI 1-edge a\n", -ENOENT},
	{"  CPU0\nNMI: 1\n", -ENOENT},
};

START_TEST(wrong_input_is_refused)
{
	struct irq_table t;

	give_disk();
	ck_assert_int_eq(read_text(wrong[_i].text, &t), wrong[_i].code);
}
END_TEST

START_TEST(a_function_that_is_not_there_is_missed)
{
	struct irq_table t;

	ck_assert_int_eq(read_text(before_text, &t), -ENOENT);
	faked_put("/sys/bus/pci/devices/" PCI "/irq", "0\n");
	ck_assert_int_eq(irq_read_pci(faked_root, PCI, &t), -ENOENT);
	ck_assert_uint_eq(irq_msix_vectors(faked_root, "0000:00:00.0"), 0);
	give_disk();
	faked_remove("/proc");
	ck_assert_int_eq(irq_read_pci(faked_root, PCI, &t), -EIO);
}
END_TEST

static const char *pci_of(const char *block)
{
	static char out[32];

	irq_pci_of_block(faked_root, block, out, sizeof out);
	return out;
}

START_TEST(the_function_behind_a_disk_is_the_nearest_one)
{
	static const struct {
		const char *name, *dir; /* below /sys */
	} disks[] = {
		{"nvme0n1", "devices/pci0000:00/0000:00:1c.0/0000:5e:00.0/nvme/nvme0/nvme0n1"},
		{"vda", "devices/pci0000:00/0000:00:03.0/virtio1/block/vda"},
		{"sda", "devices/pci10000:00/10000:00:02.0/ata1/host0/target0:0:0/0:0:0:0/block/"
			"sda"},
		{"loop0", "devices/virtual/block/loop0"},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(disks); i++) {
		BL_CLEANUP(bl_freep) char *size = bl_strf("/sys/%s/size", disks[i].dir);
		BL_CLEANUP(bl_freep) char *class = bl_strf("/sys/class/block/%s", disks[i].name);
		BL_CLEANUP(bl_freep) char *to = bl_strf("../../%s", disks[i].dir);

		faked_put(size, "0\n");
		faked_link(class, to);
	}
	ck_assert_str_eq(pci_of("nvme0n1"), PCI);
	ck_assert_str_eq(pci_of("vda"), "0000:00:03.0");
	ck_assert_str_eq(pci_of("sda"), "10000:00:02.0");
	ck_assert_str_eq(pci_of("loop0"), "");
	ck_assert_str_eq(pci_of("nobody"), "");
}
END_TEST

/* nvme_core.multipath=Y: the disk hangs at a subsystem that no bus knows. */
START_TEST(a_disk_with_several_paths_has_its_first_controllers_function)
{
	faked_put("/sys/devices/pci0000:00/0000:5f:00.0/nvme/nvme10/serial", "S\n");
	faked_put("/sys/devices/pci0000:00/0000:5e:00.0/nvme/nvme9/serial", "S\n");
	faked_link("/sys/class/nvme/nvme9", "../../devices/pci0000:00/0000:5e:00.0/nvme/nvme9");
	faked_link("/sys/devices/pci0000:00/0000:5e:00.0/nvme/nvme9/device", "../..");
	faked_put("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/serial", "S\n");
	faked_put("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme10/x", "");
	faked_put("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme9/x", "");
	faked_link("/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1/device",
		   "../../nvme-subsys0");
	faked_link("/sys/class/block/nvme0n1",
		   "../../devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1");
	ck_assert_str_eq(pci_of("nvme0n1"), PCI);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("interrupts");
	TCase *t = tcase_create("faked tree");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, faked_empty, faked_drop);
	tcase_add_test(t, only_the_functions_own_interrupts_are_read);
	tcase_add_test(t, the_difference_names_queues_and_the_cpus_that_served_them);
	tcase_add_test(t, what_was_not_there_before_or_began_anew_counts_from_0);
	tcase_add_test(t, a_name_may_have_blanks_and_two_lines_may_share_one);
	tcase_add_test(t, a_name_is_printable_and_bounded);
	tcase_add_test(t, a_function_without_messages_has_its_one_line);
	tcase_add_test(t, many_cpus_and_queues);
	tcase_add_loop_test(t, wrong_input_is_refused, 0, (int)BL_ARRAY_LEN(wrong));
	tcase_add_test(t, a_function_that_is_not_there_is_missed);
	tcase_add_test(t, the_function_behind_a_disk_is_the_nearest_one);
	tcase_add_test(t, a_disk_with_several_paths_has_its_first_controllers_function);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
