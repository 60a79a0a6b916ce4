#include <check.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "effective.h"
#include "faked.h"
#include "fs.h"
#include "hv_log.h"
#include "qemu_process.h"
#include "scripted.h"

/* The healthy answers are those of QEMU 7.2 with a virtio-blk disk on one iothread. */
static const char healthy[] =
	"{" SCRIPTED_VM " 'query-kvm': {'enabled': false, 'present': true},"
	" 'query-iothreads': [{'id': 'iothread1', 'thread-id': 1}],"
	" 'query-block': [{'device': '', 'qdev': '/machine/peripheral/ua-dut/virtio-backend',"
	"   'inserted': {'drv': 'raw', 'file': '/d.img', 'detect_zeroes': 'off',"
	"     'iops': 0, 'bps': 0,"
	"     'image': {'filename': '/d.img', 'format': 'raw'},"
	"     'cache': {'writeback': true, 'direct': true, 'no-flush': false}}}],"
	" 'query-named-block-nodes': ["
	"   {'drv': 'raw', 'file': '/d.img', 'node-name': 'libvirt-1-format',"
	"     'cache': {'writeback': true, 'direct': true, 'no-flush': false}},"
	"   {'drv': 'file', 'file': '/d.img', 'node-name': 'libvirt-1-storage',"
	"     'cache': {'writeback': true, 'direct': true, 'no-flush': false}}],"
	" '/machine/peripheral/ua-dut type': 'virtio-blk-pci',"
	" '/machine/peripheral/ua-dut serial': 'blklab-dut',"
	" '/machine/peripheral/ua-dut num-queues': 2,"
	" '/machine/peripheral/ua-dut iothread': '/objects/iothread1'}";

/* The sentence for @c when @at is answered with @value instead; new, NULL: all match. */
static char *sentence(const struct cell *c, const char *at, const char *value)
{
	struct domain_disk d;
	struct domain_binding b = scripted_binding(&d, c);

	return scripted_sentence(healthy, &b, at, value);
}

START_TEST(a_vm_that_runs_what_was_asked_matches)
{
	struct cell c = scripted_cell();

	ck_assert_ptr_null(sentence(&c, NULL, NULL));
}
END_TEST

#define BLOCK(drv, file, wb, direct, no_flush)                                                     \
	"[{'qdev': '/machine/peripheral/ua-dut/virtio-backend', 'inserted': {'drv': '" drv         \
	"', 'file': '" file                                                                        \
	"', 'detect_zeroes': 'off', 'iops': 0, 'bps': 0, 'cache': {'writeback': " wb               \
	", 'direct': " direct ", 'no-flush': " no_flush "}}}]"

#define THROTTLED(limits)                                                                          \
	"[{'qdev': '/machine/peripheral/ua-dut/virtio-backend', 'inserted': {'drv': 'raw', "       \
	"'file': '/d.img', 'detect_zeroes': 'off', 'cache': {'writeback': true, 'direct': true, "  \
	"'no-flush': false}, " limits "}}]"

