/* What is read back of an NVMe controller that was handed over. */
#include <check.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fake_domain.h"
#include "faked.h"
#include "fs.h"
#include "scripted.h"

#define ANY_VM SCRIPTED_VM " 'query-kvm': {'enabled': true, 'present': true},"

static const char vfio_answers[] =
	"{" ANY_VM " 'query-iothreads': [], 'query-block': [], 'query-named-block-nodes': [],"
	" '" DUT " type': 'vfio-pci', '" DUT " host': '" PCI "'}";

/* The names of QEMU's block/nvme.c; libvirt puts its raw node on top. */
#define NODES(drv, file, direct)                                                                   \
	"[{'drv': 'raw', 'file': 'nvme://" PCI "/1', 'cache': {'direct': false}},"                 \
	" {'drv': '" drv "', 'file': '" file "', 'cache': {'direct': " direct "}}]"
#define BLOCK(file, wb, direct)                                                                    \
	"[{'qdev': '" DUT "/virtio-backend', 'inserted': {'drv': 'raw', 'file': '" file            \
	"', 'detect_zeroes': 'off', 'iops': 0, 'bps': 0, 'cache': {'writeback': " wb               \
	", 'direct': " direct ", 'no-flush': false}}}]"
static const char userspace_answers[] =
	"{" ANY_VM " 'query-iothreads': [{'id': 'iothread1'}],"
	" 'query-block': " BLOCK("nvme://" PCI "/1", "true",
				 "false") ","
					  " 'query-named-block-nodes': " NODES(
						  "nvme", "nvme://" PCI "/1",
						  "false") ","
							   " '" DUT
							   " type': 'virtio-blk-pci', '" DUT
							   " serial': 'blklab-dut',"
							   " '" DUT " num-queues': 2, '" DUT
							   " iothread': '/objects/iothread1'}";

static const char device_answers[] =
	"{" ANY_VM " 'query-iothreads': [{'id': 'iothread1'}],"
	" 'query-block': " BLOCK(
		"/dev/nvme9n1", "true",
		"true") ","
			" 'query-named-block-nodes': ["
			"   {'drv': 'raw', 'file': '/dev/nvme9n1', 'cache': {'direct': true}},"
			"   {'drv': 'host_device', 'file': '/dev/nvme9n1', 'cache': {'direct': "
			"true}}],"
			" '" DUT " type': 'virtio-blk-pci', '" DUT " serial': 'blklab-dut',"
			" '" DUT " num-queues': 2, '" DUT " iothread': '/objects/iothread1'}";

static void make_controller(void)
{
	faked_empty();
	faked_pci(PCI, "0x010802\n", "", 17);
}

static struct domain_binding binding(struct domain_disk *d, const struct cell *c)
{
	struct domain_binding b = scripted_binding(d, c);

	b.accel = "kvm";
	d->path = "/dev/nvme9n1";
	d->is_block = true;
	d->pci = PCI;
	d->nsid = 1;
	b.host_root = faked_root;
	d->device_serial = "S5XX";
	d->device_model = "Fast One";
	d->device_firmware = "1B2Q";
	return b;
}

/* --- the host --- */

