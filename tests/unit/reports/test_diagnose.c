/* The findings of a run on the terminal and as JSON. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cleanup.h"
#include "diagnosis.h"
#include "diagnosis_report.h"
#include "documents.h"
#include "fmt.h"
#include "path_text.h"

static const struct synthetic devices = {
	.repeats = 6, .seconds = 2, .seed = 3, .has_devices = true, .accel = "kvm"};

static void add_path(struct trial_record *t)
{
	static const char *const facts[][2] = {
		{"path.bus", "virtio-blk"},
		{"path.target", "vda"},
		{"path.iothread", "iothread1"},
		{"path.queues", "4"},
		{"path.queue_size", "256"},
		{"path.cache", "none"},
		{"path.aio", "native"},
		{"path.throttle", "none"},
		{"path.discard", "unmap"},
		{"path.format", "raw"},
		{"path.source", "/srv/lab/disk.raw"},
		{"path.filesystem", "ext4"},
		{"path.device.0", "dm-0"},
		{"path.device.0.kind", "dm"},
		{"path.device.1", "nvme0n1"},
		{"path.device.1.kind", "disk"},
		{"path.device.1.scheduler", "none"},
		{"path.device.1.write_cache", "write back"},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(facts); i++)
		facts_add(&t->facts, facts[i][0], facts[i][1]);
}

/* The run of the other documents, with a way of its I/O for cell 3 ... */
static void make(struct run_data *d, bool is_hostile)
{
	struct synthetic how = devices;

	how.is_hostile = is_hostile;
	synthetic_run(&how, d);
	for (size_t i = 0; i < d->n_trials; i++)
		if (d->trials[i].cell == 3)
			add_path(&d->trials[i]);
	facts_add(&d->run.declared, "asked.scenario", "my paths.yaml");
}

/* ... and findings of every kind: of one job or none, in time or not, that a change may cure, of
 * the same cause twice, and of a trial that was not stored. */
static void find(const struct run_data *d, const char *evidence, struct findings *ret)
{
	const struct finding items[] = {
		{"device-reset", LAYER_DEVICE, CONFIDENCE_CERTAIN, 0, 6, NULL, NAN, NAN,
		 (char *)evidence, "look at the PCIe link", NULL},
		{"interrupts-one-cpu", LAYER_GUEST, CONFIDENCE_POSSIBLE, 0, 0, "randread-4k-qd1",
		 3.12, 9.2, "CPU 2 took 100 %", "give each vCPU its own queue", "queues=4"},
		{"interrupts-one-cpu", LAYER_GUEST, CONFIDENCE_LIKELY, 0, 0, "randwrite-4k-fsync16",
		 NAN, NAN, "CPU 3 took 97 %", "give each vCPU its own queue", "queues=4"},
		{"interrupts-one-cpu", LAYER_HOST, CONFIDENCE_LIKELY, 3, 3, NULL, NAN, NAN,
		 "CPU 0 took 97 %", "pin them", "vcpus=8,iothreads=1"},
		{"emulated-cpu", LAYER_MEASUREMENT, CONFIDENCE_CERTAIN, 1, 1, NULL, NAN, NAN,
		 "the CPU is emulated", "compare paths", NULL},
		{"device-not-returned", LAYER_HOST, CONFIDENCE_CERTAIN, NO_CELL, SIZE_MAX, NULL,
		 NAN, NAN, "0000:5e:00.0 is away", "blklab recover", NULL},
		{"emulated-cpu", LAYER_MEASUREMENT, CONFIDENCE_CERTAIN, 4, SIZE_MAX, NULL, NAN, NAN,
		 "the CPU is emulated", "compare paths", NULL},
	};
	size_t n = BL_ARRAY_LEN(items);

	static const char *const jobs[] = {"randread-4k-qd1", "randwrite-4k-fsync16"};

	*ret = (struct findings){.items = calloc(n, sizeof *ret->items),
				 .n = n,
				 .looked = calloc(4, sizeof *ret->looked),
				 .n_looked = 4};
	for (size_t i = 0; i < 4; i++)
		ret->looked[i] = (struct looked_at){
			.cell = i < 2 ? 1 : 2,
			.job = strdup(jobs[i % 2]),
			.n_trials = 6,
			.there = strdup(i == 3 ? "" : "threads of QEMU: 12 signals"),
			.absent = strdup(i == 3 ? "the guest's disk (no agent)" : "")};
	for (size_t i = 0; i < n; i++) {
		struct finding *f = &ret->items[i];

		*f = items[i];
		f->cause = cause_find(f->cause)->name;
		f->job = f->job ? strdup(f->job) : NULL;
		f->evidence = strdup(f->evidence);
		f->remedy = strdup(f->remedy);
		f->change = f->change ? strdup(f->change) : NULL;
		ck_assert(f->trial == SIZE_MAX || d->trials[f->trial].cell == f->cell);
	}
}

