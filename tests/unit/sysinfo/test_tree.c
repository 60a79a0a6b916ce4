/* Reads of sysfs and procfs below a root that is a folder. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "cleanup.h"
#include "faked.h"
#include "tree.h"

START_TEST(a_line_comes_without_its_padding)
{
	char line[32] = "before";

	faked_put("/sys/class/nvme/nvme0/model", "ACME 1000   \nsecond\n");
	ck_assert_int_eq(
		tree_line(faked_root, line, sizeof line, "/sys/class/nvme/%s/model", "nvme0"), 0);
	ck_assert_str_eq(line, "ACME 1000");
	ck_assert_int_eq(tree_line(faked_root, line, sizeof line, "/sys/none"), -ENOENT);
	ck_assert_str_eq(line, "");
}
END_TEST

START_TEST(a_link_is_told_by_the_last_part_of_its_target)
{
	char out[16] = "before";

	faked_link("/sys/x/driver", "../../bus/pci/drivers/vfio-pci"); /* leads nowhere */
	faked_link("/sys/x/plain", "alone");
	faked_put("/sys/x/file", "");
	ck_assert_int_eq(tree_link(faked_root, out, sizeof out, "/sys/%c/driver", 'x'), 0);
	ck_assert_str_eq(out, "vfio-pci");
	ck_assert_int_eq(tree_link(faked_root, out, sizeof out, "/sys/x/plain"), 0);
	ck_assert_str_eq(out, "alone");
	ck_assert_int_eq(tree_link(faked_root, out, 5, "/sys/x/plain"), -ENAMETOOLONG);
	ck_assert_str_eq(out, "");
	ck_assert_int_eq(tree_link(faked_root, out, sizeof out, "/sys/x/file"), -EINVAL);
	ck_assert_int_eq(tree_link(faked_root, out, sizeof out, "/sys/x/none"), -ENOENT);
	ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(a_device_hangs_at_the_function_nearest_to_it)
{
	char pci[BL_PCI_TEXT_MAX] = "before";

	faked_put("/sys/devices/pci0000:00/0000:00:01.0/0000:5e:00.0/nvme/nvme0/serial", "S\n");
	faked_link("/sys/class/nvme/nvme0",
		   "../../devices/pci0000:00/0000:00:01.0/0000:5e:00.0/nvme/nvme0");
	faked_put("/sys/devices/virtual/block/loop0/5e:00.0/size", "1\n"); /* no name of sysfs */
	ck_assert_int_eq(tree_pci(faked_root, pci, "/sys/class/nvme/%s", "nvme0"), 0);
	ck_assert_str_eq(pci, "0000:5e:00.0");
	ck_assert_int_eq(tree_pci(faked_root, pci, "/sys/devices/virtual/block/loop0/5e:00.0"),
			 -ENOENT);
	ck_assert_str_eq(pci, "");
	ck_assert_int_eq(tree_pci(faked_root, pci, "/sys/class/nvme/nvme1"), -ENOENT);
}
END_TEST

static void add_name(void *ctx, const char *name)
{
	bl_buf_addf(ctx, "%s ", name);
}

START_TEST(names_come_in_order)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf names = BL_BUF_INIT;

	faked_put("/sys/x/b", "");
	faked_put("/sys/x/.a", "");
	faked_put("/sys/x/a", "");
	ck_assert_int_eq(tree_names(faked_root, "/sys/x", add_name, &names), 3);
	ck_assert_str_eq(bl_buf_str(&names), ".a a b ");
	ck_assert_int_eq(tree_names(faked_root, "/sys/x", NULL, NULL), 3);
	ck_assert_int_eq(tree_names(faked_root, "/sys/none", NULL, NULL), -ENOENT);
}
END_TEST

struct seen {
	struct bl_buf text;
	long last; /* to look at */
};

static bool note_file(void *ctx, long pid, const char *link, const char *target)
{
	struct seen *s = ctx;

	bl_buf_addf(&s->text, "%ld %s %s\n", pid, link + strlen(faked_root), target);
	return pid != s->last;
}

