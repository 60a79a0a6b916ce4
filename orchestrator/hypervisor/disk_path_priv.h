/* disk_path_priv.h - between disk_path.c (device and VM) and disk_path_image.c; nobody else. */
#ifndef DISK_PATH_PRIV_H
#define DISK_PATH_PRIV_H

#ifndef DISK_PATH_INTERNAL
#error "disk_path_priv.h is for the I/O path only: include disk_path.h"
#endif

#include "disk_path.h"

struct look_path {
	const struct disk_path_from *from;
	struct facts *out;
	json_t *args;         /* QEMU's command line; NULL */
	const json_t *disk;   /* its entry in query-block; NULL */
	const json_t *opened; /* "inserted" there; NULL */
	int r;
};

/* Adds it unless @value is NULL or empty, or the key is there. Printable ASCII only. */
void path_put(struct look_path *p, const char *key, const char *value);
void path_putf(struct look_path *p, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
/* Text below the <disk> in the XML: "/driver/@cache"; new, NULL: not there. */
char *path_xml(const struct look_path *p, const char *below);

/* disk_path_image.c */
void path_image(struct look_path *p);

#endif
