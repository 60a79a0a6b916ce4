/* What a killed run had goes back: on a faked host, whose kernel moves nothing by itself. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "faked.h"
#include "guard.h"
#include "recover.h"

static struct seen {
	char notes[4096];
	unsigned n_rows; /* handed to the store */
	bool is_back, is_ended;
	char outcome[512];
	int is_open; /* what the store says of the row */
} seen;

static struct handover_record left; /* what the killed run had */

static void make_host(void)
{
	faked_one_disk();
	seen = (struct seen){.is_open = 1};
	left = (struct handover_record){.id = "0192a000-0000-7000-8000-000000000001",
					.kind = HANDOVER_VFIO,
					.host_id = "this",
					.device = PCI,
					.serial = "S5XX-0001",
					.model = "TEST SSD 1000",
					.driver_before = "nvme",
					.namespaces = "nvme0n1",
					.given_ms = bl_wall_ms()};
}

static void on_note(void *ctx, const char *text)
{
	struct seen *s = ctx;
	size_t n = strlen(s->notes);

	snprintf(s->notes + n, sizeof s->notes - n, "%s\n", text);
}

static int on_row(void *ctx, const struct handover_record *h, struct bl_err *err)
{
	struct seen *s = ctx;

	(void)err;
	s->n_rows++;
	s->is_back = h->is_back;
	s->is_ended = h->is_ended;
	snprintf(s->outcome, sizeof s->outcome, "%s", h->outcome ? h->outcome : "");
	return 0;
}

static int on_is_open(void *ctx, const struct handover_record *h, struct bl_err *err)
{
	struct seen *s = ctx;

	(void)h;
	(void)err;
	return s->is_open;
}

static const char *forget; /* a serial; NULL: none */

static struct recovery recovered(void)
{
	static const struct runner_events ev = {
		.ctx = &seen, .note = on_note, .handover = on_row, .is_open = on_is_open};
	struct recovery r = {.ev = &ev,
			     .host_id = "this",
			     .root = faked_root,
			     .forget = forget,
			     .open = &left,
			     .n_open = 1};
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(recover_devices(&r, &err) == 0, "%s", err.text);
	return r;
}

START_TEST(what_is_at_its_driver_is_closed)
{
	struct recovery r = recovered();

	ck_assert_uint_eq(r.n_done, 1);
	ck_assert_uint_eq(r.n_lost, 0);
	ck_assert_uint_eq(seen.n_rows, 1);
	ck_assert(seen.is_back);
	ck_assert_msg(strncmp(seen.outcome, "back at nvme with nvme0n1 after ", 32) == 0, "%s",
		      seen.outcome);
	ck_assert_ptr_nonnull(strstr(seen.notes, "the disk 'S5XX-0001' (" PCI "), which a killed "
						 "run had: back at nvme"));
}
END_TEST

START_TEST(another_hosts_and_a_living_owners_are_left_alone)
{
	struct recovery r;

	left.owner_pid = getpid();
	left.owner_start = hv_process_start(getpid());
	r = recovered();
	left.owner_start++; /* another process had that number */
	left.host_id = "another";
	r = recovered();
	ck_assert_uint_eq(r.n_done + r.n_lost + seen.n_rows, 0);
	left.host_id = "this";
	r = recovered();
	ck_assert_uint_eq(r.n_done, 1);
}
END_TEST

/* Its libvirt may just have bound vfio-pci, and no QEMU has the group open yet. */
START_TEST(a_function_that_another_blklab_holds_is_left_alone)
{
	struct recovery r;
	int other = -1;

	faked_driver(PCI, "vfio-pci");
	ck_assert_int_eq(guard_hold_pci(faked_root, PCI, &other, NULL), 0);
	r = recovered();
	ck_assert_uint_eq(r.n_done + r.n_lost + seen.n_rows, 0);
	ck_assert_ptr_nonnull(strstr(seen.notes, "the disk 'S5XX-0001', which a killed run had, is "
						 "left as it is: '" PCI "' is in a run of another "
						 "blklab"));
	close(other);
	faked_driver(PCI, "nvme");
	r = recovered();
	ck_assert_uint_eq(r.n_done, 1);
	ck_assert_int_eq(guard_hold_pci(faked_root, PCI, &other, NULL), 0); /* let go again */
	close(other);
}
END_TEST

/* Two start at once and read the same rows; whoever comes second finds it done. */
START_TEST(what_another_blklab_has_given_back_meanwhile_is_left_alone)
{
	struct recovery r;

	seen.is_open = 0;
	faked_driver(PCI, "vfio-pci"); /* somebody's, by now */
	r = recovered();
	ck_assert_uint_eq(r.n_done + r.n_lost + seen.n_rows, 0);
	ck_assert_str_eq(seen.notes, "");
}
END_TEST

START_TEST(a_function_that_is_gone_is_lost)
{
	struct recovery r;

	faked_remove("/sys/bus/pci/devices/" PCI);
	r = recovered();
	ck_assert_uint_eq(r.n_lost, 1);
	ck_assert_uint_eq(seen.n_rows, 1);
	ck_assert(!seen.is_back);
	ck_assert_ptr_nonnull(strstr(seen.outcome, "'" PCI "' is gone from the bus"));
}
END_TEST

