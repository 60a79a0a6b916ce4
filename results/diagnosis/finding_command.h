/* finding_command.h - the command that tries what a finding's remedy proposes.
 *
 * The same scenario again: the finding's cell as it was, and once more with the finding's change,
 * so that the two can be compared.
 */
#ifndef FINDING_COMMAND_H
#define FINDING_COMMAND_H

#include "buf.h"
#include "diagnosis.h"

#define COMMAND_REPEATS 6 /* the least for a verdict with an interval */

/* Appends "blklab run quick --cell 'virtio-blk none' --with iothreads=1 --repeats 6", its words
 * quoted for a POSIX shell; a cell that was itself made by --with is made again. @store: where the
 * run was read from, as given; NULL: the default. false, and nothing is appended: no change is
 * proposed, the finding has no cell, or there is no scenario to run once more: the VM is somebody
 * else's. */
bool finding_command(const struct run_data *d, const struct finding *f, const char *store,
		     struct bl_buf *out);

/* Of a libvirt domain that somebody else runs: the change in the words of its XML, "of the disk
 * <driver cache='none'/>". false, and nothing is appended: it is not such a run, no change is
 * proposed, or it is no setting of the domain. */
bool finding_in_libvirt(const struct run_data *d, const struct finding *f, struct bl_buf *out);

/* @word so that a POSIX shell reads it as one word: as it is when it has only letters, digits and
 * "_./:=,+-@%", else in single quotes. */
void shell_word(struct bl_buf *out, const char *word);

#endif