static char *text_of(const struct diagnosis_options *opt, unsigned columns, bool color,
		     bool is_hostile)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct findings found;
	struct run_data d;

	make(&d, is_hostile);
	find(&d, is_hostile ? HOSTILE : "the kernel said 'timeout'", &found);
	ck_assert_msg(report_diagnosis(&d, &found, opt, columns, color, &out, &err) == 0, "%s",
		      bl_err_text(&err));
	findings_done(&found);
	run_data_done(&d);
	return bl_buf_take(&out);
}

static json_t *json_of(const struct diagnosis_options *opt, bool is_hostile)
{
	struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct findings found;
	struct run_data d;
	json_t *root;

	make(&d, is_hostile);
	find(&d, is_hostile ? HOSTILE : "the kernel said 'timeout'", &found);
	ck_assert_msg(report_diagnosis_json(&d, &found, opt, &out, &err) == 0, "%s",
		      bl_err_text(&err));
	root = json_loads(bl_buf_str(&out), 0, NULL);
	ck_assert_ptr_nonnull(root);
	findings_done(&found);
	run_data_done(&d);
	bl_buf_done(&out);
	return root;
}

START_TEST(the_text_is_as_expected)
{
	BL_CLEANUP(bl_freep)
	char *text = text_of(&(struct diagnosis_options){.store = "my lab.db"}, 100, false, false);

	expect_file("diagnosis-100.txt", text);
}
END_TEST

START_TEST(no_line_is_wider_than_the_terminal_and_no_word_of_a_command_is_broken)
{
	static const unsigned columns[] = {100, 80, 60};

	for (size_t i = 0; i < BL_ARRAY_LEN(columns); i++) {
		BL_CLEANUP(bl_freep)
		char *text = text_of(&(struct diagnosis_options){0}, columns[i], false, false);
		size_t len;

		for (const char *line = text; *line; line += len + (line[len] == '\n')) {
			len = strcspn(line, "\n");
			ck_assert_msg(len <= columns[i], "%zu of %u: %.*s", len, columns[i],
				      (int)len, line);
		}
		ck_assert_uint_eq(count_of(text, " 'my paths.yaml' "), 2);
		ck_assert_uint_eq(count_of(text, " 'virtio-blk device' "), 1);
	}
}
END_TEST

START_TEST(colour_is_only_where_it_was_asked_and_foreign_text_stays_text)
{
	BL_CLEANUP(bl_freep)
	char *plain = text_of(&(struct diagnosis_options){0}, 100, false, true);
	BL_CLEANUP(bl_freep)
	char *color = text_of(&(struct diagnosis_options){0}, 100, true, false);

	ck_assert_ptr_null(strchr(plain, '\033'));
	ck_assert_ptr_nonnull(strstr(color, "\033[31mThe device was reset"));
}
END_TEST

