#include <check.h>
#include <errno.h>
#include <glob.h>
#include <libxml/parser.h>
#include <libxml/relaxng.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "domain.h"
#include "units.h"
#include "xml_tree.h"

#define SCHEMA "/usr/share/libvirt/schemas/domain.rng" /* package libvirt0 */

static struct domain_binding binding(struct domain_disk *d, const struct cell *c)
{
	*d = (struct domain_disk){.cell = c,
				  .path = "/d.raw",
				  .pci = "0000:5e:00.0",
				  .nsid = 1,
				  .device_serial = "S5XX"};
	return (struct domain_binding){
		.name = "t",
		.uuid = "01900000-0000-7000-8000-000000000001",
		.run_id = "run",
		.trial_id = "trial",
		.owner_pid = 7,
		.owner_start = 8,
		.owner_host = "lab1",
		.accel = "tcg",
		.machine = "q35",
		.memory_bytes = 256 * MiB,
		.emulator = "/usr/bin/qemu-system-x86_64",
		.emulator_version = "10.0.2",
		.kernel = "/k",
		.initrd = "/i",
		.cmdline = "quiet",
		.disks = d,
		.n_disks = 1,
		.console_log = "/c.log",
	};
}

START_TEST(every_golden_domain_is_valid_by_libvirts_own_schema)
{
	xmlRelaxNGParserCtxt *parser = xmlRelaxNGNewParserCtxt(SCHEMA);
	xmlRelaxNG *schema = xmlRelaxNGParse(parser);
	xmlRelaxNGValidCtxt *valid;
	glob_t g = {0};

	ck_assert_ptr_nonnull(schema);
	ck_assert_int_eq(glob(SOURCE_DIR "/tests/golden/domain/*/out.xml", 0, NULL, &g), 0);
	ck_assert_uint_ge(g.gl_pathc, 8);
	valid = xmlRelaxNGNewValidCtxt(schema);
	for (size_t i = 0; i < g.gl_pathc; i++) {
		xmlDoc *doc = xmlReadFile(g.gl_pathv[i], NULL, 0);

		ck_assert_msg(xmlRelaxNGValidateDoc(valid, doc) == 0, "%s", g.gl_pathv[i]);
		xmlFreeDoc(doc);
	}
	globfree(&g);
	xmlRelaxNGFreeValidCtxt(valid);
	xmlRelaxNGFree(schema);
	xmlRelaxNGFreeParserCtxt(parser);
}
END_TEST

START_TEST(every_vm_bus_and_cache_mode_gives_the_same_bytes_twice)
{
	struct domain_disk d;
	struct cell c = {0};
	struct domain_binding b = binding(&d, &c);
	struct bl_err err = BL_ERR_INIT;

	cell_defaults(&c);
	for (int bus = 0; bus < BUSES; bus++) {
		for (int cache = 0; cache < CACHES && bus != BUS_HOST; cache++) {
			BL_CLEANUP(bl_freep) char *one = NULL, *two = NULL;

			c.bus = (enum cell_bus)bus;
			c.cache = (enum cell_cache)cache;
			ck_assert_msg(domain_xml(&b, &one, &err) == 0, "%s", err.text);
			ck_assert_int_eq(domain_xml(&b, &two, &err), 0);
			ck_assert_str_eq(one, two);
		}
	}
}
END_TEST

START_TEST(a_guest_with_the_controller_finds_the_serial_of_the_device)
{
	struct domain_disk d;
	struct cell c = {0};
	struct domain_binding b = binding(&d, &c);

	char name[DOMAIN_NAME_MAX];

	cell_defaults(&c);
	for (int bus = 0; bus < BUSES; bus++) {
		c.bus = (enum cell_bus)bus;
		ck_assert_str_eq(domain_disk_serial(&b, 0, name),
				 bus == BUS_VFIO ? "S5XX" : DOMAIN_DISK_SERIAL);
	}
}
END_TEST

/* O_DIRECT is what makes QEMU's NVMe driver switch the device's write cache off. */
START_TEST(a_controller_below_qemu_keeps_its_write_cache)
{
	struct cache_bits bits;
	struct cell c;

	cell_defaults(&c);
	ck_assert(domain_cache_bits(&c).direct);
	c.bus = BUS_NVME_USERSPACE;
	bits = domain_cache_bits(&c);
	ck_assert(bits.writeback && !bits.direct && !bits.no_flush);
}
END_TEST

START_TEST(the_owner_can_be_read_back)
{
	static const struct {
		const char *name, *value;
	} expected[] = {
		{"run", "run"},       {"trial", "trial"},     {"owner-pid", "7"},
		{"owner-start", "8"}, {"owner-host", "lab1"},
	};
	struct domain_disk d;
	struct cell c = {0};
	struct domain_binding b = binding(&d, &c);
	BL_CLEANUP(bl_freep) char *xml = NULL;

	cell_defaults(&c);
	ck_assert_int_eq(domain_xml(&b, &xml, NULL), 0);
	for (size_t i = 0; i < BL_ARRAY_LEN(expected); i++) {
		BL_CLEANUP(bl_freep) char *value = NULL;
		char path[128];

		snprintf(path, sizeof path, "//*[namespace-uri()='" DOMAIN_NS "']/@%s",
			 expected[i].name);
		value = xml_at(xml, path);
		ck_assert_ptr_nonnull(value);
		ck_assert_str_eq(value, expected[i].value);
	}
}
END_TEST

START_TEST(a_refused_cell_leaves_the_output_alone)
{
	struct domain_disk d;
	struct cell c = {0};
	struct domain_binding b = binding(&d, &c);
	struct bl_err err = BL_ERR_INIT;
	char *xml = NULL;

	cell_defaults(&c);
	c.bus = BUS_SATA;
	c.iothreads = 1;
	ck_assert_int_eq(domain_xml(&b, &xml, &err), -ENOTSUP);
	ck_assert_ptr_null(xml);
	ck_assert_str_eq(
		err.text,
		"iothreads: 1: QEMU's sata device runs in the main loop; only 0 is possible");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("domain");
	TCase *t = tcase_create("domain");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, every_golden_domain_is_valid_by_libvirts_own_schema);
	tcase_add_test(t, every_vm_bus_and_cache_mode_gives_the_same_bytes_twice);
	tcase_add_test(t, the_owner_can_be_read_back);
	tcase_add_test(t, a_guest_with_the_controller_finds_the_serial_of_the_device);
	tcase_add_test(t, a_controller_below_qemu_keeps_its_write_cache);
	tcase_add_test(t, a_refused_cell_leaves_the_output_alone);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
