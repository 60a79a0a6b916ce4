#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"
#include "scenario_text.h"
#include "units.h"

START_TEST(what_is_not_given_has_its_documented_default)
{
	BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(TEXT_HEAD);

	ck_assert_str_eq(sc->name, "t");
	ck_assert_str_eq(sc->description, "");
	ck_assert_str_eq(sc->text, TEXT_HEAD);
	ck_assert_str_eq(sc->path, TEXT_PATH);
	ck_assert_uint_eq(sc->memory_bytes, 512 * MiB);
	ck_assert_str_eq(sc->machine, "q35");
	ck_assert_str_eq(sc->backing_dir, "auto");
	ck_assert_uint_eq(sc->backing_bytes, GiB);
	ck_assert_int_eq(sc->precondition, PRECONDITION_RANDOM_FILL);
	ck_assert_uint_eq(sc->n_axes, 0);
	ck_assert_ptr_null(sc->device.serial);
	ck_assert_uint_eq(sc->device.at.line, 0);
	for (size_t i = 0; i < NEED_ROWS; i++)
		ck_assert_int_eq(sc->needs[i], NEED_UNSAID);
	ck_assert_uint_eq(sc->repeats, 3);
	ck_assert(sc->is_interleaved);
	ck_assert_uint_eq(sc->seed, 1);
	ck_assert(sc->has_telemetry);
	ck_assert_str_eq(sc->reference, "");
	ck_assert_uint_eq(sc->limit_boot_ns, 60 * NS_PER_S);
	ck_assert_uint_eq(sc->limit_job_ns, 60 * NS_PER_S);
	ck_assert_uint_eq(sc->limit_shutdown_ns, 30 * NS_PER_S);
	ck_assert_uint_eq(sc->jobs.n, 3);
}
END_TEST

START_TEST(what_is_given_arrives)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc =
		must_parse("name: all-of.it_1\n"
			   "description: words\n"
			   "vm: { vcpus: 3, memory: 1.5GiB, machine: pc-q35-7.2 }\n"
			   "backing: { dir: /srv/lab, size: 100MiB, precondition: none }\n"
			   "axes:\n"
			   "  format: qcow2\n"
			   "  cluster_size: [64k, 1048576]\n"
			   "jobs: { file: ../jobs/quick.fio }\n"
			   "repeats: 7\n"
			   "order: sequential\n"
			   "seed: 18446744073709551615\n"
			   "telemetry: off\n"
			   "reference: some cell\n"
			   "limits: { boot: 90s, job: 2m, shutdown: 1500ms }\n");

	ck_assert_str_eq(sc->name, "all-of.it_1");
	ck_assert_str_eq(sc->description, "words");
	ck_assert_uint_eq(sc->memory_bytes, 1536 * MiB);
	ck_assert_str_eq(sc->machine, "pc-q35-7.2");
	ck_assert_str_eq(sc->backing_dir, "/srv/lab");
	ck_assert_uint_eq(sc->backing_bytes, 100 * MiB);
	ck_assert_int_eq(sc->precondition, PRECONDITION_NONE);
	ck_assert_uint_eq(sc->repeats, 7);
	ck_assert(!sc->is_interleaved);
	ck_assert_uint_eq(sc->seed, UINT64_MAX);
	ck_assert(!sc->has_telemetry);
	ck_assert_str_eq(sc->reference, "some cell");
	ck_assert_uint_eq(sc->limit_boot_ns, 90 * NS_PER_S);
	ck_assert_uint_eq(sc->limit_job_ns, 120 * NS_PER_S);
	ck_assert_uint_eq(sc->limit_shutdown_ns, 1500 * NS_PER_MS);
	ck_assert_uint_eq(sc->n_axes, 3); /* vm.vcpus is an axis of one value */
	ck_assert_str_eq(sc->axes[0].row->name, "format");
	ck_assert_str_eq(sc->axes[1].values[0], "64KiB");
	ck_assert_str_eq(sc->axes[1].values[1], "1MiB");
	ck_assert_uint_eq(sc->axes[1].at[1].line, 7);
	ck_assert_uint_eq(sc->axes[1].at[1].column, 23);
	ck_assert_str_eq(sc->axes[2].row->name, "vcpus");
	ck_assert(sc->axes[2].is_from_vm);
}
END_TEST

