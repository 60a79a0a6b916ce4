/* What the documents say of a real device, of findings and of the decision. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <check.h>

#include "cleanup.h"
#include "documents.h"
#include "irq_matrix.h"

static const struct synthetic devices = {
	.repeats = 6, .seconds = 2, .seed = 3, .has_devices = true, .accel = "kvm"};
static const struct synthetic plain = {.repeats = 2, .seconds = 1, .seed = 3};

/* For a person to look at: BLKLAB_PAGE=FILE. */
START_TEST(the_page_asks_whether_this_vm_should_get_it)
{
	BL_CLEANUP(bl_freep) char *page = document(&devices, REPORT_HTML, NULL);
	BL_CLEANUP(bl_freep) char *without = document(&plain, REPORT_HTML, NULL);
	const char *minute = strstr(page, "id=\"minute\""), *asked, *matrix;

	if (getenv("BLKLAB_PAGE")) {
		FILE *f = fopen(getenv("BLKLAB_PAGE"), "w");

		ck_assert_ptr_nonnull(f);
		fputs(page, f);
		fclose(f);
	}
	asked = strstr(page, "<section id=\"passthrough\">");
	matrix = strstr(page, "<section id=\"matrix\"");
	ck_assert(minute && asked && matrix && minute < asked && asked < matrix);
	ck_assert_ptr_nonnull(strstr(page, "<a href=\"#passthrough\">"));
	ck_assert_ptr_nonnull(strstr(asked, "<p class=\"answer\"><b>Yes, if it can have the device "
					    "to itself and it survives a reset of its disk</b>: "));
	ck_assert_uint_eq(count_of(asked, "class=\"decided\""), 1);
	ck_assert_ptr_null(strstr(without, "passthrough"));
}
END_TEST

START_TEST(findings_are_counted_in_the_head_and_stand_at_the_top_of_their_cell)
{
	BL_CLEANUP(bl_freep) char *page = document(&devices, REPORT_HTML, NULL);
	const char *cell = strstr(page, "id=\"cell-3\""), *next = strstr(page, "id=\"cell-4\"");
	const char *reset, *config;

	ck_assert_ptr_nonnull(strstr(page, " findings</b></a> \u00b7 accelerator"));
	ck_assert_ptr_nonnull(strstr(page, "<b>The device was reset or set up anew</b> in 1 cell "
					   "(&#39;vfio&#39;)"));
	ck_assert(cell && next);
	reset = strstr(cell, "I/O 12 QID 1 timeout, reset controller");
	config = strstr(cell, "Asked and effective");
	ck_assert(reset && config && reset < config && config < next);
	ck_assert_ptr_nonnull(strstr(cell, "findings</b></summary>"));
	ck_assert_ptr_nonnull(strstr(next, "One CPU took all interrupts"));
	/* figures as the page has them, the kernel's words as they were */
	ck_assert_ptr_nonnull(strstr(page, ": p99 \u2212"));
	ck_assert_ptr_nonnull(strstr(cell, "Device not ready; status -19"));
}
END_TEST

START_TEST(a_cell_shows_its_device_health_hand_over_and_interrupts)
{
	BL_CLEANUP(bl_freep) char *page = document(&devices, REPORT_HTML, NULL);
	const char *cell = strstr(page, "id=\"cell-3\""), *host = strstr(page, "id=\"cell-5\"");

	ck_assert(cell && host);
	ck_assert_ptr_nonnull(strstr(cell, "SAMSUNG MZVLB1T0HALR-00000, serial S5XXNX0R101234, "
					   "firmware EXF7201Q; namespace 1, 512 B + 0 B metadata, "
					   "954 GiB, volatile write cache yes; PCI 0000:5e:00.0, "
					   "IOMMU group 17, NUMA node 0"));
	ck_assert_ptr_nonnull(strstr(cell, "read in the guest</th><th>before trial 1</th><th>after "
					   "trial 6</th>"));
	ck_assert_ptr_nonnull(
		strstr(cell, "<b class=\"ok\">back</b> at nvme with nvme0n1 after 0.4 s"));
	ck_assert_ptr_nonnull(strstr(cell, "vfio-msix[1](0000:5e:00.0)"));
	ck_assert_ptr_nonnull(strstr(host, "<tr class=\"differs\"><th scope=\"row\" class=\"t\">"
					   "time above warning temperature</th><td class=\"n\">2 "
					   "min</td><td class=\"n\">3 min</td>"));
}
END_TEST

