#!/bin/sh
# The lab under KVM, on an emulated NVMe device: what it says of this host, and a run.
mkfs.ext4 -q -E lazy_itable_init=1 /dev/nvme1n1 || exit 1
mkdir /mnt/lab && mount /dev/nvme1n1 /mnt/lab || exit 1
blklab doctor --probe --json --work-dir /mnt/lab --cache-dir /srv/cache >/out/doctor.json || exit 1
blklab run /in/least.yaml --store /out/store.db --report /out/report.html --work-dir /mnt/lab \
	--cache-dir /srv/cache
