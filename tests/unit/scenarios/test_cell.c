#include <check.h>
#include <errno.h>
#include <string.h>

#include "cell.h"
#include "cleanup.h"
#include "units.h"

static void set(struct cell *c, const char *axis, const char *value)
{
	struct bl_err err = BL_ERR_INIT;

	ck_assert_msg(axis_find(axis)->set(c, value, &err) == 0, "%s", err.text);
}

static void ck_axis(const struct cell *c, const char *axis, const char *text)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;

	axis_find(axis)->get(c, &out);
	ck_assert_str_eq(bl_buf_str(&out), text);
}

START_TEST(the_defaults_are_a_possible_cell)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf out = BL_BUF_INIT;
	struct bl_err err = BL_ERR_INIT;
	struct cell c;

	cell_defaults(&c);
	ck_assert_int_eq(cell_check(&c, &err), 0);
	cell_to_text(&c, &out);
	ck_assert_str_eq(bl_buf_str(&out),
			 "bus=virtio-blk storage=file iothreads=0 queues=auto cache=none "
			 "aio=threads format=raw "
			 "preallocation=off discard=ignore throttle=off vcpus=1 kernel=default "
			 "emulator=default");
}
END_TEST

START_TEST(what_an_axis_accepts_lists_its_words_in_their_order)
{
	for (size_t i = 0; i < n_axis_rows; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf list = BL_BUF_INIT;
		const struct axis_row *row = &axis_rows[i];

		ck_assert_ptr_eq(axis_find(row->name), row);
		for (size_t w = 0; w < row->n_words; w++)
			bl_buf_addf(&list, "%s%s", w ? ", " : "", row->words[w]);
		if (row->words)
			ck_assert_str_eq(row->accepts, bl_buf_str(&list));
	}
}
END_TEST

START_TEST(every_word_of_every_axis_comes_back_as_it_went_in)
{
	for (size_t i = 0; i < n_axis_rows; i++) {
		for (size_t w = 0; w < axis_rows[i].n_words; w++) {
			struct cell c;

			cell_defaults(&c);
			set(&c, axis_rows[i].name, axis_rows[i].words[w]);
			ck_axis(&c, axis_rows[i].name, axis_rows[i].words[w]);
		}
	}
}
END_TEST

static const struct {
	const char *axis, *in, *text;
} spellings[] = {
	{"iothreads", "0", "0"},
	{"iothreads", "64", "64"},
	{"queues", "auto", "auto"},
	{"queues", "0", "auto"},
	{"queues", "255", "255"},
	{"vcpus", "16", "16"},
	{"cluster_size", "65536", "64KiB"},
	{"cluster_size", "64k", "64KiB"},
	{"cluster_size", "2MiB", "2MiB"},
	{"cluster_size", "512", "512"},
	{"cluster_size", "0.5MiB", "512KiB"},
	{"cluster_size", "auto", "auto"},
	{"throttle", "off", "off"},
	{"throttle", "500iops", "500iops"},
	{"throttle", "1000000000iops", "1000000000iops"},
	{"throttle", "20MiB/s", "20MiB/s"},
	{"throttle", "20480k/s", "20MiB/s"},
	{"throttle", "1.5k/s", "1536/s"},
	{"throttle", "1536/s", "1536/s"},
	{"throttle", "1024/s", "1KiB/s"},
	{"kernel", "default", "default"},
	{"kernel", "/boot/vmlinuz", "/boot/vmlinuz"},
	{"emulator", "/opt/q", "/opt/q"},
};

START_TEST(values_have_one_spelling)
{
	struct cell c;

	cell_defaults(&c);
	set(&c, spellings[_i].axis, spellings[_i].in);
	ck_axis(&c, spellings[_i].axis, spellings[_i].text);
}
END_TEST