START_TEST(a_device_has_one_spelling_and_needs_are_yes_or_no)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc =
		must_parse(TEXT_HEAD "device: { pci: '5E:00.0', serial: S5 XX, namespace: 2 }\n"
				     "needs: { snapshots: no, latency_critical: yes }\n");
	BL_CLEANUP(scenario_freep)
	struct scenario *by_path =
		must_parse(TEXT_HEAD "device:\n  path: /dev/sdb\n  serial: 12345\n");

	ck_assert_str_eq(sc->device.pci, "0000:5e:00.0");
	ck_assert_str_eq(sc->device.serial, "S5 XX");
	ck_assert_ptr_null(sc->device.path);
	ck_assert_uint_eq(sc->device.nsid, 2);
	ck_assert_uint_eq(sc->device.at.line, 3);
	ck_assert_uint_eq(sc->device.at.column, 9);
	ck_assert_int_eq(sc->needs[NEEDS_SNAPSHOTS], NEED_NO);
	ck_assert_int_eq(sc->needs[NEEDS_LATENCY_CRITICAL], NEED_YES);
	ck_assert_int_eq(sc->needs[NEEDS_LIVE_MIGRATION], NEED_UNSAID);
	ck_assert_ptr_null(by_path->device.pci);
	ck_assert_str_eq(by_path->device.path, "/dev/sdb");
	ck_assert_uint_eq(by_path->device.nsid, 0);
}
END_TEST

#define OF_THE_FILE "device: { pci: '0000:5e:00.0', serial: S5XX, namespace: 3 }\n"

static const struct {
	const char *file; /* the scenario's device */
	const char *device, *serial;
	const char *pci, *path, *is_serial; /* then */
	uint32_t nsid;
	const char *says;
} given[] = {
	{"", NULL, NULL, NULL, NULL, NULL, 0, NULL},
	{"", "0000:01:00.0", "A", "0000:01:00.0", NULL, "A", 1, NULL},
	{"", "/dev/sdb", "A", NULL, "/dev/sdb", "A", 0, NULL},
	{OF_THE_FILE, NULL, NULL, "0000:5e:00.0", NULL, "S5XX", 3, NULL},
	{OF_THE_FILE, "01:00.0", "A", "0000:01:00.0", NULL, "A", 3, NULL},
	{OF_THE_FILE, "/dev/sdb", NULL, NULL, "/dev/sdb", "S5XX", 0, NULL},
	{OF_THE_FILE, NULL, "B", "0000:5e:00.0", NULL, "B", 3, NULL},
	{"device: { path: /dev/sdb, serial: S }\n", "01:00.0", NULL, "0000:01:00.0", NULL, "S", 1,
	 NULL},
	{"", "01:00.0", NULL, NULL, NULL, NULL, 0,
	 "device: '01:00.0' is given without a serial; a disk is only taken when it has the serial "
	 "that was named: add --serial SERIAL"},
	{"", NULL, "A", NULL, NULL, NULL, 0,
	 "serial: 'A' is given without a device; add --device with a PCI address such as "
	 "\"0000:5e:00.0\" or the path of a block device such as /dev/sdb or /dev/disk/by-id/..."},
	{"", "nvme0", "A", NULL, NULL, NULL, 0,
	 "device: 'nvme0' is neither a PCI address such as \"0000:5e:00.0\" nor the path of a "
	 "block "
	 "device such as /dev/sdb or /dev/disk/by-id/..."},
	{"", "01:00.8", "A", NULL, NULL, NULL, 0, "device: '01:00.8' is neither a PCI address"},
	{"", "01:20.0", "A", NULL, NULL, NULL, 0, "device: '01:20.0' is neither a PCI address"},
	{"", "0000:01:00.0x", "A", NULL, NULL, NULL, 0, "device: '0000:01:00.0x' is neither"},
	{"", "0000-01:00.0", "A", NULL, NULL, NULL, 0, "device: '0000-01:00.0' is neither"},
	{"", "", "A", NULL, NULL, NULL, 0, "device: '' is neither a PCI address"},
	{"", "01:00.0", "", NULL, NULL, NULL, 0,
	 "serial: '' is empty; accepted: what `blklab doctor` shows"},
	{"", "01:00.0", "A ", NULL, NULL, NULL, 0, "serial: 'A ' begins or ends with a blank"},
};

