#include "writes.h"

#include <math.h>
#include <string.h>

#include "together.h"

static bool option_is(const struct job_result *j, const char *option, const char *value)
{
	const char *is;
	size_t len;

	return job_option(j, option, &is, &len) && len == strlen(value) && !strncmp(is, value, len);
}

bool job_is_buffered(const struct job_result *j)
{
	const char *is;
	size_t len;

	if (!j->sample || !j->job_text || option_is(j, "direct", "1") ||
	    option_is(j, "buffered", "0"))
		return false;
	return !job_option(j, "sync", &is, &len) || option_is(j, "sync", "0") ||
	       option_is(j, "sync", "none");
}

static bool fact_is(const struct trial_record *t, const char *key, const char *value)
{
	const char *is = facts_get(&t->facts, key);

	return is && !strcmp(is, value);
}

const char *writes_deferred(const struct trial_record *t, const struct job_result *j,
			    const char *bus, enum layer_at at)
{
	bool is_on_host = !strcmp(bus, "host");

	if (at != LAYER_AT_ENGINE && job_is_buffered(j))
		return is_on_host ? "the host's page cache takes writes (direct=0)"
				  : "the guest's page cache takes writes (direct=0)";
	if (at == LAYER_AT_HOST_BLOCK && !is_on_host && fact_is(t, "path.cache_direct", "off") &&
	    fact_is(t, "path.cache_writeback", "on"))
		return "the host's page cache takes writes (cache mode)";
	return NULL;
}

/* NAN: not known. */
static double asked_above(const struct layer_seen *layers, int at)
{
	while (--at >= 0) {
		const struct layer_dir *l = at == LAYER_AT_ENGINE
						    ? asked_together(&layers[at], IO_WRITE)
						    : &layers[at].dir[IO_WRITE];

		if (l->has && !layers[at].absent[0])
			return l->n;
	}
	return NAN;
}

static void take_out(const struct layer_dir *flush, double n_above, struct layer_dir *write)
{
	double n = write->n - flush->n, ns = write->n * write->mean_ns - flush->n * flush->mean_ns;

	if (!write->has || !flush->has || !(flush->n > 0) || !(n > -1) ||
	    !(fabs(n - n_above) < fabs(write->n - n_above)))
		return;
	if (n < 1) { /* none but flushes; the rest is the window's edges */
		write->n = 0;
		write->mean_ns = NAN;
	} else if (ns > 0) {
		write->n = n;
		write->mean_ns = ns / n;
	}
}

void writes_without_flushes(struct layer_seen *layers)
{
	static const enum layer_at of_kernels[] = {LAYER_AT_GUEST_BLOCK, LAYER_AT_HOST_BLOCK};

	for (size_t i = 0; i < sizeof of_kernels / sizeof *of_kernels; i++) {
		struct layer_dir *dir = layers[of_kernels[i]].dir;

		take_out(&dir[IO_SYNC], asked_above(layers, of_kernels[i]), &dir[IO_WRITE]);
	}
}
