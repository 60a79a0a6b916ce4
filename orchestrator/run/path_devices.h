/* path_devices.h - what lies below an image on this host, as facts "path.*".
 *
 *   path.filesystem path.mount       of a file: "ext4", "/srv"
 *   path.device.N                    the block devices below, from above to the disks: "dm-0"
 *   path.device.N.{kind,scheduler,rotational,write_cache,model,nr_requests,is_leaf}   see
 * block_path.h path.device.none                 why there is none: "tmpfs keeps it in memory"
 */
#ifndef PATH_DEVICES_H
#define PATH_DEVICES_H

#include "record.h"

/* Adds what is known of @path, a file or block device below @root ("": this machine). Nothing of a
 * path that is not there. -ENOMEM. */
int path_devices(const char *root, const char *path, struct facts *out);

#endif
