#!/bin/sh
# libvirtd.sh DIR: a libvirt service with all of its state and sockets below DIR, until it is ended.
#
# Its folders are fixed when it is built, and it refuses to start without the account of Debian's
# package of the service; so it runs in a mount namespace of its own, where DIR stands for them.
# Nothing of the host is changed. Its /etc is a folder of links there, with lists of accounts and a
# libvirt/ of our own; nothing else of it is copied. Needs root.
set -eu
dir=$1
if [ -z "${IN_NAMESPACE:-}" ]; then
	IN_NAMESPACE=1 exec unshare -m "$0" "$dir"
fi
mkdir -p "$dir/state" "$dir/etc/libvirt"
for list in passwd group; do # world-readable, without secrets
	grep -v '^libvirt-qemu:' "/etc/$list" >"$dir/etc/$list"
done
echo 'libvirt-qemu:x:64055:64055::/nonexistent:/bin/false' >>"$dir/etc/passwd"
echo 'libvirt-qemu:x:64055:' >>"$dir/etc/group"
cat >"$dir/etc/libvirt/qemu.conf" <<CONF
user = "root"
group = "root"
stdio_handler = "file"
security_driver = "none"
namespaces = []
cgroup_controllers = []
remember_owner = 0
CONF
cat >"$dir/libvirtd.conf" <<CONF
unix_sock_dir = "$dir"
auth_unix_ro = "none"
auth_unix_rw = "none"
log_outputs = "3:file:$dir/log"
CONF
mount --make-rprivate /
mkdir "$dir/host-etc"
mount --bind /etc "$dir/host-etc"
for one in /etc/* /etc/.[!.]*; do
	name=${one##*/}
	if [ -e "$dir/etc/$name" ]; then
		continue
	elif [ -h "$one" ]; then # may be relative
		cp -P "$one" "$dir/etc/$name"
	elif [ -e "$one" ]; then
		ln -s "$dir/host-etc/$name" "$dir/etc/$name"
	fi
done
mount --bind "$dir/etc" /etc
for place in /run /var/lib /var/cache /var/log; do
	mount -t tmpfs -o mode=755 none "$place"
done
mkdir -p /run/lock # /var/lock points there
exec libvirtd -f "$dir/libvirtd.conf" --pid-file "$dir/pid"
