/* test_ends.c - guests that end badly leave their reason on the console. */
#include <check.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "units.h"
#include "suite.h"
#include "vm.h"

#define BOOT_LIMIT (60 * NS_PER_S)
#define SOON       (10 * NS_PER_S)

static struct image *img;
static struct vm vm;

static void set_up(void)
{
	img = vm_image("BLKLAB_TEST_KERNEL", ".cache/packages/cloud/linux-image-*.deb");
	ck_assert_msg(img, "no kernel: run 'make guests', or set BLKLAB_TEST_KERNEL");
	vm_init(&vm);
}

static void tear_down(void)
{
	vm_done(&vm);
	image_free(img);
}

START_TEST(a_kernel_panic_ends_the_vm_and_is_on_the_console)
{
	vm_start(&vm, img, "blklab.test=panic", NULL);
	vm_connect(&vm);
	json_decref(vm_expect(&vm, "hello", BOOT_LIMIT));
	ck_assert_ptr_null(vm_receive(&vm, SOON));
	ck_assert_int_eq(vm_wait_exit(&vm, SOON), 0);
	ck_assert(vm_console_has(&vm, "Kernel panic - not syncing: sysrq triggered crash", 0));
}
END_TEST

START_TEST(a_crash_of_the_agent_is_a_line_and_then_a_panic)
{
	vm_start(&vm, img, "blklab.test=crash", NULL);
	vm_connect(&vm);
	json_decref(vm_expect(&vm, "hello", BOOT_LIMIT));
	ck_assert_int_eq(vm_wait_exit(&vm, SOON), 0);
	ck_assert(vm_console_has(&vm, "blklab-agent: fatal: segmentation fault", 0));
	ck_assert(vm_console_has(&vm, "Attempted to kill init!", 0));
}
END_TEST

START_TEST(a_mute_agent_boots_and_never_says_hello)
{
	vm_start(&vm, img, "blklab.test=mute", NULL);
	vm_connect(&vm);
	ck_assert(vm_console_has(&vm, "modules loaded", BOOT_LIMIT));
	ck_assert_ptr_null(vm_receive(&vm, 3 * NS_PER_S));
	ck_assert_int_eq(vm_wait_exit(&vm, 0), -1);
}
END_TEST

START_TEST(a_power_cut_in_a_job_ends_the_vm_without_a_result)
{
	static const char *const devices[] = {"-drive", "if=none,id=dut,format=raw,file=%s/disk",
					      "-device", "virtio-blk-pci,drive=dut,serial=dut",
					      NULL};
	json_t *disk;
	uint64_t start;

	vm_make_disk(&vm, "disk", 16 * MiB);
	vm_start(&vm, img, "blklab.test=die-in-job", devices);
	vm_connect(&vm);
	json_decref(vm_expect(&vm, "hello", BOOT_LIMIT));
	disk = vm_ask(&vm,
		      json_pack("{s:s, s:s, s:I}", "type", "describe", "serial", "dut", "wait_ns",
				(json_int_t)SOON),
		      "disk", SOON);
	start = bl_now_ns();
	vm_send(&vm, json_pack("{s:s, s:s, s:s}", "type", "run", "device",
			       json_string_value(json_object_get(disk, "device")), "jobs",
			       "[w]\nrw=randwrite\nruntime=30\ntime_based=1\n"));
	ck_assert_ptr_null(vm_receive(&vm, SOON));
	ck_assert_int_eq(vm_wait_exit(&vm, SOON), 0);
	ck_assert_uint_ge(bl_now_ns() - start, 500 * NS_PER_MS);
	ck_assert(!vm_console_has(&vm, "panic", 0));
	ck_assert(!vm_console_has(&vm, "Power down", 0));
	json_decref(disk);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent: ends");
	TCase *t = tcase_create("bad ends");

	tcase_add_checked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 90);
	tcase_add_test(t, a_kernel_panic_ends_the_vm_and_is_on_the_console);
	tcase_add_test(t, a_crash_of_the_agent_is_a_line_and_then_a_panic);
	tcase_add_test(t, a_mute_agent_boots_and_never_says_hello);
	tcase_add_test(t, a_power_cut_in_a_job_ends_the_vm_without_a_result);
	suite_add_tcase(s, t);
	return suite_run(s);
}
