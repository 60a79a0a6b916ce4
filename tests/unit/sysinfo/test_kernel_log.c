/* What the kernel says about a disk, from a file and from a pipe. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "buf.h"
#include "cleanup.h"
#include "fresh_dir.h"
#include "fs.h"
#include "kernel_log.h"

static char dir[64], path[96];
static struct kernel_log *l;
static struct bl_buf heard;

static const char *const names[] = {"nvme0", "nvme0n1", "0000:5e:00.0"};

static void set_up(void)
{
	fresh_dir(dir);
	snprintf(path, sizeof path, "%s/kmsg", dir);
	heard = (struct bl_buf)BL_BUF_INIT;
}

static void tear_down(void)
{
	l = kernel_log_close(l);
	bl_buf_done(&heard);
	ck_assert_int_eq(bl_remove_tree(dir, NULL), 0);
}

static void hear(void *ctx, const char *line)
{
	(void)ctx;
	bl_buf_addf(&heard, "%s\n", line);
}

/* The trouble since the last time, one line each. */
static const char *trouble(void)
{
	size_t n_lines = 0, n;

	bl_buf_done(&heard);
	heard = (struct bl_buf)BL_BUF_INIT;
	n = kernel_log_trouble(l, names, BL_ARRAY_LEN(names), hear, NULL);
	for (const char *s = bl_buf_str(&heard); (s = strchr(s, '\n')); s++)
		n_lines++;
	ck_assert_uint_eq(n, n_lines);
	return bl_buf_str(&heard);
}

static void append(const char *text)
{
	BL_CLEANUP(bl_closep) int fd = open(path, O_WRONLY | O_APPEND | O_CREAT, 0600);

	ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
}

static void begin(const char *text, bool from_boot)
{
	append(text);
	l = kernel_log_open(path, from_boot);
	ck_assert_ptr_nonnull(l);
}

static const char boot[] = "6,339,5140900,-;nvme nvme0: pci function 0000:5e:00.0\n"
			   " SUBSYSTEM=nvme\n DEVICE=c242:0\n"
			   "6,340,5150900,-;nvme nvme0: 2/0/0 default/read/poll queues\n"
			   "6,341,5160900,-;nvme0n1: p1 p2\n"
			   "4,342,5170900,-;nvme nvme1: I/O 12 QID 1 timeout, aborting\n";

START_TEST(how_a_controller_begins_is_no_trouble)
{
	begin(boot, true);
	ck_assert_str_eq(trouble(), "");
}
END_TEST

static const struct {
	const char *text;
	bool is_trouble;
} lines[] = {
	{"nvme nvme0: I/O 12 QID 1 timeout, aborting", true},
	{"nvme nvme0: I/O 12 QID 1 timeout, reset controller", true},
	{"nvme nvme0: Abort status: 0x0", true},
	{"nvme nvme0: controller is down; will reset: CSTS=0xffffffff, PCI_STATUS=0x10", true},
	{"nvme nvme0: Removing after probe failure status: -19", true},
	{"nvme nvme0: Device not ready; aborting reset, CSTS=0x1", true},
	{"nvme 0000:5e:00.0: PCIe Bus Error: severity=Corrected, type=Physical Layer", true},
	{"nvme 0000:5e:00.0: enabling device (0000 -> 0002)", false},
	{"pci 0000:5e:00.0: [144d:a808] type 00 class 0x010802", false},
	{"pcieport 0000:00:1c.0: 0000:5e:00.0: link down", true},
	{"blk_update_request: I/O error, dev nvme0n1, sector 2048 op 0x0:(READ)", true},
	{"critical medium error, dev nvme0n1, sector 2048 op 0x0:(READ)", true},
	{"Buffer I/O error on dev nvme0n10, logical block 0", false},     /* another one */
	{"blk_update_request: I/O error, dev xnvme0n1, sector 1", false}, /* as well */
	{"nvme0c1n1: I/O Cmd(0x2) @ LBA 4096, 8 blocks, I/O Error (sct 0x2 / sc 0x81)", true},
	{"nvme0c12n1: I/O Error", true},
	{"nvme0c1n12: I/O Error", false},
	{"nvme0cn1: I/O Error", false},
	{"nvme1c0n1: I/O Error", false},
	{"xnvme0c1n1: I/O Error", false},
	{"nvme nvme0: Identify Descriptors failed (nsid=1, status=0xb)", true},
	{"nvme nvme0: missing or invalid SUBNQN field.", false},
	{"EXT4-fs (nvme0n1): mounted filesystem with ordered data mode", false},
	{"nvme nvme0: using default host identifier", false},
	{"sd 0:0:0:0: [nvme0n1] Attached SCSI removable disk", false},
	{"nvme nvme0: removed from subsystem", true},
	{"vfio-pci 0000:5e:00.0: resetting", false},
	{"vfio-pci 0000:5e:00.0: reset done", false},
	{"vfio-pci 0000:5e:00.0: Unable to change power state from D3cold to D0", true},
	{"sd 0:0:0:0: [sda] tag#0 timing out command", false},
};

