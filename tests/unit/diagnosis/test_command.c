/* The command that tries a remedy. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "finding_command.h"
#include "made_case.h"

static const struct {
	const char *cell, *axes[4], *change, *scenario, *store, *command;
} commands[] = {
	{"virtio-blk none",
	 {NULL},
	 "iothreads=1",
	 "quick",
	 NULL,
	 "blklab run quick --cell 'virtio-blk none' --with iothreads=1 --repeats 6"},
	{"none",
	 {NULL},
	 "cache=none,aio=native",
	 "/tmp/my file.yaml",
	 "a b.db",
	 "blklab run '/tmp/my file.yaml' --cell none --with cache=none,aio=native --repeats 6"
	 " --store 'a b.db'"},
	{"it's $(x)",
	 {NULL},
	 "bus=sata",
	 "quick",
	 NULL,
	 "blklab run quick --cell 'it'\\''s $(x)' --with bus=sata --repeats 6"},
	/* the run does not say how it was asked for */
	{"none",
	 {NULL},
	 "bus=sata",
	 NULL,
	 NULL,
	 "blklab run case --cell none --with bus=sata --repeats 6"},
	/* a cell that --with made: again, and once more changed; the value is the cell's own */
	{"none +queues=2 +kernel=vmlinuz",
	 {"queues", "2", "kernel", "/boot/x,y/vmlinuz"},
	 "iothreads=1",
	 "quick",
	 NULL,
	 "blklab run quick --cell none --with queues=2,kernel=/boot/x,y/vmlinuz"
	 " --with queues=2,kernel=/boot/x,y/vmlinuz,iothreads=1 --repeats 6"},
	/* what the change says is not said twice */
	{"none +queues=2",
	 {"queues", "2"},
	 "queues=4",
	 "quick",
	 NULL,
	 "blklab run quick --cell none --with queues=2 --with queues=4 --repeats 6"},
	/* not made by --with */
	{"a +b",
	 {NULL},
	 "queues=4",
	 "quick",
	 NULL,
	 "blklab run quick --cell 'a +b' --with queues=4 --repeats 6"},
};

static void name_cell(struct run_data *d, const char *name)
{
	free(d->cells[0].name);
	d->cells[0].name = strdup(name);
}

START_TEST(a_remedy_that_is_a_change_has_its_command)
{
	static const char *const buses[] = {"virtio-blk", NULL};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct finding f = {.cell = 0, .change = (char *)commands[_i].change};
	struct run_data d;

	make_case(&d, buses, 1);
	name_cell(&d, commands[_i].cell);
	free(d.run.scenario_name);
	d.run.scenario_name = strdup("case");
	for (int i = 0; i < 4 && commands[_i].axes[i]; i += 2)
		set_axis(&d, 0, commands[_i].axes[i], commands[_i].axes[i + 1]);
	if (commands[_i].scenario)
		facts_add(&d.run.declared, "asked.scenario", commands[_i].scenario);
	ck_assert(finding_command(&d, &f, commands[_i].store, &out));
	ck_assert_str_eq(bl_buf_str(&out), commands[_i].command);
	run_data_done(&d);
}
END_TEST

START_TEST(what_the_run_was_told_is_told_again)
{
	static const char *const buses[] = {"vfio", NULL};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	char change[] = "vcpus=4";
	struct finding f = {.cell = 0, .change = change};
	struct run_data d;

	make_case(&d, buses, 1);
	d.run.repeats = 6;
	name_cell(&d, "vfio");
	facts_done(&d.run.declared);
	facts_add(&d.run.declared, "asked.scenario", "passthrough");
	facts_add(&d.run.declared, "device.serial", "S 5");
	facts_add(&d.run.declared, "device.pci", "0000:5e:00.0");
	facts_add(&d.run.declared, "asked.kernel", "cloud/linux image.deb");
	ck_assert(finding_command(&d, &f, NULL, &out));
	ck_assert_str_eq(bl_buf_str(&out), "blklab run passthrough --cell vfio --with vcpus=4"
					   " --device 0000:5e:00.0 --serial 'S 5'"
					   " --kernel 'cloud/linux image.deb'");
	run_data_done(&d);
}
END_TEST

START_TEST(without_a_change_or_a_cell_there_is_no_command)
{
	static const char *const buses[] = {"virtio-blk", NULL};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	char change[] = "queues=4";
	struct finding none = {.cell = 0}, homeless = {.cell = NO_CELL, .change = change};
	struct run_data d;

	make_case(&d, buses, 1);
	ck_assert(!finding_command(&d, &none, NULL, &out));
	ck_assert(!finding_command(&d, &homeless, NULL, &out));
	ck_assert_uint_eq(out.len, 0);
	run_data_done(&d);
}
END_TEST

static const struct {
	const char *bus, *change, *words;
} said[] = {
	{"virtio-blk", "cache=none", "of the disk <driver cache='none'/>"},
	{"virtio-blk", "iothreads=1",
	 "of the disk <driver iothread='1'/>, and <iothreads>1</iothreads> of the domain"},
	{"virtio-scsi", "iothreads=1",
	 "of its controller <driver iothread='1'/>, and <iothreads>1</iothreads> of the domain"},
	{"virtio-scsi", "queues=auto", "of its controller <driver queues='2'/>"},
	{"sata", "bus=virtio-blk", "of the disk <target bus='virtio'/>"},
	{"virtio-blk", "throttle=off", "of the disk no <iotune>"},
	{"virtio-blk", "preallocation=full", NULL},
	{"virtio-blk", NULL, NULL},
};

START_TEST(a_vm_of_somebody_else_is_changed_in_libvirts_words)
{
	const char *const buses[] = {said[_i].bus, NULL};
	struct finding one = {.cell = 0, .change = (char *)said[_i].change};
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct run_data d;

	make_case(&d, buses, 1);
	d.run.scenario_text = strdup("");
	d.trials[0].domain_xml = strdup("<domain/>");
	ck_assert(!finding_command(&d, &one, NULL, &out)); /* there is nothing to run again */
	ck_assert(finding_in_libvirt(&d, &one, &out) == (said[_i].words != NULL));
	ck_assert_str_eq(bl_buf_str(&out), said[_i].words ? said[_i].words : "");
	out.len = 0;
	/* one without libvirt; and a run of the lab */
	free(d.trials[0].domain_xml);
	d.trials[0].domain_xml = NULL;
	ck_assert(!finding_in_libvirt(&d, &one, &out));
	d.trials[0].domain_xml = strdup("<domain/>");
	free(d.run.scenario_text);
	d.run.scenario_text = strdup("name: t\n");
	ck_assert(!finding_in_libvirt(&d, &one, &out));
	run_data_done(&d);
}
END_TEST

TCase *command_cases(void)
{
	TCase *t = tcase_create("command");

	tcase_add_loop_test(t, a_remedy_that_is_a_change_has_its_command, 0,
			    BL_ARRAY_LEN(commands));
	tcase_add_test(t, what_the_run_was_told_is_told_again);
	tcase_add_test(t, without_a_change_or_a_cell_there_is_no_command);
	tcase_add_loop_test(t, a_vm_of_somebody_else_is_changed_in_libvirts_words, 0,
			    BL_ARRAY_LEN(said));
	return t;
}