/* The wall clock says so; the owner's start would, too. */
static const struct {
	const char *driver, *serial, *says;
} restarted[] = {
	{"vfio-pci", "S5XX-0001",
	 "ended by a restart of the host, and left as it is: '" PCI
	 "' is at vfio-pci, with other namespaces than before or none"},
	{"nvme", "OTHER-0002",
	 "ended by a restart of the host, and left as it is: the controller there has the serial "
	 "'OTHER-0002' now, so the disk was moved; look for it with `blklab claim`"},
	{NULL, "",
	 "ended by a restart of the host, and left as it is: '" PCI
	 "' is gone from the bus; look at the kernel log (dmesg) and try: echo 1 > "
	 "/sys/bus/pci/rescan"},
};

START_TEST(a_restart_of_the_host_ends_it_wherever_it_is)
{
	struct recovery r;

	left.given_ms = 1;
	faked_put("/sys/devices/pci0000:00/" PCI "/nvme/nvme0/serial", restarted[_i].serial);
	if (restarted[_i].driver)
		faked_driver(PCI, restarted[_i].driver);
	else
		faked_remove("/sys/bus/pci/devices/" PCI);
	r = recovered();
	ck_assert_uint_eq(r.n_lost, 0);
	ck_assert_uint_eq(r.n_done, 1);
	ck_assert(seen.is_ended && !seen.is_back);
	ck_assert_str_eq(seen.outcome, restarted[_i].says);
	ck_assert_ptr_nonnull(strstr(seen.notes, restarted[_i].says));
}
END_TEST

START_TEST(what_cannot_be_given_back_is_forgotten_when_a_person_says_so)
{
	struct recovery r;

	left.given_ms = bl_wall_ms();
	snprintf(left.run_id, sizeof left.run_id, "0192a000-0000-7000-8000-000000000002");
	faked_put("/sys/devices/pci0000:00/" PCI "/nvme/nvme0/serial", "OTHER-0002\n");
	forget = "S5XX-0002"; /* another one */
	r = recovered();
	ck_assert_uint_eq(r.n_lost, 1);
	ck_assert_uint_eq(r.n_named, 0);
	ck_assert(!seen.is_ended);
	forget = "S5XX-0001";
	r = recovered();
	ck_assert_uint_eq(r.n_lost, 0);
	ck_assert_uint_eq(r.n_done, 1);
	ck_assert_uint_eq(r.n_named, 1);
	ck_assert(seen.is_ended && !seen.is_back);
	ck_assert_str_eq(
		seen.outcome,
		"forgotten: not back at nvme: the controller there has the serial 'OTHER-0002' "
		"now, so the disk was moved; look for it with `blklab claim`");
	ck_assert_ptr_nonnull(
		strstr(seen.notes,
		       "forgot 'S5XX-0001' (" PCI
		       "), which run 0192a000-0000-7000-8000-000000000002 took from 'nvme' at 20"));
}
END_TEST

START_TEST(what_is_back_needs_no_forgetting)
{
	struct recovery r;

	forget = "S5XX-0001";
	r = recovered();
	ck_assert_uint_eq(r.n_done, 1);
	ck_assert_uint_eq(r.n_named, 1);
	ck_assert(seen.is_back && !seen.is_ended);
}
END_TEST

START_TEST(what_is_at_vfio_pci_is_not_forgotten)
{
	struct recovery r;

	forget = "S5XX-0001";
	faked_remove("/sys/devices/pci0000:00/" PCI "/nvme");
	faked_driver(PCI, "vfio-pci");
	faked_link("/proc/4711/fd/23", "/dev/vfio/12"); /* somebody's guest */
	r = recovered();
	ck_assert_uint_eq(r.n_lost, 1);
	ck_assert_uint_eq(r.n_named, 1);
	ck_assert(!seen.is_ended && !seen.is_back);
	ck_assert_ptr_nonnull(strstr(
		seen.notes,
		"'S5XX-0001' (" PCI
		") is not forgotten, because it can still be given back: it is at vfio-pci"));
	ck_assert_ptr_nonnull(strstr(seen.notes, "is still used by process 4711"));
}
END_TEST

int main(void)
{
	Suite *s = suite_create("recover");
	TCase *t = tcase_create("recover");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make_host, faked_drop);
	tcase_set_timeout(t, 60); /* libvirt is given 10 s */
	tcase_add_test(t, what_is_at_its_driver_is_closed);
	tcase_add_test(t, another_hosts_and_a_living_owners_are_left_alone);
	tcase_add_test(t, a_function_that_another_blklab_holds_is_left_alone);
	tcase_add_test(t, what_another_blklab_has_given_back_meanwhile_is_left_alone);
	tcase_add_test(t, a_function_that_is_gone_is_lost);
	tcase_add_loop_test(t, a_restart_of_the_host_ends_it_wherever_it_is, 0,
			    BL_ARRAY_LEN(restarted));
	tcase_add_test(t, what_cannot_be_given_back_is_forgotten_when_a_person_says_so);
	tcase_add_test(t, what_is_back_needs_no_forgetting);
	tcase_add_test(t, what_is_at_vfio_pci_is_not_forgotten);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