static const struct {
	const char *axis, *in, *says;
} bad[] = {
	{"cache", "writebak",
	 "'writebak' is not a cache mode; one of none, writeback, writethrough, directsync, "
	 "unsafe"},
	{"bus", "ide",
	 "'ide' is not a bus; one of virtio-blk, virtio-scsi, sata, nvme-emulated, vfio, "
	 "nvme-userspace, host"},
	{"bus", "",
	 "'' is not a bus; one of virtio-blk, virtio-scsi, sata, nvme-emulated, vfio, "
	 "nvme-userspace, host"},
	{"storage", "disk", "'disk' is not a storage; one of file, device, filesystem, nbd"},
	{"iothreads", "65", "'65' is not a whole number from 0 to 64"},
	{"iothreads", "-1", "'-1' is not a whole number from 0 to 64"},
	{"iothreads", "1.5", "'1.5' is not a whole number from 0 to 64"},
	{"queues", "many", "'many' is not auto nor a whole number from 1 to 255"},
	{"vcpus", "0", "'0' is not a whole number from 1 to 255"},
	{"cluster_size", "256",
	 "'256' is not a cluster size; auto, or a power of two from 512 to 2MiB"},
	{"cluster_size", "4MiB",
	 "'4MiB' is not a cluster size; auto, or a power of two from 512 to 2MiB"},
	{"cluster_size", "96KiB",
	 "'96KiB' is not a cluster size; auto, or a power of two from 512 to 2MiB"},
	{"throttle", "0iops",
	 "'0iops' is not a limit; off, requests a second as 500iops, or bytes a second as 20MiB/s"},
	{"throttle", "iops",
	 "'iops' is not a limit; off, requests a second as 500iops, or bytes a second as 20MiB/s"},
	{"throttle", "500",
	 "'500' is not a limit; off, requests a second as 500iops, or bytes a second as 20MiB/s"},
	{"throttle", "500 iops",
	 "'500 iops' is not a limit; off, requests a second as 500iops, or bytes a second as "
	 "20MiB/s"},
	{"throttle", "-1iops",
	 "'-1iops' is not a limit; off, requests a second as 500iops, or bytes a second as "
	 "20MiB/s"},
	{"throttle", "1000000001iops",
	 "'1000000001iops' is not a limit; off, requests a second as 500iops, or bytes a second as "
	 "20MiB/s"},
	{"throttle", "/s",
	 "'/s' is not a limit; off, requests a second as 500iops, or bytes a second as 20MiB/s"},
	{"throttle", "1023/s",
	 "'1023/s' is not a limit; off, requests a second as 500iops, or bytes a second as "
	 "20MiB/s"},
	{"throttle", "2TiB/s",
	 "'2TiB/s' is not a limit; off, requests a second as 500iops, or bytes a second as "
	 "20MiB/s"},
	{"throttle", "20MB",
	 "'20MB' is not a limit; off, requests a second as 500iops, or bytes a second as 20MiB/s"},
	{"throttle", "0",
	 "'0' is not a limit; off, requests a second as 500iops, or bytes a second as 20MiB/s"},
	{"aio", "io-uring",
	 "'io-uring' is not a way of asynchronous I/O; one of threads, native, io_uring"},
	{"kernel", "",
	 "'' is not a kernel; default, installed, a path, apt:PACKAGE, or URL#sha256=HEX"},
	{"kernel", "a\nb",
	 "control character in the kernel; default, installed, a path, apt:PACKAGE, or "
	 "URL#sha256=HEX"},
	{"kernel", "apt:-o/x",
	 "'apt:-o/x' is not a package; apt:PACKAGE, apt:PACKAGE=VERSION or apt:PACKAGE/SUITE"},
};

START_TEST(a_bad_value_is_quoted_beside_what_is_accepted)
{
	struct bl_err err = BL_ERR_INIT;
	struct cell c, before;

	cell_defaults(&c);
	before = c;
	ck_assert_int_eq(axis_find(bad[_i].axis)->set(&c, bad[_i].in, &err), -EINVAL);
	ck_assert_str_eq(err.text, bad[_i].says);
	ck_assert_mem_eq(&c, &before, sizeof c);
}
END_TEST

START_TEST(a_path_of_the_longest_length_fits_and_one_more_is_refused)
{
	struct bl_err err = BL_ERR_INIT;
	char path[CELL_PATH_MAX + 1];
	struct cell c;

	cell_defaults(&c);
	memset(path, 'a', sizeof path);
	path[CELL_PATH_MAX - 1] = '\0';
	set(&c, "kernel", path);
	ck_axis(&c, "kernel", path);
	path[CELL_PATH_MAX - 1] = 'a';
	path[CELL_PATH_MAX] = '\0';
	ck_assert_int_eq(axis_find("kernel")->set(&c, path, &err), -EINVAL);
	ck_assert_ptr_nonnull(strstr(err.text, "has 512 bytes; a kernel has at most 511"));
}
END_TEST

