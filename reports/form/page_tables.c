/* Cells of tables, and tables of facts. */
#include <string.h>
#include <stdlib.h>

#include "page.h"
#include "units.h"

void page_figure(struct bl_buf *out, double key, const char *text)
{
	bl_buf_addf(out, "<td class=\"n\" data-v=\"%.6g\">%s</td>", key, text);
}

void page_no_figure(struct bl_buf *out, const char *why)
{
	bl_buf_adds(out, "<td class=\"n none\" title=\"");
	fmt_html(out, why);
	bl_buf_adds(out, "\">\u00b7</td>");
}

static bool ends_in(const char *s, const char *end)
{
	size_t n = strlen(s), k = strlen(end);

	return n > k && strcmp(s + n - k, end) == 0;
}

static void add_fact_value(const struct fact *f, struct bl_buf *out)
{
	bool is_number = f->value[0] && strspn(f->value, "0123456789") == strlen(f->value);
	char num[FMT_MAX], size[BL_UNIT_TEXT_MAX];

	if (is_number && ends_in(f->key, "_ns")) {
		bl_buf_addf(out, "<td class=\"t\" title=\"%s ns\">%s</td>", f->value,
			    fmt_ns(&fmt_page, num, strtod(f->value, NULL)));
	} else if (is_number && ends_in(f->key, "_bytes")) {
		bl_buf_addf(out, "<td class=\"t\" title=\"%s bytes\">%s</td>", f->value,
			    bl_format_size(size, strtoull(f->value, NULL, 10)));
	} else {
		bl_buf_adds(out, "<td class=\"t\">");
		fmt_html(out, f->value);
		bl_buf_adds(out, "</td>");
	}
}

void page_facts(const struct facts *f, struct bl_buf *out)
{
	bl_buf_adds(out, "<div class=\"scroll\"><table class=\"facts\"><tbody>\n");
	for (size_t i = 0; i < f->n; i++) {
		bl_buf_adds(out, "<tr><th scope=\"row\" class=\"t\">");
		fmt_html(out, f->items[i].key);
		bl_buf_adds(out, "</th>");
		add_fact_value(&f->items[i], out);
		bl_buf_adds(out, "</tr>\n");
	}
	bl_buf_adds(out, "</tbody></table></div>\n");
}