START_TEST(open_files_are_told_until_nobody_asks)
{
	struct seen s = {.text = BL_BUF_INIT};

	faked_link("/proc/10/fd/0", "/dev/null");
	faked_link("/proc/10/fd/1", "/dev/sda");
	faked_link("/proc/20/fd/0", "/dev/sdb");
	faked_link("/proc/20/fd/1", "/dev/sdc");
	faked_put("/proc/30/comm", "nobody's\n");
	faked_link("/proc/40/fd/0", "/dev/sdb");
	ck_assert_int_eq(tree_open_files(faked_root, note_file, &s), 0);
	ck_assert_str_eq(bl_buf_str(&s.text),
			 "10 /proc/10/fd/0 /dev/null\n10 /proc/10/fd/1 /dev/sda\n"
			 "20 /proc/20/fd/0 /dev/sdb\n20 /proc/20/fd/1 /dev/sdc\n"
			 "40 /proc/40/fd/0 /dev/sdb\n");
	bl_buf_done(&s.text);
	s.last = 20;
	ck_assert_int_eq(tree_open_files(faked_root, note_file, &s), 0);
	ck_assert_str_eq(bl_buf_str(&s.text),
			 "10 /proc/10/fd/0 /dev/null\n10 /proc/10/fd/1 /dev/sda\n"
			 "20 /proc/20/fd/0 /dev/sdb\n");
	bl_buf_done(&s.text);
}
END_TEST

/* Neither a folder nor a link: what the kernel keeps from a user can't be faked for root. */
START_TEST(processes_that_keep_their_files_from_this_user_are_counted)
{
	struct seen s = {.text = BL_BUF_INIT};

	faked_link("/proc/10/fd/0", "/dev/null");
	faked_put("/proc/20/fd", "");
	faked_link("/proc/30/fd/0", "/dev/sda");
	faked_put("/proc/30/fd/1", "");
	faked_put("/proc/30/fd/2", "");
	faked_put("/proc/40/comm", "gone\n");
	ck_assert_int_eq(tree_open_files(faked_root, note_file, &s), 2);
	ck_assert_str_eq(bl_buf_str(&s.text),
			 "10 /proc/10/fd/0 /dev/null\n30 /proc/30/fd/0 /dev/sda\n");
	bl_buf_done(&s.text);
	faked_remove("/proc");
	ck_assert_int_eq(tree_open_files(faked_root, note_file, &s), -ENOENT);
}
END_TEST

/* From the inside, as no path reaches it. */
static void drop_deep(const char *name)
{
	int at[26] = {open(faked_root, O_RDONLY | O_DIRECTORY)};

	for (int i = 0; i < 25; i++)
		at[i + 1] = openat(at[i], name, O_RDONLY | O_DIRECTORY);
	for (int i = 25; i > 0; i--) {
		close(at[i]);
		ck_assert_int_eq(unlinkat(at[i - 1], name, AT_REMOVEDIR), 0);
	}
	close(at[0]);
}

static bool count_deep(void *ctx, long pid, const char *link, const char *target)
{
	(void)link;
	*(unsigned *)ctx += pid == getpid() && !target[0];
	return true;
}

/* A path longer than a page has no text, and hides nothing. */
START_TEST(an_open_file_with_too_long_a_path_is_told)
{
	char name[201] = "";
	unsigned n_deep = 0;
	int at = open(faked_root, O_RDONLY | O_DIRECTORY), below;

	ck_assert_int_ge(tree_open_files("", count_deep, &n_deep), 0);
	ck_assert_uint_eq(n_deep, 0);
	memset(name, 'x', sizeof name - 1);
	for (int i = 0; i < 25; i++) {
		ck_assert_int_eq(mkdirat(at, name, 0700), 0);
		below = openat(at, name, O_RDONLY | O_DIRECTORY);
		close(at);
		at = below;
	}
	ck_assert_int_ge(tree_open_files("", count_deep, &n_deep), 0);
	ck_assert_uint_eq(n_deep, 1);
	close(at);
	drop_deep(name);
}
END_TEST

START_TEST(without_a_root_it_is_this_host)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	uint64_t n = 0;

	ck_assert(tree_exists(NULL, "/proc/self/status"));
	ck_assert(!tree_exists(faked_root, "/proc/self/status"));
	ck_assert_int_eq(tree_file("", &text, "/proc/%s/status", "self"), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "Name:"));
	ck_assert_int_eq(tree_u64(NULL, &n, "/proc/sys/kernel/pid_max"), 0);
	ck_assert_uint_gt(n, 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("tree");
	TCase *t = tcase_create("tree");
	SRunner *r;
	int failed;

	tcase_add_checked_fixture(t, faked_make, faked_drop);
	tcase_add_test(t, a_line_comes_without_its_padding);
	tcase_add_test(t, a_link_is_told_by_the_last_part_of_its_target);
	tcase_add_test(t, a_device_hangs_at_the_function_nearest_to_it);
	tcase_add_test(t, names_come_in_order);
	tcase_add_test(t, open_files_are_told_until_nobody_asks);
	tcase_add_test(t, processes_that_keep_their_files_from_this_user_are_counted);
	tcase_add_test(t, an_open_file_with_too_long_a_path_is_told);
	tcase_add_test(t, without_a_root_it_is_this_host);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
