/* domain_priv.h - between the files that build a domain; nobody else includes it. */
#ifndef DOMAIN_PRIV_H
#define DOMAIN_PRIV_H

#ifndef DOMAIN_INTERNAL
#error "domain_priv.h is for the domain XML only: include domain.h"
#endif

#include "domain.h"
#include "xml_tree.h"

struct build {
	struct tree tree;
	const struct cell *cell;
	const struct domain_binding *with;
	xmlNode *domain, *devices, *arguments;
};

/* The disk under test, by the cell's bus. -ENOTSUP: can't be done, and what it needs; -EINVAL: the
 * binding does not name the device. */
int domain_add_disk(struct build *b, struct bl_err *err);

#endif