static void ck_text(const char *is, const char *asked)
{
	if (asked)
		ck_assert_pstr_eq(is, asked);
	else
		ck_assert_ptr_null(is);
}

START_TEST(the_command_line_overrides_the_device_of_the_file)
{
	BL_CLEANUP(bl_freep) char *text = bl_strf(TEXT_HEAD "%s", given[_i].file);
	BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(text);
	struct bl_err err = BL_ERR_INIT;
	int r = scenario_set_device(sc, given[_i].device, given[_i].serial, &err);

	if (given[_i].says) {
		ck_assert_int_eq(r, -EINVAL);
		ck_assert_msg(strstr(err.text, given[_i].says) == err.text, "%s", err.text);
		return;
	}
	ck_assert_msg(r == 0, "%s", err.text);
	ck_text(sc->device.pci, given[_i].pci);
	ck_text(sc->device.path, given[_i].path);
	ck_text(sc->device.serial, given[_i].is_serial);
	ck_assert_uint_eq(sc->device.nsid, given[_i].nsid);
}
END_TEST

START_TEST(paths_are_relative_to_the_scenario_file)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc =
		must_parse(TEXT_HEAD "backing: { dir: disks }\n"
				     "axes:\n"
				     "  kernel: [default, installed, k/vmlinuz, /boot/vmlinuz,\n"
				     "           'https://example.org/k.deb#sha256=00']\n"
				     "  emulator: [default, ../qemu-10]\n");
	static const char *const kernels[] = {
		"default",
		"installed",
		SOURCE_DIR "/scenarios/library/k/vmlinuz",
		"/boot/vmlinuz",
		"https://example.org/k.deb#sha256=00",
	};

	ck_assert_str_eq(sc->jobs_path, SOURCE_DIR "/scenarios/library/../jobs/quick.fio");
	ck_assert_str_eq(sc->backing_dir, SOURCE_DIR "/scenarios/library/disks");
	ck_assert_uint_eq(sc->axes[0].n_values, BL_ARRAY_LEN(kernels));
	for (size_t i = 0; i < BL_ARRAY_LEN(kernels); i++)
		ck_assert_str_eq(sc->axes[0].values[i], kernels[i]);
	ck_assert_str_eq(sc->axes[1].values[0], "default");
	ck_assert_str_eq(sc->axes[1].values[1], SOURCE_DIR "/scenarios/library/../qemu-10");
}
END_TEST

START_TEST(jobs_can_be_picked_and_shortened)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse("name: t\n"
					 "jobs:\n"
					 "  file: ../jobs/quick.fio\n"
					 "  only: [commit-4k, randread-4k-qd1]\n"
					 "  runtime: 1500ms\n"
					 "  ramp_time: 0\n");

	ck_assert_uint_eq(sc->jobs.n, 2);
	ck_assert_str_eq(sc->jobs.items[0].name, "randread-4k-qd1");
	ck_assert_str_eq(sc->jobs.items[1].name, "commit-4k");
	for (size_t i = 0; i < 2; i++) {
		ck_assert_uint_eq(sc->jobs.items[i].runtime_ns, 1500 * NS_PER_MS);
		ck_assert_uint_eq(sc->jobs.items[i].ramp_ns, 0);
		ck_assert(sc->jobs.items[i].time_based);
	}
}
END_TEST

START_TEST(reading_the_file_gives_what_parsing_its_text_gives)
{
	BL_CLEANUP(scenario_freep) struct scenario *a = NULL, *b = NULL;
	BL_CLEANUP(bl_buf_done) struct bl_buf ta = BL_BUF_INIT, tb = BL_BUF_INIT;
	const char *path = SOURCE_DIR "/scenarios/library/quick.yaml";
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(scenario_read(path, &a, &err) == 0, "%s", err.text);
	ck_assert_msg(scenario_parse(a->text, path, &b, &err) == 0, "%s", err.text);
	scenario_to_text(a, &ta);
	scenario_to_text(b, &tb);
	ck_assert_str_eq(bl_buf_str(&ta), bl_buf_str(&tb));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&ta), "include: bus=nvme-emulated iothreads=0\n"));
}
END_TEST

