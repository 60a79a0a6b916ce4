#!/bin/sh
# check.sh: what `make check` does once the packages are there.
#
# gcc, clang and sanitizer builds with warnings as errors; the sanitizer build runs the
# unit and golden tests, the plain build runs everything. ctest's closing lines come last.
set -eu
cd "$(dirname "$0")/.."


step() {
	printf '\n== %s (%s)\n' "$*" "$(date +%H:%M:%S)"
}

step "build: gcc"
cmake --preset default >/dev/null
cmake --build build
step "build: gcc with address and undefined behaviour sanitizers"
cmake --preset asan >/dev/null
cmake --build build-asan
step "build: clang"
cmake --preset clang >/dev/null
cmake --build build-clang

step "packages for the guests"
make --no-print-directory guests

# A test that fails is run once more, alone: failing twice is a failure; passing then is said,
# with its name, for a test that depends on the machine's load is a fault of its own.
unsteady=
run_tests() {
	dir=$1
	shift
	rm -f "$dir/Testing/Temporary/LastTestsFailed.log" # of an earlier run
	ctest --test-dir "$dir" --output-on-failure "$@" && return 0
	failed=$(sed 's/^[0-9]*://' "$dir/Testing/Temporary/LastTestsFailed.log")
	step "once more, alone: $(echo $failed)"
	ctest --test-dir "$dir" --output-on-failure --rerun-failed || return
	unsteady="$unsteady $(echo $failed)"
}

step "tests: sanitizers"
run_tests build-asan -L 'unit|golden|fuzz' -j 2
step "tests: all"
run_tests build -j 2
printf '\nfaults made on purpose (build/faults/matrix.md): %s\n' "$(sed -n 3p build/faults/matrix.md)"
[ -z "$unsteady" ] || printf '\nUNSTEADY (failed once, then passed alone):%s\n' "$unsteady"