/* It is in the hand-over table of the store, with its mount point where others have a driver. */
START_TEST(a_file_system_that_was_mounted_is_no_hand_over)
{
	BL_CLEANUP(bl_freep) char *page = document(&devices, REPORT_HTML, NULL);
	BL_CLEANUP(bl_freep) char *md = document(&devices, REPORT_MD, NULL);

	ck_assert_uint_eq(count_of(page, "<h4>Hand-over</h4>"), 2);
	ck_assert_ptr_null(strstr(page, "/tmp/blklab/mnt"));
	ck_assert_uint_eq(count_of(md, "handed over 6 times"), 2);
}
END_TEST

/* The first with @cause; NULL: none has it. */
static json_t *finding_of(json_t *findings, const char *cause)
{
	json_t *f;
	size_t i;

	json_array_foreach (findings, i, f) {
		if (strcmp(json_string_value(json_object_get(f, "cause")), cause) == 0)
			return f;
	}
	return NULL;
}

START_TEST(json_has_findings_decision_and_hand_overs)
{
	BL_CLEANUP(bl_freep) char *text = document(&devices, REPORT_JSON, NULL);
	BL_CLEANUP(bl_freep) char *other = document(&plain, REPORT_JSON, NULL);
	json_t *root = json_loads(text, 0, NULL), *without = json_loads(other, 0, NULL), *f, *d;

	f = json_object_get(root, "findings");
	f = finding_of(f, "device-reset");
	ck_assert_ptr_nonnull(f);
	ck_assert_str_eq(json_string_value(json_object_get(f, "cell")), "vfio");
	ck_assert(json_is_string(json_object_get(f, "trial")));
	ck_assert(json_is_null(json_object_get(f, "job")));
	d = json_object_get(root, "decision");
	ck_assert_str_eq(json_string_value(json_object_get(d, "decision")), "conditional");
	ck_assert_str_eq(json_string_value(json_object_get(d, "best_virtio")), "virtio-blk device");
	ck_assert_uint_eq(json_array_size(json_object_get(d, "checklist")), 9);
	ck_assert_uint_eq(json_array_size(json_object_get(root, "handovers")), 18);
	ck_assert_ptr_null(json_object_get(without, "decision"));
	ck_assert_ptr_null(finding_of(json_object_get(without, "findings"), "device-reset"));
	json_decref(root);
	json_decref(without);
}
END_TEST

START_TEST(markdown_and_the_terminal_have_decision_and_findings)
{
	BL_CLEANUP(bl_freep) char *md = document(&devices, REPORT_MD, NULL);
	BL_CLEANUP(bl_freep) char *term = terminal_table(&devices, 100, false);

	ck_assert_ptr_nonnull(strstr(md, "## Should this VM get passthrough?\n\nYes, if "));
	ck_assert_ptr_nonnull(strstr(md, "## Findings\n\n- **"));
	ck_assert_ptr_nonnull(strstr(md, "\n- **The device was reset or set up anew** (certain, in "
					 "the device, trial 2, cell vfio): "));
	ck_assert_ptr_nonnull(strstr(md, "handed over 6 times, back 6 times"));
	ck_assert_ptr_nonnull(strstr(term, "found The device was "));
	ck_assert_ptr_nonnull(strstr(term, "should this VM get passthrough?\n  Yes, if it can "));
}
END_TEST

START_TEST(one_is_not_called_many)
{
	struct synthetic how = devices;
	BL_CLEANUP(bl_freep) char *md = NULL;

	how.repeats = 1;
	md = document(&how, REPORT_MD, NULL);
	ck_assert_ptr_nonnull(strstr(md, "; handed over 1 time, back 1 time\n"));
}
END_TEST

START_TEST(the_terminal_has_confidence_and_evidence_of_what_was_found)
{
	static const unsigned columns[] = {100, 80, 60};
	size_t len;

	for (size_t i = 0; i < BL_ARRAY_LEN(columns); i++) {
		BL_CLEANUP(bl_freep) char *term = terminal_table(&devices, columns[i], false);

		for (char *line = term; *line; line += len + (line[len] == '\n')) {
			len = strcspn(line, "\n");
			ck_assert_uint_le(len, columns[i]);
		}
		for (char *s = term; (s = strstr(s, "\n      ")); *s = ' ') /* as one line */
			memmove(s + 1, s + 7, strlen(s + 7) + 1);
		ck_assert_msg(strstr(term, "\nfound The device was reset or set up anew (certain): "
					   "the kernel said 'guest: nvme nvme0: I/O 12 QID 1"),
			      "%s", term);
		ck_assert_ptr_nonnull(strstr(term,
					     " The device was too warm (certain): minutes "
					     "above the warning temperature went from 2 to "
					     "3 (38 C before, 77 C after). In 'host device'."));
	}
}
END_TEST

