/* A function between its driver and vfio-pci, with a thread that plays the kernel's part: it reads
 * what is written to bind and unbind (pipes here) and moves the links. */
#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "handover.h"
#include "units.h"

#define VFIO     "/sys/bus/pci/drivers/vfio-pci"
#define FUNCTION "/sys/devices/pci0000:00/" PCI

static void make_host(void)
{
	faked_one_disk();
	faked_put(VFIO "/unbind", "");
	faked_put(FUNCTION "/driver_override", "vfio-pci\n");
	faked_put("/sys/bus/pci/drivers/nvme/bind", "");
}

static void at_vfio(void)
{
	faked_remove(FUNCTION "/nvme");
	faked_driver(PCI, "vfio-pci");
}

static void pipe_at(const char *path)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s%s", faked_root, path);

	unlink(full);
	ck_assert_int_eq(mkfifo(full, 0600), 0);
}

/* What the next writer to @path wrote. */
static void next_write(const char *path, char *out, size_t len)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s%s", faked_root, path);
	int fd = open(full, O_RDONLY);
	ssize_t n = read(fd, out, len - 1);

	out[n < 0 ? 0 : n] = '\0';
	close(fd);
}

struct kernel {
	char unbound[64], bound[64];
};

static void *play_kernel(void *arg)
{
	struct kernel *k = arg;

	next_write(VFIO "/unbind", k->unbound, sizeof k->unbound);
	faked_driver(PCI, "");
	next_write("/sys/bus/pci/drivers/nvme/bind", k->bound, sizeof k->bound);
	return NULL;
}

static void *come_back(void *arg)
{
	(void)arg;
	usleep(100 * 1000);
	faked_nvme(PCI, 0, SERIAL, 12);
	usleep(100 * 1000);
	faked_namespace(PCI, 0, 1, 0);
	return NULL;
}

static void override_is(const char *want)
{
	BL_CLEANUP(bl_freep) char *full = bl_strf("%s" FUNCTION "/driver_override", faked_root);
	BL_CLEANUP(bl_buf_done) struct bl_buf b = BL_BUF_INIT;

	ck_assert_int_eq(bl_read_file(full, 100, &b, NULL), 0);
	ck_assert_msg(strncmp(bl_buf_str(&b), want, strlen(want)) == 0, "%s", bl_buf_str(&b));
}

START_TEST(a_function_is_unbound_then_its_override_cleared_then_bound)
{
	struct kernel k = {{0}, {0}};
	struct bl_err err = BL_ERR_INIT;
	pthread_t thread;

	at_vfio();
	pipe_at(VFIO "/unbind");
	pipe_at("/sys/bus/pci/drivers/nvme/bind");
	ck_assert_int_eq(pthread_create(&thread, NULL, play_kernel, &k), 0);
	/* The thread does not move the link to nvme: that must be noticed. */
	ck_assert_int_eq(handover_return(faked_root, PCI, "nvme", &err), -EIO);
	pthread_join(thread, NULL);
	ck_assert_str_eq(k.unbound, PCI);
	ck_assert_str_eq(k.bound, PCI);
	override_is("\n");
	ck_assert_str_eq(
		err.text,
		"'0000:5e:00.0' can't be given back to 'nvme': the driver did not take it; "
		"it is at no driver now: echo 0000:5e:00.0 > /sys/bus/pci/drivers_probe, or "
		"restart the host");
	faked_driver(PCI, "nvme");
	ck_assert_int_eq(handover_return(faked_root, PCI, "nvme", NULL), 0);
}
END_TEST

START_TEST(what_is_at_its_driver_already_is_not_touched)
{
	ck_assert_int_eq(handover_return(faked_root, PCI, "nvme", NULL), 0);
	override_is("vfio-pci");
}
END_TEST

START_TEST(another_driver_is_not_touched)
{
	struct bl_err err = BL_ERR_INIT;

	faked_driver(PCI, "uio_pci_generic");
	ck_assert_int_eq(handover_return(faked_root, PCI, "nvme", &err), -EBUSY);
	ck_assert_str_eq(err.text,
			 "'0000:5e:00.0' is bound to 'uio_pci_generic', neither to vfio-pci nor to "
			 "'nvme': somebody else moved it, so it is left there; move it by hand if "
			 "that is wrong");
	override_is("vfio-pci");
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_eq(handover_return(faked_root, "0000:99:00.0", "nvme", &err), -ENODEV);
}
END_TEST

