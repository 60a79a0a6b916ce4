#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent.h"
#include "clock.h"
#include "units.h"
#include "wire.h"

#define PORT_LIMIT_NS (30 * NS_PER_S)
#define PORT_EVERY_US 2000

/* The device node of the port with our name; the kernel learns names from the host after the
 * driver has come up, so it may take a moment. */
static int find_port(char *path, size_t len)
{
	DIR *d = opendir("/sys/class/virtio-ports");
	struct dirent *e;
	char name[128];
	int r = -ENOENT;

	while (d && r < 0 && (e = readdir(d))) {
		if (e->d_name[0] == '.' ||
		    sysfs_read(name, sizeof name, "/sys/class/virtio-ports/%s/name", e->d_name) < 0)
			continue;
		if (strcmp(name, WIRE_PORT_NAME))
			continue;
		snprintf(path, len, "/dev/%s", e->d_name);
		r = 0;
	}
	if (d)
		closedir(d);
	return r;
}

int port_open(void)
{
	uint64_t end = bl_now_ns() + PORT_LIMIT_NS;
	char path[300];
	int fd;

	while (find_port(path, sizeof path) < 0) {
		if (bl_now_ns() > end)
			fatal("no virtio-serial port named %s after 30 s", WIRE_PORT_NAME);
		usleep(PORT_EVERY_US);
	}
	fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fatal("cannot open %s: %s", path, strerror(errno));
	return fd;
}
