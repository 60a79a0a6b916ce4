/* apt_spec.h - a Debian package as apt's users name one: "apt:NAME", "apt:NAME=VERSION" (that
 * version), "apt:NAME/SUITE" (the newest of a suite; "backports": that of this host's release).
 */
#ifndef BL_APT_SPEC_H
#define BL_APT_SPEC_H

#include <stdbool.h>

#include "err.h"

#define APT_SPEC_ACCEPTS "apt:PACKAGE, apt:PACKAGE=VERSION or apt:PACKAGE/SUITE"

struct apt_spec {
	char name[128];
	char version[128]; /* ""; or else suite is "" */
	char suite[64];    /* ""; also with both: the sources that this host's apt has */
};

bool apt_spec_is(const char *text); /* begins with "apt:" */
/* -EINVAL: not of this form, with what is accepted. */
int apt_spec_parse(const char *text, struct apt_spec *ret, struct bl_err *err);

#endif
