/* test_device.c - what the agent tells of a disk beside its data: the controller's health,
 * interrupts, events, and that nothing is written behind a limit. One VM, in the order below. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "fs.h"
#include "suite.h"
#include "units.h"
#include "vm.h"

#define BOOT_LIMIT (60 * NS_PER_S)
#define SOON       (20 * NS_PER_S)

static struct vm vm;
static struct image *img;
static char device[64];

static void set_up(void)
{
	static const char *const devices[] = {
		"-drive", "if=none,id=v,format=raw,file=%s/v", "-device",
		"virtio-blk-pci,drive=v,serial=on-virtio", "-drive",
		"if=none,id=a,format=raw,file=%s/a", "-drive",
		"if=none,id=b,format=raw,file.driver=blkdebug,file.image.driver=file,"
		"file.image.filename=%s/b,file.inject-error.0.event=read_aio,"
		"file.inject-error.0.errno=5,file.inject-error.0.iotype=read,"
		"file.inject-error.0.sector=4096",
		"-device", "nvme,id=ctrl,serial=on-nvme",
		/* the second is made first: who is first must not depend on it */
		"-device", "nvme-ns,drive=b,bus=ctrl,nsid=2", "-device",
		"nvme-ns,drive=a,bus=ctrl,nsid=1", NULL};

	img = vm_image("BLKLAB_TEST_KERNEL", ".cache/packages/cloud/linux-image-*.deb");
	ck_assert_msg(img, "no kernel: run 'make guests', or set BLKLAB_TEST_KERNEL");
	vm_init(&vm);
	vm_make_disk(&vm, "v", 8 * MiB);
	vm_make_disk(&vm, "a", 8 * MiB);
	vm_make_disk(&vm, "b", 12 * MiB);
	vm_start(&vm, img, "", devices);
	vm_connect(&vm);
	json_decref(vm_expect(&vm, "hello", BOOT_LIMIT));
}

static void tear_down(void)
{
	vm_done(&vm);
	image_free(img);
}

static const char *text(const json_t *object, const char *member)
{
	const char *s = json_string_value(json_object_get(object, member));

	return s ? s : "(absent)";
}

static void print(const json_t *msg)
{
	BL_CLEANUP(bl_freep) char *s = json_dumps(msg, JSON_COMPACT);

	printf("%.1500s\n", s);
}

static json_t *describe(const char *serial, int nsid)
{
	json_t *rq = json_pack("{s:s, s:s, s:I}", "type", "describe", "serial", serial, "wait_ns",
			       (json_int_t)SOON);
	json_t *disk;

	if (nsid)
		json_object_set_new(rq, "namespace", json_integer(nsid));
	disk = vm_ask(&vm, rq, "disk", SOON);
	snprintf(device, sizeof device, "%s", text(disk, "device"));
	return disk;
}

static json_t *run_request(const char *jobs, uint64_t limit)
{
	json_t *rq = json_pack("{s:s, s:s, s:s}", "type", "run", "device", device, "jobs", jobs);

	if (limit)
		json_object_set_new(rq, "limit_bytes", json_integer((json_int_t)limit));
	return rq;
}

static json_t *health(void)
{
	json_t *h = vm_ask(&vm, json_pack("{s:s}", "type", "health"), "health", SOON);

	print(h);
	return h;
}

static void assert_refused(json_t *request, int code, const char *says)
{
	json_t *e = vm_ask(&vm, request, "error", SOON);

	ck_assert_int_eq(json_integer_value(json_object_get(e, "code")), code);
	ck_assert_msg(strstr(text(e, "text"), says), "'%s' does not say '%s'", text(e, "text"),
		      says);
	printf("%s\n", text(e, "text"));
	json_decref(e);
}

START_TEST(health_needs_a_disk)
{
	assert_refused(json_pack("{s:s}", "type", "health"), EPERM, "describe it first");
}
END_TEST

/* "0:12 1:30" -> 42 */
static unsigned long sum(const char *counts)
{
	unsigned long n = 0;

	for (const char *s = counts; (s = strchr(s, ':')); s++)
		n += strtoul(s + 1, NULL, 10);
	return n;
}

/* How many interrupts the names that have @part in them gave while 200 blocks were read, one at a
 * time. */
