/* The kernel's log of the disk under test, where the host's can't be read. */
#define TRIAL_INTERNAL
#include <check.h>
#include <errno.h>
#include <string.h>

#include "trial_priv.h"

static int is_readable;

struct kernel_log *__wrap_kernel_log_open(const char *path, bool from_boot);
struct kernel_log *__real_kernel_log_open(const char *path, bool from_boot);

struct kernel_log *__wrap_kernel_log_open(const char *path, bool from_boot)
{
	ck_assert_str_eq(path, "/dev/kmsg");
	ck_assert(!from_boot);
	errno = EACCES;
	return is_readable ? __real_kernel_log_open("/dev/null", from_boot) : NULL;
}

/* What trial_watch_device() leaves among the facts; "": nothing. */
static void watch(enum cell_storage storage, const char *want)
{
	struct cell cell = {.bus = BUS_VIRTIO_BLK, .storage = storage};
	struct trial_setup setup = {.n_cells = 1};
	struct trial_disk disk = {.cell = &cell};
	struct trial_record rec = {.state = TRIAL_OK};
	struct trial t = {.s = &setup, .rec = &rec, .disk = &disk};
	const char *fact;

	ck_assert_int_eq(trial_watch_device(&t), 0);
	fact = facts_get(&rec.facts, "device.events.not_read");
	ck_assert_str_eq(fact ? fact : "", want);
	t.kernel_log = kernel_log_close(t.kernel_log);
	trial_record_done(&rec);
}

START_TEST(a_log_that_cannot_be_read_is_no_silence)
{
	watch(STORAGE_DEVICE, "host: the kernel log, /dev/kmsg: Permission denied");
	watch(STORAGE_FILE, ""); /* the host's own disks are not watched */
	is_readable = true;
	watch(STORAGE_DEVICE, "");
}
END_TEST

int main(void)
{
	Suite *s = suite_create("watch-device");
	TCase *t = tcase_create("watch-device");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, a_log_that_cannot_be_read_is_no_silence);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
