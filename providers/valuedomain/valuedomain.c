#include "providers/valuedomain/valuedomain.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "providers/api/api.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/record/name.h"

#define TEXT_MAX (1u << 20)
#define TTL_LOW  120 /* below that it takes 3600 instead */
#define TTL_HIGH 86400

/* What came, to go back whole with the changes. */
struct kept {
	const char *ns_type, *records, *ttl;
};

/* "txt _dmarc v=DMARC1; p=reject", "mx mail.example.com. 10", "a * 192.0.2.1" */
struct line {
	const char *text;  /* as it stands there */
	const char *type;  /* upper case */
	const char *owner; /* canonical */
	const char *value;
	long preference; /* -1: no MX */
};

static const struct dg_field fields[] = {DG_API_FIELDS("https://api.value-domain.com/v1")};

const struct dg_schema dg_schema_valuedomain = {
	.name = "value-domain",
	.help = "The DNS of VALUE-DOMAIN (XREA, CORESERVER).",
	.size = sizeof(struct dg_api_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

static const char *path_of(struct dg_api_work *w)
{
	return dg_printf(w->arena, "/domains/%s/dns", dg_api_escape(w->arena, w->plain));
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = path_of(w);
}

/* --- lines ------------------------------------------------------------------------------------ */
/* The next word; *at goes on to what follows it. */
static const char *word(struct dg_arena *a, const char **at)
{
	const char *begin = *at + strspn(*at, " \t");
	size_t n = strcspn(begin, " \t");

	*at = begin + n + strspn(begin + n, " \t");
	return dg_strndup(a, begin, n);
}

static const char *name_of(struct dg_api_work *w, const char *text)
{
	const char *name = NULL;

	return *text && dg_name_parse(w->arena, text, strlen(text), w->zone, &name, w->err) == 0
		       ? name
		       : NULL;
}

static const char *upper(struct dg_arena *a, const char *text)
{
	char *copy = dg_strdup(a, text);

	for (char *c = copy; *c; c++) {
		if (*c >= 'a' && *c <= 'z') {
			*c &= 0x5f;
		}
	}
	return copy;
}

/* The host comes first; a third word is the name that the MX is of. */
static int read_mx(struct dg_api_work *w, struct line *l, const char *rest)
{
	const char *host = word(w->arena, &rest);
	const char *preference = word(w->arena, &rest);
	char *end = NULL;

	l->preference = strtol(preference, &end, 10);
	l->value = name_of(w, host);
	l->owner = *rest ? name_of(w, word(w->arena, &rest)) : w->zone;
	bool is_mx = l->value && l->owner && *preference && !*end && !*rest && l->preference >= 0 &&
		     l->preference <= UINT16_MAX;
	return is_mx ? 0 : dg_api_bad(w, "an mx line that is not \"mx HOST. PREFERENCE\"");
}

/* 1: nothing that is a record. */
static int read_line(struct dg_api_work *w, const char *text, struct line *l)
{
	const char *rest = text;
	const char *type = word(w->arena, &rest);

	*l = (struct line){.text = text, .type = upper(w->arena, type), .preference = -1};
	if (!*type || *type == '#' || *type == ';') {
		return 1;
	}
	if (strcmp(l->type, "MX") == 0) {
		return read_mx(w, l, rest);
	}
	l->owner = name_of(w, word(w->arena, &rest));
	if (!l->owner) {
		return dg_api_bad(w, "a line without a name");
	}
	l->value = rest;
	if (strcmp(l->type, "CNAME") == 0 || strcmp(l->type, "NS") == 0) {
		l->value = name_of(w, word(w->arena, &rest));
	}
	return l->value ? 0 : dg_api_bad(w, "a line without a value");
}

/* The line that begins at *at, without its end. NULL: there is none. */
static const char *next_line(struct dg_arena *a, const char **at)
{
	const char *begin = *at;
	size_t n = strcspn(begin, "\n");

	if (!*begin) {
		return NULL;
	}
	*at = begin + n + (begin[n] == '\n');
	n -= n > 0 && begin[n - 1] == '\r';
	return dg_strndup(a, begin, n);
}

/* --- reading ---------------------------------------------------------------------------------- */
static int listed_one(struct dg_api_work *w, const char *text)
{
	struct line l;
	int r = read_line(w, text, &l);

	if (r != 0) {
		return r < 0 ? r : 0;
	}
	const struct dg_api_raw raw = {
		.owner = l.owner,
		.type = l.type,
		.value = l.value,
		.ttl = (json_int_t)w->default_ttl,
		.preference = l.preference,
		.is_plain_txt = l.value[0] != '"',
	};
	return dg_api_add(w, &raw);
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *results = json_object_get(reply->json, "results");
	const char *records = dg_api_text(results, "records");
	const char *ns_type = dg_api_text(results, "ns_type");
	const json_t *ttl = json_object_get(results, "ttl");
	struct kept *kept = dg_new(w->arena, struct kept);
	const char *text = json_is_integer(ttl)
				   ? dg_printf(w->arena, "%lld", (long long)json_integer_value(ttl))
				   : json_string_value(ttl);
	char *end = NULL;
	unsigned long n = text ? strtoul(text, &end, 10) : 0;

	if (!records || !ns_type || !text || !*text || *end || n == 0 || n > DG_TTL_MAX) {
		return dg_api_bad(w, "no records, ns_type and ttl");
	}
	*kept = (struct kept){.records = dg_strdup(w->arena, records),
		.ns_type = dg_strdup(w->arena, ns_type),
		.ttl = dg_strdup(w->arena, text)};
	w->own = kept;
	w->default_ttl = (uint32_t)n;
	w->api->limits.ttl_min = w->default_ttl;
	w->api->limits.ttl_max = w->default_ttl;
	dg_api_remember(w);
	const char *at = kept->records;
	int r = 0;
	for (const char *line = next_line(w->arena, &at); line && r == 0;
		line = next_line(w->arena, &at)) {
		r = listed_one(w, line);
	}
	return r;
}

/* --- changes ---------------------------------------------------------------------------------- */
static bool is_changed(const struct dg_api_work *w, const struct line *l)
{
	for (size_t i = 0; i < w->n_batch; i++) {
		const struct dg_rrset *set = &w->op[i].swap->after;
		char type[16];

		if (strcmp(set->owner, l->owner) == 0 &&
			strcmp(dg_type_text(set->type, type), l->type) == 0) {
			return true;
		}
	}
	return false;
}

static void put_rrset(struct dg_api_work *w, struct dg_buf *b, const struct dg_rrset *set)
{
	uint16_t preference = 0;
	const char *host = NULL;

	for (size_t i = 0; i < set->n; i++) {
		if (set->type == DG_TYPE_MX &&
			dg_mx_read(w->arena, &set->rdata[i], &preference, &host) == 0) {
			dg_buf_printf(b, "mx %s %u\n", host, (unsigned)preference);
		} else {
			dg_buf_printf(b, "txt %s ", dg_api_label(w, set->owner, "@"));
			dg_buf_puts(b, dg_txt_join(w->arena, &set->rdata[i]));
			dg_buf_putc(b, '\n');
		}
	}
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	const struct kept *kept = w->own;
	const char *at = kept->records;
	struct dg_map seen; /* a line that came twice is one record all the same */
	struct dg_buf b;
	struct line l;

	dg_map_init(&seen, w->arena);
	dg_buf_init(&b, DG_API_REPLY_MAX + TEXT_MAX);
	for (const char *line = next_line(w->arena, &at); line; line = next_line(w->arena, &at)) {
		bool is_record = read_line(w, line, &l) == 0;

		if (!is_record || (!is_changed(w, &l) && !dg_map_put(&seen, line, w))) {
			dg_buf_puts(&b, line);
			dg_buf_putc(&b, '\n');
		}
	}
	for (size_t i = 0; i < w->n_batch; i++) {
		put_rrset(w, &b, &w->op[i].swap->after);
	}
	*call = (struct dg_api_call){
		.method = "PUT",
		.path = path_of(w),
		.body = dg_api_body(w, json_pack("{s:s, s:s, s:s}", "ns_type", kept->ns_type,
					       "records", b.data ? b.data : "", "ttl", kept->ttl)),
	};
	dg_buf_done(&b);
}

static int changed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	return json_is_object(reply->json) && !json_object_get(reply->json, "errors")
		       ? 0
		       : dg_api_bad(w, "not one of a change that was made");
}

static const char *const headers[] = {
	"Accept: application/json", "Content-Type: application/json", NULL};

static const struct dg_api_dialect dialect = {
	.auth = "Authorization: Bearer ",
	.headers = headers,
	.flags = DG_API_BATCH | DG_API_ONE_TTL,
	.list = list,
	.listed = listed,
	.change = change,
	.changed = changed,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_valuedomain = {
	.name = "value-domain",
	.caps = DG_CAP_ATOMIC | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = TTL_LOW,
			.ttl_max = TTL_HIGH,
			.txt_max = 2000,
			.txt_refuses = "\"\r\n",
			.null_mx = DG_NULL_MX_NOT_KNOWN,
			.is_mx_apex_only = true,
			.transaction = DG_TRANSACTION_ZONE,
			.verified_on =
				"2026-08-22 (four clients of others; no page of its own was read)",
			.doubts =
				"Whether a null MX is taken; how an MX of another name than the "
				"zone's own is written, so none is: a name there cannot be split, "
				"as the subdomain needs an MX. What to do instead: move the DNS of "
				"the zone elsewhere, or let its MX be a host that refuses bounces "
				"at RCPT (`shed:`). The zone has one TTL for all records, which a "
				"policy has to name; zones of one account with different TTLs are "
				"applied one by one. Nothing is compared on its side: what "
				"somebody edits in the second between our look and our change is "
				"lost. The bounds of TTLs, the longest TXT, its rate limits.",
		},
	.schema = &dg_schema_valuedomain,
	DG_API_OPS(open_it),
};
