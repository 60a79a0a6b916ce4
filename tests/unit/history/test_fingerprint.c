/* What counts of an environment, and what is said of two that differ. */
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fingerprint.h"
#include "fingerprint_rows.h"
#include "made_runs.h"

static struct run_data a, b;

static void begin(void)
{
	made_run(&a, 1, "h1", 1);
	made_run(&b, 2, "h1", 1);
	made_trial(&a, 0, 10, 1000);
	made_trial(&b, 0, 10, 1000);
}

static void end(void)
{
	run_data_done(&a);
	run_data_done(&b);
}

/* All changes from a to b, a line each. */
static void says(const char *want)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct env_changes c;

	ck_assert_int_eq(fingerprint_diff(&a, &b, &c), 0);
	for (size_t i = 0; i < c.n; i++) {
		bl_buf_adds(&out, i ? "\n" : "");
		env_change_text(&c.items[i], &out);
	}
	env_changes_done(&c);
	ck_assert_str_eq(bl_buf_str(&out), want);
}

static void set(const char *key, const char *before, const char *after)
{
	made_fact(&a, key, before);
	made_fact(&b, key, after);
}

/* Is a fact of the environment in the fingerprint? */
static bool counts(const char *key)
{
	BL_CLEANUP(run_data_done) struct run_data d = {0};
	BL_CLEANUP(fingerprint_done) struct fingerprint f = {0};

	ck_assert_int_eq(facts_add(&d.run.environment, key, "one value of its own"), 0);
	ck_assert_int_eq(fingerprint_of(&d, &f), 0);
	for (size_t i = 0; i < f.facts.n; i++)
		if (!strcmp(f.facts.items[i].value, "one value of its own"))
			return strcmp(f.facts.items[i].key, FINGERPRINT_VERSION_KEY) != 0;
	return false;
}

START_TEST(what_counts_is_what_says_which_system_it_was)
{
	static const char *const yes[] = {"host.kernel",      "cpu.microcode",
					  "disk.firmware",    "bios.version",
					  "image.0.kernel",   "emulator.12.version",
					  "package.libvirt0", "package.something-new",
					  "board.name",       "memory.total_bytes"};
	static const char *const no[] = {"memory.available_bytes",
					 "accel.how",
					 "disk.name",
					 "image.0.modules",
					 "image.x.kernel",
					 "image..kernel",
					 "emulator.0.path",
					 "hypervisor.uri",
					 "package.",
					 "path.disk",
					 "environment.version",
					 ""};

	for (size_t i = 0; i < BL_ARRAY_LEN(yes); i++)
		ck_assert_msg(counts(yes[i]), "'%s' does not count", yes[i]);
	for (size_t i = 0; i < BL_ARRAY_LEN(no); i++)
		ck_assert_msg(!counts(no[i]), "'%s' counts", no[i]);
}
END_TEST

START_TEST(the_same_system_has_no_change)
{
	set("memory.available_bytes", "1000", "2000");
	set("memory.total_bytes", "25276502016", "25270000000");
	set("host.kernel_arguments", "BOOT_IMAGE=/a root=UUID=1 quiet ro",
	    "BOOT_IMAGE=/b root=UUID=2 ro quiet");
	set("disk.mount_options", "rw,noatime,rw", "noatime,rw");
	says("");
}
END_TEST

START_TEST(a_change_is_told_once_and_in_peoples_words)
{
	set("emulator.0.version", "7.2.22", "10.0.2");
	set("qemu.version", "7.2.22", "10.0.2");
	set("emulator.0.sha256", "0123", "4567");
	set("package.qemu-system-x86", "1:7.2", "1:10.0");
	set("host.kernel", "6.1.0", "6.12.0");
	set("host.kernel_version", "#1 a", "#1 b");
	set("disk.firmware", "EXA1", "EXA7");
	set("memory.total_bytes", "68719476736", "34359738368");
	says("host kernel 6.1.0 -> 6.12.0\nQEMU 7.2.22 -> 10.0.2\nfirmware of the disk EXA1 -> "
	     "EXA7\nmemory 64 GiB -> 32 GiB");
}
END_TEST

