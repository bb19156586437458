#include "providers/api/xml.h"

#include <expat.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "zones/base/buf.h"

struct reading {
	XML_Parser xml;
	json_t *path[DG_XML_DEPTH_MAX + 1]; /* borrowed, but for the root; each an object */
	struct dg_buf text;                 /* since the last tag */
	unsigned depth;
	unsigned n_elements;
	bool is_bad;
};

static void stop(struct reading *r)
{
	r->is_bad = true;
	(void)XML_StopParser(r->xml, XML_FALSE);
}

static void on_start(void *arg, const char *name, const char **attributes)
{
	struct reading *r = arg;
	json_t *list = json_object_get(r->path[r->depth], name);

	(void)attributes;
	if (r->depth == DG_XML_DEPTH_MAX || r->n_elements++ == DG_XML_ELEMENTS_MAX) {
		stop(r);
		return;
	}
	if (!list) {
		list = json_array();
		(void)json_object_set_new(r->path[r->depth], name, list);
	}
	json_t *element = json_object();
	(void)json_array_append_new(list, element);
	r->path[++r->depth] = element;
	dg_buf_clear(&r->text);
}

static void on_end(void *arg, const char *name)
{
	struct reading *r = arg;
	json_t *list = json_object_get(r->path[r->depth - 1], name);

	if (r->text.is_full || !list) {
		stop(r);
		return;
	}
	if (json_object_size(r->path[r->depth]) == 0) {
		json_t *text = json_stringn(r->text.data ? r->text.data : "", r->text.len);
		if (!text || json_array_set_new(list, json_array_size(list) - 1, text) != 0) {
			stop(r);
		}
	}
	r->depth--;
	dg_buf_clear(&r->text);
}

static void on_text(void *arg, const char *text, int len)
{
	struct reading *r = arg;

	dg_buf_put(&r->text, text, (size_t)len);
}

static void on_doctype(
	void *arg, const char *name, const char *system, const char *public, int has_internal)
{
	(void)name;
	(void)system;
	(void)public;
	(void)has_internal;
	stop(arg);
}

json_t *dg_xml_parse(const char *text, size_t len)
{
	struct reading r = {.xml = XML_ParserCreate(NULL)};

	if (!r.xml || len > (64u << 20)) {
		XML_ParserFree(r.xml);
		return NULL;
	}
	dg_buf_init(&r.text, DG_XML_TEXT_MAX);
	r.path[0] = json_object();
	XML_SetUserData(r.xml, &r);
	XML_SetElementHandler(r.xml, on_start, on_end);
	XML_SetCharacterDataHandler(r.xml, on_text);
	XML_SetStartDoctypeDeclHandler(r.xml, on_doctype);
	bool is_good = XML_Parse(r.xml, text, (int)len, XML_TRUE) == XML_STATUS_OK && !r.is_bad;
	XML_ParserFree(r.xml);
	dg_buf_done(&r.text);
	if (!is_good) {
		json_decref(r.path[0]);
		return NULL;
	}
	return r.path[0];
}

const json_t *dg_xml_child(const json_t *element, const char *name)
{
	return json_array_get(json_object_get(element, name), 0);
}

const char *dg_xml_text(const json_t *element, const char *name)
{
	return json_string_value(dg_xml_child(element, name));
}

void dg_xml_put(struct dg_buf *b, const char *text)
{
	for (const char *c = text; *c; c++) {
		switch (*c) {
		case '&':
			dg_buf_puts(b, "&amp;");
			break;
		case '<':
			dg_buf_puts(b, "&lt;");
			break;
		case '>':
			dg_buf_puts(b, "&gt;");
			break;
		default:
			dg_buf_putc(b, *c);
			break;
		}
	}
}