START_TEST(cache_modes_have_the_bits_of_qemus_table)
{
	static const struct cache_bits bits[CACHES] = {
		{true, true, false},  {true, false, false}, {false, false, false},
		{false, true, false}, {true, false, true},
	};

	for (int i = 0; i < CACHES; i++) {
		struct cache_bits b = cell_cache_bits((enum cell_cache)i);

		ck_assert_int_eq(b.writeback, bits[i].writeback);
		ck_assert_int_eq(b.direct, bits[i].direct);
		ck_assert_int_eq(b.no_flush, bits[i].no_flush);
	}
}
END_TEST

START_TEST(native_aio_goes_with_none_and_directsync_only)
{
	for (unsigned i = 0; i < CACHES; i++) {
		bool is_direct = i == CACHE_NONE || i == CACHE_DIRECTSYNC;
		struct bl_err err = BL_ERR_INIT;
		struct cell c;

		cell_defaults(&c);
		set(&c, "aio", "native");
		set(&c, "cache", cell_cache_names[i]);
		ck_assert_int_eq(cell_check(&c, &err), is_direct ? 0 : -EINVAL);
	}
}
END_TEST

static const struct {
	const char *settings[6]; /* axis, value, ... */
	const char *says;        /* NULL: possible */
} combinations[] = {
	{{"aio", "native", "cache", "unsafe"},
	 "aio: 'native' is impossible with cache 'unsafe': native AIO needs O_DIRECT, that is "
	 "cache "
	 "none or directsync; with other cache modes aio is threads or io_uring"},
	{{"aio", "io_uring", "cache", "writeback"}, NULL},
	{{"iothreads", "1", "bus", "sata"},
	 "iothreads: '1' is impossible with bus 'sata': QEMU serves this device in its main loop, "
	 "that is iothreads 0; virtio-blk, virtio-scsi and nvme-userspace take iothreads"},
	{{"iothreads", "1", "bus", "nvme-emulated"},
	 "iothreads: '1' is impossible with bus 'nvme-emulated': QEMU serves this device in its "
	 "main loop, that is iothreads 0; virtio-blk, virtio-scsi and nvme-userspace take "
	 "iothreads"},
	{{"iothreads", "1", "bus", "virtio-scsi"}, NULL},
	{{"queues", "2", "vcpus", "2", "bus", "sata"},
	 "queues: '2' is impossible with bus 'sata': AHCI has one queue of 32 commands, that is "
	 "queues auto; virtio-blk, virtio-scsi, nvme-emulated and nvme-userspace take queues"},
	{{"queues", "4", "vcpus", "2"},
	 "queues: '4' is impossible with vcpus '2': a guest opens at most one queue for each vCPU; "
	 "auto, or at most vcpus"},
	{{"queues", "2", "vcpus", "2", "iothreads", "3"},
	 "iothreads: '3' is impossible with queues '2': a queue is served by one iothread, so some "
	 "would have nothing to do; at most queues"},
	{{"vcpus", "2", "iothreads", "3"},
	 "iothreads: '3' is impossible with vcpus '2': queues auto is one queue for each vCPU and "
	 "a "
	 "queue is served by one iothread, so some would have nothing to do; at most vcpus"},
	{{"vcpus", "4", "queues", "4", "iothreads", "4"}, NULL},
	{{"preallocation", "metadata"},
	 "preallocation: 'metadata' is impossible with format 'raw': a raw image has no metadata; "
	 "off, falloc or full, or format qcow2"},
	{{"preallocation", "metadata", "format", "qcow2"}, NULL},
	{{"preallocation", "full"}, NULL},
	{{"cluster_size", "64KiB"},
	 "cluster_size: '64KiB' has no meaning here; cluster_size means something only in a cell "
	 "of "
	 "format qcow2"},
	{{"bus", "host", "cache", "writeback"},
	 "cache: 'writeback' has no meaning here; cache means something only in a cell whose disk "
	 "is a file or block device to QEMU (any bus but vfio, nvme-userspace and host, any "
	 "storage but "
	 "nbd)"},
	{{"bus", "host"}, NULL},
	{{"bus", "host", "vcpus", "2"},
	 "vcpus: '2' has no meaning here; vcpus means something only in a cell with a VM (any bus "
	 "but host)"},
	{{"bus", "host", "storage", "filesystem"}, NULL},
	{{"bus", "sata", "storage", "device", "format", "qcow2"}, NULL},
	{{"bus", "vfio", "vcpus", "4"}, NULL},
	{{"bus", "vfio", "storage", "device"},
	 "storage: 'device' has no meaning here; storage means something only in a cell of any bus "
	 "but vfio and nvme-userspace, which are the device itself"},
	{{"bus", "vfio", "iothreads", "1"},
	 "iothreads: '1' has no meaning here; iothreads means something only in a cell whose disk "
	 "QEMU serves (any bus but vfio and host)"},
	{{"bus", "nvme-userspace", "iothreads", "1", "discard", "unmap"}, NULL},
	{{"bus", "nvme-userspace", "iothreads", "2"},
	 "iothreads: '2' is impossible with bus 'nvme-userspace': QEMU's NVMe driver has one pair "
	 "of I/O queues, which one thread serves, that is iothreads 0 or 1"},
	{{"bus", "nvme-userspace", "aio", "native"},
	 "aio: 'native' has no meaning here; aio means something only in a cell whose disk is a "
	 "file or block device to QEMU (any bus but vfio, nvme-userspace and host, any storage but "
	 "nbd)"},
	{{"storage", "device", "preallocation", "full"},
	 "preallocation: 'full' has no meaning here; preallocation means something only in a cell "
	 "with an image: a file, or format qcow2 on a device"},
	{{"storage", "device", "preallocation", "falloc", "format", "qcow2"},
	 "preallocation: 'falloc' is impossible with storage 'device': a block device has all its "
	 "space already; off or metadata, or storage file or filesystem"},
	{{"storage", "device", "preallocation", "metadata", "format", "qcow2"}, NULL},
	{{"storage", "filesystem", "preallocation", "falloc"}, NULL},
	{{"storage", "nbd", "preallocation", "falloc", "bus", "sata"}, NULL},
	{{"storage", "nbd", "cache", "writeback"},
	 "cache: 'writeback' has no meaning here; cache means something only in a cell whose disk "
	 "is a file or block device to QEMU (any bus but vfio, nvme-userspace and host, any "
	 "storage but "
	 "nbd)"},
	{{"storage", "nbd", "format", "qcow2"},
	 "format: 'qcow2' is impossible with storage 'nbd': a qcow2 image grows, and the export of "
	 "an NBD server does not; raw, or storage file"},
	{{"storage", "nbd", "bus", "host"},
	 "storage: 'nbd' is impossible with bus 'host': it is QEMU that talks to the server; "
	 "storage file, or a bus with a VM"},
	{{"throttle", "500iops", "bus", "sata"}, NULL},
	{{"throttle", "20MiB/s", "bus", "nvme-userspace", "iothreads", "1"}, NULL},
	{{"throttle", "500iops", "bus", "nvme-emulated"},
	 "throttle: '500iops' is impossible with bus 'nvme-emulated': libvirt sets the limit, and "
	 "does not make this disk; virtio-blk, virtio-scsi, sata and nvme-userspace take it"},
	{{"throttle", "1MiB/s", "iothreads", "2", "vcpus", "2"},
	 "throttle: '1MiB/s' is impossible with iothreads '2': libvirt sets the limit, and does "
	 "not "
	 "make the disk of several iothreads; 0 or 1"},
	{{"throttle", "500iops", "bus", "host"},
	 "throttle: '500iops' has no meaning here; throttle means something only in a cell whose "
	 "disk QEMU serves (any bus but vfio and host)"},
};

