/* GMime and the objects of GLib, as far as they are used (providers/net/late.h). Loaded before the reader shuts itself in. */
#include "providers/net/late.h"

#include <gmime/gmime.h>

#define GMIME_LIBRARY "libgmime-3.0.so.0"

/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name): shorter ones than in the header */
/* clang-format off */
DG_LATE_VOID(GMIME_LIBRARY, g_mime_init, (void), ())
DG_LATE(GMIME_LIBRARY, GType, g_mime_object_get_type, (void), (), 0)
DG_LATE(GMIME_LIBRARY, GType, g_mime_part_get_type, (void), (), 0)
DG_LATE(GMIME_LIBRARY, GType, g_mime_multipart_get_type, (void), (), 0)
DG_LATE(GMIME_LIBRARY, GType, g_mime_message_part_get_type, (void), (), 0)
DG_LATE(GMIME_LIBRARY, GType, g_mime_stream_mem_get_type, (void), (), 0)
DG_LATE(GMIME_LIBRARY, GTypeInstance *, g_type_check_instance_cast, (GTypeInstance *x, GType type), (x, type), NULL)
DG_LATE(GMIME_LIBRARY, gboolean, g_type_check_instance_is_a, (GTypeInstance *x, GType type), (x, type), FALSE)
DG_LATE_VOID(GMIME_LIBRARY, g_object_unref, (gpointer x), (x))

DG_LATE(GMIME_LIBRARY, GMimeParser *, g_mime_parser_new_with_stream, (GMimeStream *s), (s), NULL)
DG_LATE(GMIME_LIBRARY, GMimeMessage *, g_mime_parser_construct_message, (GMimeParser *p, GMimeParserOptions *o), (p, o), NULL)
DG_LATE(GMIME_LIBRARY, GMimeObject *, g_mime_message_get_mime_part, (GMimeMessage *m), (m), NULL)
DG_LATE(GMIME_LIBRARY, GMimeMessage *, g_mime_message_part_get_message, (GMimeMessagePart *p), (p), NULL)
DG_LATE(GMIME_LIBRARY, int, g_mime_multipart_get_count, (GMimeMultipart *m), (m), 0)
DG_LATE(GMIME_LIBRARY, GMimeObject *, g_mime_multipart_get_part, (GMimeMultipart *m, int i), (m, i), NULL)
DG_LATE(GMIME_LIBRARY, GMimeDataWrapper *, g_mime_part_get_content, (GMimePart *p), (p), NULL)

DG_LATE(GMIME_LIBRARY, GMimeHeaderList *, g_mime_object_get_header_list, (GMimeObject *o), (o), NULL)
DG_LATE(GMIME_LIBRARY, int, g_mime_header_list_get_count, (GMimeHeaderList *l), (l), 0)
DG_LATE(GMIME_LIBRARY, GMimeHeader *, g_mime_header_list_get_header_at, (GMimeHeaderList *l, int i), (l, i), NULL)
DG_LATE(GMIME_LIBRARY, const char *, g_mime_header_get_raw_name, (GMimeHeader *h), (h), NULL)
DG_LATE(GMIME_LIBRARY, const char *, g_mime_header_get_raw_value, (GMimeHeader *h), (h), NULL)

DG_LATE(GMIME_LIBRARY, GMimeStream *, g_mime_data_wrapper_get_stream, (GMimeDataWrapper *w), (w), NULL)
DG_LATE(GMIME_LIBRARY, GMimeStream *, g_mime_stream_mem_new, (void), (), NULL)
DG_LATE(GMIME_LIBRARY, GMimeStream *, g_mime_stream_mem_new_with_buffer, (const char *p, size_t n), (p, n), NULL)
DG_LATE(GMIME_LIBRARY, GByteArray *, g_mime_stream_mem_get_byte_array, (GMimeStreamMem *m), (m), NULL)
DG_LATE(GMIME_LIBRARY, int, g_mime_stream_reset, (GMimeStream *s), (s), -1)
DG_LATE(GMIME_LIBRARY, gint64, g_mime_stream_write_to_stream, (GMimeStream *from, GMimeStream *to), (from, to), -1)
/* clang-format on */
/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */
