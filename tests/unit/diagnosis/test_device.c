/* What the device and the kernel said: each rule on its case, and none on a calm run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fs.h"
#include "made_case.h"

static const char *const vfio_only[] = {"vfio", NULL};
static const char *const host_only[] = {"host", NULL};

/* One trial with a healthy device. */
static struct trial_record *make_one(struct run_data *d, const char *const *buses)
{
	make_case(d, buses, 1);
	add_health(&d->trials[0]);
	return &d->trials[0];
}

START_TEST(a_calm_run_has_no_finding)
{
	static const char *const all[] = {"vfio", "nvme-userspace", "virtio-blk", "host", NULL};
	struct findings f;
	struct run_data d;

	make_case(&d, all, 3);
	for (size_t i = 0; i < d.n_trials; i++)
		add_health(&d.trials[i]);
	expect_findings(&d, 0, &f);
	findings_done(&f);
	run_data_done(&d);
	run_data_done(&d);
	expect_findings(&d, 0, &f); /* nothing at all */
	findings_done(&f);
}
END_TEST

/* In the words of Linux' drivers of nvme, PCI and vfio; some are shortened to the one word that
 * counts. */
static const struct {
	const char *said, *cause;
} events[] = {
	{"guest: nvme nvme0: controller is down; will reset: CSTS=0x3, PCI_STATUS=0x10",
	 "device-reset"},
	{"guest: nvme nvme0: I/O 12 QID 1 timeout, reset controller", "device-reset"},
	{"guest: nvme nvme0: 2/0/0 default/read/poll queues", "device-reset"},
	{"guest: nvme nvme0: Removing after probe failure status: -19", "device-reset"},
	{"guest: nvme nvme0: Device not ready; aborting reset, CSTS=0x1", "device-reset"},
	{"host: pcieport 0000:00:01.0: Slot(1): Link Down", "device-reset"},
	{"host: pcieport 0000:00:01.0: Slot(1): hot removal of 0000:5e:00.0", "device-reset"},
	{"host: pcieport 0000:00:01.0: surprise loss of 0000:5e:00.0", "device-reset"},
	{"host: nvme 0000:5e:00.0: link went down", "device-reset"},
	{"host: nvme nvme0: controller is down", "device-reset"},
	{"host: nvme 0000:5e:00.0: frozen state detected", "device-reset"},
	{"guest: nvme nvme0: I/O 12 QID 1 timeout, aborting", "device-errors"},
	{"guest: nvme nvme0: Abort status: 0x0", "device-errors"},
	{"guest: blk_update_request: I/O error, dev nvme0n1, sector 2048 op 0x0:(READ)",
	 "device-errors"},
	{"guest: critical medium error, dev nvme0n1, sector 2048 op 0x0:(READ)", "device-errors"},
	/* vfio-pci has the function, and it is in trouble */
	{"host: vfio-pci 0000:5e:00.0: Unable to change power state from D3cold to D0, device "
	 "inaccessible",
	 "device-errors"},
	{"host: vfio-pci 0000:5e:00.0: PCIe Bus Error: severity=Uncorrected (Non-Fatal), "
	 "type=Transaction Layer, (Requester ID)",
	 "device-errors"},
	{"host: vfio-pci 0000:5e:00.0: not ready 1023ms after FLR; waiting", "device-reset"},
};

START_TEST(what_the_kernel_said_is_a_reset_or_an_error)
{
	struct trial_record *t;
	struct run_data d;

	t = make_one(&d, vfio_only);
	facts_add(&t->facts, "device.event.0", events[_i].said);
	expect_one(&d, events[_i].cause, CONFIDENCE_CERTAIN, events[_i].said,
		   "leave this trial out");
	run_data_done(&d);
}
END_TEST

/* On the host itself nobody hands it over: setting it up anew is an accident. */
START_TEST(a_host_that_sets_its_own_device_up_anew_was_reset)
{
	struct trial_record *t;
	struct run_data d;

	t = make_one(&d, host_only);
	facts_add(&t->facts, "device.event.0", "host: nvme nvme0: 8/0/0 default/read/poll queues");
	expect_one(&d, "device-reset", CONFIDENCE_CERTAIN, "8/0/0", "PCIe link");
	run_data_done(&d);
}
END_TEST

START_TEST(many_events_are_one_finding_of_a_trial)
{
	struct findings f;
	struct run_data d;

	make_case(&d, vfio_only, 2);
	for (int i = 0; i < 5; i++)
		facts_addf(&d.trials[1].facts, "device.event.0",
			   "guest: nvme nvme0: I/O %d QID 1 timeout, aborting", i);
	d.trials[1].state = TRIAL_FAILED; /* they are why */
	expect_findings(&d, 1, &f);
	ck_assert_str_eq(f.items[0].evidence,
			 "the kernel said 'guest: nvme nvme0: I/O 0 QID 1 timeout, aborting', "
			 "'guest: nvme nvme0: I/O 1 QID 1 timeout, aborting', "
			 "'guest: nvme nvme0: I/O 2 QID 1 timeout, aborting' and 2 more");
	ck_assert_uint_eq(f.items[0].trial, 1);
	ck_assert_uint_eq(f.items[0].cell, 0);
	ck_assert_ptr_null(f.items[0].job);
	ck_assert_int_eq(f.items[0].layer, LAYER_DEVICE);
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

/* How many is no event, and of which kind they were is not known. */
START_TEST(events_that_were_not_kept_are_counted_with_those_that_were)
{
	static const char reset[] = "guest: nvme nvme0: resetting controller";
	struct findings f;
	struct run_data d;

	make_case(&d, vfio_only, 1);
	facts_add(&d.trials[0].facts, "device.events_left_out", "872");
	expect_findings(&d, 0, &f);
	findings_done(&f);
	facts_add(&d.trials[0].facts, "device.event.0", reset);
	expect_one(&d, "device-reset", CONFIDENCE_CERTAIN,
		   "resetting controller', and 872 of the kernel's lines were not kept", "");
	run_data_done(&d);
}
END_TEST

static const struct {
	const char *key, *value, *cause, *evidence;
	enum finding_confidence sure;
} counters[] = {
	{"device.after.smart.media_errors", "6", "device-errors",
	 "media and data integrity errors went from 5 to 6", CONFIDENCE_CERTAIN},
	{"device.after.smart.error_log_entries", "9", "device-errors",
	 "the number of error log entries went from 7 to 9", CONFIDENCE_POSSIBLE},
	{"device.after.smart.warning_temp_min", "3", "device-thermal",
	 "minutes above the warning temperature went from 2 to 3 (41 C before, 47 C after)",
	 CONFIDENCE_CERTAIN},
	{"device.after.smart.critical_temp_min", "1", "device-thermal", "critical temperature",
	 CONFIDENCE_CERTAIN},
	{"device.after.smart.thermal_1_transitions", "2", "device-thermal",
	 "thermal management temperature 1 went from 1 to 2", CONFIDENCE_CERTAIN},
	{"device.after.smart.critical_warning", "0x02", "device-thermal",
	 "its temperature is beyond a threshold", CONFIDENCE_CERTAIN},
	{"device.after.smart.critical_warning", "0x01", "device-health",
	 "available spare capacity has fallen below the threshold", CONFIDENCE_CERTAIN},
	{"device.after.smart.critical_warning", "0x0c", "device-health",
	 "critical warning 0x0c: NVM subsystem reliability is degraded by media errors or an "
	 "internal error, the media is in read-only mode",
	 CONFIDENCE_CERTAIN},
	{"device.after.smart.critical_warning", "0x10", "device-health",
	 "volatile memory backup device has failed", CONFIDENCE_CERTAIN},
	{"device.after.smart.critical_warning", "0x20", "device-health", "persistent memory region",
	 CONFIDENCE_CERTAIN},
	{"device.after.smart.available_spare_pct", "9", "device-health",
	 "9 % of its spare blocks are left, below its threshold of 10 %", CONFIDENCE_CERTAIN},
	{"device.after.smart.used_pct", "100", "device-health", "100 % of its rated life",
	 CONFIDENCE_CERTAIN},
	{"device.after.smart.unsafe_shutdowns", "5", "device-health",
	 "unsafe shutdowns went from 4 to 5", CONFIDENCE_POSSIBLE},
	/* counters have 128 bits */
	{"device.after.smart.media_errors", "36893488147419103232", "device-errors",
	 "went from 5 to 36893488147419103232", CONFIDENCE_CERTAIN},
};

START_TEST(each_counter_has_its_cause)
{
	struct run_data d;

	make_one(&d, vfio_only);
	set_fact(&d.trials[0].facts, counters[_i].key, counters[_i].value);
	expect_one(&d, counters[_i].cause, counters[_i].sure, counters[_i].evidence, "");
	run_data_done(&d);
}
END_TEST

/* Not yet, not known, no number, or another device's: nothing to say. */
static const struct {
	const char *key, *value;
} calm[] = {
	{"device.after.smart.used_pct", "99"},
	{"device.after.smart.available_spare_pct", "10"},
	{"device.after.smart.media_errors", "4"},
	{"device.after.smart.media_errors", "many"},
	{"device.after.smart.media_errors", ""},
	{"device.after.smart.temperature_c", "69"},
	{"device.after.smart.power_cycles", "13"},
	{"device.after.errors.entries",
	 "2"}, /* of the log, which has an end: entries are counted */
	{"device.after.smart.thermal_2_transitions", "3"}, /* unknown before */
};

/* A device that died in the guest is not there for the host to be asked. */
START_TEST(what_only_the_guest_could_read_afterwards_counts)
{
	struct trial_record *t;
	struct run_data d;

	t = make_one(&d, vfio_only);
	for (size_t i = 0; i < t->facts.n; i++) {
		struct fact *f = &t->facts.items[i];

		if (strncmp(f->key, "device.after.", 13) != 0)
			continue;
		memcpy(f->key, "x", 1); /* the host could not read it */
	}
	facts_add(&t->facts, "device.guest_after.smart.media_errors", "6");
	expect_one(&d, "device-errors", CONFIDENCE_CERTAIN, "to 6", "leave this trial out");
	run_data_done(&d);
}
END_TEST

START_TEST(what_does_not_reach_a_bound_is_no_finding)
{
	struct findings f;
	struct run_data d;

	make_one(&d, vfio_only);
	set_fact(&d.trials[0].facts, calm[_i].key, calm[_i].value);
	expect_findings(&d, 0, &f);
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

START_TEST(health_is_said_once_a_cell_and_a_shutdown_is_explained)
{
	static const char *const two[] = {"vfio", "host", NULL};
	struct findings f;
	struct run_data d;

	make_case(&d, two, 3);
	for (size_t i = 0; i < d.n_trials; i++) {
		add_health(&d.trials[i]);
		set_fact(&d.trials[i].facts, "device.after.smart.unsafe_shutdowns", "5");
	}
	expect_findings(&d, 2, &f);
	ck_assert_str_eq(f.items[0].evidence,
			 "unsafe shutdowns went from 4 to 5, and in 2 more trials");
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "harmless when the VM was ended"));
	ck_assert_ptr_nonnull(strstr(f.items[1].remedy, "the device lost power"));
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

static void set_log(struct run_data *d, size_t trial, const char *before, const char *after)
{
	facts_add(&d->trials[trial].facts, "device.guest_before.smart.error_log_entries", before);
	facts_add(&d->trials[trial].facts, "device.guest_after.smart.error_log_entries", after);
}

/* A driver adds to it at set-up. In the host's window two drivers do, in the guest's none. */
START_TEST(a_log_that_grew_is_said_once_a_cell_and_of_the_guests_time)
{
	struct findings f;
	struct run_data d;

	make_case(&d, vfio_only, 4);
	for (size_t i = 0; i < d.n_trials; i++) {
		add_health(&d.trials[i]);
		set_fact(&d.trials[i].facts, "device.after.smart.error_log_entries", "9");
	}
	set_log(&d, 0, "8", "8");
	expect_findings(&d, 1, &f);
	ck_assert_uint_eq(f.items[0].trial, 1);
	ck_assert_str_eq(f.items[0].evidence, "the number of error log entries went from 7 to 9, "
					      "and in 2 more trials");
	findings_done(&f);
	set_log(&d, 1, "8", "9");
	set_log(&d, 2, "9", "9");
	expect_one(&d, "device-errors", CONFIDENCE_POSSIBLE, "", "harmless");
	expect_findings(&d, 1, &f);
	ck_assert_str_eq(f.items[0].evidence, "the number of error log entries went from 8 to 9, "
					      "and in 1 more trial");
	findings_done(&f);
	/* in a trial with errors it is said with them */
	set_fact(&d.trials[3].facts, "device.after.smart.media_errors", "6");
	expect_findings(&d, 2, &f);
	ck_assert_str_eq(f.items[0].evidence, "media and data integrity errors went from 5 to 6; "
					      "the number of error log entries went from 7 to 9");
	ck_assert_str_eq(f.items[1].evidence, "the number of error log entries went from 8 to 9");
	findings_done(&f);
	/* only the guest could be asked before, and not again */
	facts_done(&d.trials[1].facts);
	add_health(&d.trials[1]);
	facts_add(&d.trials[1].facts, "device.guest_before.smart.error_log_entries", "8");
	set_fact(&d.trials[1].facts, "device.after.smart.error_log_entries", "9");
	expect_findings(&d, 2, &f);
	ck_assert_str_eq(f.items[1].evidence, "the number of error log entries went from 7 to 9");
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

START_TEST(findings_are_in_the_order_of_cells_and_causes)
{
	static const char *const two[] = {"vfio", "host", NULL};
	struct findings f;
	struct run_data d;

	make_case(&d, two, 2);
	for (size_t i = 0; i < d.n_trials; i++)
		add_health(&d.trials[i]);
	set_fact(&d.trials[0].facts, "device.after.smart.used_pct", "120");
	set_fact(&d.trials[1].facts, "device.after.smart.media_errors", "6");
	facts_add(&d.trials[2].facts, "device.event.0", "guest: nvme nvme0: resetting controller");
	expect_findings(&d, 3, &f);
	ck_assert_str_eq(f.items[0].cause, "device-reset");
	ck_assert_str_eq(f.items[1].cause, "device-health");
	ck_assert_str_eq(f.items[2].cause, "device-errors");
	ck_assert_uint_eq(f.items[2].cell, 1);
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

START_TEST(every_cause_has_its_part_in_the_documentation)
{
	struct bl_buf doc = BL_BUF_INIT;

	ck_assert_int_eq(bl_read_file(SOURCE_DIR "/docs/findings.md", 1 << 20, &doc, NULL), 0);
	for (size_t i = 0; i < n_cause_rows; i++) {
		char part[160];

		snprintf(part, sizeof part, "\n## %s\n\n*%s", cause_rows[i].name,
			 cause_rows[i].title);
		ck_assert_msg(strstr(bl_buf_str(&doc), part) != NULL, "no part:%s", part);
	}
	bl_buf_done(&doc);
}
END_TEST

/* ---- hand-over ---- */

static struct handover_record *add_handover(struct run_data *d, enum handover_kind kind)
{
	struct handover_record *h = d->handovers = calloc(1, sizeof *h);

	d->n_handovers = 1;
	*h = (struct handover_record){
		.kind = kind,
		.host_id = strdup("h"),
		.device = strdup(kind ? "/dev/nvme0n1" : "0000:5e:00.0"),
		.serial = strdup("S5XX"),
		.model = strdup("m"),
		.driver_before = strdup(kind ? "/tmp/mnt" : "nvme"),
		.namespaces = strdup("nvme0n1"),
	};
	strcpy(h->trial_id, d->trials[0].id);
	return h;
}

START_TEST(a_device_that_is_not_back_is_a_finding_until_it_is)
{
	struct handover_record *h;
	struct findings f;
	struct run_data d;

	make_one(&d, vfio_only);
	h = add_handover(&d, HANDOVER_VFIO);
	expect_one(&d, "device-not-returned", CONFIDENCE_CERTAIN,
		   "0000:5e:00.0 (serial S5XX) left its driver nvme and is not back: giving it "
		   "back was never tried",
		   "/sys/bus/pci/devices/0000:5e:00.0/driver_override");
	d.run.ended_ms = 0;
	expect_one(&d, "device-not-returned", CONFIDENCE_LIKELY, "has not ended, or was killed",
		   "blklab run");
	h->outcome = strdup("still at vfio-pci after 5 s");
	expect_one(&d, "device-not-returned", CONFIDENCE_CERTAIN, "still at vfio-pci after 5 s",
		   "");
	h->is_ended = true; /* forgotten: nothing is left to do */
	expect_findings(&d, 0, &f);
	findings_done(&f);
	h->is_ended = false;
	h->is_back = true;
	expect_findings(&d, 0, &f);
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

START_TEST(a_mount_that_stayed_is_said_and_a_killed_trial_has_no_cell)
{
	struct handover_record *h;
	struct findings f;
	struct run_data d;

	make_one(&d, vfio_only);
	h = add_handover(&d, HANDOVER_MOUNT);
	strcpy(h->trial_id, "never-stored");
	expect_findings(&d, 1, &f);
	ck_assert_uint_eq(f.items[0].cell, NO_CELL);
	ck_assert_uint_eq(f.items[0].trial, SIZE_MAX);
	ck_assert_ptr_nonnull(strstr(f.items[0].evidence, "was mounted on /tmp/mnt"));
	ck_assert_ptr_nonnull(strstr(f.items[0].remedy, "umount /tmp/mnt"));
	findings_done(&f);
	run_data_done(&d);
}
END_TEST

TCase *device_cases(void)
{
	TCase *t = tcase_create("device");

	tcase_add_test(t, a_calm_run_has_no_finding);
	tcase_add_loop_test(t, what_the_kernel_said_is_a_reset_or_an_error, 0,
			    sizeof events / sizeof *events);
	tcase_add_test(t, a_host_that_sets_its_own_device_up_anew_was_reset);
	tcase_add_test(t, many_events_are_one_finding_of_a_trial);
	tcase_add_test(t, events_that_were_not_kept_are_counted_with_those_that_were);
	tcase_add_loop_test(t, each_counter_has_its_cause, 0, sizeof counters / sizeof *counters);
	tcase_add_test(t, what_only_the_guest_could_read_afterwards_counts);
	tcase_add_loop_test(t, what_does_not_reach_a_bound_is_no_finding, 0,
			    sizeof calm / sizeof *calm);
	tcase_add_test(t, health_is_said_once_a_cell_and_a_shutdown_is_explained);
	tcase_add_test(t, a_log_that_grew_is_said_once_a_cell_and_of_the_guests_time);
	tcase_add_test(t, findings_are_in_the_order_of_cells_and_causes);
	tcase_add_test(t, every_cause_has_its_part_in_the_documentation);
	tcase_add_test(t, a_device_that_is_not_back_is_a_finding_until_it_is);
	tcase_add_test(t, a_mount_that_stayed_is_said_and_a_killed_trial_has_no_cell);
	return t;
}
