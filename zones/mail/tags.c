#include "zones/mail/tags.h"

#include "zones/mail/chars.h"

#include <string.h>

static void trim(const char **p, size_t *len)
{
	while (*len > 0 && dg_is_wsp((*p)[0])) {
		(*p)++;
		(*len)--;
	}
	while (*len > 0 && dg_is_wsp((*p)[*len - 1])) {
		(*len)--;
	}
}

bool dg_item_next(const char *text, size_t len, char separator, size_t *pos, const char **ret_item,
	size_t *ret_len)
{
	if (*pos > len) {
		return false;
	}
	const char *item = text + *pos;
	const char *end = *pos < len ? memchr(item, separator, len - *pos) : NULL;
	size_t item_len = end ? (size_t)(end - item) : len - *pos;

	*pos += item_len + 1;
	trim(&item, &item_len);
	*ret_item = item;
	*ret_len = item_len;
	return true;
}

bool dg_tag_next(const char *text, size_t len, size_t *pos, struct dg_tag *ret_tag)
{
	struct dg_tag t = {.value = NULL};

	if (!dg_item_next(text, len, ';', pos, &t.name, &t.name_len) ||
		(t.name_len == 0 && *pos > len)) {
		return false;
	}
	t.column = (size_t)(t.name - text) + 1;
	const char *equals = t.name_len > 0 ? memchr(t.name, '=', t.name_len) : NULL;
	if (equals) {
		t.value = equals + 1;
		t.value_len = t.name_len - (size_t)(t.value - t.name);
		t.name_len = (size_t)(equals - t.name);
		trim(&t.name, &t.name_len);
		trim(&t.value, &t.value_len);
	}
	*ret_tag = t;
	return true;
}
