#!/bin/sh
# default-kernel.sh DIR: print which kernel the lab boots when the user names none.
#
# "installed" when /boot has a kernel with its modules; else the path of Debian's cloud kernel
# package, downloaded into DIR and never installed.
set -eu
dir=$1
for kernel in /boot/vmlinuz-*; do
	if [ -r "$kernel" ] && [ -e "/lib/modules/${kernel#/boot/vmlinuz-}/modules.dep" ]; then
		echo installed
		exit 0
	fi
done
"$(dirname "$0")/fetch-packages.sh" --out "$dir/cloud" linux-image-cloud-amd64 >&2
deb=$(find "$dir/cloud" -name 'linux-image-*.deb' | sort -V | tail -n 1)
[ -n "$deb" ] || { echo "no kernel package in '$dir/cloud'" >&2; exit 3; }
readlink -f "$deb"
