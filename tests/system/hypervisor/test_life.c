/* VMs start, end and are found again: libvirt's embedded driver with real QEMU processes. */
#include <check.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "cleanup.h"
#include "fs.h"
#include "lab.h"
#include "suite.h"
#include "units.h"

static struct lab lab;

static void setup(void)
{
	lab_init(&lab, CLOUD);
}

static void teardown(void)
{
	lab_done(&lab);
}

static bool is_running(pid_t pid)
{
	char path[64], line[512] = "";

	snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
	return bl_read_line(path, line, sizeof line) == 0 && !strstr(line, ") Z ");
}

static void boot(void)
{
	lab_open(&lab);
	lab_make_disk(&lab);
	lab_bind(&lab);
	lab_start(&lab);
}

START_TEST(a_guest_that_powers_off_ends_its_domain)
{
	pid_t pid;

	boot();
	lab_hello(&lab);
	pid = hv_vm_pid(lab.vm);
	ck_assert_int_gt(pid, 0);
	ck_assert_int_eq(hv_vm_state(lab.vm), HV_RUNNING);
	ck_assert_ptr_null(hv_vm_end_reason(lab.vm));
	ck_assert_int_eq(guest_poweroff(lab.guest, 10 * NS_PER_S, &lab.err), 0);
	ck_assert_int_eq(hv_vm_wait_end(lab.vm, 20 * NS_PER_S), 0);
	ck_assert_int_eq(hv_vm_state(lab.vm), HV_SHUTOFF);
	ck_assert_str_eq(hv_vm_end_reason(lab.vm), "the guest powered off");
	ck_assert(!is_running(pid));
}
END_TEST

START_TEST(a_running_vm_is_not_waited_for_longer_than_asked)
{
	uint64_t before;

	boot();
	before = bl_now_ns();
	ck_assert_int_eq(hv_vm_wait_end(lab.vm, 300 * NS_PER_MS), -ETIMEDOUT);
	ck_assert_uint_ge(bl_now_ns() - before, 290 * NS_PER_MS);
	ck_assert_uint_lt(bl_now_ns() - before, 2 * NS_PER_S);
}
END_TEST

START_TEST(ending_by_force_leaves_no_process)
{
	pid_t pid;
	uint64_t before;

	boot();
	pid = hv_vm_pid(lab.vm);
	ck_assert(is_running(pid));
	before = bl_now_ns();
	lab_end(&lab);
	ck_assert(!is_running(pid));
	ck_assert_msg(bl_now_ns() - before < 5 * NS_PER_S, "it took %.1f s",
		      (double)(bl_now_ns() - before) / 1e9);
}
END_TEST

/* For those who wait in another thread: the process ends, and the VM can still be asked. */
START_TEST(stopping_by_force_frees_nothing)
{
	pid_t pid;

	boot();
	pid = hv_vm_pid(lab.vm);
	ck_assert(is_running(pid));
	hv_vm_stop(lab.vm);
	ck_assert(!is_running(pid));
	ck_assert_int_eq(hv_vm_state(lab.vm), HV_SHUTOFF);
	ck_assert_str_eq(hv_vm_end_reason(lab.vm), "it was ended by force");
	hv_vm_stop(lab.vm); /* once more is nothing */
}
END_TEST

START_TEST(a_killed_qemu_is_told_with_its_signal)
{
	struct bl_buf in = BL_BUF_INIT;
	int r;

	boot();
	ck_assert_int_eq(kill(hv_vm_pid(lab.vm), SIGKILL), 0);
	do
		r = hv_vm_recv(lab.vm, &in, 5 * NS_PER_S, &lab.err);
	while (r > 0);
	ck_assert_int_eq(r, -EPIPE);
	ck_assert_int_eq(hv_vm_send(lab.vm, "x", 1, NS_PER_S, NULL), -EPIPE);
	ck_assert_int_eq(hv_vm_wait_end(lab.vm, 10 * NS_PER_S), 0);
	ck_assert_int_eq(hv_vm_state(lab.vm), HV_CRASHED);
	ck_assert_str_eq(hv_vm_end_reason(lab.vm), "qemu was killed by signal 9 (Killed)");
	bl_buf_done(&in);
}
END_TEST

START_TEST(a_guest_without_an_init_panics_and_resets_itself)
{
	lab.bind.cmdline = IMAGE_CMDLINE " rdinit=/nowhere";
	boot();
	ck_assert_int_eq(hv_vm_wait_end(lab.vm, 60 * NS_PER_S), 0);
	ck_assert_str_eq(hv_vm_end_reason(lab.vm),
			 "the guest reset itself, which is what it does on a panic");
}
END_TEST

