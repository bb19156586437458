#include "providers/route53/route53.h"

#include <string.h>

#include "providers/api/api.h"
#include "providers/api/xml.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"

#define ROOT     "/2013-04-01"
#define BODY_MAX (1u << 20)
/* Of both RRsets of each change at most 1000 records and 32,000 characters go into one batch. */
#define BATCH_MAX 400u

struct route53_options {
	struct dg_api_options api;
	const char *access_key_file;
	const char *secret_key_file;
};

static const struct dg_field fields[] = {
	DG_API_FIELDS_BARE("https://route53.amazonaws.com"),
	DG_FIELD_SECRET(struct route53_options, access_key_file, .is_required = true,
		.help = "File with the access key id, and nothing else, that others cannot read.",
		.example = "aws.id"),
	DG_FIELD_SECRET(struct route53_options, secret_key_file, .is_required = true,
		.help = "File with the secret access key, and nothing else, that others cannot "
			"read.",
		.example = "aws.key"),
};

const struct dg_schema dg_schema_route53 = {
	.name = "route53",
	.help = "Route 53 of Amazon Web Services.",
	.size = sizeof(struct route53_options),
	.fields = fields,
	.n_fields = sizeof(fields) / sizeof(fields[0]),
};

/* "ID:SECRET", as libcurl wants it. */
static int load_keys(struct dg_api *p, struct dg_err *err)
{
	const struct route53_options *o = p->opts;
	char *both = p->keys[0];

	int r = dg_secret_read(o->access_key_file, both, DG_SECRET_MAX / 4, err);
	if (r < 0) {
		return dg_wrap(err, r, "access-key-file");
	}
	size_t n = strlen(both);
	both[n++] = ':';
	r = dg_secret_read(o->secret_key_file, both + n, DG_SECRET_MAX / 2, err);
	p->secrets[0] = both + n;
	return r < 0 ? dg_wrap(err, r, "secret-key-file") : 0;
}

static void sign(struct dg_api_work *w, const struct dg_api_call *call, struct dg_http_request *r)
{
	(void)call;
	r->aws_scope = "aws:amz:us-east-1:route53";
	r->aws_key = w->api->keys[0];
}

/* "/hostedzone/Z1D633PJN98FT9" and "/change/C2682N5HXP0BZ4": what stands behind the last slash. */
static const char *id_of(struct dg_api_work *w, const char *text)
{
	const char *slash = text ? strrchr(text, '/') : NULL;
	json_t *id = json_string(slash ? slash + 1 : text ? text : "");
	const char *kept = dg_api_id(w, id);

	json_decref(id);
	return kept;
}

static void find(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, ROOT "/hostedzonesbyname?dnsname=%s&maxitems=20",
		dg_api_escape(w->arena, w->plain));
}

static int found(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *root = dg_xml_child(reply->json, "ListHostedZonesByNameResponse");
	const json_t *zones = dg_xml_child(root, "HostedZones");
	const json_t *zone = NULL;
	size_t i = 0;

	if (!zones) {
		return dg_api_bad(w, "no list of hosted zones");
	}
	json_array_foreach(json_object_get(zones, "HostedZone"), i, zone)
	{
		const char *name = dg_xml_text(zone, "Name");
		const char *is_private = dg_xml_text(dg_xml_child(zone, "Config"), "PrivateZone");

		if (name && strcmp(name, w->zone) == 0 &&
			!(is_private && strcmp(is_private, "true") == 0)) {
			w->id = id_of(w, dg_xml_text(zone, "Id"));
			return w->id ? 0 : dg_api_bad(w, "a hosted zone without Id");
		}
	}
	return dg_fail(w->err, DG_EREMOTE, "%s shows no public hosted zone %s to this key",
		w->api->host, w->plain);
}

static void list(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, ROOT "/hostedzone/%s/rrset?%s", w->id,
		w->page ? w->page : "maxitems=300");
}

/* Octal escapes to those of RFC 1035 section 5.1, which are decimal; a "*" is written as it is. */
static const char *name_of(struct dg_api_work *w, const char *text)
{
	struct dg_buf b;

	if (!text) {
		return NULL;
	}
	dg_buf_init(&b, (size_t)8 * DG_API_ID_MAX);
	for (const char *c = text; *c; c++) {
		bool is_octal = c[0] == '\\' && c[1] >= '0' && c[1] <= '3' && c[2] >= '0' &&
				c[2] <= '7' && c[3] >= '0' && c[3] <= '7';
		unsigned octet = is_octal ? (unsigned)(c[1] - '0') * 64 +
						    (unsigned)(c[2] - '0') * 8 +
						    (unsigned)(c[3] - '0')
					  : 0;
		if (!is_octal) {
			dg_buf_putc(&b, *c);
			continue;
		}
		if (octet == '*') {
			dg_buf_putc(&b, '*');
		} else {
			dg_buf_printf(&b, "\\%03u", octet);
		}
		c += 3;
	}
	const char *name = dg_strdup(w->arena, b.data ? b.data : "");
	dg_buf_done(&b);
	return name;
}