START_TEST(another_build_of_one_version_is_told)
{
	set("emulator.0.sha256", "0123", "4567");
	says("QEMU's binary 0123 -> 4567");
	set("package.qemu-system-x86", "7.2-1", "7.2-2");
	says("package qemu-system-x86 7.2-1 -> 7.2-2");
	set("package.qemu-system-x86", "7.2-1", "7.2-1");
	set("package.seabios", "1.16.2", "1.16.3");
	says("QEMU's binary 0123 -> 4567\npackage seabios 1.16.2 -> 1.16.3");
}
END_TEST

START_TEST(of_lists_is_told_what_came_and_went)
{
	set("host.kernel_arguments", "ro quiet", "ro mitigations=off isolcpus=2-3");
	set("cpu.mitigations", "meltdown=PTI | mds=Clear buffers; SMT off", "meltdown=PTI");
	says("mitigations: no longer mds=Clear buffers; SMT off\nkernel arguments: now "
	     "isolcpus=2-3, mitigations=off; no longer quiet");
}
END_TEST

START_TEST(what_only_a_newer_lab_asks_for_is_no_change)
{
	set("bios.version", NULL, "1.2.3");
	says("BIOS none -> 1.2.3");
	made_fact(&a, "environment.version", "1");
	says("");
	made_fact(&a, "environment.version", NULL);
	says("");
	set("cpu.governor", "powersave", NULL);
	says("");
	set("cpu.governor", "powersave", "performance");
	says("CPU governor powersave -> performance");
}
END_TEST

START_TEST(another_host_has_other_serials_and_names)
{
	set("disk.serial", "S1", "S2");
	set("disk.layers", "sda1 on sda", "sdb1 on sdb");
	says("serial of the disk S1 -> S2\nlayers over the disk sda1 on sda -> sdb1 on sdb");
	run_data_done(&b);
	made_run(&b, 2, "h2", 1);
	set("disk.serial", "S1", "S2");
	set("disk.layers", "sda1 on sda", "sdb1 on sdb");
	says("");
}
END_TEST

/* Of two cells with an emulator and a kernel each; NULL: could not be had, and the cell's trial has
 * nothing. */
static void made_of(struct run_data *d, const char *const emulators[2],
		    const char *const kernels[2])
{
	run_data_done(d);
	made_run(d, d == &b, "h1", 2);
	made_fact(d, "emulator.0.version", NULL);
	for (uint32_t i = 0; i < 2; i++) {
		struct trial_record *t = made_trial(d, i, 10, 1000);
		char key[64];

		if (!emulators[i]) {
			t->state = TRIAL_FAILED;
			continue;
		}
		snprintf(key, sizeof key, "emulator.%u.version", i);
		made_fact(d, key, emulators[i]);
		snprintf(key, sizeof key, "image.%u.kernel", i);
		made_fact(d, key, kernels[i]);
		facts_add(&t->facts, "emulator.version", emulators[i]);
		facts_add(&t->facts, "image.kernel", kernels[i]);
	}
}

START_TEST(a_part_that_could_not_be_had_is_no_change)
{
	static const char *const both[] = {"7.2.22", "10.0.2"}, *const one[] = {"7.2.22", NULL};
	static const char *const newer[] = {"7.2.22", "10.1.0"}, *const swapped[] = {"10.0.2",
										     "7.2.22"};
	static const char *const kernels[] = {"6.1.0", "6.12.0"};

	made_of(&a, both, kernels);
	made_of(&b, one, kernels);
	says("");
	made_of(&a, one, kernels);
	made_of(&b, both, kernels);
	says("");
	made_of(&a, both, kernels);
	made_of(&b, newer, kernels);
	says("QEMU 10.0.2 -> 10.1.0");
	made_of(&b, swapped, kernels);
	says("QEMU 7.2.22, 10.0.2 -> 10.0.2, 7.2.22");
}
END_TEST

START_TEST(a_run_from_before_trials_said_their_parts_had_its_only_one)
{
	static const char *const same[] = {"10.0.2", "10.0.2"}, *const kernels[] = {"6.1", "6.1"};

	end();
	made_run(&a, 0, "h1", 2);
	made_trial(&a, 0, 10, 1000);
	made_trial(&a, 1, 10, 1000);
	made_of(&b, same, kernels);
	says("QEMU 7.2.22 -> 10.0.2");
	made_fact(&a, "emulator.1.version", "10.0.2"); /* which cell had which is not known */
	says("");
}
END_TEST

