/* loops.h - a real block device for a test: a loop device on an image. */
#ifndef LOOPS_H
#define LOOPS_H

/* @node: "/dev/loop3" on @image. The descriptor is open on it, and it ends with the last one, also
 * when a check fails; -1 (said on standard error): this host has none. */
int loop_make(const char *image, char node[64]);

#endif