START_TEST(impossible_combinations_name_both_values)
{
	struct bl_err err = BL_ERR_INIT;
	struct cell c;

	cell_defaults(&c);
	for (size_t i = 0; i < 6 && combinations[_i].settings[i]; i += 2)
		set(&c, combinations[_i].settings[i], combinations[_i].settings[i + 1]);
	if (!combinations[_i].says) {
		ck_assert_msg(cell_check(&c, &err) == 0, "%s", err.text);
		return;
	}
	ck_assert_int_eq(cell_check(&c, &err), -EINVAL);
	ck_assert_str_eq(err.text, combinations[_i].says);
}
END_TEST

START_TEST(a_rule_names_axes_that_exist)
{
	for (size_t i = 0; i < n_cell_rules; i++) {
		ck_assert_ptr_nonnull(axis_find(cell_rules[i].axis));
		ck_assert_ptr_nonnull(axis_find(cell_rules[i].other));
	}
}
END_TEST

/* What survives, as a person would reason it from the three bits; compared with the lines. */
START_TEST(durability_follows_from_the_bits_and_the_format)
{
	for (unsigned i = 0; i < CACHES * FORMATS; i++) {
		struct cache_bits bits = cell_cache_bits((enum cell_cache)(i / FORMATS));
		const char *line;
		struct cell c;

		cell_defaults(&c);
		c.cache = (enum cell_cache)(i / FORMATS);
		c.format = (enum cell_format)(i % FORMATS);
		line = cell_durability(&c);
		ck_assert_ptr_nonnull(line);
		ck_assert_ptr_nonnull(strstr(line, "guest crash: all completed writes"));
		/* qcow2 keeps tables in QEMU until a flush; write-through flushes each write */
		ck_assert_int_eq(strstr(line, "QEMU kill: flushed writes") != NULL,
				 c.format == FORMAT_QCOW2 && bits.writeback);
		ck_assert_int_eq(strstr(line, "host power loss: nothing is sure") != NULL,
				 bits.no_flush);
		ck_assert_int_eq(strstr(line, "host power loss: all completed writes") != NULL,
				 !bits.writeback);
		ck_assert_int_eq(strstr(line, "host power loss: flushed writes only") != NULL,
				 bits.writeback && !bits.no_flush);
		ck_assert_int_eq(strstr(line, "page cache") != NULL,
				 bits.writeback && !bits.no_flush && !bits.direct);
	}
}
END_TEST

