#include "term.h"

#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "fmt.h"

void term_on(struct bl_buf *out, bool color, enum term_look look)
{
	static const char *const codes[] = {"", "\033[1m", "\033[2m", "\033[32m", "\033[31m"};

	if (color)
		bl_buf_adds(out, codes[look]);
}

void term_off(struct bl_buf *out, bool color)
{
	if (color)
		bl_buf_adds(out, "\033[0m");
}

void term_wrap(struct bl_buf *out, const char *text, unsigned columns, unsigned first,
	       unsigned indent)
{
	BL_CLEANUP(bl_buf_done) struct bl_buf clean = BL_BUF_INIT;
	unsigned at = first;
	bool is_begin = true;
	const char *s;

	fmt_clean(&clean, text, 0);
	for (s = fmt_part(out, &clean); *s;) {
		size_t n = strcspn(s, " ");
		BL_CLEANUP(bl_buf_done) struct bl_buf word = BL_BUF_INIT;
		unsigned w;

		bl_buf_add(&word, s, n);
		w = (unsigned)fmt_width(fmt_part(out, &word));
		if (!is_begin && at + 1 + w > columns) {
			bl_buf_addf(out, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!is_begin) {
			bl_buf_addc(out, ' ');
			at++;
		}
		bl_buf_adds(out, fmt_part(out, &word));
		at += w;
		is_begin = false;
		s += n + (s[n] == ' ');
	}
}
