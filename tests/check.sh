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

step "tests: sanitizers"
ctest --test-dir build-asan -L 'unit|golden|fuzz' --output-on-failure -j 2
step "tests: all"
exec ctest --test-dir build --output-on-failure