START_TEST(a_function_in_use_is_not_unbound)
{
	struct bl_err err = BL_ERR_INIT;

	at_vfio();
	ck_assert_int_eq(handover_user(faked_root, PCI), 0);
	faked_link("/proc/self/fd/3", "/dev/vfio/12");
	faked_link("/proc/12/fd/3", "/dev/vfio/vfio");
	ck_assert_int_eq(handover_user(faked_root, PCI), 0);
	faked_link("/proc/4711/fd/20", "/dev/null");
	faked_link("/proc/4711/fd/23", "/dev/vfio/12");
	ck_assert_int_eq(handover_user(faked_root, PCI), 4711);
	ck_assert_int_eq(handover_return(faked_root, PCI, "nvme", &err), -EBUSY);
	ck_assert_str_eq(err.text,
			 "'0000:5e:00.0' is still used by process 4711, and vfio-pci keeps "
			 "it until that ends; stop it, then give the device back");
	faked_remove("/proc/4711");
	faked_put(FUNCTION "/vfio-dev/vfio7/dev", "511:7\n");
	faked_link("/proc/99/fd/5", "/dev/vfio/devices/vfio7");
	ck_assert_int_eq(handover_user(faked_root, PCI), 99);
}
END_TEST

/* Unbinding would wait for it without an end. */
START_TEST(a_function_whose_users_cannot_be_told_is_not_unbound)
{
	struct bl_err err = BL_ERR_INIT;

	at_vfio();
	faked_put("/proc/4711/fd/3", "");
	ck_assert_int_eq(handover_user(faked_root, PCI), -EACCES);
	ck_assert_int_eq(handover_return(faked_root, PCI, "nvme", &err), -EACCES);
	ck_assert_ptr_nonnull(strstr(err.text, "can't tell whether a process still uses it"));
	override_is("vfio-pci");
}
END_TEST

START_TEST(it_is_waited_for_until_its_namespaces_are_back)
{
	BL_CLEANUP(bl_freep) char *names = NULL;
	struct bl_err err = BL_ERR_INIT;
	pthread_t thread;

	at_vfio();
	ck_assert_int_eq(pthread_create(&thread, NULL, come_back, NULL), 0);
	ck_assert_msg(handover_wait_back(faked_root, PCI, "nvme", "nvme0n1", 5 * NS_PER_S, &names,
					 &err) == 0,
		      "%s", err.text);
	pthread_join(thread, NULL);
	ck_assert_str_eq(names, "nvme0n1");
}
END_TEST

/* Seen with Linux 6.1 when something had the disk open while the driver was unbound. */
START_TEST(a_namespace_may_come_back_with_another_name)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(handover_wait_back(faked_root, PCI, "nvme", "nvme3n2", 0, NULL, &err) == 0,
		      "%s", err.text);
}
END_TEST

START_TEST(what_does_not_come_back_is_said_with_where_it_is)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(handover_wait_back(faked_root, PCI, "nvme", "nvme0n1 nvme0n2",
					    50 * NS_PER_MS, NULL, &err),
			 -ETIMEDOUT);
	ck_assert_str_eq(err.text, "'0000:5e:00.0' is not back after 50 ms: its driver is nvme "
				   "(before: nvme), its namespaces are nvme0n1 (before: nvme0n1 "
				   "nvme0n2); look at the kernel log (dmesg)");
	at_vfio();
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_eq(handover_wait_back(faked_root, PCI, "nvme", "", 0, NULL, &err),
			 -ETIMEDOUT);
	ck_assert_ptr_nonnull(strstr(err.text, "its driver is vfio-pci (before: nvme), its "
					       "namespaces are none (before: none)"));
	faked_remove("/sys/bus/pci/devices/" PCI);
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_eq(handover_wait_back(faked_root, PCI, "nvme", "", NS_PER_S, NULL, &err),
			 -ENODEV);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("handover");
	TCase *t = tcase_create("handover");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, make_host, faked_drop);
	tcase_add_test(t, a_function_is_unbound_then_its_override_cleared_then_bound);
	tcase_add_test(t, what_is_at_its_driver_already_is_not_touched);
	tcase_add_test(t, another_driver_is_not_touched);
	tcase_add_test(t, a_function_in_use_is_not_unbound);
	tcase_add_test(t, a_function_whose_users_cannot_be_told_is_not_unbound);
	tcase_add_test(t, it_is_waited_for_until_its_namespaces_are_back);
	tcase_add_test(t, a_namespace_may_come_back_with_another_name);
	tcase_add_test(t, what_does_not_come_back_is_said_with_where_it_is);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
