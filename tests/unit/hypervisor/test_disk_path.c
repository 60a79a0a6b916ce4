/* The way of an I/O, out of what libvirt, the monitor and the command line say - or leave out. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "disk_path.h"
#include "fresh_dir.h"
#include "fs.h"
#include "qemu_args.h"
#include "scripted.h"

/* As text, one a line, without what this machine is. */
static char *facts_text(const struct disk_path_from *from)
{
	struct bl_buf b = BL_BUF_INIT;
	struct facts f = {0};

	ck_assert_int_eq(disk_path_facts(from, &f), 0);
	for (size_t i = 0; i < f.n; i++) {
		if (strncmp(f.items[i].key, "path.host.", 10) != 0)
			bl_buf_addf(&b, "%s=%s\n", f.items[i].key + 5, f.items[i].value);
	}
	facts_done(&f);
	return bl_buf_take(&b);
}

static const char domain[] =
	"<domain type='kvm'><vcpu placement='static' current='2'>4</vcpu>"
	"<cputune><vcpupin vcpu='0' cpuset='2'/><vcpupin vcpu='1' cpuset='3'/>"
	"<emulatorpin cpuset='0-1'/><iothreadpin iothread='1' cpuset='4'/></cputune>"
	"<os><type arch='x86_64' machine='pc-q35-7.2'>hvm</type></os>"
	"<devices><emulator>/usr/bin/kvm</emulator>"
	"<disk type='file' device='disk'><driver name='qemu' type='qcow2' cache='none' io='native'"
	" discard='unmap' queues='4' queue_size='512' iothread='1'/>"
	"<source file='/srv/a.qcow2' index='1'/><backingStore type='file'><format type='qcow2'/>"
	"<source file='/srv/base.qcow2'/><backingStore/></backingStore>"
	"<target dev='vda' bus='virtio'/><iotune><total_iops_sec>500</total_iops_sec>"
	"<write_bytes_sec>1048576</write_bytes_sec></iotune><alias name='virtio-disk0'/></disk>"
	"<disk type='network' device='disk'><driver name='qemu' type='raw'/>"
	"<source protocol='nbd' name='x'><host name='10.0.0.1' port='10809'/></source>"
	"<target dev='sda' bus='scsi'/><address type='drive' controller='1'/>"
	"<alias name='scsi1-0-0-0'/></disk>"
	"<controller type='scsi' index='1' model='virtio-scsi'><driver iothread='2' queues='8'/>"
	"</controller>"
	"<controller type='scsi' index='0' model='lsilogic'/>"
	"<disk type='block' device='disk'><driver name='qemu' type='raw' cache='unsafe'/>"
	"<source dev='/dev/sdx'/><target dev='sdb' bus='scsi'/>"
	"<address type='drive' controller='0'/></disk>"
	"</devices></domain>";

#define VM_OF_DOMAIN                                                                               \
	"vm.vcpus=2\nvm.accel=kvm\nvm.machine=pc-q35-7.2\n"                                        \
	"vm.pinning=vcpu0=2 vcpu1=3 iothread1=4 main=0-1\nemulator=/usr/bin/kvm\n"

static const struct {
	const char *target, *says;
} by_xml[] = {
	{"vda",
	 "bus=virtio-blk\ntarget=vda\niothread=iothread1\nqueues=4\nqueue_size=512\ncache=none\n"
	 "cache_direct=on\ncache_writeback=on\ncache_no_flush=off\naio=native\ndiscard=unmap\n"
	 "storage=file\nsource=/srv/a.qcow2\nformat=qcow2\nchain=a.qcow2 <- base.qcow2\n"
	 "chain_depth=2\nthrottle=500 iops, write 1 MiB/s\n" VM_OF_DOMAIN},
	{"sda",
	 "bus=virtio-scsi\ntarget=sda\niothread=iothread2\nqueues=8\ncache=writeback\n"
	 "cache_direct=off\ncache_writeback=on\ncache_no_flush=off\nstorage=nbd\n"
	 "source=nbd:10.0.0.1/x\nformat=raw\nchain=x\nchain_depth=1\nthrottle=none\n" VM_OF_DOMAIN},
	{"sdb",
	 "bus=lsilogic\ntarget=sdb\niothread=none\ncache=unsafe\ncache_direct=off\n"
	 "cache_writeback=on\ncache_no_flush=on\nstorage=device\nsource=/dev/sdx\nformat=raw\n"
	 "chain=sdx\nchain_depth=1\nthrottle=none\n" VM_OF_DOMAIN},
	/* What is not there, and what would leave the quotes of an XPath. */
	{"vdz", "target=vdz\n" VM_OF_DOMAIN},
	{"v'] | //*['", "target=v'] | //*['\n" VM_OF_DOMAIN},
};

