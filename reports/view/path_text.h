/* path_text.h - the way of an I/O in one line, from facts "path.*". */
#ifndef REPORT_PATH_TEXT_H
#define REPORT_PATH_TEXT_H

#include "buf.h"
#include "record.h"

/* "vda on virtio-blk, iothread1, 4 queues of 256 > QEMU: cache none, aio native > raw, disk.raw >
 * ext4 > dm-0 (dm) > nvme0n1 (scheduler none, write back)". What is not known is left out. false:
 * nothing is, @out is as it was. Foreign text: escape on the way out. */
bool path_line(const struct facts *f, struct bl_buf *out);

#endif