static const struct {
	const char *at, *value, *says;
} doctored[] = {
	{"query-version", "{'qemu': {'major': 10, 'minor': 0, 'micro': 2}}",
	 "emulator.version: asked 7.2.22, effective 10.0.2 (qmp query-version)"},
	{"query-kvm", "{'enabled': true, 'present': true}",
	 "accel: asked tcg, effective kvm (qmp query-kvm)"},
	{"/machine type", "'pc-i440fx-7.2-machine'",
	 "machine: asked q35, effective pc-i440fx-7.2 (qom-get /machine type: pc-i440fx-7.2)"},
	{"query-cpus-fast", "[{'cpu-index': 0}]",
	 "vcpus: asked 2, effective 1 (qmp query-cpus-fast)"},
	{"query-memory-size-summary", "{'base-memory': 1048576}",
	 "memory_bytes: asked 268435456, effective 1048576 (qmp query-memory-size-summary)"},
	{DUT " type", "'virtio-blk-pci-transitional'",
	 "device: asked virtio-blk-pci, effective virtio-blk-pci-transitional (qom-get " DUT
	 " type)"},
	{DUT " num-queues", "1", "queues: asked 2, effective 1 (qom-get " DUT " num-queues)"},
	{DUT " iothread", "''",
	 "disk.iothreads: asked 1, effective 0 (qom-get " DUT " iothread: '')"},
	{DUT " iothread-vq-mapping", "[{'iothread': 'a'}, {'iothread': 'b'}, {'iothread': 'a'}]",
	 "disk.iothreads: asked 1, effective 2 (qom-get " DUT " iothread-vq-mapping)"},
	{"query-iothreads", "[]", "iothreads: asked 1, effective 0 (qmp query-iothreads)"},
	{"query-block", BLOCK("raw", "/d.img", "false", "true", "false"),
	 "cache.writeback: asked on, effective off (qmp query-block)"},
	{"query-block", BLOCK("raw", "/d.img", "true", "false", "false"),
	 "cache.direct: asked on, effective off (qmp query-block)"},
	{"query-block", BLOCK("raw", "/d.img", "true", "true", "true"),
	 "cache.no-flush: asked off, effective on (qmp query-block)"},
	{"query-block", BLOCK("qcow2", "/d.img", "true", "true", "false"),
	 "format: asked raw, effective qcow2 (qmp query-block)"},
	{"query-block", BLOCK("raw", "/other.img", "true", "true", "false"),
	 "image.file: asked /d.img, effective /other.img (qmp query-block)"},
	{"query-block", THROTTLED("'iops': 500, 'bps': 0"),
	 "throttle.iops: asked 0, effective 500 (qmp query-block)"},
	{"query-block", THROTTLED("'iops': 0, 'bps': 1024"),
	 "throttle.bytes_s: asked 0, effective 1024 (qmp query-block)"},
	{"query-block", THROTTLED("'iops': 0"),
	 "throttle.bytes_s: asked 0, effective not known (qmp query-block: not in the answer)"},
	{"query-block", "[]",
	 "disk: asked present, effective not known (qmp query-block: no device 'ua-dut')"},
	{"query-named-block-nodes",
	 "[{'drv': 'file', 'file': '/d.img', 'cache': {'direct': false}}]",
	 "storage.cache.direct: asked on, effective off (qmp query-named-block-nodes)"},
	/* An answer that does not come is no proof. */
	{"query-cpus-fast", NULL,
	 "vcpus: asked 2, effective not known (qmp query-cpus-fast: no such thing: "
	 "'query-cpus-fast')"},
	{"query-kvm", "[]",
	 "accel: asked tcg, effective not known (qmp query-kvm: not in the answer)"},
};

START_TEST(a_vm_that_runs_something_else_is_found_out)
{
	struct cell c = scripted_cell();
	BL_CLEANUP(bl_freep)
	char *text = sentence(&c, doctored[_i].at, doctored[_i].value);

	ck_assert_msg(text, "nothing was found with %s = %s", doctored[_i].at, doctored[_i].value);
	ck_assert_str_eq(text, doctored[_i].says);
}
END_TEST

START_TEST(a_limit_that_is_asked_for_must_be_there)
{
	BL_CLEANUP(bl_freep) char *none = NULL, *other = NULL, *right = NULL;
	struct cell c = scripted_cell();

	c.throttle.iops = 500;
	none = sentence(&c, NULL, NULL);
	ck_assert_pstr_eq(none, "throttle.iops: asked 500, effective 0 (qmp query-block)");
	other = sentence(&c, "query-block", THROTTLED("'iops': 50, 'bps': 0"));
	ck_assert_pstr_eq(other, "throttle.iops: asked 500, effective 50 (qmp query-block)");
	right = sentence(&c, "query-block", THROTTLED("'iops': 500, 'bps': 0"));
	ck_assert_pstr_eq(right, NULL);
}
END_TEST

#define SOCKET "nbd+unix://?socket=/s/nbd.sock"

