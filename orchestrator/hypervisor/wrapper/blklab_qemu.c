/* blklab_qemu.c - start a QEMU from a folder of unpacked packages.
 *
 * libvirt passes nothing but the path in <emulator>, so this program is called through a link, and
 * a second link beside it, "packages", names the folder (emulator.c makes both):
 *
 *     STATE/emulators/HASH/qemu-system-x86_64 -> .../blklab-qemu
 *     STATE/emulators/HASH/packages           -> /opt/qemu-10.0
 *
 * QEMU looks for its modules in a folder that is compiled in, whatever QEMU_MODULE_DIR says, meets
 * those of the installed version and gives up. So it gets a mount namespace of its own, in which
 * its own modules lie over the installed ones. Firmware is found by -L.
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define BINARY     "usr/bin/qemu-system-x86_64"
#define ADDED_ARGS 8

/* Where distributions put modules: Debian and its kin; Fedora and its kin. */
static const char *const module_dirs[] = {"usr/lib/x86_64-linux-gnu/qemu", "usr/lib64/qemu"};
/* Firmware in the folder first, then that which QEMU's packages leave to another package. */
static const char *const own_firmware[] = {"usr/share/qemu", "usr/share/seabios"};
static const char *const host_firmware[] = {"/usr/share/seabios"};

#define LEN(a) (sizeof(a) / sizeof((a)[0]))

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fputs("blklab-qemu: ", stderr);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(126);
}

static int is_dir(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

/* "packages" beside the link we were called by. */
static void find_packages(const char *argv0, char out[PATH_MAX])
{
	const char *slash = strrchr(argv0, '/');
	char link[PATH_MAX];

	if (!slash)
		die("called as '%s': it wants to be called by the full path of a link with a link "
		    "'packages' beside it",
		    argv0);
	if (snprintf(link, sizeof link, "%.*s/packages", (int)(slash - argv0), argv0) >= PATH_MAX)
		die("'%s' is too long", argv0);
	if (!realpath(link, out))
		die("'%s': %s: it should name a folder of unpacked QEMU packages", link,
		    strerror(errno));
}

static void path_in(char out[PATH_MAX], const char *folder, const char *name)
{
	if (snprintf(out, PATH_MAX, "%s/%s", folder, name) >= PATH_MAX)
		die("'%s/%s' is too long", folder, name);
}

/* Bind the folder's modules over the installed ones, for this process only. */
static void bind_modules(const char *packages)
{
	int is_private = 0;

	for (size_t i = 0; i < LEN(module_dirs); i++) {
		char own[PATH_MAX], installed[PATH_MAX];

		path_in(own, packages, module_dirs[i]);
		path_in(installed, "", module_dirs[i]);
		if (!is_dir(own))
			continue;
		if (!is_dir(installed)) { /* none in the way */
			setenv("QEMU_MODULE_DIR", own, 1);
			continue;
		}
		if (!is_private && (unshare(CLONE_NEWNS) < 0 ||
				    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0))
			die("cannot enter a mount namespace: %s (it needs root)", strerror(errno));
		is_private = 1;
		if (mount(own, installed, NULL, MS_BIND, NULL) < 0)
			die("cannot bind '%s' over '%s': %s", own, installed, strerror(errno));
	}
}

static void add_firmware(char **args, int *n, char *dir)
{
	if (!is_dir(dir))
		return;
	args[(*n)++] = (char *)(size_t) "-L";
	args[(*n)++] = dir;
}

int main(int argc, char **argv)
{
	static char own[LEN(own_firmware)][PATH_MAX], host[LEN(host_firmware)][PATH_MAX];
	char packages[PATH_MAX], binary[PATH_MAX];
	char **args = calloc((size_t)argc + ADDED_ARGS, sizeof *args);
	int n = 0;

	if (!args || argc < 1)
		die("out of memory");
	find_packages(argv[0], packages);
	path_in(binary, packages, BINARY);
	bind_modules(packages);
	args[n++] = binary;
	for (size_t i = 0; i < LEN(own_firmware); i++) {
		path_in(own[i], packages, own_firmware[i]);
		add_firmware(args, &n, own[i]);
	}
	for (size_t i = 0; i < LEN(host_firmware); i++) {
		snprintf(host[i], PATH_MAX, "%s", host_firmware[i]);
		add_firmware(args, &n, host[i]);
	}
	for (int i = 1; i < argc; i++)
		args[n++] = argv[i];
	execv(binary, args);
	die("cannot start '%s': %s", binary, strerror(errno));
}
