/* measure_boot.c [ROUNDS [WORDS]]: how long a boot takes, in plain QEMU.
 *
 * Each round boots the same kernel twice: with an initramfs that holds nothing but a static init
 * that prints a line, and with the lab's image, until its agent's first line and until its hello.
 * Rounds alternate, so that drift hits both. WORDS are added to the kernel's command line. */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "clock.h"
#include "fs.h"
#include "initramfs.h"
#include "units.h"
#include "suite.h"
#include "vm.h"

#define LIMIT      (60 * NS_PER_S)
#define ROUNDS_MAX 100

enum { LEAST_INIT_AT, AGENT_AT, HELLO_AT, UPTIME, MEASURES };
static const char *const names[MEASURES] = {"least init says its line", "agent says its line",
					    "hello at the host", "(guest's own clock at hello)"};

/* The image with another initramfs: only the least init. */
static void make_least(const struct vm *vm, char path[128])
{
	BL_CLEANUP(initramfs_freep) struct initramfs *fs = NULL;
	struct bl_buf program = BL_BUF_INIT, bytes = BL_BUF_INIT;

	snprintf(path, 128, "%s/least.img", vm->dir);
	ck_assert_int_eq(bl_read_file(LEAST_INIT, 16 * MiB, &program, NULL), 0);
	ck_assert_int_eq(initramfs_new(&fs, NULL), 0);
	ck_assert_int_eq(initramfs_add_dir(fs, "dev", NULL), 0);
	ck_assert_int_eq(initramfs_add_device(fs, "dev/console", 5, 1, NULL), 0);
	ck_assert_int_eq(initramfs_add_file(fs, "init", 0755, program.data, program.len, NULL), 0);
	ck_assert_int_eq(initramfs_finish(fs, &bytes, NULL), 0);
	ck_assert_int_eq(bl_write_file(path, bytes.data, bytes.len, NULL), 0);
	bl_buf_done(&program);
	bl_buf_done(&bytes);
}

static void boot_least(const struct image *img, const char *words, uint64_t *ns)
{
	struct image least = *img;
	char path[128];
	struct vm vm;

	vm_init(&vm);
	make_least(&vm, path);
	least.initrd_path = path;
	vm_start(&vm, &least, words, NULL);
	ck_assert(vm_console_has(&vm, "least-init: here", LIMIT));
	ns[LEAST_INIT_AT] = bl_now_ns() - vm.started_ns;
	vm_done(&vm);
}

static void boot_image(const struct image *img, const char *words, uint64_t *ns)
{
	struct vm vm;
	json_t *hello;

	vm_init(&vm);
	vm_start(&vm, img, words, NULL);
	ck_assert(vm_console_has(&vm, "blklab-agent: ", LIMIT));
	ns[AGENT_AT] = bl_now_ns() - vm.started_ns;
	vm_connect(&vm);
	hello = vm_expect(&vm, "hello", LIMIT);
	ns[HELLO_AT] = bl_now_ns() - vm.started_ns;
	ns[UPTIME] = (uint64_t)json_integer_value(json_object_get(hello, "uptime_ns"));
	json_decref(hello);
	vm_done(&vm);
}

static int by_value(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static int rounds = 5;
static const char *words = "";

START_TEST(boots)
{
	static uint64_t all[MEASURES][ROUNDS_MAX];
	BL_CLEANUP(image_freep)
	struct image *img =
		vm_image("BLKLAB_TEST_KERNEL", ".cache/packages/cloud/linux-image-*.deb");

	ck_assert_msg(img, "no kernel: run 'make guests', or set BLKLAB_TEST_KERNEL");
	printf("kernel %s, %.1f MB; initramfs %.2f MB; command line '%s%s%s'\n", img->release,
	       (double)img->kernel_bytes / 1e6, (double)img->initrd_bytes / 1e6, IMAGE_CMDLINE,
	       words[0] ? " " : "", words);
	for (int i = 0; i < rounds; i++) {
		uint64_t ns[MEASURES];

		boot_least(img, words, ns);
		boot_image(img, words, ns);
		for (int m = 0; m < MEASURES; m++)
			all[m][i] = ns[m];
	}
	for (int m = 0; m < MEASURES; m++) {
		qsort(all[m], (size_t)rounds, sizeof all[m][0], by_value);
		printf("%-30s median %.2f s, %.2f to %.2f s in %d boots\n", names[m],
		       (double)all[m][rounds / 2] / 1e9, (double)all[m][0] / 1e9,
		       (double)all[m][rounds - 1] / 1e9, rounds);
	}
}
END_TEST

/* A failed boot is a failed assertion in vm.c, so this runs as check's only case. */
int main(int argc, char **argv)
{
	Suite *s = suite_create("boot");
	TCase *t = tcase_create("boot");

	if (argc > 1)
		rounds = atoi(argv[1]);
	if (argc > 2)
		words = argv[2];
	if (rounds < 1 || rounds > ROUNDS_MAX) {
		fprintf(stderr, "usage: measure_boot [ROUNDS, 1 to %d [WORDS]]\n", ROUNDS_MAX);
		return 2;
	}
	tcase_set_timeout(t, 0);
	tcase_add_test(t, boots);
	suite_add_tcase(s, t);
	setenv("CK_FORK", "no", 1);
	return suite_run(s);
}
