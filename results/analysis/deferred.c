#include "deferred.h"

#include <string.h>

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
