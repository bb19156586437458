/* A zone, name servers that serve another, and an MTA-STS policy, made by whoever likes to: the check as text and as JSON holds
 * nothing that a terminal would obey, and the JSON can be read. The first octet chooses the style; parts are cut by octet 0. */
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/check/check.h"
#include "zones/record/view.h"
#include "zones/record/zone.h"
#include "zones/record/zonefile.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#define INPUT_MAX (32u << 10)
#define TEXT_MAX  ((size_t)256 << 20)
#define APEX      "example.com."

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds) {
		abort();
	}
}

struct world {
	const struct dg_facts *zone;
	struct dg_fetch fetch;
};

static const struct dg_fact *on_dns(void *arg, const char *owner, uint16_t type)
{
	const struct world *w = arg;

	return dg_fact(w->zone, owner, type);
}

static const struct dg_fetch *on_fetch(void *arg, const char *url)
{
	struct world *w = arg;

	w->fetch.url = url;
	return &w->fetch;
}

static struct dg_zone *read_zone(struct dg_arena *a, const char *text)
{
	struct dg_zonefile *f = NULL;
	struct dg_zone *z = NULL;
	struct dg_err err;
	const char *whole = dg_printf(a, "@ 60 SOA ns.test. host.test. 1 2 3 4 5\n%s", text);

	return dg_zonefile_scan(a, whole, strlen(whole), APEX, "x", &f, &err) == 0 &&
			       dg_zonefile_read(f, &z, &err) == 0
		       ? z
		       : NULL;
}

static void must_be_clean(const struct dg_buf *b, bool has_colour)
{
	must(!b->is_full);
	for (size_t i = 0; i < b->len; i++) {
		unsigned char c = (unsigned char)b->data[i];

		must(c >= 0x20 || c == '\n' || (has_colour && c == 0x1b));
		must(c != 0x7f);
	}
}

static void show(const struct dg_check *c, uint8_t die)
{
	struct dg_check_style style = {.has_colour = die & 1, .is_verbose = die & 2};
	struct dg_buf b;

	dg_buf_init(&b, TEXT_MAX);
	dg_check_print(&b, c, &style);
	must_be_clean(&b, style.has_colour);
	dg_buf_clear(&b);
	dg_check_json(&b, c, die & 4);
	must_be_clean(&b, false);
	json_t *j = json_loadb(b.data, b.len, JSON_REJECT_DUPLICATES, NULL);
	must(json_is_object(j));
	json_decref(j);
	dg_buf_done(&b);
}

static void check(struct dg_arena *a, const struct dg_zone *z, struct dg_zone *other,
	const char *policy, uint8_t die)
{
	const struct dg_zone **zones = dg_newn(a, const struct dg_zone *, 1);
	struct dg_view views[] = {
		{.name = "ns1.test", .address = "192.0.2.1@53", .text = "ns1.test", .says = other},
		{.name = "ns2.test", .address = "192.0.2.2@53", .text = "ns2.test", .says = other},
	};
	struct dg_check c;

	zones[0] = z;
	struct world w = {.zone = dg_zone_facts(dg_zone_facts_new(a, zones, 1, NULL)),
		.fetch = {.state = DG_FETCH_FOUND,
			.status = 200,
			.content_type = "text/plain",
			.body = policy,
			.len = strlen(policy)}};
	struct dg_facts facts = {.dns = on_dns, .fetch = on_fetch, .arg = &w};
	struct dg_check_input in = {.domain = APEX,
		.depth = DG_CHECK_FULL,
		.facts = &facts,
		.zone = die & 8 ? z : NULL,
		.servers = views,
		.n_servers = other ? 2 : 0,
		.probe = "dnsguard-q7x"};

	if (other) {
		views[1].says = dg_zone_new(a, APEX);
		views[1].says->is_complete = true;
		dg_zone_seal(views[1].says);
	}
	dg_check_make(a, &in, &c);
	must(c.n_pending == 0);
	show(&c, die);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *parts[3] = {"", "", ""};

	if (size == 0 || size > INPUT_MAX) {
		return 0;
	}
	struct dg_arena *a dg_cleanup(dg_arena_freep) = dg_arena_new((size_t)1 << 30);
	char *text = dg_get(a, size, 1);
	memcpy(text, data + 1, size - 1);
	for (size_t i = 0, at = 0; i < 3 && at < size; i++) {
		parts[i] = text + at;
		at += strlen(parts[i]) + 1;
	}
	struct dg_zone *z = read_zone(a, parts[0]);
	if (z) {
		check(a, z, read_zone(a, parts[1]), parts[2], data[0]);
	}
	return 0;
}