static const struct host_case {
	enum cell_bus bus;
	const char *driver; /* NULL: none */
	const char *at, *value, *says;
} host_cases[] = {
	{BUS_VFIO, "vfio-pci", NULL, NULL, NULL},
	{BUS_NVME_USERSPACE, "vfio-pci", NULL, NULL, NULL},
	{BUS_VIRTIO_BLK, "nvme", NULL, NULL, NULL}, /* on the namespace: nobody asks who has it */
	{BUS_VFIO, "nvme", NULL, NULL,
	 "host.driver: asked vfio-pci, effective nvme (/sys/bus/pci/devices/" PCI "/driver)"},
	{BUS_NVME_USERSPACE, "nvme", NULL, NULL,
	 "host.driver: asked vfio-pci, effective nvme (/sys/bus/pci/devices/" PCI "/driver)"},
	{BUS_VFIO, NULL, NULL, NULL,
	 "host.driver: asked vfio-pci, effective not known (/sys/bus/pci/devices/" PCI
	 "/driver: no such link)"},
	{BUS_VFIO, "vfio-pci", DUT " type", "'nvme'",
	 "device: asked vfio-pci, effective nvme (qom-get " DUT " type)"},
	{BUS_VFIO, "vfio-pci", DUT " host", "'0000:5f:00.0'",
	 "device.host: asked " PCI ", effective 0000:5f:00.0 (qom-get " DUT " host)"},
	{BUS_VFIO, "vfio-pci", DUT " host", NULL,
	 "device.host: asked " PCI ", effective not known (qmp qom-get: no such thing: '" DUT
	 " host')"},
	{BUS_VFIO, "vfio-pci", "query-iothreads", "[{'id': 'iothread1'}]",
	 "iothreads: asked 0, effective 1 (qmp query-iothreads)"},
	{BUS_VFIO, "vfio-pci", "query-kvm", "{'enabled': false, 'present': true}",
	 "accel: asked kvm, effective tcg (qmp query-kvm)"},
	{BUS_NVME_USERSPACE, "vfio-pci", "query-block",
	 BLOCK("nvme://0000:5f:00.0/1", "true", "false"),
	 "image.file: asked nvme://" PCI "/1, effective nvme://0000:5f:00.0/1 (qmp query-block)"},
	/* what has switched the device's write cache off */
	{BUS_NVME_USERSPACE, "vfio-pci", "query-block", BLOCK("nvme://" PCI "/1", "true", "true"),
	 "cache.direct: asked off, effective on (qmp query-block)"},
	{BUS_NVME_USERSPACE, "vfio-pci", "query-block", BLOCK("nvme://" PCI "/1", "false", "false"),
	 "cache.writeback: asked on, effective off (qmp query-block)"},
	{BUS_NVME_USERSPACE, "vfio-pci", "query-named-block-nodes",
	 NODES("nvme", "nvme://" PCI "/2", "false"),
	 "storage.driver: asked nvme, effective not known (qmp query-named-block-nodes: no node "
	 "has "
	 "the image)"},
	{BUS_NVME_USERSPACE, "vfio-pci", "query-named-block-nodes",
	 NODES("host_device", "nvme://" PCI "/1", "false"),
	 "storage.driver: asked nvme, effective host_device (qmp query-named-block-nodes)"},
	{BUS_NVME_USERSPACE, "vfio-pci", "query-named-block-nodes",
	 NODES("nvme", "nvme://" PCI "/1", "true"),
	 "storage.cache.direct: asked off, effective on (qmp query-named-block-nodes)"},
	{BUS_NVME_USERSPACE, "vfio-pci", DUT " iothread", "''",
	 "disk.iothreads: asked 1, effective 0 (qom-get " DUT " iothread: '')"},
	{BUS_NVME_USERSPACE, "vfio-pci", DUT " num-queues", "1",
	 "queues: asked 2, effective 1 (qom-get " DUT " num-queues)"},
	{BUS_VIRTIO_BLK, "nvme", "query-block", BLOCK("/dev/nvme8n1", "true", "true"),
	 "image.file: asked /dev/nvme9n1, effective /dev/nvme8n1 (qmp query-block)"},
	{BUS_VIRTIO_BLK, "nvme", "query-named-block-nodes",
	 "[{'drv': 'file', 'file': '/dev/nvme9n1', 'cache': {'direct': true}}]",
	 "storage.driver: asked host_device, effective file (qmp query-named-block-nodes)"},
	{BUS_VIRTIO_BLK, "nvme", "query-named-block-nodes",
	 "[{'drv': 'host_device', 'file': '/dev/nvme9n1', 'cache': {'direct': false}}]",
	 "storage.cache.direct: asked on, effective off (qmp query-named-block-nodes)"},
};

static struct cell cell_of(enum cell_bus bus)
{
	struct cell c = scripted_cell();

	c.bus = bus;
	if (bus == BUS_VFIO)
		c.iothreads = c.queues = 0;
	else if (bus != BUS_NVME_USERSPACE)
		c.storage = STORAGE_DEVICE;
	return c;
}

static void ck_sentence(const char *text, const char *says)
{
	if (!says) {
		ck_assert_msg(!text, "%s", text);
		return;
	}
	ck_assert_msg(text, "nothing was found, not '%s'", says);
	ck_assert_str_eq(text, says);
}

START_TEST(the_host_has_given_the_controller_that_was_asked_for)
{
	const struct host_case *h = &host_cases[_i];
	const char *answers = h->bus == BUS_VFIO             ? vfio_answers
			      : h->bus == BUS_NVME_USERSPACE ? userspace_answers
							     : device_answers;
	struct cell c = cell_of(h->bus);
	struct domain_disk d;
	struct domain_binding b = binding(&d, &c);
	BL_CLEANUP(bl_freep) char *text = NULL;

	if (h->driver)
		faked_driver(PCI, h->driver);
	text = scripted_sentence(answers, &b, h->at, h->value);
	ck_sentence(text, h->says);
}
END_TEST

START_TEST(the_iommu_group_is_told)
{
	struct scripted s = {.base.ops = &scripted_ops, .replies = scripted_json(vfio_answers)};
	struct cell c = cell_of(BUS_VFIO);
	struct domain_disk d;
	struct domain_binding b = binding(&d, &c);
	struct effectives e = {0};
	const char *group = NULL;

	faked_driver(PCI, "vfio-pci");
	ck_assert_int_eq(effective_host(&s.base, &b, 0, &e, NULL), 0);
	for (size_t i = 0; i < e.n; i++)
		if (strcmp(e.items[i].key, "host.iommu_group") == 0)
			group = e.items[i].effective;
	ck_assert_pstr_eq(group, "17");
	effectives_done(&e);
	json_decref(s.replies);
}
END_TEST

