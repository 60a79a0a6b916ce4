#!/bin/sh
# setup/packages.txt covers every foreign header we include and every program we start.
set -eu
list=setup/packages.txt
bad=0
has() { awk -v p="$1" '$2 == p { found = 1 } END { exit !found }' "$list"; }

# What needs no package of its own: libc6-dev and linux-libc-dev, both in the list.
libc='^(linux/|sys/|asm/|netinet/|arpa/|net/|scsi/|[a-z0-9_]+\.h$)'
while read -r pattern package; do
	git ls-files -co --exclude-standard '*.h' '*.c' | xargs grep -hE "^#include <$pattern" >/dev/null || continue
	has "$package" || { echo "<$pattern is included but $package is not in $list"; bad=1; }
done <<'MAP'
libvirt/ libvirt-dev
libxml/ libxml2-dev
sqlite3\.h libsqlite3-dev
curl/ libcurl4-openssl-dev
liburing liburing-dev
yaml\.h libyaml-dev
libkmod libkmod-dev
archive libarchive-dev
blkid/ libblkid-dev
jansson\.h libjansson-dev
check\.h check
zstd\.h libzstd-dev
libnvme libnvme-dev
nettle/ nettle-dev
openssl/ libssl-dev
gcrypt\.h libgcrypt20-dev
lzma\.h liblzma-dev
MAP
known='libvirt/|libxml/|sqlite3\.h|curl/|liburing|yaml\.h|libkmod|archive|blkid/|jansson\.h|check\.h|zstd\.h|libnvme|nettle/|openssl/|gcrypt\.h|lzma\.h'
unknown=$(git ls-files -co --exclude-standard '*.h' '*.c' | xargs grep -hoE '^#include <[^>]+' |
	sed 's/^#include <//' | sort -u | grep -vE "^($known)" | grep -vE "$libc" || true)
[ -z "$unknown" ] || { echo "no rule says which package has: $unknown"; bad=1; }
# A plain name.h must be libc's: it has to exist for a compiler that sees only libc6-dev's folders.
for h in $(git ls-files -co --exclude-standard '*.h' '*.c' | xargs grep -hoE '^#include <[^>]+' |
	sed 's/^#include <//' | sort -u | grep -vE "^($known)"); do
	owner=
	for dir in /usr/include /usr/include/x86_64-linux-gnu "$(gcc -print-file-name=include)"; do
		[ -e "$dir/$h" ] || continue
		owner=$(dpkg-query -S "$(readlink -f "$dir/$h")" 2>/dev/null | cut -d: -f1 | head -n 1)
		break
	done
	case "$owner" in
	libc6-dev | linux-libc-dev | libgcc-*-dev) ;;
	*) echo "<$h> belongs to '${owner:-no package}', which is no part of the list"; bad=1 ;;
	esac
done

# Programs that our C code and scripts start.
while read -r program package; do
	has "$package" || { echo "$program is used but $package is not in $list"; bad=1; }
done <<'MAP'
qemu-system-x86_64 qemu-system-x86
qemu-img qemu-utils
gnuplot gnuplot-nox
depmod kmod
ctest cmake
ninja ninja-build
clang clang
clang-format clang-format
git git
fio fio
MAP

# What the emulated host is made of. Not in the list: what Debian can't be without, and what the
# packages in it depend on.
for package in $(sed -n 's/^    (.*, "\([a-z0-9-]*\)"),$/\1/p' tests/emulated-host/host_root.py | sort -u); do
	case $package in
	bash | dash | util-linux | libgcc-s1 | libvirt0 | qemu-system-data) ;;
	*) has "$package" || { echo "tests/emulated-host uses $package, which is not in $list"; bad=1; } ;;
	esac
done

# Every name is a package that apt knows (needs apt's lists; says so when they are absent).
packages=$(awk '$1 ~ /^(build|run|check)$/ { print $2 }' "$list")
if [ -n "$(find /var/lib/apt/lists -name '*_Packages*' 2>/dev/null | head -n 1)" ]; then
	# shellcheck disable=SC2086
	apt-get install --dry-run --no-install-recommends $packages >/dev/null 2>&1 ||
		{ echo "apt-get install --dry-run refuses the list"; bad=1; }
else
	echo "apt has no package lists here: names were not checked against it"
fi
exit $bad