START_TEST(a_choice_of_cells_and_job_leaves_out_the_others)
{
	static const uint32_t cells[] = {0};
	struct diagnosis_options opt = {.cells = cells, .n_cells = 1, .job = "randread-4k-qd1"};
	BL_CLEANUP(bl_freep) char *text = text_of(&opt, 100, false, false);
	json_t *root = json_of(&opt, false), *trial;

	ck_assert_ptr_nonnull(strstr(text, "timeout"));          /* of no job */
	ck_assert_ptr_nonnull(strstr(text, "CPU 2 took 100 %")); /* of this one */
	ck_assert_ptr_null(strstr(text, "CPU 3 took 97 %"));     /* of another */
	ck_assert_ptr_null(strstr(text, "CPU 0 took 97 %"));     /* of another cell */
	ck_assert_ptr_null(strstr(text, "0000:5e:00.0"));        /* of none */
	ck_assert_uint_eq(json_array_size(json_object_get(root, "trials")), 6);
	trial = json_array_get(json_object_get(root, "trials"), 0);
	ck_assert_uint_eq(json_array_size(json_object_get(trial, "jobs")), 1);
	ck_assert_uint_eq(json_array_size(json_object_get(root, "findings")), 0);
	json_decref(root);
}
END_TEST

static const char *text_at(const json_t *o, const char *key)
{
	return json_string_value(json_object_get(o, key));
}

START_TEST(what_it_was_compared_with_is_said_also_when_all_is_alike)
{
	struct diagnosis_options opt = {0};
	BL_CLEANUP(bl_freep) char *text = NULL;
	struct run_data beside;
	json_t *root, *o;

	make(&beside, false);
	free(beside.cells[1].name);
	beside.cells[1].name = strdup("another");
	opt.beside = &beside;
	text = text_of(&opt, 100, false, false);
	ck_assert_ptr_nonnull(strstr(text, "5 cells of the same name compared; nothing differs"));
	ck_assert_ptr_nonnull(strstr(text, "not there: 'virtio-blk"));
	root = json_of(&opt, false);
	o = json_object_get(root, "beside");
	ck_assert_str_eq(text_at(o, "run"), beside.run.id);
	ck_assert_str_eq(text_at(o, "host"), beside.run.host_name);
	ck_assert_uint_eq(json_array_size(json_object_get(o, "cells")), beside.n_cells - 1);
	json_decref(root);
	root = json_of(&(struct diagnosis_options){0}, false);
	ck_assert_ptr_null(json_object_get(root, "beside"));
	json_decref(root);
	run_data_done(&beside);
}
END_TEST

START_TEST(json_has_each_finding_once_where_it_belongs)
{
	json_t *root = json_of(&(struct diagnosis_options){0}, false), *t, *j, *f;

	ck_assert_str_eq(text_at(root, "format"), "blklab-diagnosis/1");
	ck_assert_str_eq(text_at(root, "scenario"), "virtio-paths");
	ck_assert_uint_eq(json_array_size(json_object_get(root, "trials")), 36);
	t = json_array_get(json_object_get(root, "trials"), 0);
	ck_assert_str_eq(text_at(t, "cell"), "virtio-blk device");
	ck_assert_str_eq(text_at(t, "state"), "ok");
	ck_assert(json_is_null(json_object_get(t, "path")));
	ck_assert_uint_eq(json_array_size(json_object_get(t, "findings")), 0);
	j = json_array_get(json_object_get(t, "jobs"), 0);
	ck_assert_str_eq(text_at(j, "job"), "randread-4k-qd1");
	ck_assert(json_is_null(json_object_get(j, "looked_at")));
	f = json_array_get(
		json_object_get(json_array_get(json_object_get(root, "trials"), 1), "jobs"), 0);
	ck_assert_str_eq(text_at(json_object_get(f, "looked_at"), "there"),
			 "threads of QEMU: 12 signals");
	ck_assert_uint_eq(json_array_size(json_object_get(j, "findings")), 1);
	f = json_array_get(json_object_get(j, "findings"), 0);
	ck_assert_str_eq(text_at(f, "cause"), "interrupts-one-cpu");
	ck_assert_str_eq(text_at(f, "layer"), "guest");
	ck_assert_str_eq(text_at(f, "confidence"), "possible");
	ck_assert_str_eq(text_at(f, "evidence"), "CPU 2 took 100 %");
	ck_assert_str_eq(text_at(f, "change"), "queues=4");
	ck_assert_str_eq(text_at(f, "command"),
			 "blklab run 'my paths.yaml' --cell 'virtio-blk device' --with queues=4");
	ck_assert(json_real_value(json_object_get(f, "from_s")) == 3.12);
	/* of a trial, of no job, and of neither */
	t = json_array_get(json_object_get(root, "trials"), 6);
	f = json_array_get(json_object_get(t, "findings"), 0);
	ck_assert_str_eq(text_at(f, "cause"), "device-reset");
	ck_assert(json_is_null(json_object_get(f, "from_s")));
	ck_assert(json_is_null(json_object_get(f, "command")));
	t = json_array_get(json_object_get(root, "trials"), 3);
	ck_assert_ptr_nonnull(strstr(text_at(t, "path"), "vda on virtio-blk, iothread1"));
	f = json_array_get(json_object_get(root, "findings"), 0);
	ck_assert_str_eq(text_at(f, "cause"), "device-not-returned");
	json_decref(root);
}
END_TEST