START_TEST(a_line_is_trouble_when_it_names_the_disk_and_what_went_wrong)
{
	BL_CLEANUP(bl_freep) char *line = bl_strf("4,400,6000000,-;%s\n", lines[_i].text);
	BL_CLEANUP(bl_freep)
	char *want = bl_strf("%s%s", lines[_i].is_trouble ? lines[_i].text : "",
			     lines[_i].is_trouble ? "\n" : "");

	begin(line, true);
	ck_assert_str_eq(trouble(), want);
}
END_TEST

START_TEST(a_controller_that_is_set_up_anew_is_trouble)
{
	static const char again[] = "6,500,9000000,-;nvme nvme0: 1/0/0 default/read/poll queues\n";

	begin(boot, true);
	ck_assert_str_eq(trouble(), "");
	append(again);
	ck_assert_str_eq(trouble(), "nvme nvme0: 1/0/0 default/read/poll queues\n");
}
END_TEST

START_TEST(in_a_log_that_is_opened_later_every_set_up_is_one_anew)
{
	begin(boot, false);
	append("6,500,9000000,-;nvme nvme0: 2/0/0 default/read/poll queues\n");
	ck_assert_str_eq(trouble(), "nvme nvme0: 2/0/0 default/read/poll queues\n");
}
END_TEST

START_TEST(each_line_is_told_once_and_what_was_before_the_open_never)
{
	begin("4,1,1,-;nvme nvme0: I/O 1 QID 1 timeout, aborting\n", false);
	ck_assert_str_eq(trouble(), "");
	append("4,2,2,-;nvme nvme0: I/O 2 QID 1 timeout, aborting \n");
	ck_assert_str_eq(trouble(), "nvme nvme0: I/O 2 QID 1 timeout, aborting\n");
	ck_assert_str_eq(trouble(), "");
}
END_TEST

START_TEST(only_the_kernel_is_believed_and_only_whole_lines)
{
	begin("12,1,1,-;nvme nvme0: reset, says a program\n" /* facility 1: user */
	      "no prefix: nvme0 timeout\n"
	      "4,1,1 nvme nvme0: no semicolon, timeout\n"
	      " nvme0 timeout=1\n"
	      "4,2,2,-,caller=T1;nvme nvme0: time",
	      true);
	ck_assert_str_eq(trouble(), "");
	append("out\n");
	ck_assert_str_eq(trouble(), "nvme nvme0: timeout\n");
}
END_TEST

START_TEST(text_is_printable_and_bounded)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	bl_buf_adds(&text, "4,1,1,-;nvme nvme0: error \x1b[2J\xc2\x9b ");
	for (int i = 0; i < 20000; i++)
		bl_buf_addc(&text, 'x');
	bl_buf_adds(&text, "\n4,2,2,-;nvme nvme0: timeout\n");
	begin(bl_buf_str(&text), true);
	ck_assert_int_eq(strncmp(trouble(), "nvme nvme0: error ?[2J?? xxx", 28), 0);
	ck_assert_uint_eq(strchr(bl_buf_str(&heard), '\n') - bl_buf_str(&heard),
			  KERNEL_LOG_LINE_MAX - 1);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&heard), "\nnvme nvme0: timeout\n"));
}
END_TEST

START_TEST(a_pipe_gives_what_comes_when_it_comes)
{
	int fd;

	ck_assert_int_eq(mkfifo(path, 0600), 0);
	l = kernel_log_open(path, false);
	ck_assert_ptr_nonnull(l);
	ck_assert_str_eq(trouble(), ""); /* does not wait */
	fd = open(path, O_WRONLY);
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(write(fd, "4,1,1,-;nvme0n1: I/O er", 23), 23);
	ck_assert_str_eq(trouble(), "");
	ck_assert_int_eq(write(fd, "ror\n", 4), 4);
	ck_assert_str_eq(trouble(), "nvme0n1: I/O error\n");
	close(fd);
	ck_assert_str_eq(trouble(), "");
}
END_TEST

START_TEST(a_log_that_can_not_be_read_is_none)
{
	ck_assert_ptr_null(kernel_log_open(path, true));
	ck_assert_int_eq(errno, ENOENT);
	ck_assert_ptr_null(kernel_log_close(NULL));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("kernel log");
	TCase *t = tcase_create("files and pipes");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_add_test(t, how_a_controller_begins_is_no_trouble);
	tcase_add_loop_test(t, a_line_is_trouble_when_it_names_the_disk_and_what_went_wrong, 0,
			    (int)BL_ARRAY_LEN(lines));
	tcase_add_test(t, a_controller_that_is_set_up_anew_is_trouble);
	tcase_add_test(t, in_a_log_that_is_opened_later_every_set_up_is_one_anew);
	tcase_add_test(t, each_line_is_told_once_and_what_was_before_the_open_never);
	tcase_add_test(t, only_the_kernel_is_believed_and_only_whole_lines);
	tcase_add_test(t, text_is_printable_and_bounded);
	tcase_add_test(t, a_pipe_gives_what_comes_when_it_comes);
	tcase_add_test(t, a_log_that_can_not_be_read_is_none);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