START_TEST(a_file_that_is_not_there_is_named)
{
	struct bl_err err = BL_ERR_INIT, err2 = BL_ERR_INIT;
	struct scenario *sc = NULL;

	ck_assert_int_eq(scenario_read("/nowhere/x.yaml", &sc, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "'/nowhere/x.yaml'"));
	ck_assert_int_eq(scenario_parse("name: t\njobs: none.fio\n", "/nowhere/x.yaml", &sc, &err2),
			 -ENOENT);
	ck_assert_ptr_nonnull(strstr(err2.text, "/nowhere/none.fio"));
	ck_assert_ptr_nonnull(strstr(err2.text, "(/nowhere/x.yaml:2:7)"));
	ck_assert_ptr_null(sc);
}
END_TEST

/* What is under way depends on these, so each way to say them is read back. */
START_TEST(repeats_may_be_a_number_auto_or_a_mapping)
{
	static const struct {
		const char *yaml, *text;
	} ways[] = {
		{"repeats: 9\n", "\nrepeats: 9, order"},
		{"repeats: auto\n",
		 "\nrepeats: auto, 8 to 30 until p99 is within half of what matters, order"},
		{"repeats: { least: 6, most: 12, budget: 90m, narrow: 2.5%, metric: p99.9 }\n",
		 "\nrepeats: auto, 6 to 12 until p99.9 is within 2.5 %, budget 1:30:00, order"},
		{"min_effect: { p99: 4%, iops: 0.5 % }\n", "\nmin_effect: iops 0.5 %, p99 4 %\n"},
		{"backing: { precondition: snia }\n",
		 "precondition none\nbacking: purged, then written in order 2 times\n"
		 "backing: rounds of 60 s until steady, at most 25\n"},
		{"backing: { precondition: { round: 1s, rounds: 7 } }\n",
		 "precondition random-fill\nbacking: rounds of 1 s until steady, at most 7\n"},
		{"backing: { precondition: { fill: none, sequential: 1 } }\n",
		 "precondition none\nbacking: purged, then written in order 1 time\nrepeats"},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(ways); i++) {
		BL_CLEANUP(bl_freep) char *yaml = bl_strf("%s%s", TEXT_HEAD, ways[i].yaml);
		BL_CLEANUP(scenario_freep) struct scenario *sc = must_parse(yaml);
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

		scenario_to_text(sc, &text);
		ck_assert_msg(strstr(bl_buf_str(&text), ways[i].text) != NULL, "%s:\n%s", yaml,
			      bl_buf_str(&text));
	}
}
END_TEST

START_TEST(the_command_line_says_repeats_and_budget_instead)
{
	BL_CLEANUP(scenario_freep)
	struct scenario *sc = must_parse(TEXT_HEAD "repeats: { least: 6, most: 12, budget: 1h }\n");
	BL_CLEANUP(scenario_freep)
	struct scenario *in_order = must_parse(TEXT_HEAD "order: sequential\n");
	struct bl_err err = BL_ERR_INIT, err2 = BL_ERR_INIT, err3 = BL_ERR_INIT;

	ck_assert_int_eq(scenario_set_repeats(sc, SCENARIO_REPEATS_AUTO, NULL, &err), 0);
	ck_assert(sc->more.is_auto && sc->more.least == 6 && sc->repeats == 12);
	ck_assert_uint_eq(sc->more.budget_ns, 3600 * NS_PER_S);
	ck_assert_int_eq(scenario_set_repeats(sc, 0, "30m", &err), 0);
	ck_assert(sc->more.is_auto && sc->more.budget_ns == 1800 * NS_PER_S);
	ck_assert_int_eq(scenario_set_repeats(sc, 5, NULL, &err), 0);
	ck_assert(!sc->more.is_auto && sc->repeats == 5 && !sc->more.budget_ns);
	ck_assert_int_eq(scenario_set_repeats(sc, SCENARIO_REPEATS_AUTO, NULL, &err), 0);
	ck_assert(sc->more.is_auto && sc->more.least == 8 && sc->repeats == 30);
	ck_assert_int_eq(scenario_set_repeats(sc, 0, "soon", &err), -EINVAL);
	ck_assert_str_eq(err.text, "--budget: 'soon' is not a time from 1s to 720h, for example "
				   "30m, 2h");
	ck_assert_int_eq(scenario_set_repeats(in_order, 0, "1h", &err2), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err2.text, "by which a budget is spent"));
	ck_assert_int_eq(scenario_set_repeats(in_order, SCENARIO_REPEATS_AUTO, NULL, &err3),
			 -EINVAL);
}
END_TEST

