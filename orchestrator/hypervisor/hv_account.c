/* hv_account.c - the account that libvirt's QEMU driver insists on.
 *
 * Run by root, the driver looks up the account it was compiled for ("libvirt-qemu" in Debian)
 * before it reads qemu.conf - where the lab says that QEMU runs as this very user - and refuses
 * to start when a host lacks it. That account belongs to the package of the libvirt *service*,
 * which the lab does not need. So that nothing has to be installed or added to /etc/passwd, the
 * two lookups libvirt makes go through here (symbols of a program come before those of its
 * libraries): when the host has no such account, the answer is root's. Any other name, and any
 * host that has the account, sees the C library's own answer.
 */
#include <dlfcn.h>
#include <grp.h>
#include <pwd.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>

#include "cleanup.h"
#include "hv_libvirt.h"

typedef int getpw_fn(const char *, struct passwd *, char *, size_t, struct passwd **);
typedef int getgr_fn(const char *, struct group *, char *, size_t, struct group **);

static atomic_bool is_on;

void lv_account_stand_in(void)
{
	atomic_store(&is_on, true);
}

static bool stands_in(const char *name)
{
	static const char *const names[] = {"libvirt-qemu", "qemu"}; /* Debian; Fedora */

	if (!atomic_load(&is_on))
		return false;
	for (size_t i = 0; i < BL_ARRAY_LEN(names); i++) {
		if (strcmp(name, names[i]) == 0)
			return true;
	}
	return false;
}

int getpwnam_r(const char *name, struct passwd *pw, char *buf, size_t len, struct passwd **ret)
{
	getpw_fn *libc = (getpw_fn *)dlsym(RTLD_NEXT, "getpwnam_r");
	int r = libc(name, pw, buf, len, ret);

	if (!*ret && stands_in(name))
		r = libc("root", pw, buf, len, ret);
	return r;
}

int getgrnam_r(const char *name, struct group *gr, char *buf, size_t len, struct group **ret)
{
	getgr_fn *libc = (getgr_fn *)dlsym(RTLD_NEXT, "getgrnam_r");
	int r = libc(name, gr, buf, len, ret);

	if (!*ret && stands_in(name))
		r = libc("root", gr, buf, len, ret);
	return r;
}
