#include "zones/base/arena.h"
#include "zones/bounce/parts.h"

/* --- HTML ----------------------------------------------------------------------------------------- */
static const struct {
	struct dg_span name;
	const char *text;
} entities[] = {
	{{"amp;", 4}, "&"},
	{{"lt;", 3}, "<"},
	{{"gt;", 3}, ">"},
	{{"quot;", 5}, "\""},
	{{"apos;", 5}, "'"},
	{{"nbsp;", 5}, " "},
	{{"#39;", 4}, "'"},
	{{"#64;", 4}, "@"},
	{{"#160;", 5}, " "},
};

static bool breaks_line(struct dg_span tag)
{
	static const struct dg_span words[] = {{"br", 2}, {"p", 1}, {"/p", 2}, {"div", 3},
		{"/div", 4}, {"tr", 2}, {"/tr", 3}, {"li", 2}, {"h", 1}, {"/h", 2}, {"pre", 3},
		{"/pre", 4}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (dg_span_begins(tag, words[i])) {
			return true;
		}
	}
	return false;
}

/* Behind a tag, or behind all that a script or a style holds. */
static size_t skip_tag(struct dg_span s, size_t at)
{
	struct dg_span tag = dg_span_cut(s, at + 1);
	size_t end = dg_span_char(tag, '>');
	static const struct dg_span closed[] = {{"</style", 7}, {"</script", 8}};

	for (size_t i = 0; i < 2; i++) {
		struct dg_span open = {closed[i].p + 2, closed[i].n - 2};
		if (dg_span_begins(tag, open)) {
			size_t close = dg_span_find(tag, closed[i]);
			return close == DG_NOWHERE ? s.n : at + 1 + close;
		}
	}
	return end == DG_NOWHERE ? s.n : at + 1 + end + 1;
}

struct dg_span dg_html_text(struct dg_arena *a, struct dg_span html)
{
	char *out = dg_get(a, 1, html.n + 1);
	size_t len = 0;
	size_t at = 0;

	while (at < html.n) {
		if (html.p[at] == '<') {
			if (breaks_line(dg_span_cut(html, at + 1))) {
				out[len++] = '\n';
			}
			at = skip_tag(html, at);
			continue;
		}
		const char *text = NULL;
		size_t n = 0;
		for (size_t i = 0; html.p[at] == '&' && i < sizeof(entities) / sizeof(entities[0]);
			i++) {
			if (dg_span_begins(dg_span_cut(html, at + 1), entities[i].name)) {
				text = entities[i].text;
				n = entities[i].name.n + 1;
			}
		}
		out[len++] = (char)(text ? text[0] : html.p[at]);
		at += n > 0 ? n : 1;
	}
	return (struct dg_span){out, len};
}

/* --- for the ear ------------------------------------------------------------------------------------ */
struct dg_span dg_text_plain(struct dg_arena *a, struct dg_span text)
{
	char *out = dg_get(a, 1, (text.n < DG_HEARD_MAX ? text.n : DG_HEARD_MAX) + 1);
	struct dg_span line;
	size_t len = 0;

	while (len < DG_HEARD_MAX && dg_line_next(&text, &line)) {
		line = dg_span_trim(line);
		if (line.n > 0 && strchr(">|", line.p[0])) {
			continue;
		}
		for (size_t i = 0; i <= line.n && len < DG_HEARD_MAX; i++) {
			char c = (char)(i < line.n ? dg_lower(line.p[i]) : ' ');

			if (!dg_is_blank(c)) {
				out[len++] = c;
			} else if (len > 0 && out[len - 1] != ' ') {
				out[len++] = ' ';
			}
		}
	}
	return (struct dg_span){out, len};
}
