/* What was watched, in words. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "signal_text.h"
#include "units.h"

#define P_MOST 0.05

bool signal_explains(const struct signal *s)
{
	return s->is_tested && !s->is_symptom && s->why.p_family <= P_MOST && s->why.af > 0;
}

char *signal_parts(const struct fmt_style *st, char number[FMT_MAX], char unit[FMT_MAX],
		   const struct signal *s, double value)
{
	char text[FMT_MAX], size[BL_UNIT_TEXT_MAX];
	bool is_rate = strcmp(s->unit, "bytes/s") == 0;

	if (strcmp(s->unit, "share") == 0) {
		snprintf(number, FMT_MAX, "%s", fmt_sig3(st, text, value * 100));
		snprintf(unit, FMT_MAX, "%%");
	} else if (is_rate || strcmp(s->unit, "bytes") == 0) {
		bl_format_size(size, (uint64_t)fmax(0, value));
		snprintf(number, FMT_MAX, "%.*s", (int)strcspn(size, " "), size);
		snprintf(unit, FMT_MAX, "%.30s%s",
			 size + strcspn(size, " ") + (strchr(size, ' ') != NULL),
			 is_rate ? "/s" : "");
	} else if (strcmp(s->unit, "ns") == 0) {
		struct fmt_unit u = fmt_unit_for(st, value);

		fmt_in(st, number, value, u);
		snprintf(unit, FMT_MAX, "%s", u.name);
	} else {
		fmt_sig3(st, number, value);
		snprintf(unit, FMT_MAX, "%s",
			 strcmp(s->unit, "1/s") == 0     ? "per s"
			 : strcmp(s->unit, "count") == 0 ? ""
							 : s->unit);
	}
	return number;
}

char *signal_value(const struct fmt_style *st, char out[FMT_MAX], const struct signal *s,
		   double value)
{
	char number[FMT_MAX], unit[FMT_MAX];

	signal_parts(st, number, unit, s, value);
	snprintf(out, FMT_MAX, "%.24s%s%.20s", number, unit[0] ? " " : "", unit);
	return out;
}