START_TEST(what_is_not_known_of_the_way_is_left_out)
{
	static const struct {
		const char *facts[12], *line;
	} ways[] = {
		{{"path.bus", "host", "path.source", "/srv/x"}, "the host itself > /srv/x"},
		{{"path.bus", "sata", "path.iothread", "none", "path.queues", "1"},
		 "sata, no iothread, 1 queue"},
		{{"path.format", "qcow2", "path.cluster_bytes", "65536", "path.chain_depth", "3",
		  "path.throttle", "500 iops"},
		 "QEMU: limited to 500 iops > qcow2 of 64 KiB, 3 images deep"},
		{{"path.device.0", "sda", "path.device.0.rotational", "1", "path.device.1", "sdb"},
		 "sda (rotating) > sdb"},
		{{"guest.kernel", "6.1"}, NULL},
	};

	for (size_t i = 0; i < BL_ARRAY_LEN(ways); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
		struct facts f = {0};

		for (size_t k = 0; k < 12 && ways[i].facts[k]; k += 2)
			facts_add(&f, ways[i].facts[k], ways[i].facts[k + 1]);
		ck_assert(path_line(&f, &out) == (ways[i].line != NULL));
		ck_assert_str_eq(bl_buf_str(&out), ways[i].line ? ways[i].line : "");
		facts_done(&f);
	}
}
END_TEST

static json_t *job_of(json_t *root, size_t trial, size_t job)
{
	json_t *t = json_array_get(json_object_get(root, "trials"), trial);

	return json_array_get(json_object_get(t, "jobs"), job);
}

static json_t *watched_json(struct run_data *d, unsigned seconds)
{
	const struct synthetic how = {
		.repeats = 1, .seconds = seconds, .seed = 3, .is_watched = true, .accel = "kvm"};
	struct bl_buf out = BL_BUF_INIT;
	struct findings none = {0};
	json_t *root;

	synthetic_run(&how, d);
	ck_assert_int_eq(
		report_diagnosis_json(d, &none, &(struct diagnosis_options){0}, &out, NULL), 0);
	root = json_loads(bl_buf_str(&out), 0, NULL);
	bl_buf_done(&out);
	return root;
}