/* nbdkit's file plugin uses the page cache, whatever the cell's cache mode. */
START_TEST(an_nbd_server_keeps_what_a_page_cache_keeps)
{
	struct cell nbd, cached;

	cell_defaults(&nbd);
	cell_defaults(&cached);
	nbd.storage = STORAGE_NBD;
	cached.cache = CACHE_WRITEBACK;
	ck_assert_str_eq(cell_durability(&nbd), cell_durability(&cached));
}
END_TEST

START_TEST(the_host_has_no_guest_to_crash_and_no_qemu_to_kill)
{
	struct cell c;

	cell_defaults(&c);
	c.bus = BUS_HOST;
	ck_assert_str_eq(
		cell_durability(&c),
		"no guest, no QEMU; host power loss: writes followed by fsync or fdatasync");
}
END_TEST

static const char all_axes[] = "bus storage iothreads queues cache aio format cluster_size "
			       "preallocation discard throttle vcpus kernel emulator ";

static const struct {
	enum cell_bus bus;
	enum cell_storage storage;
	enum cell_format format;
	const char *axes; /* those that mean something, in their order */
} meanings[] = {
	{BUS_VIRTIO_SCSI, STORAGE_FILE, FORMAT_QCOW2, all_axes},
	{BUS_VIRTIO_BLK, STORAGE_FILESYSTEM, FORMAT_RAW,
	 "bus storage iothreads queues cache aio format preallocation discard throttle vcpus "
	 "kernel "
	 "emulator "},
	{BUS_VIRTIO_BLK, STORAGE_NBD, FORMAT_RAW,
	 "bus storage iothreads queues format preallocation discard throttle vcpus kernel "
	 "emulator "},
	{BUS_VIRTIO_BLK, STORAGE_DEVICE, FORMAT_RAW,
	 "bus storage iothreads queues cache aio format discard throttle vcpus kernel emulator "},
	{BUS_SATA, STORAGE_DEVICE, FORMAT_QCOW2, all_axes},
	{BUS_NVME_EMULATED, STORAGE_DEVICE, FORMAT_QCOW2, all_axes},
	{BUS_VFIO, STORAGE_FILE, FORMAT_QCOW2, "bus vcpus kernel emulator "},
	{BUS_NVME_USERSPACE, STORAGE_FILE, FORMAT_QCOW2,
	 "bus iothreads queues discard throttle vcpus kernel emulator "},
	{BUS_HOST, STORAGE_DEVICE, FORMAT_QCOW2, "bus storage "},
};

START_TEST(each_bus_has_the_axes_that_mean_something_on_it)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	struct cell c;

	cell_defaults(&c);
	c.bus = meanings[_i].bus;
	c.storage = meanings[_i].storage;
	c.format = meanings[_i].format;
	for (size_t i = 0; i < n_axis_rows; i++)
		if (axis_applies(&axis_rows[i], &c))
			bl_buf_addf(&text, "%s ", axis_rows[i].name);
	ck_assert_str_eq(bl_buf_str(&text), meanings[_i].axes);
}
END_TEST