START_TEST(a_domain_alone_tells_most)
{
	struct disk_path_from from = {.xml = domain, .target = by_xml[_i].target};
	BL_CLEANUP(bl_freep) char *text = facts_text(&from);

	ck_assert_str_eq(text, by_xml[_i].says);
}
END_TEST

START_TEST(a_target_is_found_by_its_alias)
{
	BL_CLEANUP(bl_freep) char *target = disk_path_target(domain, "scsi1-0-0-0");

	ck_assert_str_eq(target, "sda");
	ck_assert_ptr_null(disk_path_target(domain, "nobody"));
	ck_assert_ptr_null(disk_path_target(domain, "x' or '1'='1"));
	ck_assert_ptr_null(disk_path_target("<domain>", "scsi1-0-0-0"));
}
END_TEST

/* What QEMU 7.2 answers about "-blockdev file aio=native cache.direct=on" and a qcow2 on it. */
static const char block[] =
	"[{'device': '', 'qdev': '" DUT "/virtio-backend', 'inserted': {'drv': 'qcow2', 'file':"
	" '/srv/a.qcow2', 'detect_zeroes': 'unmap', 'iops': 0, 'iops_rd': 90, 'bps': 2097152,"
	" 'cache': {'writeback': false, 'direct': false, 'no-flush': false}, 'image':"
	" {'filename': '/srv/a.qcow2', 'format': 'qcow2', 'virtual-size': 1000, 'actual-size': 250,"
	"  'cluster-size': 65536, 'backing-image': {'filename': '/srv/base.raw', 'format': "
	"'raw'}}}}]";
static const char nodes[] = "[{'drv': 'qcow2', 'file': '/srv/a.qcow2', 'cache': {'direct': false}},"
			    " {'drv': 'file', 'file': '/srv/a.qcow2', 'cache': {'direct': true}}]";

static void make_proc(char dir[40])
{
	static const char cmdline[] =
		"qemu-system-x86_64\0-M\0pc-q35-7.2,accel=kvm\0-nodefaults\0-blockdev\0"
		"{\"driver\":\"file\",\"filename\":\"/srv/a.qcow2\",\"node-name\":\"s\",\"aio\":"
		"\"native\"}\0-blockdev\0driver=qcow2,node-name=f,file=s,discard=unmap\0"
		"-device\0virtio-blk-pci,drive=f,id=ua-dut,iothread=io7,num-queues=3\0";
	BL_CLEANUP(bl_freep) char *path = NULL;

	fresh_dir(dir);
	path = bl_strf("%s/cmdline", dir);
	ck_assert_int_eq(bl_write_file(path, cmdline, sizeof cmdline - 1, NULL), 0);
}

START_TEST(the_monitor_and_the_command_line_tell_it_without_libvirt)
{
	char dir[40];
	json_t *b = scripted_json(block), *n = scripted_json(nodes);
	json_t *cpus = scripted_json("[{}, {}]"), *kvm = scripted_json("{'enabled': true}");
	struct disk_path_from from = {.qdev = DUT "/virtio-backend",
				      .qmp = {.block = b, .nodes = n, .cpus = cpus, .kvm = kvm},
				      .proc_dir = dir};
	BL_CLEANUP(bl_freep) char *text = NULL;

	make_proc(dir);
	text = facts_text(&from);
	ck_assert_str_eq(text,
			 "bus=virtio-blk\niothread=io7\nqueues=3\ncache=directsync\n"
			 "cache_direct=on\ncache_writeback=off\ncache_no_flush=off\naio=native\n"
			 "discard=unmap\ndetect_zeroes=unmap\nstorage=file\nsource=/srv/a.qcow2\n"
			 "format=qcow2\ncluster_bytes=65536\nchain=a.qcow2 <- base.raw\n"
			 "chain_depth=2\npreallocated_share=0.250\n"
			 "throttle=read 90 iops, 2 MiB/s\nvm.vcpus=2\nvm.accel=kvm\n"
			 "vm.machine=pc-q35-7.2\n");
	json_decref(b);
	json_decref(n);
	json_decref(cpus);
	json_decref(kvm);
}
END_TEST