START_TEST(a_server_is_known_by_its_socket)
{
	static const char nodes[] = "[{'drv': 'raw', 'file': '" SOCKET "'}, {'drv': 'nbd', "
				    "'file': '" SOCKET "', 'cache': {'direct': true}}]";
	json_t *answers = scripted_json(healthy);
	struct cell c = scripted_cell();
	struct domain_disk d;
	struct domain_binding b = scripted_binding(&d, &c);
	BL_CLEANUP(bl_freep) char *text = NULL, *right = NULL, *other = NULL, *file = NULL;

	json_object_set_new(answers, "query-block",
			    scripted_json(BLOCK("raw", SOCKET, "true", "true", "false")));
	json_object_set_new(answers, "query-named-block-nodes", scripted_json(nodes));
	text = json_dumps(answers, 0);
	json_decref(answers);
	c.storage = STORAGE_NBD;
	d.nbd_socket = "/s/nbd.sock";
	right = scripted_sentence(text, &b, NULL, NULL);
	ck_assert_pstr_eq(right, NULL);
	d.nbd_socket = "/s/other.sock";
	other = scripted_sentence(text, &b, NULL, NULL);
	ck_assert_pstr_eq(other,
			  "image.file: asked nbd+unix://?socket=/s/other.sock, effective " SOCKET
			  " (qmp query-block); storage.driver: asked nbd, effective not known (qmp "
			  "query-named-block-nodes: no node has the image)");
	c.storage = STORAGE_FILE;
	file = scripted_sentence(text, &b, NULL, NULL);
	ck_assert_ptr_nonnull(strstr(file, "image.file: asked /d.img, effective " SOCKET));
}
END_TEST

#define NBD_ARGS                                                                                   \
	"qemu\0-blockdev\0{\"driver\":\"nbd\",\"server\":{\"type\":\"unix\",\"path\":\"/s/"        \
	"nbd.sock\"},"                                                                             \
	"\"node-name\":\"s\",\"discard\":\"unmap\"}\0-blockdev\0{\"node-name\":\"f\","             \
	"\"discard\":\"ignore\",\"driver\":\"raw\",\"file\":\"s\"}"

START_TEST(a_servers_discard_is_read_from_the_command_line)
{
	struct qemu_process p, other;

	faked_put_bytes("/cmdline", NBD_ARGS, sizeof NBD_ARGS);
	qemu_process_read(faked_root, SOCKET, &p);
	qemu_process_read(faked_root, SOCKET "2", &other);
	ck_assert_pstr_eq(p.discard, "ignore");
	ck_assert_ptr_null(other.discard);
	qemu_process_done(&p);
	qemu_process_done(&other);
}
END_TEST

START_TEST(several_differences_are_one_sentence_of_bounded_length)
{
	struct cell c = scripted_cell();
	BL_CLEANUP(bl_freep) char *text = NULL;

	c.vcpus = 3;
	c.iothreads = 2;
	c.cache = CACHE_UNSAFE;
	text = sentence(&c, NULL, NULL);
	ck_assert_ptr_nonnull(text);
	ck_assert_str_eq(text,
			 "vcpus: asked 3, effective 2 (qmp query-cpus-fast); iothreads: asked 2, "
			 "effective 1 (qmp query-iothreads); disk.iothreads: asked 2, effective 1 "
			 "(qom-get " DUT " iothread: '/objects/iothread1'); and 3 more");
}
END_TEST

START_TEST(the_default_number_of_queues_is_told_but_not_asked_for)
{
	struct cell c = scripted_cell();

	c.queues = 0;
	ck_assert_ptr_null(sentence(&c, DUT " num-queues", "64"));
}
END_TEST

START_TEST(a_monitor_that_is_gone_is_an_error_and_not_a_mismatch)
{
	struct scripted s = {.base.ops = &scripted_ops, .replies = scripted_json("{}")};
	struct cell c = scripted_cell();
	struct domain_disk d;
	struct domain_binding b = scripted_binding(&d, &c);
	struct effectives e = {0};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(effective_host(&s.base, &b, 0, &e, &err), -EIO);
	ck_assert_ptr_nonnull(strstr(err.text, "cannot read back what runs: qmp query-version"));
	effectives_done(&e);
	json_decref(s.replies);
}
END_TEST

/* --- the process --- */

static bool is_there(const char *name)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/%s", faked_root, name);

	return bl_exists(path);
}