/* Of a VM all four places are known, and the parts are the whole. */
START_TEST(json_has_the_budget_of_each_job_and_its_parts_are_the_total)
{
	struct run_data d;
	json_t *root = watched_json(&d, 2);
	size_t n = 0;

	for (size_t i = 0; i < d.n_trials; i++) {
		json_t *budget = json_object_get(job_of(root, i, 0), "budget"), *dir, *part;
		const char *bus = facts_get(&d.cells[d.trials[i].cell].axes, "bus"), *name;
		double sum, share;
		size_t k;

		json_object_foreach (budget, name, dir) {
			sum = share = 0;
			json_array_foreach (json_object_get(dir, "parts"), k, part) {
				sum += json_real_value(json_object_get(part, "own_ns"));
				share += json_real_value(json_object_get(part, "share"));
			}
			ck_assert_uint_eq(k, 4);
			ck_assert_double_eq_tol(
				sum, json_real_value(json_object_get(dir, "total_ns")), sum / 1e4);
			ck_assert_double_eq_tol(share, 1, 1e-4);
			n++;
		}
		ck_assert_uint_gt(json_object_size(budget), 0);
		if (strcmp(bus, "host") != 0) {
			dir = json_object_get(json_object_get(budget, "read"), "requests");
			ck_assert_uint_eq(json_object_size(dir), 4);
		}
	}
	ck_assert_uint_ge(n, d.n_trials);
	json_decref(root);
	run_data_done(&d);
}
END_TEST

START_TEST(json_has_what_each_place_counted_with_percentiles_of_qemu)
{
	struct run_data d;
	json_t *root = watched_json(&d, 2), *layers, *qemu, *read;

	layers = json_object_get(job_of(root, d.n_trials - 1, 0), "layers");
	ck_assert_uint_eq(json_array_size(layers), 4);
	qemu = json_array_get(layers, 2);
	ck_assert_str_eq(text_at(qemu, "place"), "qemu");
	read = json_object_get(qemu, "read");
	ck_assert(json_real_value(json_object_get(read, "n")) > 100);
	ck_assert(json_is_real(json_object_get(read, "mean_ns")));
	if (json_object_get(read, "histogram")) {
		ck_assert(json_real_value(json_object_get(read, "p50_ns")) <=
			  json_real_value(json_object_get(read, "p99_ns")));
	}
	json_decref(root);
	run_data_done(&d);
}
END_TEST

START_TEST(json_has_stalls_and_the_signals_that_were_tested_against_them)
{
	struct run_data d;
	json_t *root = watched_json(&d, 40), *job = NULL, *signals, *s, *stutter;
	size_t n_tested = 0, k;

	for (size_t i = 0; i < d.n_trials; i++)
		if (d.trials[i].cell == 2)
			job = job_of(root, i, 0); /* it stalls by a clock */
	stutter = json_object_get(job, "stutter");
	ck_assert_uint_ge(json_integer_value(json_object_get(stutter, "n_stalls")), 5);
	ck_assert_uint_eq(json_array_size(json_object_get(stutter, "stalls")),
			  json_integer_value(json_object_get(stutter, "n_stalls")));
	ck_assert_str_eq(text_at(json_object_get(job, "spikes"), "kind"), "stalls");
	signals = json_object_get(job, "signals");
	json_array_foreach (signals, k, s) {
		json_t *why = json_object_get(s, "attribution");

		ck_assert(text_at(s, "name") && text_at(s, "title") && text_at(s, "unit"));
		n_tested += why != NULL;
		ck_assert(!why || json_is_real(json_object_get(why, "af")));
	}
	ck_assert_uint_gt(n_tested, 3);
	ck_assert_ptr_nonnull(text_at(json_object_get(job, "spikes"), "explained_by"));
	json_decref(root);
	run_data_done(&d);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-diagnose");
	TCase *t = tcase_create("diagnose");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_text_is_as_expected);
	tcase_add_test(t, no_line_is_wider_than_the_terminal_and_no_word_of_a_command_is_broken);
	tcase_add_test(t, colour_is_only_where_it_was_asked_and_foreign_text_stays_text);
	tcase_add_test(t, a_choice_of_cells_and_job_leaves_out_the_others);
	tcase_add_test(t, what_it_was_compared_with_is_said_also_when_all_is_alike);
	tcase_add_test(t, json_has_each_finding_once_where_it_belongs);
	tcase_add_test(t, what_is_not_known_of_the_way_is_left_out);
	tcase_add_test(t, json_has_the_budget_of_each_job_and_its_parts_are_the_total);
	tcase_add_test(t, json_has_what_each_place_counted_with_percentiles_of_qemu);
	tcase_add_test(t, json_has_stalls_and_the_signals_that_were_tested_against_them);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
