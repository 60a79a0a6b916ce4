#include "progress_line.h"

#include <stdio.h>

#include "cleanup.h"
#include "short_number.h"
#include "units.h"

void progress_line_text(struct bl_buf *out, unsigned waiting, unsigned running, bool is_ramp,
			double done_pct, double bytes_per_s, double ios_per_s, uint64_t eta_ns)
{
	uint64_t eta = (eta_ns + NS_PER_S / 2) / NS_PER_S;
	char bw[SHORT_NUMBER_MAX], iops[SHORT_NUMBER_MAX];

	bl_buf_addf(out, "Jobs: %u (f=%u): ", waiting + running, running);
	if (is_ramp)
		bl_buf_adds(out, "[ramp]");
	else if (eta_ns)
		bl_buf_addf(out, "[%.1f%%]", done_pct);
	bl_buf_addf(out, "[%s/s][%s IOPS]", short_bytes(bw, (uint64_t)bytes_per_s, 4, true, false),
		    short_count(iops, (uint64_t)ios_per_s, 4));
	if (eta_ns && eta >= 3600)
		bl_buf_addf(out, "[eta %02lluh:%02llum:%02llus]", (unsigned long long)eta / 3600,
			    (unsigned long long)eta / 60 % 60, (unsigned long long)eta % 60);
	else if (eta_ns)
		bl_buf_addf(out, "[eta %02llum:%02llus]", (unsigned long long)eta / 60,
			    (unsigned long long)eta % 60);
}

void progress_line_show(struct progress_line *l, struct engine_live *live, uint64_t now_ns,
			uint64_t eta_ns)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
	uint64_t since = l->shown_ns ? l->shown_ns : l->group_ns;
	uint64_t ios = atomic_load(&l->progress->ios), bytes = atomic_load(&l->progress->bytes);
	double seconds = (double)(now_ns - since) / 1e9;
	double gone = (double)(now_ns - l->group_ns);
	unsigned waiting, running, ended;

	if (seconds < 1)
		return;
	engine_live_states(live, &waiting, &running, &ended);
	progress_line_text(&text, waiting, running, atomic_load(&l->progress->ramping),
			   100 * gone / (gone + (double)eta_ns),
			   (double)(bytes - l->bytes) / seconds, (double)(ios - l->ios) / seconds,
			   eta_ns);
	fprintf(stderr, "\r%-*s", (int)l->width, bl_buf_str(&text));
	l->width = (unsigned)text.len;
	l->shown_ns = now_ns;
	l->ios = ios;
	l->bytes = bytes;
	if (l->newline_ns && now_ns - (l->kept_ns ? l->kept_ns : l->group_ns) >= l->newline_ns) {
		fputc('\n', stderr);
		l->width = 0;
		l->kept_ns = now_ns;
	}
	fflush(stderr);
}

void progress_line_clear(struct progress_line *l)
{
	if (l->width)
		fprintf(stderr, "\r%*s\r", (int)l->width, "");
	l->width = 0;
}
