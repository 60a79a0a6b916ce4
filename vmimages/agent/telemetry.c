/* telemetry.c - what the sampler saw, as members of a result. */
#include <errno.h>

#include "agent.h"
#include "base64.h"
#include "cleanup.h"
#include "guest_sampler.h"

/* A frame has to hold the samples, too. */
#define TEXT_MAX ((size_t)8 << 20)

static int to_text(const struct series_set *set, struct bl_buf *out)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf bytes = BL_BUF_INIT;

	series_encode(set, &bytes);
	base64_encode(bytes.data, bytes.len, out);
	return bl_buf_failed(&bytes) || bl_buf_failed(out) ? -ENOMEM : 0;
}

int telemetry_add(json_t *result, struct guest_sampled *all)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	int r = to_text(&all->set, &text);

	while (r == 0 && text.len > TEXT_MAX && all->set.n > 2) {
		bl_buf_done(&text);
		text = (struct bl_buf)BL_BUF_INIT;
		series_thin(&all->set);
		r = to_text(&all->set, &text);
	}
	if (r == 0)
		r = json_object_set_new(result, "telemetry", json_stringn(text.data, text.len)) |
		    json_object_set_new(result, "telemetry_cost_ns",
					json_integer((json_int_t)all->cost_ns)) |
		    json_object_set_new(result, "telemetry_readings",
					json_integer((json_int_t)all->readings));
	return r ? -ENOMEM : 0;
}
