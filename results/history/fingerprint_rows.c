#include "fingerprint_rows.h"

#include <string.h>

#include "cleanup.h"

const struct fingerprint_row fingerprint_rows[] = {
	{.key = "host.kernel", .what = "host kernel"},
	{.key = "host.kernel_version",
	 .what = "build of the host kernel",
	 .unless = {"host.kernel"}},
	{.key = "emulator.version", .what = "QEMU", .from = NUMBERED},
	{.key = "qemu.version", .what = "installed QEMU", .unless = {"emulator.version"}},
	{.key = "package.qemu-system-x86",
	 .what = "package qemu-system-x86",
	 .unless = {"emulator.version", "qemu.version"}},
	{.key = "emulator.sha256",
	 .what = "QEMU's binary",
	 .from = NUMBERED,
	 .unless = {"emulator.version", "qemu.version", "package.qemu-system-x86"}},
	{.key = "libvirt.version", .what = "libvirt"},
	{.key = "package.libvirt0", .what = "package libvirt0", .unless = {"libvirt.version"}},
	{.key = "package.libvirt-daemon-driver-qemu",
	 .what = "package libvirt-daemon-driver-qemu",
	 .unless = {"libvirt.version", "package.libvirt0"}},
	{.key = "package.*", .what = "package"},
	{.key = "image.kernel", .what = "guest kernel", .from = NUMBERED},
	{.key = "guest.kernel", .what = "guest kernel", .from = TRIALS, .unless = {"image.kernel"}},
	{.key = "accel", .what = "acceleration", .how = OF_VMS},
	{.key = "engine.version", .what = "blklab"},
	{.key = "cpu.microcode", .what = "microcode"},
	{.key = "cpu.mitigations", .what = "mitigations", .how = BARS},
	{.key = "cpu.governor", .what = "CPU governor"},
	{.key = "cpu.frequency_driver", .what = "CPU frequency driver"},
	{.key = "cpu.max_khz", .what = "greatest CPU frequency (kHz)"},
	{.key = "cpu.energy_preference", .what = "CPU energy preference"},
	{.key = "cpu.no_turbo", .what = "turbo switched off"},
	{.key = "cpu.boost", .what = "CPU boost"},
	{.key = "cpu.smt", .what = "SMT"},
	{.key = "cpu.idle_driver", .what = "CPU idle driver"},
	{.key = "cpu.idle_governor", .what = "CPU idle governor"},
	{.key = "cpu.clocksource", .what = "clock source"},
	{.key = "disk.model", .what = "model of the disk"},
	{.key = "disk.firmware", .what = "firmware of the disk", .unless = {"disk.model"}},
	{.key = "disk.members", .what = "disks below the RAID or volume"},
	{.key = "disk.serial", .what = "serial of the disk", .is_of_one_host = true},
	{.key = "disk.member_serials",
	 .what = "serials of the disks below the RAID or volume",
	 .is_of_one_host = true,
	 .unless = {"disk.members", "disk.serial"}},
	{.key = "device.model", .what = "model of the disk under test", .from = TRIALS},
	{.key = "device.firmware",
	 .what = "firmware of the disk under test",
	 .from = TRIALS,
	 .unless = {"device.model"}},
	{.key = "device.serial",
	 .what = "serial of the disk under test",
	 .from = TRIALS,
	 .is_of_one_host = true},
	{.key = "path.disk",
	 .what = "disk below the backing files",
	 .from = TRIALS,
	 .unless = {"disk.model", "disk.firmware", "disk.members"}},
	{.key = "disk.size_bytes", .what = "size of the disk", .unless = {"disk.model"}},
	{.key = "disk.layers", .what = "layers over the disk", .is_of_one_host = true},
	{.key = "disk.file_system", .what = "file system"},
	{.key = "disk.mount_options", .what = "mount options", .how = COMMAS},
	{.key = "disk.scheduler", .what = "I/O scheduler"},
	{.key = "disk.rotational", .what = "disk called rotational"},
	{.key = "disk.write_cache", .what = "write cache of the disk"},
	{.key = "disk.logical_block_bytes", .what = "logical block"},
	{.key = "disk.physical_block_bytes", .what = "physical block"},
	{.key = "disk.queue_requests", .what = "requests in the disk's queue"},
	{.key = "disk.read_ahead_kib", .what = "read-ahead (KiB)"},
	{.key = "bios.version", .what = "BIOS"},
	{.key = "bios.date", .what = "date of the BIOS", .unless = {"bios.version"}},
	{.key = "bios.release", .what = "release of the BIOS", .unless = {"bios.version"}},
	{.key = "bios.vendor", .what = "vendor of the BIOS"},
	{.key = "bios.ec_firmware", .what = "firmware of the embedded controller"},
	{.key = "board.*", .what = "board's"},
	{.key = "system.*", .what = "system's"},
	{.key = "cpu.model", .what = "processor"},
	{.key = "cpu.stepping", .what = "stepping of the processor", .unless = {"cpu.model"}},
	{.key = "cpu.count", .what = "CPUs"},
	{.key = "cpu.online", .what = "CPUs online", .unless = {"cpu.count"}},
	{.key = "cpu.isolated", .what = "isolated CPUs"},
	{.key = "memory.total_bytes", .what = "memory", .how = NEARLY},
	{.key = "host.system", .what = "distribution"},
	{.key = "host.is_virtual", .what = "host is a virtual machine"},
	{.key = "host.kernel_arguments", .what = "kernel arguments", .how = WORDS},
	{.key = "host.io_uring_disabled", .what = "io_uring disabled"},
	{.key = "host.kvm_nested_intel", .what = "nested KVM"},
	{.key = "host.kvm_nested_amd", .what = "nested KVM"},
	{.key = "host.kvm_halt_poll_ns", .what = "KVM's halt polling (ns)"},
	{.key = "host.nvme_poll_queues", .what = "NVMe's poll queues"},
	{.key = "memory.transparent_hugepage", .what = "transparent huge pages"},
	{.key = "memory.ksm", .what = "KSM"},
	{.key = "memory.swappiness", .what = "swappiness"},
	{.key = "memory.dirty_ratio", .what = "dirty_ratio"},
	{.key = "memory.dirty_bytes", .what = "dirty_bytes"},
	{.key = "memory.dirty_background_ratio", .what = "dirty_background_ratio"},
	{.key = "memory.dirty_background_bytes", .what = "dirty_background_bytes"},
};

const size_t n_fingerprint_rows = BL_ARRAY_LEN(fingerprint_rows);

bool fingerprint_row_is_family(const struct fingerprint_row *row)
{
	return row->key[strlen(row->key) - 1] == '*';
}

static bool is_of(const struct fingerprint_row *row, const char *key)
{
	size_t n = strlen(row->key) - 1;

	return fingerprint_row_is_family(row) ? !strncmp(key, row->key, n) && key[n]
					      : !strcmp(key, row->key);
}

const struct fingerprint_row *fingerprint_row_of(const char *key)
{
	for (size_t i = 0; i < n_fingerprint_rows; i++)
		if (is_of(&fingerprint_rows[i], key))
			return &fingerprint_rows[i];
	return NULL;
}

bool fingerprint_is_numbered(const char *name, const char *key)
{
	size_t n = strcspn(name, ".") + 1, digits;

	if (strncmp(name, key, n) != 0)
		return false;
	digits = strspn(key + n, "0123456789");
	return digits && !strcmp(key + n + digits, name + n - 1);
}
