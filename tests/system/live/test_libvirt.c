/* A domain of a libvirt service: looked at by a connection that can't change it. The service is the
 * test's own, see libvirtd.sh. */
#include <check.h>
#include <math.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "hv_process.h"
#include "lab.h"
#include "look.h"
#include "proc.h"
#include "suite.h"
#include "units.h"

#define DAEMON_NS (20 * NS_PER_S)

static struct lab lab;
static pid_t daemon_pid;
static char *dir, *uri, *uri_rw;

static void start_daemon(void)
{
	BL_CLEANUP(bl_freep) char *ro = NULL;
	uint64_t end = bl_now_ns() + DAEMON_NS;

	dir = bl_strf("%s/d", lab.dir);
	uri = bl_strf("qemu:///system?socket=%s/libvirt-sock-ro", dir);
	uri_rw = bl_strf("qemu:///system?socket=%s/libvirt-sock", dir);
	ro = bl_strf("%s/libvirt-sock-ro", dir);
	ck_assert_int_eq(bl_mkdir_p(dir, NULL), 0);
	daemon_pid = fork();
	if (daemon_pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		execl(SOURCE_DIR "/tests/system/live/libvirtd.sh", "libvirtd.sh", dir, NULL);
		_exit(127);
	}
	while (!bl_exists(ro)) {
		ck_assert_msg(bl_now_ns() < end && waitpid(daemon_pid, NULL, WNOHANG) == 0,
			      "the service did not start: its log is %s/log", dir);
		usleep(50000);
	}
}

static void boot(void)
{
	lab_init(&lab, CLOUD);
	start_daemon();
	ck_assert_msg(hv_open(uri_rw, lab.root, &lab.hv, &lab.err) == 0, "%s", lab.err.text);
	lab.cell.iothreads = 1;
	lab.cell.format = FORMAT_QCOW2;
	lab_make_disk(&lab);
	lab_bind(&lab);
	lab_start(&lab);
	lab_hello(&lab);
}

static void end(void)
{
	lab_end(&lab);
	lab.hv = hv_close(lab.hv);
	kill(daemon_pid, SIGTERM);
	waitpid(daemon_pid, NULL, 0);
	free(dir);
	free(uri);
	free(uri_rw);
	lab_done(&lab);
}

/* The guest works while somebody looks. */
static struct sample *sample;

static void *work(void *arg)
{
	static const char text[] = "[w]\nrw=randwrite\nbs=4k\ndirect=1\nioengine=io_uring\n"
				   "iodepth=2\nrate_iops=300\ntime_based=1\nruntime=9s\n";
	struct guest_jobs jobs = {
		.device = lab.described.device, .text = text, .n = 1, .limit_ns = 60 * NS_PER_S};
	struct guest_jobs_told told = {.samples = &sample};

	(void)arg;
	if (guest_run(lab.guest, &jobs, &told, &lab.err) == 0)
		guest_jobs_told_done(&told);
	return NULL;
}

static unsigned n_tainted(void)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/log", dir);
	BL_CLEANUP(bl_buf_done) struct bl_buf log = BL_BUF_INIT;
	unsigned n = 0;

	bl_read_file(path, 16 * MiB, &log, NULL);
	for (const char *at = bl_buf_str(&log); (at = strstr(at, "custom-monitor")); at++)
		n++;
	return n;
}

