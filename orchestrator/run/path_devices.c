#include "path_devices.h"

#include <errno.h>
#include <stdio.h>

#include "block_path.h"

/* "path.device.N.WHAT"; nothing when it is not told. */
static int put(struct facts *out, size_t i, const char *what, const char *value)
{
	char key[64];

	snprintf(key, sizeof key, "path.device.%zu.%s", i, what);
	return *value ? facts_add(out, key, value) : 0;
}

static int put_node(struct facts *out, size_t i, const struct block_node *n)
{
	char key[64], requests[16] = "";
	int r;

	snprintf(key, sizeof key, "path.device.%zu", i);
	if (n->nr_requests)
		snprintf(requests, sizeof requests, "%u", n->nr_requests);
	r = facts_add(out, key, n->name);
	if (r == 0)
		r = put(out, i, "kind", n->kind);
	if (r == 0)
		r = put(out, i, "model", n->model);
	if (r == 0)
		r = put(out, i, "firmware", n->firmware);
	if (r == 0)
		r = put(out, i, "scheduler", n->scheduler);
	if (r == 0)
		r = put(out, i, "rotational", n->rotational ? "yes" : "no");
	if (r == 0)
		r = put(out, i, "write_cache", n->write_cache);
	if (r == 0)
		r = put(out, i, "nr_requests", requests);
	return r < 0 ? r : put(out, i, "is_leaf", n->is_leaf ? "yes" : "no");
}

int path_devices(const char *root, const char *path, struct facts *out)
{
	struct block_path p;
	int r = block_path_of(root, path, &p, NULL);

	if (r < 0)
		return r == -ENOMEM ? r : 0;
	if (p.filesystem)
		r = facts_add(out, "path.filesystem", p.filesystem);
	if (r == 0 && p.mount)
		r = facts_add(out, "path.mount", p.mount);
	if (r == 0 && p.why_none)
		r = facts_add(out, "path.device.none", p.why_none);
	for (size_t i = 0; i < p.n && r == 0; i++)
		r = put_node(out, i, &p.nodes[i]);
	block_path_done(&p);
	return r;
}
