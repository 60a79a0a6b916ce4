/* test_disks.c - every controller: the disk is found by its serial, and its driver is named. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "units.h"
#include "suite.h"
#include "vm.h"

#define BOOT_LIMIT (60 * NS_PER_S)
#define SOON       (10 * NS_PER_S)

struct wanted {
	const char *module;
	const char *serial, *device, *driver;
	const char *present; /* a fact that this kind of disk has */
};

static const struct wanted all[] = {
	{"virtio_blk", "on-virtio-blk", "/dev/vd", "virtio_blk", "queues"},
	{"virtio_scsi", "on-virtio-scsi", "/dev/sd", "virtio_scsi", "queue_depth"},
	{"nvme", "on-nvme", "/dev/nvme", "nvme", "model"},
	{"ahci", "on-sata", "/dev/sd", "ahci", "model"},
};

static const char *const devices[] = {
	"-drive",  "if=none,id=d0,format=raw,file=%s/d0",
	"-device", "virtio-blk-pci,drive=d0,serial=on-virtio-blk",
	"-drive",  "if=none,id=d1,format=raw,file=%s/d1",
	"-device", "virtio-scsi-pci,id=scsi",
	"-device", "scsi-hd,bus=scsi.0,drive=d1,serial=on-virtio-scsi",
	"-drive",  "if=none,id=d2,format=raw,file=%s/d2",
	"-device", "nvme,drive=d2,serial=on-nvme",
	"-drive",  "if=none,id=d3,format=raw,file=%s/d3",
	"-device", "ide-hd,bus=ide.0,drive=d3,serial=on-sata",
	NULL};

/* Whatever the controller: what it does is seen in its interrupts. */
static void run_and_count(struct vm *vm, const char *device, const struct wanted *w)
{
	json_t *result = vm_ask(vm,
				json_pack("{s:s, s:s, s:s}", "type", "run", "device", device,
					  "jobs", "[r]\nrw=read\nbs=4k\ndirect=1\nsize=256k\n"),
				"result", SOON);
	json_t *interrupts = json_object_get(result, "interrupts");
	BL_CLEANUP(bl_freep) char *text = json_dumps(interrupts, JSON_COMPACT);

	printf("%s\n", text);
	ck_assert_msg(json_object_size(interrupts) >= 1, "%s: no interrupts", w->serial);
	json_decref(result);
}

static void describe_and_write(struct vm *vm, const struct wanted *w)
{
	BL_CLEANUP(bl_freep) char *text = NULL;
	const char *device;
	json_t *disk = vm_ask(vm,
			      json_pack("{s:s, s:s, s:I}", "type", "describe", "serial", w->serial,
					"wait_ns", (json_int_t)SOON),
			      "disk", 2 * SOON);
	json_t *facts = json_object_get(disk, "facts"), *done;

	device = json_string_value(json_object_get(disk, "device"));
	text = json_dumps(disk, JSON_COMPACT);
	printf("%s\n", text);
	ck_assert_msg(!strncmp(device, w->device, strlen(w->device)), "%s: %s", w->serial, device);
	ck_assert_str_eq(json_string_value(json_object_get(facts, "driver")), w->driver);
	ck_assert_str_eq(json_string_value(json_object_get(facts, "serial")), w->serial);
	ck_assert_msg(json_object_get(facts, w->present), "no '%s'", w->present);
	ck_assert_msg(json_object_get(facts, "pci"), "%s: no PCI function", w->serial);
	done = vm_ask(vm,
		      json_pack("{s:s, s:s, s:i, s:i}", "type", "precondition", "device", device,
				"size_bytes", 1 << 20, "seed", 7),
		      "preconditioned", SOON);
	ck_assert_int_eq(json_integer_value(json_object_get(done, "bytes")), 1 << 20);
	json_decref(done);
	run_and_count(vm, device, w);
	json_decref(disk);
}

/* @lacks: the one controller that this kernel has no driver for; NULL: it has all. */
static void check_disks(struct image *img, const char *lacks)
{
	struct vm vm;

	ck_assert_msg(img, "no kernel: run 'make guests', or set BLKLAB_TEST_KERNEL and "
			   "BLKLAB_TEST_FULL_KERNEL");
	vm_init(&vm);
	for (int i = 0; i < 4; i++)
		vm_make_disk(&vm, (const char *[]){"d0", "d1", "d2", "d3"}[i], 4 * MiB);
	vm_start(&vm, img, "", devices);
	vm_connect(&vm);
	json_decref(vm_expect(&vm, "hello", BOOT_LIMIT));
	ck_assert_str_eq(img->missing, lacks ? lacks : "");
	for (size_t i = 0; i < BL_ARRAY_LEN(all); i++)
		if (!lacks || strcmp(all[i].module, lacks))
			describe_and_write(&vm, &all[i]);
	json_decref(vm_ask(&vm, json_pack("{s:s}", "type", "poweroff"), "done", SOON));
	ck_assert_int_eq(vm_wait_exit(&vm, SOON), 0);
	vm_done(&vm);
	image_free(img);
}

START_TEST(the_cloud_kernel_drives_all_but_sata)
{
	check_disks(vm_image("BLKLAB_TEST_KERNEL", ".cache/packages/cloud/linux-image-*.deb"),
		    "ahci");
}
END_TEST

START_TEST(the_full_kernel_drives_all)
{
	check_disks(vm_image("BLKLAB_TEST_FULL_KERNEL", ".cache/packages/full/linux-image-*.deb"),
		    NULL);
}
END_TEST

/* Its modules are compressed, and virtio_pci is built in. */
START_TEST(the_next_cloud_kernel_drives_all)
{
	check_disks(
		vm_image("BLKLAB_TEST_NEXT_KERNEL", ".cache/packages/backports/linux-image-*.deb"),
		NULL);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent: disks");
	TCase *t = tcase_create("controllers");

	tcase_set_timeout(t, 120);
	tcase_add_test(t, the_cloud_kernel_drives_all_but_sata);
	tcase_add_test(t, the_full_kernel_drives_all);
	tcase_add_test(t, the_next_cloud_kernel_drives_all);
	suite_add_tcase(s, t);
	return suite_run(s);
}
