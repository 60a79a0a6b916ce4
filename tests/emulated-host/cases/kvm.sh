#!/bin/sh
# The lab under KVM, on an emulated NVMe device: what it says of this host, and a run.
mkfs.ext4 -q -E lazy_itable_init=1 /dev/nvme1n1 || exit 1
mkdir /mnt/lab && mount /dev/nvme1n1 /mnt/lab || exit 1
# The probe gives a guest 20 s, here twice what it needs on a machine that has nothing else to do.
for attempt in 1 2 3; do
	blklab doctor --probe --json --work-dir /mnt/lab --cache-dir /srv/cache >/out/doctor.json ||
		exit 1
	grep -q '"kvm: ' /out/doctor.json && break
	echo "attempt $attempt:" "$(grep '"tcg: ' /out/doctor.json)"
	rm -f /srv/cache/probe.json
done
blklab run /in/least.yaml --store /out/store.db --report /out/report.html --work-dir /mnt/lab \
	--cache-dir /srv/cache || exit 1

# Without KVM the answer is another, whatever is remembered.
modprobe -r kvm_amd || exit 1
blklab doctor --probe --json --work-dir /mnt/lab --cache-dir /srv/cache >/out/no-kvm.json