static unsigned long interrupts_of_200_reads(const char *part)
{
	json_t *result = vm_ask(&vm,
				run_request("[r]\nrw=randread\nbs=4k\ndirect=1\nsize=1m\n"
					    "norandommap=1\nnumber_ios=200\nio_size=2m\n",
					    0),
				"result", 2 * SOON);
	json_t *interrupts = json_object_get(result, "interrupts"), *counts;
	unsigned long n = 0;
	const char *name;

	print(interrupts);
	json_object_foreach (interrupts, name, counts) {
		if (strstr(name, part))
			n += sum(json_string_value(counts));
	}
	json_decref(result);
	return n;
}

START_TEST(a_virtio_disk_has_no_health_but_interrupts)
{
	json_t *disk = describe("on-virtio", 0), *facts = json_object_get(disk, "facts"), *h;
	unsigned long n;

	print(facts);
	ck_assert_int_eq(strncmp(text(facts, "pci"), "0000:00:", 8), 0);
	ck_assert_str_eq(text(facts, "queues"), "2");
	ck_assert_str_eq(text(facts, "msix_vectors"), "3"); /* and one for its configuration */
	ck_assert_str_eq(text(facts, "firmware"), "(absent)");
	h = health();
	ck_assert_uint_eq(json_object_size(json_object_get(h, "facts")), 0);
	ck_assert(json_is_array(json_object_get(h, "events")));
	ck_assert_uint_eq(json_array_size(json_object_get(h, "events")), 0);
	n = interrupts_of_200_reads("-req.");
	ck_assert_msg(n >= 190 && n <= 260, "%lu interrupts", n);
	json_decref(h);
	json_decref(disk);
}
END_TEST

START_TEST(the_first_namespace_is_found_unless_another_is_asked_for)
{
	json_t *disk = describe("on-nvme", 2);

	ck_assert_int_eq(json_integer_value(json_object_get(disk, "size_bytes")), 12 * MiB);
	json_decref(disk);
	disk = describe("on-nvme", 0);
	ck_assert_int_eq(json_integer_value(json_object_get(disk, "size_bytes")), 8 * MiB);
	json_decref(disk);
	assert_refused(json_pack("{s:s, s:s, s:i, s:i}", "type", "describe", "serial", "on-nvme",
				 "wait_ns", 100000000, "namespace", 3),
		       ENODEV, "no disk with serial 'on-nvme' and namespace 3 appeared");
	assert_refused(json_pack("{s:s, s:s, s:i, s:i}", "type", "describe", "serial", "on-nvme",
				 "wait_ns", 1, "namespace", -1),
		       ERANGE, "namespace: -1");
}
END_TEST

START_TEST(an_nvme_disk_has_a_vector_for_each_queue_and_tells_its_health)
{
	json_t *disk = describe("on-nvme", 1), *facts = json_object_get(disk, "facts"), *h;
	unsigned long n;

	print(facts);
	ck_assert_str_eq(text(facts, "queues"), "2");
	ck_assert_str_eq(text(facts, "msix_vectors"), "3"); /* and one for the admin queue */
	ck_assert_str_ne(text(facts, "firmware"), "(absent)");
	ck_assert_int_eq(strncmp(text(facts, "pci"), "0000:00:", 8), 0);
	h = health();
	facts = json_object_get(h, "facts");
	ck_assert_str_eq(text(facts, "failed"), "(absent)");
	ck_assert_str_eq(text(facts, "serial"), "on-nvme");
	ck_assert_str_eq(text(facts, "model"), "QEMU NVMe Ctrl");
	ck_assert_str_eq(text(facts, "namespace"), "1");
	ck_assert_str_eq(text(facts, "size_bytes"), "8388608");
	ck_assert_str_eq(text(facts, "lba_format"), "512 B + 0 B metadata");
	ck_assert_str_eq(text(facts, "io_queues_max"), "64"); /* QEMU's max_ioqpairs */
	ck_assert_str_eq(text(facts, "volatile_write_cache"), "yes");
	ck_assert_str_eq(text(facts, "smart.critical_warning"), "0x00");
	ck_assert_str_eq(text(facts, "smart.temperature_c"), "50"); /* QEMU: always 323 K */
	ck_assert_str_eq(text(facts, "smart.media_errors"), "0");
	ck_assert_str_ne(text(facts, "smart.data_read_bytes"), "(absent)");
	ck_assert_str_eq(text(facts, "errors.entries"), "0");
	ck_assert_uint_eq(json_array_size(json_object_get(h, "events")), 0);
	json_decref(h);
	n = interrupts_of_200_reads("nvme0q");
	ck_assert_msg(n >= 190 && n <= 260, "%lu interrupts", n);
	h = health();
	facts = json_object_get(h, "facts");
	ck_assert_int_ge(atol(text(facts, "smart.read_commands")), 200);
	json_decref(h);
	json_decref(disk);
}
END_TEST

