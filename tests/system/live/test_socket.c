/* A VM that a person started with plain QEMU: looked at through its QMP socket, and left alone. */
#include <check.h>
#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "look.h"
#include "sample_json.h"
#include "suite.h"
#include "units.h"
#include "vm.h"

#define SOON (60 * NS_PER_S)

static struct vm vm;

/* One disk as a person writes it who knows QEMU well, one as in an old script. */
static const char *const devices[] = {
	"-name",     "web1",
	"-qmp",      "unix:%s/qmp.sock,server=on,wait=off",
	"-object",   "iothread,id=io0",
	"-blockdev", "driver=file,node-name=s0,filename=%s/data,cache.direct=on,aio=native",
	"-blockdev", "driver=raw,node-name=f0,file=s0",
	"-device",   "virtio-blk-pci,drive=f0,id=data,iothread=io0,serial=data",
	"-drive",    "if=virtio,file=%s/old,format=raw,throttling.iops-total=900",
	NULL,
};

static void boot(void)
{
	struct image *img =
		vm_image("BLKLAB_TEST_KERNEL", ".cache/packages/cloud/linux-image-*.deb");

	suite_end_with_parent();
	ck_assert_ptr_nonnull(img);
	vm_init(&vm);
	vm_make_disk(&vm, "data", 32 * MiB);
	vm_make_disk(&vm, "old", 32 * MiB);
	vm_start(&vm, img, "", devices);
	vm_connect(&vm);
	json_decref(vm_expect(&vm, "hello", SOON));
	json_decref(vm_ask(&vm,
			   json_pack("{s:s, s:s, s:I}", "type", "describe", "serial", "data",
				     "wait_ns", (json_int_t)SOON),
			   "disk", SOON));
	image_free(img);
}

/* The guest works on its disk while somebody looks. */
static void begin_work(const char *jobs)
{
	vm_send(&vm,
		json_pack("{s:s, s:s, s:s}", "type", "run", "device", "/dev/vda", "jobs", jobs));
	usleep(500000);
}

static double end_work(enum io_dir dir)
{
	json_t *result = vm_expect(&vm, "result", SOON);
	struct sample *s = NULL;
	double iops;

	ck_assert_int_eq(
		sample_from_json(json_array_get(json_object_get(result, "samples"), 0), &s, NULL),
		0);
	iops = (double)s->dir[dir].ios / ((double)s->runtime_ns / 1e9);
	sample_free(s);
	json_decref(result);
	return iops;
}

static char *socket_path(void)
{
	return bl_strf("%s/qmp.sock", vm.dir);
}

START_TEST(a_vm_of_plain_qemu_is_mapped_and_its_rate_agrees_with_the_guests)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = NULL;
	double seen, did;

	boot();
	path = socket_path();
	begin_work(
		"[w]\nrw=randwrite\nbs=4k\ndirect=1\nioengine=io_uring\niodepth=2\nrate_iops=300\n"
		"time_based=1\nruntime=9s\n");
	ck_assert_int_eq(look((const char *[]){path, "--seconds", "5", NULL}, &text), 0);
	did = end_work(IO_WRITE);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "\ndata "));
	seen = look_rate(strstr(bl_buf_str(&text), "\ndata "), "QEMU block layer   write ");
	printf("  the guest did %.0f writes a second, --live saw %.0f\n", did, seen);
	/* The looking is 5 s of the 9 s: on a busy host these are not the same in all of them. */
	ck_assert_msg(fabs(seen / did - 1) < .15, "saw %.0f, did %.0f", seen, did);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "web1"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "virtio-blk, io0"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "cache none, aio native"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "limited to 900 iops"));
	ck_assert_int_eq(waitpid(vm.pid, NULL, WNOHANG), 0); /* it still runs */
	vm_done(&vm);
}
END_TEST

START_TEST(json_has_the_path_and_only_the_disk_that_was_asked_for)
{
	BL_CLEANUP(bl_freep) char *path = NULL;
	const char *disk = "data";
	json_t *doc, *trials;

	boot();
	path = socket_path();
	doc = look_json((const char *[]){path, "--seconds", "1", "--json", "--disk", disk, NULL});
	trials = json_object_get(doc, "trials");
	ck_assert_uint_eq(json_array_size(trials), 1);
	ck_assert_str_eq(json_string_value(json_object_get(json_array_get(trials, 0), "cell")),
			 disk);
	json_decref(doc);
	vm_done(&vm);
}
END_TEST

START_TEST(a_vm_that_ends_meanwhile_is_told_with_what_was_seen)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = NULL;

	boot();
	path = socket_path();
	if (fork() == 0) {
		usleep(2500000);
		kill(vm.pid, SIGKILL);
		_exit(0);
	}
	ck_assert_int_eq(look((const char *[]){path, "--seconds", "20", NULL}, &text), 0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "The VM ended while it was looked at"));
	vm_done(&vm);
}
END_TEST

/* By a program of its own, as look() waits for the end. */
START_TEST(ctrl_c_ends_the_looking_at_once)
{
	BL_CLEANUP(bl_freep) char *path = NULL, *command = NULL;
	uint64_t from;
	int status;

	boot();
	path = socket_path();
	command = bl_strf("timeout --preserve-status -s INT 3 %s diagnose --live %s --seconds 40",
			  BLKLAB, path);
	from = bl_now_ns();
	status = system(command);
	ck_assert_uint_lt(bl_now_ns() - from, 20 * NS_PER_S);
	ck_assert_int_eq(status, 0); /* what there is was shown */
	vm_done(&vm);
}
END_TEST

START_TEST(what_is_no_free_monitor_is_told)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *path = NULL;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	boot();
	path = socket_path();
	snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
	ck_assert_int_eq(connect(fd, (struct sockaddr *)&at, sizeof at), 0);
	ck_assert_int_eq(look((const char *[]){path, NULL}, &text), 3);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "QEMU talks to one program at a time"));
	close(fd);
	ck_assert_int_eq(look((const char *[]){"/tmp/no/such.sock", NULL}, &text), 2);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "-qmp unix:PATH,server=on,wait=off"));
	ck_assert_int_eq(look((const char *[]){path, "--disk", "vdz", NULL}, &text), 2);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "'vdz' is no disk of 'web1'"));
	vm_done(&vm);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live, by a socket");
	TCase *t = tcase_create("socket");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, a_vm_of_plain_qemu_is_mapped_and_its_rate_agrees_with_the_guests);
	tcase_add_test(t, json_has_the_path_and_only_the_disk_that_was_asked_for);
	tcase_add_test(t, a_vm_that_ends_meanwhile_is_told_with_what_was_seen);
	tcase_add_test(t, ctrl_c_ends_the_looking_at_once);
	tcase_add_test(t, what_is_no_free_monitor_is_told);
	suite_add_tcase(s, t);
	return suite_run(s);
}