START_TEST(trials_tell_of_the_guest_and_of_the_disk_under_test)
{
	struct trial_record *t = &a.trials[0], *u = &b.trials[0];

	facts_add(&t->facts, "guest.kernel", "6.1.0");
	facts_add(&u->facts, "guest.kernel", "6.12.0");
	facts_add(&t->facts, "device.firmware", "A");
	facts_add(&u->facts, "device.firmware", "B");
	facts_add(&t->facts, "path.device.0.kind", "partition");
	facts_add(&t->facts, "path.device.1.kind", "disk");
	facts_add(&t->facts, "path.device.1.model", "BIG 4T");
	facts_add(&t->facts, "path.device.1.firmware", "1");
	facts_add(&u->facts, "path.device.0.kind", "disk");
	facts_add(&u->facts, "path.device.0.model", "BIG 4T");
	facts_add(&u->facts, "path.device.0.firmware", "2");
	says("guest kernel 6.1.0 -> 6.12.0\nfirmware of the disk under test A -> B\ndisk below the "
	     "backing files BIG 4T firmware 1 -> BIG 4T firmware 2");
	set("disk.firmware", "1", "2");
	says("guest kernel 6.1.0 -> 6.12.0\nfirmware of the disk 1 -> 2\nfirmware of the disk "
	     "under "
	     "test A -> B");
}
END_TEST

START_TEST(a_cell_that_one_run_lacks_is_no_change)
{
	static const char *const kernels[] = {"6.1.0", "6.12.0"};

	end();
	made_run(&a, 1, "h1", 3);
	made_run(&b, 2, "h1", 3);
	for (uint32_t i = 0; i < 2; i++)
		facts_add(&made_trial(&a, i, 10, 1000)->facts, "guest.kernel", kernels[i]);
	facts_add(&made_trial(&b, 0, 10, 1000)->facts, "guest.kernel", "6.1.0");
	made_trial(&b, 1, 10, 1000); /* did not get as far as to say it */
	facts_add(&made_trial(&b, 2, 10, 1000)->facts, "guest.kernel", "5.10.0");
	says("");
	facts_add(&b.trials[1].facts, "guest.kernel", "6.13.0");
	says("guest kernel 6.12.0 -> 6.13.0");
}
END_TEST

START_TEST(cells_that_exchange_what_they_have_are_a_change)
{
	static const char *const kernels[] = {"6.1.0", "6.12.0"};

	end();
	made_run(&a, 1, "h1", 2);
	made_run(&b, 2, "h1", 2);
	for (uint32_t i = 0; i < 2; i++) {
		facts_add(&made_trial(&a, i, 10, 1000)->facts, "guest.kernel", kernels[i]);
		facts_add(&made_trial(&b, i, 10, 1000)->facts, "guest.kernel", kernels[!i]);
	}
	says("guest kernel 6.1.0, 6.12.0 -> 6.12.0, 6.1.0");
}
END_TEST

Suite *fingerprint_suite(void)
{
	Suite *s = suite_create("fingerprint");
	TCase *t = tcase_create("changes");

	tcase_add_checked_fixture(t, begin, end);
	tcase_add_test(t, what_counts_is_what_says_which_system_it_was);
	tcase_add_test(t, the_same_system_has_no_change);
	tcase_add_test(t, a_change_is_told_once_and_in_peoples_words);
	tcase_add_test(t, another_build_of_one_version_is_told);
	tcase_add_test(t, of_lists_is_told_what_came_and_went);
	tcase_add_test(t, what_only_a_newer_lab_asks_for_is_no_change);
	tcase_add_test(t, another_host_has_other_serials_and_names);
	tcase_add_test(t, a_part_that_could_not_be_had_is_no_change);
	tcase_add_test(t, a_run_from_before_trials_said_their_parts_had_its_only_one);
	tcase_add_test(t, trials_tell_of_the_guest_and_of_the_disk_under_test);
	tcase_add_test(t, a_cell_that_one_run_lacks_is_no_change);
	tcase_add_test(t, cells_that_exchange_what_they_have_are_a_change);
	suite_add_tcase(s, t);
	return s;
}