START_TEST(an_error_of_the_disk_is_an_event_once)
{
	json_t *disk = describe("on-nvme", 2), *result, *h, *events;

	json_decref(health()); /* whatever the kernel read when it looked for partitions */
	result = vm_ask(&vm,
			run_request("[bad]\nrw=read\nbs=4k\ndirect=1\noffset=2m\nsize=64k\n", 0),
			"result", SOON);
	ck_assert_int_eq(json_integer_value(json_object_get(
				 json_array_get(json_object_get(result, "samples"), 0), "error")),
			 ENODATA); /* the kernel's word for an unrecovered read */
	json_decref(result);
	h = health();
	events = json_object_get(h, "events");
	ck_assert_uint_ge(json_array_size(events), 1);
	ck_assert_ptr_nonnull(strstr(json_string_value(json_array_get(events, 0)), "nvme0n2"));
	json_decref(h);
	h = health();
	ck_assert_uint_eq(json_array_size(json_object_get(h, "events")), 0);
	json_decref(h);
	json_decref(disk);
}
END_TEST

static size_t n_written_behind(const char *name, uint64_t from)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", vm.dir, name);
	BL_CLEANUP(bl_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	char block[4096], zero[4096] = {0};
	size_t n = 0;

	for (; pread(fd, block, sizeof block, (off_t)from) == sizeof block; from += sizeof block)
		n += memcmp(block, zero, sizeof block) != 0;
	return n;
}

START_TEST(nothing_is_written_behind_the_limit)
{
	json_t *disk = describe("on-nvme", 1), *done;

	done = vm_ask(&vm,
		      json_pack("{s:s, s:s, s:I, s:i, s:I}", "type", "precondition", "device",
				device, "size_bytes", (json_int_t)(7 * MiB), "seed", 1,
				"limit_bytes", (json_int_t)(7 * MiB)),
		      "preconditioned", SOON);
	json_decref(done);
	done = vm_ask(&vm, run_request("[w]\nrw=randwrite\nbs=4k\ndirect=1\n", 7 * MiB), "result",
		      2 * SOON);
	json_decref(done);
	ck_assert_uint_eq(n_written_behind("a", 0), 7 * MiB / 4096);
	ck_assert_uint_eq(n_written_behind("a", 7 * MiB), 0);
	assert_refused(run_request("[w]\nrw=write\nbs=4k\noffset=6m\nsize=2m\n", 7 * MiB), ERANGE,
		       "offset 6291456 and size 2097152 end behind byte 7340032");
	assert_refused(json_pack("{s:s, s:s, s:I, s:i, s:I}", "type", "precondition", "device",
				 device, "size_bytes", (json_int_t)(8 * MiB), "seed", 1,
				 "limit_bytes", (json_int_t)(7 * MiB)),
		       ERANGE, "size_bytes: 8388608 is behind limit_bytes, 7340032");
	ck_assert_uint_eq(n_written_behind("a", 7 * MiB), 0);
	json_decref(disk);
}
END_TEST

START_TEST(poweroff_ends_the_vm)
{
	json_decref(vm_ask(&vm, json_pack("{s:s}", "type", "poweroff"), "done", SOON));
	ck_assert_int_eq(vm_wait_exit(&vm, SOON), 0);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("agent: device");
	TCase *t = tcase_create("one VM");

	tcase_add_unchecked_fixture(t, set_up, tear_down);
	tcase_set_timeout(t, 90);
	tcase_add_test(t, health_needs_a_disk);
	tcase_add_test(t, a_virtio_disk_has_no_health_but_interrupts);
	tcase_add_test(t, the_first_namespace_is_found_unless_another_is_asked_for);
	tcase_add_test(t, an_nvme_disk_has_a_vector_for_each_queue_and_tells_its_health);
	tcase_add_test(t, an_error_of_the_disk_is_an_event_once);
	tcase_add_test(t, nothing_is_written_behind_the_limit);
	tcase_add_test(t, poweroff_ends_the_vm);
	suite_add_tcase(s, t);
	setenv("CK_FORK", "no", 1); /* the cases share one VM */
	return suite_run(s);
}
