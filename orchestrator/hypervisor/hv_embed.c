/* hv_embed.c - a folder as the root of libvirt's embedded QEMU driver. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "cleanup.h"
#include "fs.h"
#include "hv_libvirt.h"
#include "wire.h"

/* libvirt keeps the lock of the root it opened first until the process ends. */
static bool is_ours;

/* The longest path libvirt derives from the root is the channel's unix socket:
 * ROOT/lib/qemu/channel/target/domain-ID-NAME/PORT, NAME cut at 20 characters. */
#define LONGEST_BELOW "/lib/qemu/channel/target/domain-99999-12345678901234567890/" WIRE_PORT_NAME
#define ROOT_LEN_MAX  (sizeof(((struct sockaddr_un *)NULL)->sun_path) - sizeof LONGEST_BELOW)

/* The driver's settings, and why:
 * stdio_handler: without the service there is no virtlogd to write QEMU's output;
 * security_driver, namespaces, cgroup_controllers: need the service, or rights over the host that
 * a benchmark should not ask for; a lab that changed them would measure them;
 * user, group, dynamic_ownership, remember_owner: QEMU runs as the user of the lab, so that files
 * keep their owner and no attributes are left on them. */
static const char conf_common[] = "stdio_handler = \"file\"\n"
				  "security_driver = \"none\"\n"
				  "namespaces = []\n"
				  "cgroup_controllers = []\n";
static const char conf_root[] = "user = \"+0\"\n"
				"group = \"+0\"\n"
				"dynamic_ownership = 0\n"
				"remember_owner = 0\n";

static int write_conf(const char *root, struct bl_err *err)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf want = BL_BUF_INIT, have = BL_BUF_INIT;
	BL_CLEANUP(bl_freep) char *dir = bl_strf("%s/etc", root);
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/etc/qemu.conf", root);
	int r;

	if (!dir || !path)
		return -ENOMEM;
	bl_buf_adds(&want, conf_common);
	if (geteuid() == 0)
		bl_buf_adds(&want, conf_root);
	if (bl_buf_failed(&want))
		return -ENOMEM;
	r = bl_mkdir_p(dir, err);
	if (r < 0)
		return r;
	if (bl_read_file(path, 65536, &have, NULL) == 0 &&
	    strcmp(bl_buf_str(&have), bl_buf_str(&want)) == 0)
		return 0;
	return bl_write_file(path, want.data, want.len, err);
}

/* 64 bit FNV-1a (Fowler, Noll, Vo): a short name for a long path, no secret. */
static uint64_t path_hash(const char *path)
{
	uint64_t h = 0xcbf29ce484222325u;

	for (; *path; path++)
		h = (h ^ (unsigned char)*path) * 0x100000001b3u;
	return h;
}

static bool is_plain(const char *path)
{
	return path[strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
				 "/._-")] == '\0';
}

/* A link of ours to @root where paths are short: unix sockets take 107 characters, and neither the
 * URI nor the log's setting should have to quote anything. */
static int short_link(const char *root, char **ret_link, struct bl_err *err)
{
	const char *runtime = getenv("XDG_RUNTIME_DIR");
	const char *dir = geteuid() == 0 ? "/run" : "/tmp";
	BL_CLEANUP(bl_freep) char *link = NULL;
	char target[PATH_MAX] = "";
	struct stat st;
	ssize_t n;

	if (geteuid() != 0 && runtime && strlen(runtime) < 16 && is_plain(runtime))
		dir = runtime;
	link = bl_strf("%s/bl-%012llx", dir,
		       (unsigned long long)(path_hash(root) & 0xffffffffffffu));
	if (!link)
		return -ENOMEM;
	if (symlink(root, link) < 0 && errno != EEXIST)
		return bl_fail(err, -errno, "cannot make the short link '%s' to '%s': %s", link,
			       root, strerror(errno));
	n = readlink(link, target, sizeof target - 1);
	if (n > 0)
		target[n] = '\0';
	if (lstat(link, &st) < 0 || st.st_uid != geteuid() || strcmp(target, root) != 0)
		return bl_fail(err, -EEXIST, "'%s' is in the way: it is not our link to '%s'", link,
			       root);
	*ret_link = BL_STEAL(link);
	return 0;
}

int lv_embed_prepare(const char *root, char **ret_root, struct bl_err *err)
{
	BL_CLEANUP(bl_freep) char *real = NULL;
	int r;

	r = write_conf(root, err);
	if (r < 0)
		return bl_wrap(err, r, "the folder of the hypervisor");
	real = realpath(root, NULL);
	if (!real)
		return bl_fail(err, -errno, "'%s': %s", root, strerror(errno));
	if (geteuid() == 0)
		lv_account_stand_in();
	if (strlen(real) > ROOT_LEN_MAX || !is_plain(real))
		return short_link(real, ret_root, err);
	*ret_root = BL_STEAL(real);
	return 0;
}

void lv_embed_done(const char *root)
{
	struct stat st;

	if (lstat(root, &st) == 0 && S_ISLNK(st.st_mode))
		unlink(root);
}

/* libvirt's lock is a POSIX one on this file. */
static int lock_holder(const char *root, pid_t *ret)
{
	BL_CLEANUP(bl_freep) char *path = bl_strf("%s/run/qemu/driver.pid", root);
	BL_CLEANUP(bl_closep) int fd = path ? open(path, O_RDWR | O_CLOEXEC) : -1;
	struct flock l = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fd < 0)
		return 0;
	if (fcntl(fd, F_GETLK, &l) < 0 || l.l_type == F_UNLCK)
		return 0;
	*ret = l.l_pid;
	return 1;
}

int lv_embed_check_lock(const char *root, struct bl_err *err)
{
	pid_t holder = 0;

	/* Closing any descriptor of the file would let go of a lock that is ours. */
	if (is_ours || !lock_holder(root, &holder))
		return 0;
	return bl_fail(
		err, -EBUSY,
		"another process (%ld) runs VMs in '%s': wait until it ends, or give this one "
		"another work folder",
		(long)holder, root);
}

void lv_embed_opened(void)
{
	is_ours = true;
}