/* --- the fake --- */

struct fake_vm {
	struct hv_vm base;
	struct fake_domain domain;
};

static int fake_qmp(struct hv_vm *vm, const char *command, const json_t *args, json_t **ret_reply,
		    struct bl_err *err)
{
	return fake_domain_qmp(&((struct fake_vm *)vm)->domain, command, args, ret_reply, err);
}

static const struct hv_ops fake_ops = {.name = "fake", .qmp = fake_qmp, .xml = scripted_no_xml};

/* What the pipeline's tests rely on: the fake's monitor tells back what the XML of a bus asks for.
 */
START_TEST(the_fake_is_what_its_domain_asks_for)
{
	struct cell c = cell_of((enum cell_bus)_i);
	struct domain_disk d;
	struct domain_binding b = binding(&d, &c);
	struct fake_vm vm = {.base.ops = &fake_ops};
	struct effectives e = {0};
	struct bl_err err = BL_ERR_INIT;
	BL_CLEANUP(bl_freep) char *file = bl_strf("%s/controller", faked_root);
	BL_CLEANUP(bl_freep) char *xml = NULL, *text = NULL;

	if (_i == BUS_HOST)
		return;
	if (_i == BUS_SATA || _i == BUS_NVME_EMULATED)
		c.iothreads = c.queues = 0;
	faked_driver(PCI, "vfio-pci");
	b.accel = "tcg";
	b.name = b.uuid = b.run_id = b.trial_id = "t";
	b.emulator = b.kernel = b.initrd = b.cmdline = b.console_log = "/x";
	b.emulator_version = "0.0.0";
	ck_assert_int_eq(bl_write_file(file, "x", 1, NULL), 0);
	ck_assert_int_eq(setenv(FAKE_DEVICE_ENV, file, 1), 0);
	ck_assert_msg(domain_xml(&b, &xml, &err) == 0, "%s", err.text);
	ck_assert_msg(fake_domain_read(xml, &vm.domain, &err) == 0, "%s", err.text);
	ck_assert_str_eq(vm.domain.disks[0].path,
			 cell_takes_controller(&c) ? file : "/dev/nvme9n1");
	ck_assert_msg(effective_host(&vm.base, &b, 0, &e, &err) == 0, "%s", err.text);
	text = effective_mismatch(&e);
	ck_sentence(text, NULL);
	effectives_done(&e);
	fake_domain_done(&vm.domain);
}
END_TEST

START_TEST(no_real_device_stands_for_the_fakes_controller)
{
	static const char xml[] = "<domain><devices><hostdev><source><address domain='0' "
				  "bus='0x5e' slot='0' function='0'/></source></hostdev></devices>"
				  "</domain>";
	struct fake_domain d;
	struct bl_err err = BL_ERR_INIT, err2 = BL_ERR_INIT;

	ck_assert_int_eq(setenv(FAKE_DEVICE_ENV, "/dev/null", 1), 0);
	ck_assert_int_eq(fake_domain_read(xml, &d, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "name a file in BLKLAB_FAKE_DEVICE"));
	ck_assert_int_eq(unsetenv(FAKE_DEVICE_ENV), 0);
	ck_assert_int_eq(fake_domain_read(xml, &d, &err2), -EINVAL);
}
END_TEST

/* --- the guest --- */