START_TEST(a_domain_that_qemu_refuses_says_qemus_own_words)
{
	boot();
	lab_end(&lab);
	ck_assert_int_eq(unlink(lab.disk), 0);
	lab_bind(&lab);
	ck_assert_int_lt(hv_start(lab.hv, lab.xml, &lab.vm, &lab.start_ns, &lab.err), 0);
	ck_assert_msg(strstr(lab.err.text, "cannot start the domain") != NULL &&
			      strstr(lab.err.text, "No such file or directory") != NULL,
		      "%s", lab.err.text);
	ck_assert_ptr_null(strchr(lab.err.text, '\n'));
}
END_TEST

START_TEST(an_unknown_qmp_command_is_an_error_and_the_vm_goes_on)
{
	json_t *reply = NULL;

	boot();
	ck_assert_int_eq(hv_vm_qmp(lab.vm, "no-such-command", NULL, &reply, &lab.err), -ENOTSUP);
	ck_assert_ptr_nonnull(strstr(lab.err.text, "no-such-command"));
	ck_assert_ptr_null(reply);
	ck_assert_int_eq(hv_vm_qmp(lab.vm, "query-status", NULL, &reply, NULL), 0);
	ck_assert_str_eq(json_string_value(json_object_get(reply, "status")), "running");
	json_decref(reply);
}
END_TEST

START_TEST(a_root_too_long_for_sockets_works_through_a_short_link)
{
	free(lab.root);
	lab.root = bl_strf("%s/%s", lab.dir,
			   "a folder whose name has blanks and is much longer than a unix socket's "
			   "path may be, which is 107 characters");
	boot();
	lab_hello(&lab);
	ck_assert_ptr_null(strstr(hv_uri(lab.hv), "longer"));
	ck_assert_str_eq(lab.described.device, "/dev/vda");
}
END_TEST

/* --- orphans --- */

/* What hv_end_orphans() tells. */
struct told {
	int n;
	char name[64], run[64], trial[64];
};

static void tell(void *ctx, const char *name, const char *run, const char *trial)
{
	struct told *t = ctx;

	t->n++;
	snprintf(t->name, sizeof t->name, "%s", name);
	snprintf(t->run, sizeof t->run, "%s", run);
	snprintf(t->trial, sizeof t->trial, "%s", trial);
}

/* Another process boots a VM in lab.root and sits there; its pid, and QEMU's. */
static pid_t start_in_another_process(pid_t *ret_qemu)
{
	int fds[2];
	pid_t child, qemu = 0;

	ck_assert_int_eq(pipe(fds), 0);
	child = fork();
	ck_assert_int_ge(child, 0);
	if (child == 0) {
		boot();
		qemu = hv_vm_pid(lab.vm);
		if (write(fds[1], &qemu, sizeof qemu) != sizeof qemu)
			_exit(1);
		for (;;)
			pause();
	}
	close(fds[1]);
	ck_assert_int_eq(read(fds[0], &qemu, sizeof qemu), (ssize_t)sizeof qemu);
	close(fds[0]);
	ck_assert_int_gt(qemu, 0);
	*ret_qemu = qemu;
	return child;
}

static void kill_process(pid_t pid)
{
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
}

START_TEST(the_vm_of_a_killed_process_is_found_and_ended)
{
	struct told t = {0};
	pid_t qemu, child = start_in_another_process(&qemu);

	kill_process(child);
	ck_assert_msg(is_running(qemu), "QEMU should outlive its process");
	lab_open(&lab);
	ck_assert_int_eq(hv_end_orphans(lab.hv, tell, &t, &lab.err), 1);
	ck_assert_int_eq(t.n, 1);
	ck_assert_str_eq(t.name, "blklab-test");
	ck_assert_str_eq(t.run, "test-run");
	ck_assert_str_eq(t.trial, "test-trial");
	ck_assert(!is_running(qemu));
	ck_assert_int_eq(hv_end_orphans(lab.hv, tell, &t, &lab.err), 0);
}
END_TEST

START_TEST(a_vm_that_libvirt_has_lost_is_ended_too)
{
	BL_CLEANUP(bl_freep) char *state = bl_strf("%s/run", lab.root);
	struct told t = {0};
	pid_t qemu, child = start_in_another_process(&qemu);

	kill_process(child);
	ck_assert_int_eq(bl_remove_tree(state, NULL), 0);
	lab_open(&lab);
	ck_assert_int_eq(hv_end_orphans(lab.hv, tell, &t, &lab.err), 1);
	ck_assert_str_eq(t.name, "blklab-test");
	ck_assert_str_eq(t.run, "");
	ck_assert(!is_running(qemu));
}
END_TEST

