/* trust_notes.h - what limits the figures of a run before anything ran: an emulated CPU, a busy
 * host, few repeats, a disk that is none.
 */
#ifndef TRUST_NOTES_H
#define TRUST_NOTES_H

#include "record.h"

/* @accel: "kvm" or "tcg"; NULL: no VM runs at all. @dir: where the disks' files are. -ENOMEM. */
int trust_notes(const char *accel, const char *dir, unsigned repeats, struct facts *out);

#endif