static void put_fd(const char *fd, const char *target, const char *flags)
{
	BL_CLEANUP(bl_freep) char *link = bl_strf("/fd/%s", fd);
	BL_CLEANUP(bl_freep) char *info = bl_strf("pos:\t0\nflags:\t%s\nmnt_id:\t27\n", flags);
	BL_CLEANUP(bl_freep) char *name = bl_strf("/fdinfo/%s", fd);

	faked_link(link, target);
	faked_put(name, info);
}

#define QEMU_ARGS                                                                                  \
	"qemu\0-blockdev\0{\"driver\":\"file\",\"filename\":\"/d.img\",\"aio\":\"native\","        \
	"\"node-name\":\"s\",\"discard\":\"unmap\"}\0-blockdev\0{\"node-name\":\"f\","             \
	"\"discard\":\"ignore\",\"driver\":\"raw\",\"file\":\"s\"}\0-blockdev\0driver=x\0-S"

START_TEST(engine_and_flags_are_read_from_the_process)
{
	static const char maps[] = "7f-7e rw-s 00000000 00:13 74571 /[aio] (deleted)\n";
	struct qemu_process p;

	faked_put_bytes("/cmdline", QEMU_ARGS, sizeof QEMU_ARGS);
	faked_put("/maps", maps);
	put_fd("17", "/d.img", "02140002");
	put_fd("18", "/elsewhere", "02000002");
	qemu_process_read(faked_root, "/d.img", &p);
	ck_assert_str_eq(p.aio, "native");
	ck_assert_str_eq(p.discard, "ignore");
	ck_assert(p.has_image && p.is_direct && p.has_native && !p.has_uring);
	qemu_process_done(&p);
}
END_TEST

#define NVME_ARGS                                                                                  \
	"qemu\0-blockdev\0{\"driver\":\"nvme\",\"device\":\"0000:5e:00.0\",\"namespace\":1,"       \
	"\"node-name\":\"s\",\"discard\":\"unmap\"}\0-blockdev\0{\"node-name\":\"f\","             \
	"\"discard\":\"ignore\",\"driver\":\"raw\",\"file\":\"s\"}"

START_TEST(a_namespace_of_qemus_own_driver_is_known_by_its_name)
{
	struct qemu_process p, other;

	faked_put_bytes("/cmdline", NVME_ARGS, sizeof NVME_ARGS);
	qemu_process_read(faked_root, "nvme://0000:5e:00.0/1", &p);
	qemu_process_read(faked_root, "nvme://0000:5e:00.0/2", &other);
	ck_assert_pstr_eq(p.discard, "ignore");
	ck_assert_ptr_null(other.discard);
	qemu_process_done(&p);
	qemu_process_done(&other);
}
END_TEST

START_TEST(one_descriptor_without_o_direct_is_enough_to_say_so)
{
	struct qemu_process p;

	put_fd("3", "/d.img", "02140002");
	put_fd("4", "/d.img", "02100002");
	put_fd("5", "/d.img", "02140002");
	put_fd("6", "anon_inode:[io_uring]", "02000002");
	qemu_process_read(faked_root, "/d.img", &p);
	ck_assert(p.has_image && !p.is_direct && p.has_uring);
	ck_assert(!p.has_maps && !p.aio && !p.discard);
	qemu_process_done(&p);
}
END_TEST

START_TEST(the_emulator_is_known_by_its_file_and_not_by_its_name)
{
	BL_CLEANUP(bl_freep) char *qemu = bl_strf("%s/qemu", faked_root);
	BL_CLEANUP(bl_freep) char *alias = bl_strf("%s/kvm", faked_root);
	BL_CLEANUP(bl_freep) char *other = bl_strf("%s/other", faked_root);
	BL_CLEANUP(bl_freep) char *same = NULL, *found = NULL;

	faked_put("/qemu", "x");
	faked_put("/other", "x");
	faked_link("/exe", qemu);
	ck_assert_int_eq(link(qemu, alias), 0);
	same = qemu_process_exe(faked_root, alias);
	ck_assert_str_eq(same, alias);
	found = qemu_process_exe(faked_root, other);
	ck_assert_str_eq(found, qemu);
	ck_assert_ptr_null(qemu_process_exe("/nowhere", qemu));
}
END_TEST

START_TEST(a_process_that_cannot_be_read_says_nothing)
{
	struct qemu_process p;

	qemu_process_read("/nowhere", "/d.img", &p);
	ck_assert(!p.has_files && !p.has_maps && !p.has_image && !p.aio && !p.discard);
	qemu_process_done(&p);
}
END_TEST

