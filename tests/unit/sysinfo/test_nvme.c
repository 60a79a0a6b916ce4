/* Bytes of an NVMe controller as facts. Offsets are the specification's, not the library's. */
#include <check.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "buf.h"
#include "cleanup.h"
#include "faked.h"
#include "fs.h"
#include "nvme_info.h"

static struct bl_buf facts;

static void fresh(void)
{
	bl_buf_done(&facts);
	facts = (struct bl_buf)BL_BUF_INIT;
}

static void add(void *ctx, const char *key, const char *value)
{
	(void)ctx;
	bl_buf_addf(&facts, "%s=%s\n", key, value);
}

/* The value of @key; NULL: absent. */
static const char *get(const char *key)
{
	static char value[128];
	BL_CLEANUP(bl_freep) char *head = bl_strf("\n%s=", key);
	BL_CLEANUP(bl_freep) char *all = bl_strf("\n%s", bl_buf_str(&facts));
	const char *at = strstr(all, head);

	if (!at)
		return NULL;
	at += strlen(head);
	snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\n"), at);
	return value;
}

static void put_le(uint8_t *at, uint64_t v, unsigned bytes)
{
	for (unsigned i = 0; i < bytes; i++)
		at[i] = (uint8_t)(v >> 8 * i);
}

START_TEST(a_health_log_is_read_byte_by_byte)
{
	uint8_t log[NVME_HEALTH_BYTES] = {0};

	log[0] = 0x09;           /* spare below threshold, read only */
	put_le(log + 1, 310, 2); /* K */
	log[3] = 97;
	log[4] = 10;
	log[5] = 255;              /* more than was promised */
	put_le(log + 32, 1000, 8); /* units read */
	put_le(log + 48, 3, 8);    /* units written */
	put_le(log + 64, 111, 8);
	put_le(log + 80, 222, 8);
	put_le(log + 96, 333, 8);
	put_le(log + 112, 444, 8);
	put_le(log + 128, 555, 8);
	put_le(log + 144, 666, 8);
	put_le(log + 160, 777, 8);
	put_le(log + 176, 888, 8);
	put_le(log + 192, 11, 4);
	put_le(log + 196, 12, 4);
	put_le(log + 216, 13, 4);
	put_le(log + 220, 14, 4);
	put_le(log + 224, 15, 4);
	put_le(log + 228, 0xffffffff, 4);
	nvme_health_decode(log, add, NULL);
	ck_assert_str_eq(bl_buf_str(&facts), "smart.critical_warning=0x09\n"
					     "smart.temperature_c=37\n"
					     "smart.available_spare_pct=97\n"
					     "smart.spare_threshold_pct=10\n"
					     "smart.used_pct=255\n"
					     "smart.data_read_bytes=512000000\n"
					     "smart.data_written_bytes=1536000\n"
					     "smart.read_commands=111\n"
					     "smart.write_commands=222\n"
					     "smart.busy_min=333\n"
					     "smart.power_cycles=444\n"
					     "smart.power_on_h=555\n"
					     "smart.unsafe_shutdowns=666\n"
					     "smart.media_errors=777\n"
					     "smart.error_log_entries=888\n"
					     "smart.warning_temp_min=11\n"
					     "smart.critical_temp_min=12\n"
					     "smart.thermal_1_transitions=13\n"
					     "smart.thermal_1_s=15\n"
					     "smart.thermal_2_transitions=14\n"
					     "smart.thermal_2_s=4294967295\n");
}
END_TEST

START_TEST(counters_of_128_bits_are_whole_and_what_is_above_is_absent)
{
	uint8_t log[NVME_HEALTH_BYTES] = {0};

	memset(log + 64, 0xff, 16); /* read commands: 2^128 - 1 */
	log[80 + 8] = 1;            /* write commands: 2^64 */
	log[32 + 8] = 1;            /* units read: 2^64 */
	memset(log + 48, 0xff, 16); /* units written: times 512,000 it has no room */
	nvme_health_decode(log, add, NULL);
	ck_assert_str_eq(get("smart.read_commands"), "340282366920938463463374607431768211455");
	ck_assert_str_eq(get("smart.write_commands"), "18446744073709551616");
	ck_assert_str_eq(get("smart.data_read_bytes"), "9444732965739290427392000");
	ck_assert_ptr_null(get("smart.data_written_bytes"));
	ck_assert_ptr_null(get("smart.temperature_c")); /* 0 K: none */
}
END_TEST

START_TEST(below_zero_is_a_temperature_too)
{
	uint8_t log[NVME_HEALTH_BYTES] = {0};

	put_le(log + 1, 263, 2);
	nvme_health_decode(log, add, NULL);
	ck_assert_str_eq(get("smart.temperature_c"), "-10");
}
END_TEST

START_TEST(the_error_log_counts_valid_entries_and_names_the_newest_status)
{
	uint8_t log[4 * NVME_ERROR_ENTRY_BYTES] = {0};

	nvme_errors_decode(log, 4, add, NULL);
	ck_assert_str_eq(bl_buf_str(&facts), "errors.entries=0\n");
	fresh();
	put_le(log, 7, 8);
	put_le(log + 12, 0x4002 << 1 | 1, 2); /* with its phase tag: do not retry, invalid field */
	put_le(log + 64, 6, 8);
	nvme_errors_decode(log, 4, add, NULL);
	ck_assert_str_eq(get("errors.entries"), "2");
	ck_assert_str_eq(get("errors.last_status"), "0x4002 (Invalid Field in Command)");
	fresh();
	nvme_errors_decode(log, 0, add, NULL);
	ck_assert_str_eq(bl_buf_str(&facts), "errors.entries=0\n");
}
END_TEST

