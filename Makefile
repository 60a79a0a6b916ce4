# A thin front: CMake builds, blklab measures, ctest tests.
#
#   make bench   the main job on real VMs, from a fresh Debian 12 to a report
#   make check   every test
#   make check-passthrough   those in an emulated host with an IOMMU and NVMe devices
#   make check-faults   faults made on purpose, and whether blklab names them (SET=tune: the other set)
#   make bench-engine   what an I/O costs the engine, beside fio (T_IO_URING=path: that, too)
#   make         build only          make install   (PREFIX=/usr/local)

OUT      ?= out/bench
SET      ?= judge
SCENARIO ?= scenarios/library/quick.yaml
PREFIX   ?= /usr/local
PACKAGES := .cache/packages

.PHONY: all programs bench bench-engine check check-faults check-passthrough setup setup-check guests install clean format

all: build/build.ninja
	@cmake --build build

# Without the tests.
programs: build/build.ninja
	@cmake --build build --target blklab blkjob blklab-agent blklab-qemu

build/build.ninja: CMakeLists.txt CMakePresets.json
	@cmake --preset default -DCMAKE_INSTALL_PREFIX=$(PREFIX) >build-configure.log 2>&1 || \
		{ cat build-configure.log; exit 1; }
	@rm -f build-configure.log

setup:
	@setup/install-packages.sh build run

setup-check:
	@setup/install-packages.sh build run check

# What the system tests boot: the cloud kernel, the full kernel (SATA), and the next release's
# kernel and QEMU, unpacked beside the installed ones.
guests: setup
	@tests/system/fetch-guests.sh $(PACKAGES)

# An installed kernel is used as it is; without one Debian's cloud kernel package is
# downloaded and unpacked, never installed.
bench: setup
	@$(MAKE) --no-print-directory programs
	@mkdir -p $(OUT)
	@kernel=$$(vmimages/build/default-kernel.sh $(PACKAGES)) && \
		build/blklab run $(SCENARIO) --kernel "$$kernel" \
			--store $(OUT)/store.db --report $(OUT)/report.html

bench-engine: setup-check
	@$(MAKE) --no-print-directory build/build.ninja
	@cmake --build build --target bench-guest-image
	@tests/bench/engine-bench.py --host --out out/bench-engine

check: setup-check
	@tests/check.sh

# Needs no KVM, VFIO or NVMe of this machine, and touches none.
check-passthrough: setup-check
	@$(MAKE) --no-print-directory programs
	@vmimages/build/fetch-packages.sh --out $(PACKAGES)/cloud linux-image-cloud-amd64 >/dev/null
	@ctest --test-dir build -R '^system-(emulated-host|passthrough)' --output-on-failure

# Boots some thirty VMs, about ten minutes; ends with what was named for what was done.
check-faults: setup-check guests
	@$(MAKE) --no-print-directory programs
	@tests/faults/faults.py --set $(SET)

install: setup
	@$(MAKE) --no-print-directory all
	@cmake --install build --prefix "$(PREFIX)"

format:
	@git ls-files '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build build-asan build-clang out
