/* plan_xml.h - the domain XML that a run on this host would hand to libvirt for a cell. */
#ifndef PLAN_XML_H
#define PLAN_XML_H

#include "scenario_load.h"

/* The emulator is asked for its version, the acceleration is --accel, else what a probe found and
 * left in the cache, else assumed; a comment in the XML says which, and what is a placeholder
 * because only a trial knows it. Nothing boots and nothing stays behind.
 * -EINVAL: the cell is the host itself. -ENOTSUP: the cell's emulator can't do it.
 * -ENOENT: there is no such emulator. */
int plan_xml(struct cli *cli, const struct loaded *l, size_t cell, const struct args *a,
	     struct bl_buf *out, struct bl_err *err);

#endif