START_TEST(a_cell_needs_a_device_when_its_disk_is_one_or_on_one)
{
	for (unsigned i = 0; i < BUSES * STORAGES; i++) {
		struct cell c;

		cell_defaults(&c);
		c.bus = (enum cell_bus)(i / STORAGES);
		c.storage = (enum cell_storage)(i % STORAGES);
		ck_assert_int_eq(cell_takes_controller(&c),
				 c.bus == BUS_VFIO || c.bus == BUS_NVME_USERSPACE);
		ck_assert_int_eq(cell_needs_device(&c), c.bus == BUS_VFIO ||
								c.bus == BUS_NVME_USERSPACE ||
								c.storage == STORAGE_DEVICE ||
								c.storage == STORAGE_FILESYSTEM);
	}
}
END_TEST

START_TEST(a_controller_of_ones_own_keeps_what_its_cache_keeps)
{
	static const enum cell_bus buses[] = {BUS_VFIO, BUS_NVME_USERSPACE};

	for (size_t i = 0; i < BL_ARRAY_LEN(buses); i++) {
		struct cell c;

		cell_defaults(&c);
		c.bus = buses[i];
		ck_assert_str_eq(cell_durability(&c),
				 "guest crash: all completed writes; QEMU kill: all completed "
				 "writes; host power loss: flushed writes only (the rest is in the "
				 "device's cache)");
	}
}
END_TEST

START_TEST(the_host_has_only_bus_and_storage_and_raw_no_clusters)
{
	struct cell c;

	cell_defaults(&c);
	for (size_t i = 0; i < n_axis_rows; i++)
		ck_assert_int_eq(axis_applies(&axis_rows[i], &c),
				 strcmp(axis_rows[i].name, "cluster_size") != 0);
	c.format = FORMAT_QCOW2;
	for (size_t i = 0; i < n_axis_rows; i++)
		ck_assert(axis_applies(&axis_rows[i], &c));
	c.bus = BUS_HOST;
	for (size_t i = 0; i < n_axis_rows; i++)
		ck_assert_int_eq(axis_applies(&axis_rows[i], &c), i <= 1);
	for (size_t i = 1; i < n_axis_rows; i++)
		ck_assert_ptr_nonnull(axis_rows[i].applies_to);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("cell");
	TCase *tc = tcase_create("cell");
	SRunner *sr;
	int failed;

	tcase_add_test(tc, the_defaults_are_a_possible_cell);
	tcase_add_test(tc, what_an_axis_accepts_lists_its_words_in_their_order);
	tcase_add_test(tc, every_word_of_every_axis_comes_back_as_it_went_in);
	tcase_add_loop_test(tc, values_have_one_spelling, 0, BL_ARRAY_LEN(spellings));
	tcase_add_loop_test(tc, a_bad_value_is_quoted_beside_what_is_accepted, 0,
			    BL_ARRAY_LEN(bad));
	tcase_add_test(tc, a_path_of_the_longest_length_fits_and_one_more_is_refused);
	tcase_add_test(tc, cache_modes_have_the_bits_of_qemus_table);
	tcase_add_test(tc, native_aio_goes_with_none_and_directsync_only);
	tcase_add_loop_test(tc, impossible_combinations_name_both_values, 0,
			    BL_ARRAY_LEN(combinations));
	tcase_add_test(tc, a_rule_names_axes_that_exist);
	tcase_add_test(tc, durability_follows_from_the_bits_and_the_format);
	tcase_add_loop_test(tc, each_bus_has_the_axes_that_mean_something_on_it, 0,
			    BL_ARRAY_LEN(meanings));
	tcase_add_test(tc, a_cell_needs_a_device_when_its_disk_is_one_or_on_one);
	tcase_add_test(tc, a_controller_of_ones_own_keeps_what_its_cache_keeps);
	tcase_add_test(tc, an_nbd_server_keeps_what_a_page_cache_keeps);
	tcase_add_test(tc, the_host_has_no_guest_to_crash_and_no_qemu_to_kill);
	tcase_add_test(tc, the_host_has_only_bus_and_storage_and_raw_no_clusters);
	suite_add_tcase(s, tc);
	sr = srunner_create(s);
	srunner_run_all(sr, CK_ENV);
	failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? 1 : 0;
}