START_TEST(the_last_words_are_qemus_and_its_log_can_go)
{
	static const char log[] =
		"2026-11-22 04:45:07.276+0000: starting up libvirt version: 9.0.0\nLC_ALL=C \\\n"
		"-msg timestamp=on\n2026-11-22 04:45:07.276+0000: Domain id=1 is tainted\n"
		"2026-11-22T04:45:10.593212Z qemu-system-x86_64: first\n"
		"2026-11-22T04:45:11.593212Z qemu-system-x86_64: last\a\n"
		"2026-11-22 04:45:10.795+0000: shutting down, reason=crashed\n";
	char out[64];

	faked_put("/log/qemu/blklab-a.log", log);
	faked_put_bytes("/log/qemu/blklab-b.log", log, 65);
	faked_put("/log/qemu/other.log", "");
	ck_assert(lv_log_last_line(faked_root, "blklab-a", out, sizeof out));
	ck_assert_str_eq(out, "qemu-system-x86_64: last?");
	ck_assert(!lv_log_last_line(faked_root, "blklab-b", out, sizeof out));
	lv_log_remove(faked_root, "blklab-a");
	ck_assert(!lv_log_last_line(faked_root, "blklab-a", out, sizeof out));
	ck_assert(is_there("log/qemu/blklab-b.log"));
	lv_log_remove(faked_root, NULL);
	ck_assert(!is_there("log/qemu/blklab-b.log") && is_there("log/qemu/other.log"));
}
END_TEST

/* --- the guest --- */

struct guest_case {
	enum cell_bus bus;
	enum cell_cache cache;
	enum cell_discard discard;
	uint32_t queues;
	const char *driver, *queues_seen, *write_cache, *discard_max;
	const char *says; /* NULL: all match */
};

static const struct guest_case guest_cases[] = {
	{BUS_VIRTIO_BLK, CACHE_NONE, DISCARD_UNMAP, 4, "virtio_blk", "2", "write back", "4096",
	 NULL},
	{BUS_VIRTIO_BLK, CACHE_NONE, DISCARD_IGNORE, 0, "virtio_blk", "1", "write back", "0", NULL},
	{BUS_SATA, CACHE_DIRECTSYNC, DISCARD_IGNORE, 0, "ahci", "1", "write through", "4096", NULL},
	{BUS_NVME_EMULATED, CACHE_WRITETHROUGH, DISCARD_IGNORE, 1, "nvme", "1", "write back",
	 "4096", NULL},
	{BUS_VIRTIO_SCSI, CACHE_NONE, DISCARD_IGNORE, 0, "virtio_blk", "2", "write back", "0",
	 "guest.driver: asked virtio_scsi, effective virtio_blk (guest sysfs)"},
	{BUS_VIRTIO_BLK, CACHE_NONE, DISCARD_IGNORE, 4, "virtio_blk", "1", "write back", "0",
	 "guest.queues: asked 2, effective 1 (guest sysfs)"},
	{BUS_VIRTIO_BLK, CACHE_WRITETHROUGH, DISCARD_IGNORE, 0, "virtio_blk", "1", "write back",
	 "0", "guest.write_cache: asked write through, effective write back (guest sysfs)"},
	{BUS_VIRTIO_BLK, CACHE_NONE, DISCARD_UNMAP, 0, "virtio_blk", "1", "write back", "0",
	 "guest.discard: asked yes, effective no (guest sysfs)"},
	{BUS_VIRTIO_BLK, CACHE_NONE, DISCARD_UNMAP, 0, "virtio_blk", "1", NULL, NULL,
	 "guest.write_cache: asked write back, effective not known (guest sysfs: not told); "
	 "guest.discard: asked yes, effective not known (guest sysfs: not told)"},
};

