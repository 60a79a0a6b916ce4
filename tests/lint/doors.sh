#!/bin/sh
# Each foreign library has one door: its headers are included in one place only.
set -eu
bad=0
door() { # HEADER-PATTERN FOLDER-PATTERN
	found=$(git ls-files -co --exclude-standard '*.h' '*.c' | xargs grep -lE "^#include <$1" || true)
	if [ -z "$found" ]; then
		echo "nothing includes <$1: is the rule out of date?"
		bad=1
		return
	fi
	stray=$(echo "$found" | grep -vE "^($2)" || true)
	if [ -n "$stray" ]; then
		echo "<$1 is included outside $2:"
		echo "$stray"
		bad=1
	fi
}
door 'libvirt/'    'orchestrator/hypervisor/'
door 'libxml/'     'orchestrator/hypervisor/|tests/unit/hypervisor/'
door 'sqlite3\.h'  'results/store/|tests/unit/store/'
door 'zstd'        'results/store/|tests/unit/store/'
door 'curl/'       'orchestrator/net/'
door 'liburing'    'vmimages/engine/'
door 'yaml\.h'     'scenarios/'
door 'libkmod'     'vmimages/build/'
door 'archive'     'vmimages/build/|tests/unit/image/'
door '(libnvme|nvme/)' 'orchestrator/sysinfo/|tests/unit/sysinfo/'
door 'blkid/'      'orchestrator/device/'
exit $bad