static json_int_t ttl_of(const char *text)
{
	json_int_t ttl = 0;

	for (const char *c = text ? text : "0"; *c; c++) {
		if (*c < '0' || *c > '9' || ttl > UINT32_MAX) {
			return -1;
		}
		ttl = ttl * 10 + (*c - '0');
	}
	return ttl;
}

static int listed_one(struct dg_api_work *w, const json_t *set)
{
	const json_t *records = dg_xml_child(set, "ResourceRecords");
	const json_t *record = NULL;
	struct dg_api_raw raw = {
		.owner = name_of(w, dg_xml_text(set, "Name")),
		.type = dg_xml_text(set, "Type"),
		.value = "",
		.ttl = ttl_of(dg_xml_text(set, "TTL")),
		.preference = -1,
	};
	size_t i = 0;
	int r = 0;

	if (dg_xml_text(set, "SetIdentifier") && raw.type && raw.owner &&
		(strcmp(raw.type, "MX") == 0 || strcmp(raw.type, "TXT") == 0)) {
		return dg_fail(w->err, DG_EPOLICY,
			"%s %s has a routing policy, which a policy for mail cannot say: make it a "
			"simple record",
			raw.owner, raw.type);
	}
	if (!records) { /* an alias: its owner exists */
		return dg_api_add(w, &raw);
	}
	json_array_foreach(json_object_get(records, "ResourceRecord"), i, record)
	{
		raw.value = dg_xml_text(record, "Value");
		r = r == 0 ? dg_api_add(w, &raw) : r;
	}
	return r;
}

static int listed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	const json_t *root = dg_xml_child(reply->json, "ListResourceRecordSetsResponse");
	const json_t *sets = dg_xml_child(root, "ResourceRecordSets");
	const char *is_cut = dg_xml_text(root, "IsTruncated");
	const char *name = dg_xml_text(root, "NextRecordName");
	const char *type = dg_xml_text(root, "NextRecordType");
	const char *id = dg_xml_text(root, "NextRecordIdentifier");
	const json_t *set = NULL;
	size_t i = 0;
	int r = sets && is_cut ? 0 : dg_api_bad(w, "no list of RRsets");

	json_array_foreach(json_object_get(sets, "ResourceRecordSet"), i, set)
	{
		r = r == 0 ? listed_one(w, set) : r;
	}
	if (r < 0 || !is_cut || strcmp(is_cut, "true") != 0) {
		return r;
	}
	if (!name || !type) {
		return dg_api_bad(w, "a list that is cut, without where it goes on");
	}
	/* Sorted: so it is signed. */
	w->page = dg_printf(w->arena, "%s%s%smaxitems=300&name=%s&type=%s", id ? "identifier=" : "",
		id ? dg_api_escape(w->arena, id) : "", id ? "&" : "", dg_api_escape(w->arena, name),
		dg_api_escape(w->arena, type));
	return 1;
}

/* --- changing --------------------------------------------------------------------------------- */
static void put_element(struct dg_buf *b, const char *name, const char *text)
{
	dg_buf_printf(b, "<%s>", name);
	dg_xml_put(b, text);
	dg_buf_printf(b, "</%s>", name);
}

static void put_head(
	struct dg_api_work *w, struct dg_buf *b, const char *action, const struct dg_rrset *set)
{
	dg_buf_puts(b, "<Change>");
	put_element(b, "Action", action);
	dg_buf_puts(b, "<ResourceRecordSet>");
	put_element(b, "Name", set->owner);
	put_element(b, "Type", dg_api_type(w, set->type));
	dg_buf_printf(b, "<TTL>%u</TTL><ResourceRecords>", set->ttl);
}

static void put_value(struct dg_buf *b, const char *value)
{
	dg_buf_puts(b, "<ResourceRecord>");
	put_element(b, "Value", value);
	dg_buf_puts(b, "</ResourceRecord>");
}

static const char tail[] = "</ResourceRecords></ResourceRecordSet></Change>";

/* The old values exactly as they came: they are compared. */
static void put_old(struct dg_api_work *w, struct dg_buf *b, const struct dg_rrset *set)
{
	put_head(w, b, "DELETE", set);
	for (size_t i = 0; i < w->n_records; i++) {
		const struct dg_api_record *r = &w->records[i];

		if (r->type == set->type && strcmp(r->owner, set->owner) == 0) {
			put_value(b, r->text);
		}
	}
	dg_buf_puts(b, tail);
}