START_TEST(a_controller_is_identified)
{
	uint8_t id[NVME_IDENTIFY_BYTES] = {0};

	memset(id + 4, ' ', 68);
	memcpy(id + 4, "S5XXNE0R", 8);
	memcpy(id + 24, "Lab \x1b SSD", 9);
	memcpy(id + 64, "GXA7301Q", 8); /* fills its field */
	id[77] = 5;                     /* 2^5 pages */
	put_le(id + 78, 6, 2);
	put_le(id + 80, 0x00010400, 4);
	id[111] = 1;
	id[525] = 7;
	nvme_controller_decode(id, add, NULL);
	ck_assert_str_eq(bl_buf_str(&facts), "model=Lab ? SSD\nserial=S5XXNE0R\nfirmware=GXA7301Q\n"
					     "nvme_version=1.4\ncontroller_id=6\n"
					     "serves_as=I/O controller\nmax_transfer_bytes=131072\n"
					     "volatile_write_cache=yes\n");
	fresh();
	memset(id, 0, sizeof id);
	put_le(id + 80, 0x00010201, 4);
	id[77] = 255;
	id[111] = 200;
	nvme_controller_decode(id, add, NULL);
	ck_assert_str_eq(bl_buf_str(&facts), "nvme_version=1.2.1\ncontroller_id=0\n"
					     "volatile_write_cache=no\n");
}
END_TEST

START_TEST(a_namespace_is_identified_by_its_format_in_use)
{
	uint8_t id[NVME_IDENTIFY_BYTES] = {0};

	put_le(id, 1000, 8);
	put_le(id + 8, 900, 8);
	put_le(id + 16, 800, 8);
	id[25] = 1;    /* two formats, 0-based */
	id[26] = 0x21; /* the second; bit 5 means nothing with so few */
	id[128 + 2] = 9;
	put_le(id + 132, 8, 2);
	id[132 + 2] = 12;
	nvme_namespace_decode(id, 2, add, NULL);
	ck_assert_str_eq(bl_buf_str(&facts), "namespace=2\nsize_bytes=4096000\n"
					     "capacity_bytes=3686400\nutilization_bytes=3276800\n"
					     "lba_format=4096 B + 8 B metadata\n");
	fresh();
	id[25] = 63; /* now it does: format 17 */
	id[128 + 17 * 4 + 2] = 9;
	nvme_namespace_decode(id, 1, add, NULL);
	ck_assert_str_eq(get("lba_format"), "512 B + 0 B metadata");
	fresh();
	memset(id, 0xff, sizeof id); /* nonsense is absent */
	nvme_namespace_decode(id, 1, add, NULL);
	ck_assert_str_eq(bl_buf_str(&facts), "namespace=1\n");
}
END_TEST

START_TEST(what_is_no_controller_is_refused_with_what_is_needed)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_int_eq(nvme_identity("/dev/no-such-nvme", 1, add, NULL, &err), -ENOENT);
	ck_assert_ptr_nonnull(strstr(err.text, "'/dev/no-such-nvme' can't be opened"));
	ck_assert_ptr_nonnull(strstr(err.text, "character device of an NVMe controller"));
	err = (struct bl_err)BL_ERR_INIT;
	ck_assert_int_lt(nvme_health("/dev/null", add, NULL, &err), 0);
	ck_assert_ptr_nonnull(strstr(err.text, "'/dev/null': identify controller: "));
	ck_assert_str_eq(bl_buf_str(&facts), "");
}
END_TEST

START_TEST(a_disk_knows_its_controller_and_namespace)
{
	char out[32];

	faked_empty();
	faked_link("/sys/class/block/nvme3n2/device", "../../devices/pci0/nvme/nvme3");
	faked_put("/sys/class/block/nvme3n2/nsid", "2\n");
	nvme_controller_of(faked_root, "nvme3n2", out, sizeof out);
	ck_assert_str_eq(out, "nvme3");
	ck_assert_uint_eq(nvme_namespace_of(faked_root, "nvme3n2"), 2);
	nvme_controller_of(faked_root, "vda", out, sizeof out);
	ck_assert_str_eq(out, "");
	ck_assert_uint_eq(nvme_namespace_of(faked_root, "vda"), 0);
	faked_drop();
}
END_TEST

int main(void)
{
	Suite *s = suite_create("nvme");
	TCase *t = tcase_create("bytes");
	SRunner *r = srunner_create(s);
	int failed;

	tcase_add_checked_fixture(t, fresh, fresh);
	tcase_add_test(t, a_health_log_is_read_byte_by_byte);
	tcase_add_test(t, counters_of_128_bits_are_whole_and_what_is_above_is_absent);
	tcase_add_test(t, below_zero_is_a_temperature_too);
	tcase_add_test(t, the_error_log_counts_valid_entries_and_names_the_newest_status);
	tcase_add_test(t, a_controller_is_identified);
	tcase_add_test(t, a_namespace_is_identified_by_its_format_in_use);
	tcase_add_test(t, what_is_no_controller_is_refused_with_what_is_needed);
	tcase_add_test(t, a_disk_knows_its_controller_and_namespace);
	suite_add_tcase(s, t);
	srunner_run_all(r, CK_ENV);
	failed = srunner_ntests_failed(r);
	srunner_free(r);
	return failed ? 1 : 0;
}
