#include "controller/letters/library.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/bounce/bounce.h"
#include "zones/bounce/mime.h"

#include <gmime/gmime.h>

struct walk {
	struct dg_arena *arena;
	struct dg_parts *parts;
	size_t used; /* octets that were copied */
};

bool dg_library_init(void)
{
	g_mime_init();
	return g_mime_part_get_type() != 0;
}

/* --- one part ------------------------------------------------------------------------------------- */
/* Nothing that a message of its size could not have said. */
#define COPIED_MAX (DG_BOUNCE_READ_MAX * 4)

static struct dg_span keep(struct walk *w, const char *p, size_t n)
{
	if (n > COPIED_MAX - w->used) {
		w->parts->is_cut = true;
		n = COPIED_MAX - w->used;
	}
	w->used += n;
	return (struct dg_span){n > 0 ? dg_strndup(w->arena, p, n) : "", n};
}

static struct dg_span header_of(struct walk *w, GMimeObject *object)
{
	GMimeHeaderList *list = g_mime_object_get_header_list(object);
	int n = g_mime_header_list_get_count(list);
	struct dg_buf text;

	dg_buf_init(&text, DG_BOUNCE_READ_MAX);
	for (int i = 0; i < n && i <= (int)DG_BOUNCE_HEADERS_MAX; i++) {
		GMimeHeader *h = g_mime_header_list_get_header_at(list, i);
		const char *name = g_mime_header_get_raw_name(h);
		const char *value = g_mime_header_get_raw_value(h);

		dg_buf_printf(&text, "%s:%s", name ? name : "", value ? value : "\n");
	}
	struct dg_span head = keep(w, text.data, text.len);
	w->parts->is_cut = w->parts->is_cut || text.is_full;
	dg_buf_done(&text);
	return head;
}

static struct dg_span content_of(struct walk *w, GMimeObject *object)
{
	GMimeDataWrapper *data =
		GMIME_IS_PART(object) ? g_mime_part_get_content(GMIME_PART(object)) : NULL;
	GMimeStream *stream = data ? g_mime_data_wrapper_get_stream(data) : NULL;
	struct dg_span body = {"", 0};

	if (!stream) {
		return body;
	}
	GMimeStream *memory = g_mime_stream_mem_new();
	(void)g_mime_stream_reset(stream);
	(void)g_mime_stream_write_to_stream(stream, memory);
	GByteArray *octets = g_mime_stream_mem_get_byte_array(GMIME_STREAM_MEM(memory));
	body = keep(w, (const char *)octets->data, octets->len);
	g_object_unref(memory);
	return body;
}

/* --- the tree --------------------------------------------------------------------------------------- */
/* NOLINTBEGIN(misc-no-recursion): DG_BOUNCE_DEPTH_MAX bounds it */
static struct dg_part *part_of(struct walk *w, GMimeObject *object, unsigned depth);

static struct dg_part *children_of(struct walk *w, GMimeMultipart *multipart, unsigned depth)
{
	struct dg_part *first = NULL;
	struct dg_part **end = &first;
	int n = g_mime_multipart_get_count(multipart);

	for (int i = 0; i < n && !w->parts->is_cut; i++) {
		*end = part_of(w, g_mime_multipart_get_part(multipart, i), depth);
		if (*end) {
			end = &(*end)->next;
		}
	}
	return first;
}

/* A message is a header, and the part that is its body, which keeps the fields that tell of it: here both are one part. */
static struct dg_part *message_of(struct walk *w, GMimeMessage *message, unsigned depth)
{
	GMimeObject *body = message ? g_mime_message_get_mime_part(message) : NULL;
	struct dg_part *part = body ? part_of(w, body, depth) : NULL;

	if (part) {
		struct dg_span head = header_of(w, GMIME_OBJECT(message));
		char *both = dg_get(w->arena, 1, head.n + part->head.n + 1);

		memcpy(both, head.p, head.n); /* neither is NULL: keep() */
		memcpy(both + head.n, part->head.p, part->head.n);
		part->head = (struct dg_span){both, head.n + part->head.n};
	}
	return part;
}

static struct dg_part *part_of(struct walk *w, GMimeObject *object, unsigned depth)
{
	if (w->parts->n >= DG_BOUNCE_PARTS_MAX || depth > DG_BOUNCE_DEPTH_MAX) {
		w->parts->is_cut = true;
		return NULL;
	}
	struct dg_part *part = dg_new(w->arena, struct dg_part);
	part->depth = depth;
	part->body = (struct dg_span){"", 0};
	w->parts->n++;
	part->head = header_of(w, object);
	(void)dg_part_describe(w->arena, part);
	if (GMIME_IS_MULTIPART(object)) {
		part->first = children_of(w, GMIME_MULTIPART(object), depth + 1);
	} else if (GMIME_IS_MESSAGE_PART(object)) {
		GMimeMessage *inner = g_mime_message_part_get_message(GMIME_MESSAGE_PART(object));
		part->first = message_of(w, inner, depth + 1);
	} else {
		part->body = content_of(w, object);
	}
	return part;
}
/* NOLINTEND(misc-no-recursion) */

static struct dg_part *nothing(struct dg_arena *a, const struct dg_raw *raw)
{
	struct dg_part *part = dg_new(a, struct dg_part);

	(void)dg_head_split(raw->text, &part->head, &part->body);
	(void)dg_part_describe(a, part);
	return part;
}

void dg_library_parse(struct dg_arena *a, const struct dg_raw *raw, struct dg_parts *ret_parts)
{
	size_t n = dg_mime_bound(raw->text.p, raw->text.n);
	GMimeStream *stream = g_mime_stream_mem_new_with_buffer(raw->text.p, n);
	GMimeParser *parser = g_mime_parser_new_with_stream(stream);
	struct walk w = {.arena = a, .parts = ret_parts};

	*ret_parts = (struct dg_parts){.by_library = true, .is_cut = n < raw->text.n};
	bool was_cut = ret_parts->is_cut;
	ret_parts->is_cut = false; /* the walk stops at it */
	GMimeMessage *message = g_mime_parser_construct_message(parser, NULL);
	ret_parts->root = message_of(&w, message, 0);
	ret_parts->root = ret_parts->root ? ret_parts->root : nothing(a, raw);
	ret_parts->is_cut = ret_parts->is_cut || was_cut;
	if (message) {
		g_object_unref(message);
	}
	g_object_unref(parser);
	g_object_unref(stream);
}
