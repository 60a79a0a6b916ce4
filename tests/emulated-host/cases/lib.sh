# lib.sh - what the scripts of the cases share; inside it is /in/lib.sh.

# The disk with SERIAL: nvmeXn1.
disk() {
	for c in /sys/class/nvme/*; do
		if [ "$(tr -d ' ' <"$c/serial")" = "$1" ]; then
			basename "$c"/nvme*n1
			return
		fi
	done
}

# The PCI address of the disk with SERIAL.
pci() { basename "$(readlink -f "/sys/class/nvme/$(disk "$1" | sed 's/n1$//')/device")"; }

# The driver of the PCI function ADDRESS, or "none".
driver() {
	if [ -e "/sys/bus/pci/devices/$1/driver" ]; then
		basename "$(readlink "/sys/bus/pci/devices/$1/driver")"
	else
		echo none
	fi
}

# Until the jobs go on of the run PID, whose events are in FILE. The script ends when none comes: an
# inner guest's boot takes 9 to 21 s, and a good deal more on a machine that has other work.
await_job() { # FILE PID
	for _ in $(seq 1800); do
		grep -q '"phase":"job"' "$1" && return
		kill -0 "$2" 2>/dev/null || break
		sleep 0.1
	done
	echo "no job began within 180 s, or blklab ended before"
	cat "$1"
	exit 1
}