static void put_new(struct dg_api_work *w, struct dg_buf *b, const struct dg_swap *s)
{
	put_head(w, b, "CREATE", &s->after);
	for (size_t i = 0; i < s->after.n; i++) {
		put_value(b, dg_api_value(w, s, &s->after.rdata[i]));
	}
	dg_buf_puts(b, tail);
}

static void change(struct dg_api_work *w, struct dg_api_call *call)
{
	struct dg_buf b;

	dg_buf_init(&b, BODY_MAX);
	dg_buf_puts(&b,
		"<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
		"<ChangeResourceRecordSetsRequest "
		"xmlns=\"https://route53.amazonaws.com/doc/2013-04-01/\"><ChangeBatch><Changes>");
	for (size_t i = 0; i < w->n_batch; i++) {
		const struct dg_swap *s = w->op[i].swap;

		if (s->before.n > 0) {
			put_old(w, &b, &s->before);
		}
		if (s->after.n > 0) {
			put_new(w, &b, s);
		}
	}
	dg_buf_puts(&b, "</Changes></ChangeBatch></ChangeResourceRecordSetsRequest>");
	*call = (struct dg_api_call){
		.method = "POST",
		.path = dg_printf(w->arena, ROOT "/hostedzone/%s/rrset", w->id),
		.body = dg_strdup(w->arena, b.data),
	};
	dg_buf_done(&b);
}

static int status_of(struct dg_api_work *w, const json_t *root)
{
	const json_t *info = dg_xml_child(root, "ChangeInfo");
	const char *status = dg_xml_text(info, "Status");

	w->ticket = id_of(w, dg_xml_text(info, "Id"));
	if (!status || !w->ticket) {
		return dg_api_bad(w, "no ChangeInfo");
	}
	return strcmp(status, "INSYNC") != 0;
}

static int changed(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	return status_of(w, dg_xml_child(reply->json, "ChangeResourceRecordSetsResponse"));
}

static void poll(struct dg_api_work *w, struct dg_api_call *call)
{
	call->path = dg_printf(w->arena, ROOT "/change/%s", w->ticket);
}

static int polled(struct dg_api_work *w, const struct dg_api_reply *reply)
{
	return status_of(w, dg_xml_child(reply->json, "GetChangeResponse"));
}

static bool says(const struct dg_api_reply *reply, const char *words)
{
	return memmem(reply->body, reply->len, words, strlen(words)) != NULL;
}

static bool is_conflict(const struct dg_api_reply *reply)
{
	return reply->status == 400 && says(reply, "InvalidChangeBatch") &&
	       (says(reply, "do not match the current values") || says(reply, "not found") ||
		       says(reply, "already exists"));
}

static bool is_busy(const struct dg_api_reply *reply)
{
	return reply->status == 400 &&
	       (says(reply, "<Code>Throttling") || says(reply, "<Code>PriorRequestNotComplete"));
}

static const char *const headers[] = {
	"Accept: application/xml", "Content-Type: application/xml", NULL};

static const struct dg_api_dialect dialect = {
	.headers = headers,
	.flags = DG_API_BATCH | DG_API_XML,
	.batch_max = BATCH_MAX,
	.open = load_keys,
	.sign = sign,
	.find = find,
	.found = found,
	.list = list,
	.listed = listed,
	.change = change,
	.changed = changed,
	.poll = poll,
	.polled = polled,
	.is_conflict = is_conflict,
	.is_busy = is_busy,
};

static int open_it(struct dg_provider *p, struct dg_err *err)
{
	return dg_api_open(p, &dialect, err);
}

const struct dg_provider_ops dg_provider_route53 = {
	.name = "route53",
	.caps = DG_CAP_ATOMIC | DG_CAP_CAS | DG_CAP_MARKER | DG_CAP_WHOLE_ZONE | DG_CAP_PUBLISHED,
	.limits =
		{
			.ttl_min = 0,
			.ttl_max = DG_TTL_MAX,
			.txt_max = 4000,
			.null_mx = DG_NULL_MX_ACCEPTED,
			.transaction = DG_TRANSACTION_SWAP,
			.rate = "50 at once, then 10 a second for each account",
			.verified_on = "2026-08-22 (documentation, dnscontrol)",
			.pace = {.n = 9, .per_s = 1, .burst = 20},
			.doubts = "The bounds of TTLs, and the longest TXT: 4000 octets are a "
				  "guess that "
				  "is on the safe side of its limit for one value.",
		},
	.schema = &dg_schema_route53,
	DG_API_OPS(open_it),
};
