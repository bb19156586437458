/* providers/api/xml.h: an answer in XML as a tree of JSON values, so that dialects read both alike.
 *
 * Shape    An element with children is an object whose members are lists, in document order: {"Zone": [{"Id": ["Z1"]}]}. One with text
 *          alone is that text. Attributes and the namespace are left out.
 * Trust    No DOCTYPE, and so no entities but the five; DG_XML_DEPTH_MAX deep, DG_XML_ELEMENTS_MAX elements.
 */
#pragma once

#include <jansson.h>
#include <stddef.h>

struct dg_buf;

#define DG_XML_DEPTH_MAX    16u
#define DG_XML_ELEMENTS_MAX 200000u
#define DG_XML_TEXT_MAX     (1u << 20)

/* NULL: not such a document. The root is a member of what is returned. */
json_t *dg_xml_parse(const char *text, size_t len);
/* The first child of that name; NULL: none. */
const json_t *dg_xml_child(const json_t *element, const char *name);
const char *dg_xml_text(const json_t *element, const char *name);
/* text with & < > escaped. */
void dg_xml_put(struct dg_buf *b, const char *text);
