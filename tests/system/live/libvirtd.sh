#!/bin/sh
# libvirtd.sh DIR: a libvirt service with all of its state and sockets below DIR, until it is ended.
#
# Its folders are fixed when it is built, and it refuses to start without the account of Debian's
# package of the service; so it runs in a mount namespace of its own, where DIR stands for them.
# Nothing of the host is changed. Needs root.
set -eu
dir=$1
if [ -z "${IN_NAMESPACE:-}" ]; then
	IN_NAMESPACE=1 exec unshare -m "$0" "$dir"
fi
mkdir -p "$dir/state"
cp -a /etc "$dir/etc"
echo 'libvirt-qemu:x:64055:64055::/nonexistent:/bin/false' >>"$dir/etc/passwd"
echo 'libvirt-qemu:x:64055:' >>"$dir/etc/group"
mkdir -p "$dir/etc/libvirt"
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
mount --bind "$dir/etc" /etc
for place in /run /var/lib /var/cache /var/log; do
	mount -t tmpfs -o mode=755 none "$place"
done
mkdir -p /run/lock # /var/lock points there
exec libvirtd -f "$dir/libvirtd.conf" --pid-file "$dir/pid"
