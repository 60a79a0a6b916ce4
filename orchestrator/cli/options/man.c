/* man.c - the pages of the table: roff for man(1), Markdown for docs/cli.md. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cleanup.h"
#include "help.h"

/* Text for roff: backslash, hyphen and a control character at a line's beginning are escaped; an
 * empty line starts a paragraph. */
static void roff(struct bl_buf *out, const char *text)
{
	bool at_start = true;

	for (const char *s = text; *s; s++) {
		if (s[0] == '\n' && s[1] == '\n') {
			bl_buf_adds(out, "\n.PP\n");
			at_start = true;
			s++;
			continue;
		}
		if (at_start && (*s == '.' || *s == '\''))
			bl_buf_adds(out, "\\&");
		at_start = *s == '\n';
		if (*s == '\\')
			bl_buf_adds(out, "\\e");
		else if (*s == '-')
			bl_buf_adds(out, "\\-");
		else if (*s == '\'')
			bl_buf_adds(out, "\\(aq");
		else if (*s == '~')
			bl_buf_adds(out, "\\(ti");
		else
			bl_buf_addc(out, *s);
	}
	bl_buf_addc(out, '\n');
}

static void tagged(struct bl_buf *out, const char *tag, const char *text)
{
	bl_buf_adds(out, ".TP\n.B ");
	roff(out, tag);
	roff(out, text);
}

static void page_head(struct bl_buf *out, const char *page, const char *name, const char *summary)
{
	bl_buf_adds(out, ".TH ");
	for (const char *s = page; *s; s++)
		bl_buf_addc(out, (char)toupper((unsigned char)*s));
	bl_buf_addf(out, " 1 \"\" \"blklab %s\" \"blklab manual\"\n.SH NAME\n", BLKLAB_VERSION);
	for (const char *s = name; *s; s++)
		bl_buf_addf(out, *s == '-' ? "\\%c" : "%c", *s);
	bl_buf_adds(out, " \\- ");
	roff(out, summary);
}

const char *verb_page_name(const struct verb *v, char *out, size_t len)
{
	snprintf(out, len, "%s", v->name);
	for (char *s = out; *s; s++)
		if (*s == ' ')
			*s = '-';
	return out;
}

static void roff_name(struct bl_buf *out, const char *name)
{
	for (const char *s = name; *s; s++)
		bl_buf_addf(out, *s == '-' ? "\\%c" : "%c", *s);
}

static void option_tag(struct bl_buf *out, const struct option_row *row)
{
	bl_buf_adds(out, ".TP\n");
	if (row->letter)
		bl_buf_addf(out, "\\fB\\-%c\\fR, ", row->letter);
	bl_buf_adds(out, "\\fB\\-\\-");
	for (const char *s = row->name; *s; s++)
		bl_buf_addf(out, *s == '-' ? "\\%c" : "%c", *s);
	bl_buf_adds(out, "\\fR");
	if (row->arg)
		bl_buf_addf(out, " \\fI%s\\fR", row->arg);
	bl_buf_addc(out, '\n');
}

static void options_section(struct bl_buf *out, const struct verb *v)
{
	const struct option_row *row;

	for (size_t i = 0; i < v->n_operands; i++)
		tagged(out, v->operands[i].name, v->operands[i].help);
	bl_buf_adds(out, ".SH OPTIONS\n");
	for (size_t i = 0; (row = verb_option(v, i)); i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf text = BL_BUF_INIT;
		BL_CLEANUP(bl_buf_done) struct bl_buf extra = BL_BUF_INIT;

		option_tag(out, row);
		help_row_extra(row, &extra);
		bl_buf_adds(&text, row->help);
		if (extra.len)
			bl_buf_addf(&text, " (%s)", bl_buf_str(&extra));
		roff(out, bl_buf_str(&text));
	}
}

static void closing_sections(struct bl_buf *out, const struct verb *self)
{
	char code[8];

	bl_buf_adds(out, ".SH EXIT STATUS\n");
	for (size_t i = 0; i < EXIT_CODES; i++) {
		snprintf(code, sizeof code, "%zu", i);
		tagged(out, code, exit_code_says[i]);
	}
	bl_buf_adds(out, ".SH FILES\n");
	for (size_t i = 0; i < n_help_files; i++)
		tagged(out, help_files[i].name, help_files[i].says);
	bl_buf_adds(out, ".SH ENVIRONMENT\n");
	for (size_t i = 0; i < n_help_variables; i++)
		tagged(out, help_variables[i].name, help_variables[i].says);
	bl_buf_adds(out, ".SH SEE ALSO\n.nh\n"); /* names of programs stay whole */
	if (self)
		bl_buf_adds(out, ".BR blklab (1),\n");
	for (size_t i = 0; i < n_verbs; i++)
		if (verbs[i] != self)
			bl_buf_addf(out, ".BR blklab\\-%s (1),\n", verbs[i]->name);
	for (size_t i = 0; self && i < self->n_actions; i++) {
		char page[64];

		bl_buf_adds(out, ".BR blklab\\-");
		roff_name(out, verb_page_name(self->actions[i], page, sizeof page));
		bl_buf_adds(out, " (1),\n");
	}
	bl_buf_adds(out, ".BR sqlite3 (1)\n");
}

