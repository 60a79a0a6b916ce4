#include "loops.h"

#include <fcntl.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>

int loop_make(const char *image, char node[64])
{
	struct loop_info64 info = {.lo_flags = LO_FLAGS_AUTOCLEAR};
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), loop, file, n;

	n = control < 0 ? -1 : ioctl(control, LOOP_CTL_GET_FREE);
	snprintf(node, 64, "/dev/loop%d", n);
	loop = n < 0 ? -1 : open(node, O_RDWR | O_CLOEXEC);
	file = open(image, O_RDWR | O_CLOEXEC);
	if (loop >= 0 && ioctl(loop, LOOP_SET_FD, file) == 0 &&
	    ioctl(loop, LOOP_SET_STATUS64, &info) == 0)
		return loop;
	fprintf(stderr, "no loop device here: not tested on a real block device\n");
	return -1;
}
