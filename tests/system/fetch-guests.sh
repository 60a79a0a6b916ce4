#!/bin/sh
# fetch-guests.sh DIR: the packages that system tests boot, downloaded and unpacked, never installed.
#
#   DIR/cloud      Debian's cloud kernel (the default guest)
#   DIR/full       Debian's full kernel: has ahci, nvme as a module
#   DIR/backports  the next release's cloud kernel (compressed modules) and QEMU packages
#   DIR/qemu-next  that QEMU, unpacked
#   DIR/metrics    node_exporter and Pushgateway, unpacked in root/
#
set -eu
dir=$1
fetch=$(dirname "$0")/../../vmimages/build/fetch-packages.sh

"$fetch" --out "$dir/cloud" linux-image-cloud-amd64
"$fetch" --out "$dir/full" linux-image-amd64
"$fetch" --suite backports --out "$dir/backports" linux-image-cloud-amd64 qemu-system-x86 \
	qemu-system-common qemu-system-data

rm -rf "$dir/qemu-next"
mkdir -p "$dir/qemu-next"
for deb in "$dir"/backports/qemu-system-*.deb; do
	dpkg-deb -x "$deb" "$dir/qemu-next"
done

# Beside the guests: who reads metrics. Installed, both would start services that listen.
"$fetch" --out "$dir/metrics" prometheus-node-exporter prometheus-pushgateway
rm -rf "$dir/metrics/root"
mkdir -p "$dir/metrics/root"
for deb in "$dir"/metrics/*.deb; do
	dpkg-deb -x "$deb" "$dir/metrics/root"
done