START_TEST(storage_is_an_axis_like_others)
{
	BL_CLEANUP(bl_freep) char *page = document(&devices, REPORT_HTML, NULL);
	BL_CLEANUP(bl_freep) char *md = document(&devices, REPORT_MD, NULL);

	ck_assert_ptr_nonnull(strstr(page,
				     "<b>storage</b> <span class=\"vals\">device / filesystem "
				     "/ file</span>"));
	ck_assert_ptr_nonnull(strstr(md, "| storage | device to filesystem |"));
	/* three comparisons that are told apart by what only one side has */
	ck_assert_ptr_nonnull(strstr(md, "| bus | virtio-blk to vfio | device none |"));
	ck_assert_ptr_nonnull(strstr(md, "| bus | virtio-blk to vfio | file writeback |"));
}
END_TEST

START_TEST(hostile_devices_stay_text)
{
	struct synthetic how = devices;
	BL_CLEANUP(bl_freep) char *page = NULL, *json = NULL, *md = NULL, *term = NULL;

	how.is_hostile = true;
	how.repeats = 2;
	page = document(&how, REPORT_HTML, NULL);
	json = document(&how, REPORT_JSON, NULL);
	md = document(&how, REPORT_MD, NULL);
	term = terminal_table(&how, 80, false);
	expect_only_text(page, md, json, term);
	ck_assert_ptr_nonnull(strstr(page, "reset &lt;/script&gt;"));
}
END_TEST

START_TEST(a_host_of_many_cpus_has_columns_for_those_that_took_most)
{
	struct job_result j = {0};
	struct irq_matrix m;
	char text[1024] = "";

	for (int cpu = 0; cpu < 40; cpu++)
		sprintf(text + strlen(text), "%d:%d ", cpu, cpu + 1);
	facts_add(&j.facts, "irq.host.nvme0q1", text);
	facts_add(&j.facts, "irq.host.nvme0q2", "3:7000");
	facts_add(&j.facts, "irq.guest.nvme0q1", "0:5");
	facts_add(&j.facts, "irq.host.bad", "-1:4 x");
	irq_matrix(&j, "host", &m);
	ck_assert_uint_eq(m.n, 3);
	ck_assert_uint_eq(m.n_cpus, IRQ_COLUMNS);
	ck_assert_uint_eq(m.n_others, 40 - IRQ_COLUMNS);
	ck_assert_uint_eq(m.cpus[0], 3); /* by the second line */
	ck_assert_uint_eq(m.cpus[1], 25);
	ck_assert_uint_eq(m.rows[0].others, 820 - 4 - (26 + 40) * 15 / 2);
	ck_assert_uint_eq(m.rows[1].counts[0], 7000);
	ck_assert_uint_eq(m.rows[2].counts[0] + m.rows[2].others, 0);
	ck_assert_uint_eq(m.most, 7000);
	irq_matrix(&j, "guest", &m);
	ck_assert_uint_eq(m.n, 1);
	facts_done(&j.facts);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("report-device");
	TCase *t = tcase_create("device");
	SRunner *r;
	int failed;

	tcase_set_timeout(t, 60);
	tcase_add_test(t, the_page_asks_whether_this_vm_should_get_it);
	tcase_add_test(t, findings_are_counted_in_the_head_and_stand_at_the_top_of_their_cell);
	tcase_add_test(t, a_cell_shows_its_device_health_hand_over_and_interrupts);
	tcase_add_test(t, a_file_system_that_was_mounted_is_no_hand_over);
	tcase_add_test(t, json_has_findings_decision_and_hand_overs);
	tcase_add_test(t, one_is_not_called_many);
	tcase_add_test(t, the_terminal_has_confidence_and_evidence_of_what_was_found);
	tcase_add_test(t, markdown_and_the_terminal_have_decision_and_findings);
	tcase_add_test(t, storage_is_an_axis_like_others);
	tcase_add_test(t, hostile_devices_stay_text);
	tcase_add_test(t, a_host_of_many_cpus_has_columns_for_those_that_took_most);
	suite_add_tcase(s, t);
	r = srunner_create(s);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
