/* changes.h - the changes that rules propose, made to fit the cell they are proposed for. Private
 * to results/diagnosis/.
 */
#ifndef DIAGNOSIS_CHANGES_H
#define DIAGNOSIS_CHANGES_H

#include <stdbool.h>
#include <stddef.h>

#include "buf.h"
#include "record.h"

#define CHANGE_MAX 64

/* All that rules propose: "iothreads=1", ... */
extern const char *const change_proposals[];
extern const size_t n_change_proposals;

/* @proposal as `run --with` takes it for that cell, perhaps with what must be changed together with
 * it ("format=raw,preallocation=off"). false: it has no meaning there, is so already, can't be, or
 * would compare something else (another storage), and *ret is "". */
bool change_for_cell(const struct cell_record *c, const char *proposal, char ret[CHANGE_MAX]);

/* Appends what @change is in the XML of a libvirt domain whose disk has that cell's axes. false,
 * and nothing is appended: it is no setting of the domain (the image must be made anew). */
bool change_in_libvirt(const struct cell_record *c, const char *change, struct bl_buf *out);

#endif
