/* zones/incident/rdap.c: IANA's lists (RFC 9224) and answers of RDAP servers (RFC 9083). */
#include "zones/base/arena.h"
#include "zones/base/network.h"
#include "zones/base/sink.h"
#include "zones/incident/contacts.h"

#include <jansson.h>
#include <string.h>

#define DEPTH_MAX 4u /* entities in entities */
#define URL_MAX   200u
#define SCHEME    "https://"

/* --- whose server ----------------------------------------------------------------------------- */
static const char *https_of(struct dg_arena *a, const json_t *urls)
{
	const json_t *one = NULL;
	size_t i = 0;

	json_array_foreach(urls, i, one)
	{
		const char *url = json_string_value(one);
		size_t n = url ? strlen(url) : 0;
		bool is_plain = n > strlen(SCHEME) && n < URL_MAX &&
				strncmp(url, SCHEME, strlen(SCHEME)) == 0 &&
				strspn(url, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
					    "0123456789-._~/:") == n;
		if (is_plain) {
			return dg_printf(a, "%s%s", url, url[n - 1] == '/' ? "" : "/");
		}
	}
	return NULL;
}

const char *dg_rdap_base(
	struct dg_arena *a, const char *json, size_t n, const struct dg_address *address)
{
	json_t *root = json_loadb(json, n, JSON_REJECT_DUPLICATES, NULL);
	const json_t *service = NULL;
	const char *best = NULL;
	unsigned longest = 0;
	size_t i = 0;

	json_array_foreach(json_object_get(root, "services"), i, service)
	{
		const json_t *prefix = NULL;
		size_t k = 0;

		json_array_foreach(json_array_get(service, 0), k, prefix)
		{
			const char *text = json_string_value(prefix);
			struct dg_network net;

			if (text && dg_network_parse(text, strlen(text), &net) == 0 &&
				net.prefix >= longest && dg_network_holds(&net, address)) {
				const char *url = https_of(a, json_array_get(service, 1));
				best = url ? url : best;
				longest = net.prefix;
			}
		}
	}
	json_decref(root);
	return best;
}

/* --- who answers ------------------------------------------------------------------------------ */
static bool has_role(const json_t *entity, const char *role)
{
	const json_t *one = NULL;
	size_t i = 0;

	json_array_foreach(json_object_get(entity, "roles"), i, one)
	{
		if (json_is_string(one) && strcmp(json_string_value(one), role) == 0) {
			return true;
		}
	}
	return false;
}

/* jCard (RFC 7095): ["vcard", [["email", {}, "text", "abuse@example.net"], ...]] */
static const char *email_of(struct dg_arena *a, const json_t *entity)
{
	const json_t *card = json_array_get(json_object_get(entity, "vcardArray"), 1);
	const json_t *item = NULL;
	size_t i = 0;

	json_array_foreach(card, i, item)
	{
		const char *name = json_string_value(json_array_get(item, 0));
		const char *value = json_string_value(json_array_get(item, 3));

		if (name && value && strcmp(name, "email") == 0 && dg_is_plain_address(value)) {
			return dg_strdup(a, value);
		}
	}
	return NULL;
}

/* Breadth first is not needed: registries put it at the top or one level below. */
static const char *abuse_in(/* NOLINT(misc-no-recursion): DEPTH_MAX deep */
	struct dg_arena *a, const json_t *entities, unsigned depth)
{
	const json_t *one = NULL;
	const char *address = NULL;
	size_t i = 0;

	json_array_foreach(entities, i, one)
	{
		address = has_role(one, "abuse") ? email_of(a, one) : NULL;
		if (!address && depth < DEPTH_MAX) {
			address = abuse_in(a, json_object_get(one, "entities"), depth + 1);
		}
		if (address) {
			break;
		}
	}
	return address;
}

const char *dg_rdap_abuse(struct dg_arena *a, const char *json, size_t n)
{
	json_t *root = json_loadb(json, n, 0, NULL);
	const char *address = abuse_in(a, json_object_get(root, "entities"), 0);

	json_decref(root);
	return address;
}
