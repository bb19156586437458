#include "zones/base/json.h"

#include "zones/base/buf.h"

#include <string.h>

json_t *dg_json_text(const char *s)
{
	struct dg_buf b;
	json_t *j = NULL;

	if (!s) {
		return json_null();
	}
	j = json_string(s);
	if (!j) {
		dg_buf_init(&b, 4 * strlen(s) + 1);
		dg_buf_put_safe(&b, s, strlen(s));
		j = json_string(b.data);
		dg_buf_done(&b);
	}
	return j;
}

json_t *dg_json_count(size_t n)
{
	return json_integer((json_int_t)n);
}

void dg_json_set(json_t *object, const char *key, json_t *value)
{
	(void)json_object_set_new(object, key, value);
}

/* DEL stands in strings only, so that its escape may take its place anywhere. */
static int put_chunk(const char *data, size_t len, void *arg)
{
	const char *del = NULL;

	while (len > 0 && (del = memchr(data, 0x7f, len)) != NULL) {
		size_t n = (size_t)(del - data);

		dg_buf_put(arg, data, n);
		dg_buf_puts(arg, "\\u007f");
		data += n + 1;
		len -= n + 1;
	}
	dg_buf_put(arg, data, len);
	return 0;
}

void dg_json_put(struct dg_buf *b, json_t *root)
{
	(void)json_dump_callback(
		root, put_chunk, b, JSON_COMPACT | JSON_ENSURE_ASCII | JSON_PRESERVE_ORDER);
	json_decref(root);
}
