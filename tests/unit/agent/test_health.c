/* What the agent answers about the disk's health where the guest's kernel log can't be read. */
#include <check.h>
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "agent.h"
#include "kernel_log.h"

struct kernel_log *__wrap_kernel_log_open(const char *path, bool from_boot);

struct kernel_log *__wrap_kernel_log_open(const char *path, bool from_boot)
{
	ck_assert_str_eq(path, "/dev/kmsg");
	ck_assert(from_boot);
	errno = EACCES;
	return NULL;
}

static char said[256];

void say(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(said, sizeof said, fmt, ap);
	va_end(ap);
}

START_TEST(a_log_that_cannot_be_read_is_no_silence)
{
	for (int i = 0; i < 2; i++) { /* each time it is asked */
		json_t *h = health_answer(7, "/dev/no-such-disk");
		const char *why = json_string_value(
			json_object_get(json_object_get(h, "facts"), "events.not_read"));

		ck_assert_ptr_nonnull(why);
		ck_assert_str_eq(why, "guest: the kernel log, /dev/kmsg: Permission denied");
		ck_assert_str_eq(said, why);
		ck_assert_uint_eq(json_array_size(json_object_get(h, "events")), 0);
		json_decref(h);
	}
}
END_TEST

int main(void)
{
	Suite *s = suite_create("health");
	TCase *t = tcase_create("health");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_test(t, a_log_that_cannot_be_read_is_no_silence);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_NORMAL);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed != 0;
}