static char *guest_sentence(const struct guest_case *g, const char *serial, const char *cpus,
			    const char *kernel)
{
	struct facts disk = {0}, hello = {0};
	struct effectives e = {0};
	struct cell c = scripted_cell();
	struct domain_disk d;
	struct domain_binding b = scripted_binding(&d, &c);
	char *text;

	c.bus = g->bus;
	c.cache = g->cache;
	c.discard = g->discard;
	c.queues = g->queues;
	scripted_fact(&disk, "driver", g->driver);
	scripted_fact(&disk, "serial", serial);
	scripted_fact(&disk, "queues", g->queues_seen);
	scripted_fact(&disk, "write_cache", g->write_cache);
	scripted_fact(&disk, "discard_max_bytes", g->discard_max);
	scripted_fact(&hello, "cpus", cpus);
	scripted_fact(&hello, "kernel", kernel);
	ck_assert_int_eq(effective_guest(&b, 0, &disk, &hello, &e, NULL), 0);
	text = effective_mismatch(&e);
	effectives_done(&e);
	facts_done(&disk);
	facts_done(&hello);
	return text;
}

START_TEST(the_guest_is_compared_as_its_bus_allows)
{
	const struct guest_case *g = &guest_cases[_i];
	BL_CLEANUP(bl_freep) char *text = guest_sentence(g, "blklab-dut          ", "2", KERNEL);

	if (g->says) {
		ck_assert_ptr_nonnull(text);
		ck_assert_str_eq(text, g->says);
	} else {
		ck_assert_msg(!text, "%s", text);
	}
}
END_TEST

START_TEST(another_disk_or_number_of_cpus_is_found_out)
{
	BL_CLEANUP(bl_freep) char *text = guest_sentence(&guest_cases[0], "QM00001", "1", KERNEL);

	ck_assert_str_eq(text, "guest.serial: asked blklab-dut, effective QM00001 (guest sysfs); "
			       "guest.cpus: asked 2, effective 1 (guest hello)");
}
END_TEST

START_TEST(another_kernel_is_found_out_and_so_is_none)
{
	const struct guest_case *g = &guest_cases[0];
	BL_CLEANUP(bl_freep) char *other = guest_sentence(g, "blklab-dut", "2", "6.12.1");
	BL_CLEANUP(bl_freep) char *none = guest_sentence(g, "blklab-dut", "2", NULL);

	ck_assert_str_eq(other, "guest.kernel: asked " KERNEL ", effective 6.12.1 (guest hello)");
	ck_assert_str_eq(none, "guest.kernel: asked " KERNEL
			       ", effective not known (guest hello: not told)");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("effective");
	TCase *host = tcase_create("host"), *proc = tcase_create("process");
	TCase *guest = tcase_create("guest");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(host, a_vm_that_runs_what_was_asked_matches);
	tcase_add_loop_test(host, a_vm_that_runs_something_else_is_found_out, 0,
			    BL_ARRAY_LEN(doctored));
	tcase_add_test(host, a_limit_that_is_asked_for_must_be_there);
	tcase_add_test(host, a_server_is_known_by_its_socket);
	tcase_add_test(host, several_differences_are_one_sentence_of_bounded_length);
	tcase_add_test(host, the_default_number_of_queues_is_told_but_not_asked_for);
	tcase_add_test(host, a_monitor_that_is_gone_is_an_error_and_not_a_mismatch);
	tcase_add_checked_fixture(proc, faked_empty, faked_drop);
	tcase_add_test(proc, engine_and_flags_are_read_from_the_process);
	tcase_add_test(proc, a_namespace_of_qemus_own_driver_is_known_by_its_name);
	tcase_add_test(proc, a_servers_discard_is_read_from_the_command_line);
	tcase_add_test(proc, one_descriptor_without_o_direct_is_enough_to_say_so);
	tcase_add_test(proc, the_emulator_is_known_by_its_file_and_not_by_its_name);
	tcase_add_test(proc, the_last_words_are_qemus_and_its_log_can_go);
	tcase_add_test(proc, a_process_that_cannot_be_read_says_nothing);
	tcase_add_loop_test(guest, the_guest_is_compared_as_its_bus_allows, 0,
			    BL_ARRAY_LEN(guest_cases));
	tcase_add_test(guest, another_kernel_is_found_out_and_so_is_none);
	tcase_add_test(guest, another_disk_or_number_of_cpus_is_found_out);
	suite_add_tcase(s, host);
	suite_add_tcase(s, proc);
	suite_add_tcase(s, guest);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