/* Answers of another shape leave facts out, and end nothing. */
static const char *const strange[] = {
	"null",
	"3",
	"'x'",
	"{}",
	"[null, 3, 'x', []]",
	"[{'qdev': '" DUT "/virtio-backend'}]",
	"[{'qdev': '" DUT "/virtio-backend', 'inserted': 7}]",
	"[{'qdev': '" DUT "/virtio-backend', 'inserted': {'cache': [], 'image': 3, 'file': {},"
	"  'drv': 7, 'iops': 'many', 'detect_zeroes': 9}}]",
	"[{'qdev': '" DUT "/virtio-backend', 'inserted': {'image': {'filename': 7,"
	"  'virtual-size': -1, 'actual-size': -5, 'cluster-size': -9}}}]",
};

START_TEST(answers_of_another_shape_leave_facts_out)
{
	json_t *v = scripted_json(strange[_i]);
	struct disk_path_from from = {.qdev = DUT "/virtio-backend",
				      .qmp = {.block = v, .nodes = v, .cpus = v, .kvm = v}};
	BL_CLEANUP(bl_freep) char *text = facts_text(&from);

	ck_assert_ptr_null(strstr(text, "preallocated"));
	ck_assert_ptr_null(strstr(text, "cluster_bytes"));
	ck_assert_ptr_null(strstr(text, "cache="));
	json_decref(v);
}
END_TEST

START_TEST(a_value_with_escapes_is_tamed_and_what_is_known_stays)
{
	json_t *b = scripted_json("[{'qdev': 'x', 'inserted': {'file': '/a\\u001b[2Jb', 'drv': "
				  "'raw'}}]");
	struct disk_path_from from = {.qdev = "x", .qmp.block = b};
	struct facts f = {0};

	ck_assert_int_eq(facts_add(&f, "path.format", "mine"), 0);
	ck_assert_int_eq(disk_path_facts(&from, &f), 0);
	ck_assert_str_eq(facts_get(&f, "path.source"), "/a?[2Jb");
	ck_assert_str_eq(facts_get(&f, "path.format"), "mine");
	facts_done(&f);
	json_decref(b);
}
END_TEST

START_TEST(a_command_line_is_read_in_both_syntaxes)
{
	static const char cmdline[] = "/usr/bin/qemu\0-drive\0file=/a,,b,format=raw\0--machine\0q35"
				      "\0-S\0-blockdev\0{broken\0-device\0nvme,serial\0-x";
	char dir[40];
	BL_CLEANUP(bl_freep) char *path = NULL;
	json_t *args;

	fresh_dir(dir);
	path = bl_strf("%s/cmdline", dir);
	ck_assert_ptr_null(qemu_args_read(dir));
	ck_assert_int_eq(bl_write_file(path, cmdline, sizeof cmdline - 1, NULL), 0);
	args = qemu_args_read(dir);
	ck_assert_ptr_nonnull(qemu_args_find(args, "drive", "file", "/a,b"));
	ck_assert_ptr_null(qemu_args_find(args, "blockdev", "file", "/a,b"));
	ck_assert_str_eq(qemu_args_value(args, "machine"), "q35");
	ck_assert_ptr_null(qemu_args_value(args, "S"));
	ck_assert_ptr_null(qemu_args_value(args, "x"));
	ck_assert_ptr_nonnull(qemu_args_find(args, "device", "driver", "nvme"));
	json_decref(args);
}
END_TEST

int main(void)
{
	Suite *s = suite_create("disk path");
	TCase *t = tcase_create("disk path");
	SRunner *run;
	int failed;

	tcase_add_loop_test(t, a_domain_alone_tells_most, 0, BL_ARRAY_LEN(by_xml));
	tcase_add_test(t, a_target_is_found_by_its_alias);
	tcase_add_test(t, the_monitor_and_the_command_line_tell_it_without_libvirt);
	tcase_add_loop_test(t, answers_of_another_shape_leave_facts_out, 0, BL_ARRAY_LEN(strange));
	tcase_add_test(t, a_value_with_escapes_is_tamed_and_what_is_known_stays);
	tcase_add_test(t, a_command_line_is_read_in_both_syntaxes);
	suite_add_tcase(s, t);
	run = srunner_create(s);
	srunner_run_all(run, CK_ENV);
	failed = srunner_ntests_failed(run);
	srunner_free(run);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