START_TEST(every_key_has_a_help_and_says_what_it_accepts)
{
	static const char *const sections[] = {
		"",       "vm",     "backing", "axes",    "include",    "exclude",     "jobs",
		"limits", "device", "needs",   "repeats", "min_effect", "precondition"};
	struct scenario_key key;

	for (size_t s = 0; s < BL_ARRAY_LEN(sections); s++) {
		size_t n = 0;

		for (; scenario_key_at(sections[s], n, &key); n++)
			ck_assert(key.name[0] && key.help[0] && key.accepts[0]);
		ck_assert_uint_gt(n, 2);
	}
	ck_assert(!scenario_key_at("vn", 0, &key));
	ck_assert(scenario_key_at("include", 0, &key));
	ck_assert_str_eq(key.name, "name");
}
END_TEST

/* The reference for users names every key, in code quotes. */
START_TEST(the_documentation_names_every_key_and_every_word)
{
	static const char *const sections[] = {"",        "vm",      "backing",    "axes",
					       "include", "jobs",    "limits",     "device",
					       "needs",   "repeats", "min_effect", "precondition"};
	BL_CLEANUP(bl_buf_done) struct bl_buf doc = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct scenario_key key;
	char quoted[80];

	ck_assert_msg(bl_read_file(SOURCE_DIR "/docs/scenario.md", MiB, &doc, &err) == 0, "%s",
		      err.text);
	for (size_t s = 0; s < BL_ARRAY_LEN(sections); s++) {
		for (size_t i = 0; scenario_key_at(sections[s], i, &key); i++) {
			snprintf(quoted, sizeof quoted, "`%s`", key.name);
			ck_assert_msg(strstr(bl_buf_str(&doc), quoted) != NULL,
				      "%s is not in docs/scenario.md", quoted);
		}
	}
	for (size_t i = 0; i < n_axis_rows; i++) {
		for (size_t w = 0; w < axis_rows[i].n_words; w++) {
			snprintf(quoted, sizeof quoted, "`%s`", axis_rows[i].words[w]);
			ck_assert_msg(strstr(bl_buf_str(&doc), quoted) != NULL,
				      "%s is not in docs/scenario.md", quoted);
		}
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("scenario");
	TCase *tc = tcase_create("scenario");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, what_is_not_given_has_its_documented_default);
	tcase_add_test(tc, what_is_given_arrives);
	tcase_add_test(tc, a_device_has_one_spelling_and_needs_are_yes_or_no);
	tcase_add_loop_test(tc, the_command_line_overrides_the_device_of_the_file, 0,
			    BL_ARRAY_LEN(given));
	tcase_add_test(tc, paths_are_relative_to_the_scenario_file);
	tcase_add_test(tc, jobs_can_be_picked_and_shortened);
	tcase_add_test(tc, reading_the_file_gives_what_parsing_its_text_gives);
	tcase_add_test(tc, a_file_that_is_not_there_is_named);
	tcase_add_test(tc, repeats_may_be_a_number_auto_or_a_mapping);
	tcase_add_test(tc, the_command_line_says_repeats_and_budget_instead);
	tcase_add_test(tc, every_key_has_a_help_and_says_what_it_accepts);
	tcase_add_test(tc, the_documentation_names_every_key_and_every_word);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