START_TEST(a_vm_whose_owner_lives_is_left_alone)
{
	struct told t = {0};

	boot();
	ck_assert_int_eq(hv_end_orphans(lab.hv, tell, &t, &lab.err), 0);
	ck_assert_int_eq(t.n, 0);
	ck_assert_int_eq(hv_vm_state(lab.vm), HV_RUNNING);
}
END_TEST

START_TEST(a_process_id_used_again_is_no_owner)
{
	struct told t = {0};

	lab_open(&lab);
	lab_make_disk(&lab);
	lab_bind(&lab);
	lab.bind.owner_start++; /* our pid, but of a process that started at another time */
	free(lab.xml);
	ck_assert_int_eq(domain_xml(&lab.bind, &lab.xml, &lab.err), 0);
	lab_start(&lab);
	ck_assert_int_eq(hv_end_orphans(lab.hv, tell, &t, &lab.err), 1);
	ck_assert_int_eq(hv_vm_wait_end(lab.vm, 5 * NS_PER_S), 0);
}
END_TEST

START_TEST(the_vm_of_another_host_is_left_alone)
{
	struct told t = {0};

	lab_open(&lab);
	lab_make_disk(&lab);
	lab_bind(&lab);
	lab.bind.owner_host = "a-host-that-is-not-this-one";
	lab.bind.owner_pid = 0;
	free(lab.xml);
	ck_assert_int_eq(domain_xml(&lab.bind, &lab.xml, &lab.err), 0);
	lab_start(&lab);
	ck_assert_int_eq(hv_end_orphans(lab.hv, tell, &t, &lab.err), 0);
	ck_assert_int_eq(hv_vm_state(lab.vm), HV_RUNNING);
}
END_TEST

START_TEST(a_root_in_use_names_the_process_that_uses_it)
{
	struct hv *hv = NULL;
	char pid[32];
	pid_t qemu, child = start_in_another_process(&qemu);

	snprintf(pid, sizeof pid, "(%ld)", (long)child);
	ck_assert_int_eq(hv_open(NULL, lab.root, &hv, &lab.err), -EBUSY);
	ck_assert_msg(strstr(lab.err.text, pid) != NULL, "%s", lab.err.text);
	ck_assert_ptr_null(hv);
	kill_process(child);
	lab.err = (struct bl_err)BL_ERR_INIT;
	lab_open(&lab);
	ck_assert_msg(hv_end_orphans(lab.hv, NULL, NULL, &lab.err) == 1, "%s",
		      bl_err_text(&lab.err));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("life of real VMs");
	TCase *life = tcase_create("life"), *orphans = tcase_create("orphans");

	tcase_set_timeout(life, 120);
	tcase_add_checked_fixture(life, setup, teardown);
	tcase_add_test(life, a_guest_that_powers_off_ends_its_domain);
	tcase_add_test(life, a_running_vm_is_not_waited_for_longer_than_asked);
	tcase_add_test(life, ending_by_force_leaves_no_process);
	tcase_add_test(life, stopping_by_force_frees_nothing);
	tcase_add_test(life, a_killed_qemu_is_told_with_its_signal);
	tcase_add_test(life, a_guest_without_an_init_panics_and_resets_itself);
	tcase_add_test(life, a_domain_that_qemu_refuses_says_qemus_own_words);
	tcase_add_test(life, an_unknown_qmp_command_is_an_error_and_the_vm_goes_on);
	tcase_add_test(life, a_root_too_long_for_sockets_works_through_a_short_link);
	suite_add_tcase(s, life);
	tcase_set_timeout(orphans, 120);
	tcase_add_checked_fixture(orphans, setup, teardown);
	tcase_add_test(orphans, the_vm_of_a_killed_process_is_found_and_ended);
	tcase_add_test(orphans, a_vm_that_libvirt_has_lost_is_ended_too);
	tcase_add_test(orphans, a_vm_whose_owner_lives_is_left_alone);
	tcase_add_test(orphans, a_process_id_used_again_is_no_owner);
	tcase_add_test(orphans, the_vm_of_another_host_is_left_alone);
	tcase_add_test(orphans, a_root_in_use_names_the_process_that_uses_it);
	suite_add_tcase(s, orphans);
	return suite_run(s);
}
