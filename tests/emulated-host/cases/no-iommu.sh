#!/bin/sh
# The same without an IOMMU: only what stays with the host is possible.
. /in/lib.sh
cd /out
blklab claim PASSME01 --yes || exit 1
blklab run /in/no-iommu.yaml --device 0000:00:10.0 --serial PASSME01 --store store.db --accel kvm \
	>table.txt 2>&1
blklab doctor >doctor.txt 2>&1
driver 0000:00:10.0 >driver.txt
exit 0