static void page_of_verb(const struct verb *v, struct bl_buf *out)
{
	char name[80], page[64];

	snprintf(name, sizeof name, "blklab-%s", verb_page_name(v, page, sizeof page));
	page_head(out, name, name, v->summary);
	bl_buf_addf(out, ".SH SYNOPSIS\n.B blklab %s\n", v->name);
	bl_buf_adds(out, v->n_actions ? "\\fIACTION\\fR [\\fIOPTION\\fR]... "
					"[\\fIOPERAND\\fR]..."
				      : "[\\fIOPTION\\fR]...");
	for (size_t i = 0; i < v->n_operands; i++)
		bl_buf_addf(out, v->operands[i].is_needed ? " \\fI%s\\fR%s" : " [\\fI%s\\fR]%s",
			    v->operands[i].name, operand_dots(&v->operands[i]));
	bl_buf_adds(out, "\n.SH DESCRIPTION\n");
	roff(out, v->about);
	if (v->n_actions)
		bl_buf_adds(out, ".SH ACTIONS\n");
	for (size_t i = 0; i < v->n_actions; i++)
		tagged(out, verb_last_word(v->actions[i]), v->actions[i]->summary);
	options_section(out, v);
	if (v->n_examples)
		bl_buf_adds(out, ".SH EXAMPLES\n");
	for (size_t i = 0; i < v->n_examples; i++)
		tagged(out, v->examples[i].command, v->examples[i].says);
	closing_sections(out, v);
}

void man_page(const struct verb *v, struct bl_buf *out)
{
	if (v) {
		page_of_verb(v, out);
		return;
	}
	page_head(out, "blklab", "blklab", "automated benchmark lab for virtual disks");
	bl_buf_adds(out, ".SH SYNOPSIS\n.B blklab\n\\fIVERB\\fR [\\fIOPTION\\fR]... "
			 "[\\fIOPERAND\\fR]...\n.SH DESCRIPTION\n");
	roff(out, "blklab boots real virtual machines in every cell of a configuration matrix, "
		  "runs fio-like jobs in them, proves that each ran the configuration asked for, "
		  "keeps whole latency histograms in an SQLite store and renders a report.");
	bl_buf_adds(out, ".SH VERBS\n");
	for (size_t i = 0; i < n_verbs; i++)
		tagged(out, verbs[i]->name, verbs[i]->summary);
	closing_sections(out, NULL);
}

static void markdown_verb(const struct verb *v, struct bl_buf *out)
{
	const struct option_row *row;

	bl_buf_addf(out, "\n## blklab %s\n\n    blklab %s ", v->name, v->name);
	verb_usage(v, out);
	bl_buf_adds(out, "\n\n");
	help_wrap(out, v->about, 0, 0, 100);
	if (v->n_actions)
		bl_buf_adds(out, "\n| action | what it does |\n|---|---|\n");
	for (size_t i = 0; i < v->n_actions; i++)
		bl_buf_addf(out, "| `%s` | %s |\n", verb_last_word(v->actions[i]),
			    v->actions[i]->summary);
	if (v->n_operands + v->n_options)
		bl_buf_adds(out,
			    "\n| option | what it does | accepted, default |\n|---|---|---|\n");
	for (size_t i = 0; i < v->n_operands; i++)
		bl_buf_addf(out, "| `%s` | %s | %s |\n", v->operands[i].name, v->operands[i].help,
			    v->operands[i].is_needed ? "needed" : "");
	for (size_t i = 0; i < v->n_options; i++) {
		BL_CLEANUP(bl_buf_done) struct bl_buf extra = BL_BUF_INIT;

		row = &v->options[i];
		help_row_extra(row, &extra);
		bl_buf_adds(out, "| `");
		if (row->letter)
			bl_buf_addf(out, "-%c, ", row->letter);
		bl_buf_addf(out, "--%s%s%s` | %s | %s |\n", row->name, row->arg ? " " : "",
			    row->arg ? row->arg : "", row->help, bl_buf_str(&extra));
	}
	for (size_t i = 0; i < v->n_examples; i++)
		bl_buf_addf(out, "\n`%s`: %s\n", v->examples[i].command, v->examples[i].says);
}

void man_markdown(struct bl_buf *out)
{
	bl_buf_adds(out,
		    "# The command line\n\nMade by `blklab man --markdown` from the tables that "
		    "also make the parser, `--help`, the man\npages and the completion. Every verb "
		    "has `--help`.\n\n| exit code | means |\n|---|---|\n");
	for (size_t i = 0; i < EXIT_CODES; i++)
		bl_buf_addf(out, "| %zu | %s |\n", i, exit_code_says[i]);
	bl_buf_adds(out, "\n| place or variable | what it is |\n|---|---|\n");
	for (size_t i = 0; i < n_help_files; i++)
		bl_buf_addf(out, "| %s | %s |\n", help_files[i].name, help_files[i].says);
	for (size_t i = 0; i < n_help_variables; i++)
		bl_buf_addf(out, "| %s | %s |\n", help_variables[i].name, help_variables[i].says);
	for (size_t i = 0; verb_page(i); i++)
		markdown_verb(verb_page(i), out);
}
