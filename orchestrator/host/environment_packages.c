/* environment_packages.c - versions of the distribution's packages that run VMs: two builds of QEMU
 * may call themselves 7.2.22 and differ in a patch. */
#include "environment.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cleanup.h"
#include "fs.h"

static const char *const packages[] = {
	"qemu-system-x86", "libvirt0",        "libvirt-daemon-driver-qemu", "seabios", "ovmf",
	"intel-microcode", "amd64-microcode",
};

/* A paragraph of dpkg's status file (deb822(5)). */
struct paragraph {
	char name[128], version[128];
	bool is_installed;
};

static bool is_ours(const char *name)
{
	for (size_t i = 0; i < BL_ARRAY_LEN(packages); i++)
		if (!strcmp(name, packages[i]))
			return true;
	return false;
}

static int paragraph_end(struct paragraph *p, struct facts *out)
{
	char key[160];
	int r = 0;

	snprintf(key, sizeof key, "package.%s", p->name);
	if (p->is_installed && p->version[0] && is_ours(p->name))
		r = facts_add(out, key, p->version);
	*p = (struct paragraph){.is_installed = false};
	return r;
}

static void take_field(struct paragraph *p, const char *line)
{
	if (!strncmp(line, "Package: ", 9))
		snprintf(p->name, sizeof p->name, "%s", line + 9);
	else if (!strncmp(line, "Version: ", 9))
		snprintf(p->version, sizeof p->version, "%s", line + 9);
	else if (!strcmp(line, "Status: install ok installed") ||
		 !strcmp(line, "Status: hold ok installed"))
		p->is_installed = true;
}

int environment_packages(const struct doctor_options *opt, struct facts *out)
{
	BL_CLEANUP(bl_freep)
	char *path = bl_strf("%s/var/lib/dpkg/status", opt->root ? opt->root : "");
	BL_CLEANUP(bl_freep) char *line = NULL;
	struct paragraph p = {.is_installed = false};
	size_t room = 0;
	FILE *f;
	int r = 0;

	if (!path)
		return -1;
	f = fopen(path, "re");
	if (!f) /* a distribution without dpkg */
		return 0;
	while (r == 0 && getline(&line, &room, f) >= 0) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0])
			take_field(&p, line);
		else
			r = paragraph_end(&p, out);
	}
	r |= paragraph_end(&p, out);
	fclose(f);
	return r;
}