static const struct guest_case {
	enum cell_bus bus;
	unsigned vcpus, host_vectors, host_queues;
	const char *driver, *serial, *model, *firmware, *queues, *vectors; /* NULL: not told */
	const char *says;
} guest_cases[] = {
	{BUS_VFIO, 2, 17, 16, "nvme", "S5XX    ", "Fast One", "1B2Q", "2", "3", NULL},
	{BUS_VFIO, 8, 5, 16, "nvme", "S5XX", "Fast One", "1B2Q", "4", "5", NULL},
	{BUS_VFIO, 8, 17, 2, "nvme", "S5XX", "Fast One", "1B2Q", "2", "3", NULL},
	{BUS_VFIO, 8, 0, 0, "nvme", "S5XX", "Fast One", "1B2Q", "1", "2", NULL},
	{BUS_VFIO, 2, 17, 16, "virtio_blk", "S5XX", "Fast One", "1B2Q", "2", "3",
	 "guest.driver: asked nvme, effective virtio_blk (guest sysfs)"},
	{BUS_VFIO, 2, 17, 16, "nvme", "blklab-dut", "Fast One", "1B2Q", "2", "3",
	 "guest.serial: asked S5XX, effective blklab-dut (guest sysfs)"},
	{BUS_VFIO, 2, 17, 16, "nvme", "S5XX", "Slow One", "1B2Q", "2", "3",
	 "guest.model: asked Fast One, effective Slow One (guest sysfs)"},
	{BUS_VFIO, 2, 17, 16, "nvme", "S5XX", "Fast One", NULL, "2", "3",
	 "guest.firmware: asked 1B2Q, effective not known (guest sysfs: not told)"},
	{BUS_VFIO, 2, 17, 16, "nvme", "S5XX", "Fast One", "1B3Q", "2", "3",
	 "guest.firmware: asked 1B2Q, effective 1B3Q (guest sysfs)"},
	{BUS_VFIO, 4, 17, 16, "nvme", "S5XX", "Fast One", "1B2Q", "1", "2",
	 "guest.queues: asked 4, effective 1 (guest sysfs)"},
	{BUS_VFIO, 2, 17, 16, "nvme", "S5XX", "Fast One", "1B2Q", "2", "1",
	 "guest.msix_vectors: asked 3, effective 1 (guest sysfs)"},
	{BUS_VFIO, 2, 17, 16, "nvme", "S5XX", "Fast One", "1B2Q", "2", NULL,
	 "guest.msix_vectors: asked 3, effective not known (guest sysfs: not told)"},
	{BUS_NVME_EMULATED, 2, 0, 0, "nvme", "blklab-dut", "QEMU NVMe Ctrl", "1.0", "2", "3", NULL},
	{BUS_NVME_EMULATED, 2, 0, 0, "nvme", "blklab-dut", NULL, NULL, "2", NULL, NULL},
	{BUS_NVME_EMULATED, 2, 0, 0, "nvme", "blklab-dut", NULL, NULL, "2", "2",
	 "guest.msix_vectors: asked 3, effective 2 (guest sysfs)"},
	{BUS_NVME_USERSPACE, 2, 17, 16, "virtio_blk", "blklab-dut", NULL, NULL, "2", "3", NULL},
	{BUS_NVME_USERSPACE, 2, 17, 16, "nvme", "blklab-dut", NULL, NULL, "2", "3",
	 "guest.driver: asked virtio_blk, effective nvme (guest sysfs)"},
	{BUS_NVME_USERSPACE, 2, 17, 16, "virtio_blk", "S5XX", NULL, NULL, "2", "3",
	 "guest.serial: asked blklab-dut, effective S5XX (guest sysfs)"},
};

START_TEST(the_guest_has_found_the_controller_that_was_handed_over)
{
	const struct guest_case *g = &guest_cases[_i];
	BL_CLEANUP(bl_freep) char *text = NULL, *cpus = bl_strf("%u", g->vcpus);
	struct facts disk = {0}, hello = {0};
	struct effectives e = {0};
	struct cell c;
	struct domain_disk d;
	struct domain_binding b = binding(&d, &c);

	cell_defaults(&c);
	c.bus = g->bus;
	c.vcpus = g->vcpus;
	d.device_msix_vectors = g->host_vectors;
	d.device_io_queues = g->host_queues;
	scripted_fact(&disk, "driver", g->driver);
	scripted_fact(&disk, "serial", g->serial);
	scripted_fact(&disk, "model", g->model);
	scripted_fact(&disk, "firmware", g->firmware);
	scripted_fact(&disk, "queues", g->queues);
	scripted_fact(&disk, "msix_vectors", g->vectors);
	scripted_fact(&disk, "write_cache", "write back");
	scripted_fact(&hello, "cpus", cpus);
	scripted_fact(&hello, "kernel", KERNEL);
	ck_assert_int_eq(effective_guest(&b, 0, &disk, &hello, &e, NULL), 0);
	text = effective_mismatch(&e);
	ck_sentence(text, g->says);
	effectives_done(&e);
	facts_done(&disk);
	facts_done(&hello);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("effective_device");
	TCase *host = tcase_create("host"), *guest = tcase_create("guest");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(host, make_controller, faked_drop);
	tcase_add_loop_test(host, the_host_has_given_the_controller_that_was_asked_for, 0,
			    BL_ARRAY_LEN(host_cases));
	tcase_add_loop_test(host, the_fake_is_what_its_domain_asks_for, 0, BUSES);
	tcase_add_test(host, no_real_device_stands_for_the_fakes_controller);
	tcase_add_test(host, the_iommu_group_is_told);
	tcase_add_loop_test(guest, the_guest_has_found_the_controller_that_was_handed_over, 0,
			    BL_ARRAY_LEN(guest_cases));
	suite_add_tcase(s, host);
	suite_add_tcase(s, guest);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