START_TEST(a_domain_is_mapped_and_its_rate_agrees_with_the_guests)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT, again = BL_BUF_INIT;
	pthread_t thread;
	double seen, did;

	boot();
	pthread_create(&thread, NULL, work, NULL);
	usleep(500000);
	ck_assert_int_eq(
		look((const char *[]){lab.bind.name, "--uri", uri, "--seconds", "5", NULL}, &text),
		0);
	ck_assert_uint_eq(n_tainted(), 0);
	pthread_join(thread, NULL);
	ck_assert_msg(sample != NULL, "%s", lab.err.text);
	did = (double)sample->dir[IO_WRITE].ios / ((double)sample->runtime_ns / 1e9);
	seen = look_rate(bl_buf_str(&text), "QEMU block layer   write ");
	printf("  the guest did %.0f writes a second, --live saw %.0f\n", did, seen);
	/* The looking is 5 s of the 9 s: on a busy host these are not the same in all of them. */
	ck_assert_msg(fabs(seen / did - 1) < .15, "saw %.0f, did %.0f", seen, did);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "libvirt's statistics, read-only"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "vda on virtio-blk, iothread1"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "cache none, aio threads"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "qcow2"));
	ck_assert_int_eq(hv_vm_state(lab.vm), HV_RUNNING);

	/* By its UUID, and with the monitor. */
	ck_assert_int_eq(
		look((const char *[]){lab.uuid, "--uri", uri_rw, "--qmp", "--seconds", "1", NULL},
		     &again),
		0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&again), "qcow2 of 64 KiB"));
	ck_assert_uint_ge(n_tainted(),
			  1); /* which the log says, so that the 0 above meant something */
	ck_assert_int_eq(hv_vm_state(lab.vm), HV_RUNNING);
	sample = sample_free(sample);
	end();
}
END_TEST

/* libvirt waits for a QEMU that hangs without a limit. */
static void hang_while_looked_at(const char *const *args)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	uint64_t from = bl_now_ns();
	pid_t pid = lv_find_qemu(lab.uuid), child;

	ck_assert_int_gt(pid, 0);
	child = fork();
	if (child == 0) {
		usleep(3000000);
		kill(pid, SIGSTOP);
		_exit(0);
	}
	ck_assert_int_eq(look(args, &text), 0);
	kill(pid, SIGCONT);
	waitpid(child, NULL, 0);
	ck_assert_uint_lt(bl_now_ns() - from, 30 * NS_PER_S);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "The VM gave no answer from +"));
}

START_TEST(a_domain_that_hangs_is_not_waited_for)
{
	boot();
	hang_while_looked_at((const char *[]){lab.bind.name, "--uri", uri, "--seconds", "8", NULL});
	hang_while_looked_at(
		(const char *[]){lab.bind.name, "--uri", uri_rw, "--qmp", "--seconds", "8", NULL});
	ck_assert_int_eq(hv_vm_state(lab.vm), HV_RUNNING);
	end();
}
END_TEST

START_TEST(a_domain_that_is_not_there_is_told_with_those_that_are)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;

	boot();
	ck_assert_int_eq(look((const char *[]){"nobody", "--uri", uri, NULL}, &text), 2);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "no domain 'nobody'"));
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "running there: 'blklab-test'"));
	/* A connection that may only read has no monitor. */
	ck_assert_int_ne(
		look((const char *[]){lab.bind.name, "--uri", uri, "--disk", "vdb", NULL}, &text),
		0);
	ck_assert_ptr_nonnull(
		strstr(bl_buf_str(&text), "'vdb' is no disk of 'blklab-test'; it has 'vda'"));
	ck_assert_int_ne(
		look((const char *[]){"x", "--uri", "qemu:///system?socket=/no/such", NULL}, &text),
		0);
	ck_assert_ptr_nonnull(strstr(bl_buf_str(&text), "path of its QMP socket"));
	end();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("live, by libvirt");
	TCase *t = tcase_create("libvirt");
	char path[4096];

	if (geteuid() != 0 || bl_proc_find("libvirtd", path, sizeof path) < 0) {
		printf("skipped: a libvirt service of the test's own needs root and libvirtd\n");
		return 77;
	}
	tcase_set_timeout(t, 150);
	tcase_add_test(t, a_domain_is_mapped_and_its_rate_agrees_with_the_guests);
	tcase_add_test(t, a_domain_that_hangs_is_not_waited_for);
	tcase_add_test(t, a_domain_that_is_not_there_is_told_with_those_that_are);
	suite_add_tcase(s, t);
	return suite_run(s);
}
