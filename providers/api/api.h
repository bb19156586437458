/* providers/api/api.h: what providers behind an HTTP API share; each of them brings its dialect.
 *
 * Shape    A dialect says how the zone is found, listed and changed: it writes the calls and reads the answers. The rest stands here: key
 *          files, paging, retries, comparing with what stands there, the order of the edits, what an answer means.
 * Read     find (once for each zone and open provider), then list, page by page: always the whole zone, so that what
 *          was not seen is known not to be there.
 * Apply    The same, then every swap's before must be what stands there (TTL too), else CONFLICT; then one change() for each edit, or
 *          for many in one call where the API takes them together; then poll() until it is done, and publish(). A dry run ends before the first change().
 * Answers  A write that was refused (4xx) changed nothing; of one without an answer, with 5xx or with one that is not understood nobody
 *          knows (DG_UNKNOWN). After the first edit that went through a failure is DG_PARTIAL.
 * Retries  Reading: 429, 5xx and no connection, with growing waits (half of each is random), and Retry-After. Writing: 429 only, since
 *          that surely did nothing. No wait goes beyond the deadline: what is left of it comes back as err.retry_after_s.
 * Pace     Calls go at the rate that the provider declares (limits.pace, or the option calls-per-minute), for each account: all of a process with the same url
 *          and key file. Who is told to slow down (429) makes the whole account wait. Where nothing is declared, each call is tried, and waits for itself.
 * Text     TXT is compared and kept as strings of 255 octets: not every API keeps the boundaries. What stays in an RRset that
 *          is replaced goes back as it came.
 * Trust    Answers are bounded (DG_API_REPLY_MAX, DG_API_PAGES_MAX, DG_API_RECORDS_MAX), duplicate keys are refused, ids that would
 *          change the path of a URL are refused, and text of the other side is shown without control characters and never with a key.
 * Memory   A work lives in its request's arena, what is known of zones in the open provider's.
 */
#pragma once

#include "providers/net/http.h"
#include "providers/net/pace.h"
#include "providers/net/secret.h"
#include "providers/net/url.h"
#include "providers/provider.h"
#include "zones/base/map.h"
#include "zones/policy/schema.h"
#include "zones/record/rewrite.h"

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DG_API_REPLY_MAX   (8u << 20)
#define DG_API_PAGES_MAX   2000u
#define DG_API_RECORDS_MAX 200000u
#define DG_API_TRIES       5u
#define DG_API_POLLS_MAX   40u
#define DG_API_ID_MAX      256u
#define DG_API_TXT_MAX     65000u
#define DG_API_SECRETS     3u

struct dg_api;
struct dg_api_work;

/* One record, or all of an RRset where the API has RRsets: then several of these have the same id. */
struct dg_api_record {
	const char *id; /* "" where the API has none */
	const char *owner;
	const char *text; /* as it came */
	struct dg_rdata rdata;
	uint32_t ttl;
	uint16_t type;
};

/* One thing to change: a record (the dialect is PER_RECORD) or a whole RRset. */
struct dg_api_op {
	enum dg_edit_kind kind;
	const struct dg_swap *swap;
	const struct dg_api_record
		*old; /* UPDATE, DELETE: what stands there; of an RRset its first record */
	const struct dg_rdata *rdata; /* UPDATE, CREATE of a record; NULL: all of swap->after */
	bool is_ttl;                  /* TTL_APART: the TTL alone; else the records alone */
};

struct dg_api_call {
	const char *method;         /* NULL: "GET" */
	const char *path;           /* behind the option url: "/v1/zones"; in the work's arena */
	const char *url;            /* whole, instead of path; NULL */
	const char *body;           /* NULL: none */
	const char *const *headers; /* beside the dialect's; NULL */
	bool is_unsigned;           /* no auth header: it is what gets the key */
};

struct dg_api_reply {
	long status;
	json_t *json; /* NULL: it is not JSON, or empty */
	const char *body;
	size_t len;
	const char *next; /* the query of Link: rel="next"; NULL */
	const char *kept; /* the dialect's kept_name, as it came; NULL */
};

enum dg_api_flag {
	DG_API_PER_RECORD = 1 << 0,
	DG_API_BATCH = 1 << 1,     /* change() takes w->n_batch ops from w->at on */
	DG_API_NEEDS_GAP = 1 << 2, /* see zones/record/rewrite.h */
	DG_API_XML = 1 << 3,       /* answers are XML: providers/api/xml.h makes JSON of it */
	DG_API_UNSURE = 1 << 5,    /* a change that is refused may be done in part */
	DG_API_TTL_APART = 1 << 4, /* an RRset's TTL is changed by a call of its own */
	DG_API_ONE_TTL = 1 << 6,   /* the zone has one TTL for all: w->default_ttl */
};

/* Each take function: 0, or < 0 with w->err: what came is not what it should be. */
struct dg_api_dialect {
	const char
		*auth; /* "Authorization: Bearer "; the key of token-file follows; NULL: sign() */
	const char *const *headers; /* of every call, ends with NULL */
	const char *kept_name;      /* a header field of answers that is handed on; NULL: none */
	unsigned flags;
	unsigned batch_max; /* ops of one change(); 0: all */
	unsigned inflight;  /* works at once; 0: 4 */
	/* More keys than token-file; sets p->limits where options say something about them. NULL: nothing. */
	int (*open)(struct dg_api *p, struct dg_err *err);
	void (*close)(struct dg_api *p); /* NULL: nothing to do */
	/* Takes r elsewhere than to HTTP, and calls r->done() once, later, from the loop. NULL: HTTP. Such a dialect has no option url, and
	 * its open() sets p->host. */
	void (*send)(struct dg_api_work *w, struct dg_http_request *r);
	/* Gets what authorises (a token that lasts); asked for again when it has run out. NULL: token-file is all. */
	void (*login)(struct dg_api_work *w, struct dg_api_call *call);
	int (*logged_in)(struct dg_api_work *w, const struct dg_api_reply *reply);
	/* Sets r's headers for this call. NULL: none but auth. */
	void (*sign)(
		struct dg_api_work *w, const struct dg_api_call *call, struct dg_http_request *r);
	/* Where is the zone? Sets w->id; 1: go on to w->page. NULL: the API goes by the zone's name. */
	void (*find)(struct dg_api_work *w, struct dg_api_call *call);
	int (*found)(struct dg_api_work *w, const struct dg_api_reply *reply);
	/* 0: that was all; 1: go on to w->page (which was NULL at first). */
	void (*list)(struct dg_api_work *w, struct dg_api_call *call);
	int (*listed)(struct dg_api_work *w, const struct dg_api_reply *reply);
	/* w->op is what to do. */
	void (*change)(struct dg_api_work *w, struct dg_api_call *call);
	/* Of an answer with 2xx. 0: done; 1: w->ticket is set, ask poll(). DG_EPOLICY: refused all the same, nothing was changed. NULL: the status is all. */
	int (*changed)(struct dg_api_work *w, const struct dg_api_reply *reply);
	void (*poll)(struct dg_api_work *w, struct dg_api_call *call);
	int (*polled)(struct dg_api_work *w, const struct dg_api_reply *reply); /* 1: not yet */
	/* After the last change: makes it public. NULL: nothing to do. */
	void (*publish)(struct dg_api_work *w, struct dg_api_call *call);
	/* Is this refusal (of a change) one because something else stands there? NULL: 409 and 412 are. */
	bool (*is_conflict)(const struct dg_api_reply *reply);
	/* Is it one of haste, to be tried again? NULL: 429 and 423 are. */
	bool (*is_busy)(const struct dg_api_reply *reply);
};

struct dg_api_options {
	const char *url;
	const char *token_file;
	uint32_t timeout;
	bool insecure_http;
	int null_mx;               /* enum dg_api_null_mx */
	uint32_t calls_per_minute; /* 0: as the limits say */
};

/* What the account does with a null MX, where its owner knows better. */
enum dg_api_null_mx {
	DG_API_NULL_MX_KNOWN, /* as the limits say */
	DG_API_NULL_MX_ACCEPTED,
	DG_API_NULL_MX_REFUSED,
	DG_API_NULL_MX_GAP, /* exclusive, and the moment without an MX is accepted */
};

/* What find() found, kept for the next call. */
struct dg_api_place {
	const char *id;
	uint32_t default_ttl;
};

/* An open provider. */
struct dg_api {
	const struct dg_provider_ops *ops;
	const struct dg_api_dialect *dialect;
	const void *opts; /* of the provider's schema; begins with a struct dg_api_options */
	struct dg_http *http;
	struct dg_loop *loop;
	struct dg_arena *arena;
	struct dg_limits limits;
	struct dg_map zones; /* struct dg_api_place, by zone */
	char host[DG_URL_HOST_MAX];
	char header[128 + DG_SECRET_MAX + 4096]; /* "Authorization: Bearer ..." */
	char keys[2][DG_SECRET_MAX];             /* the dialect's, beside that of token-file */
	char *secrets[DG_API_SECRETS]; /* for redaction; they point into header and keys */
	int64_t login_until_ms;        /* on the loop's clock; 0: not logged in */
	void *priv;                    /* the dialect's, in arena */
	struct dg_net_pace *pace;      /* of the account, or own_pace */
	struct dg_net_pace own_pace;
	unsigned n_running;
	struct dg_api_work *line_first, *line_last;
};

/* One read() or apply() on its way. */
struct dg_api_work {
	struct dg_api *api;
	struct dg_arena *arena;
	struct dg_err *err;
	const char *zone;     /* canonical */
	const char *plain;    /* without the final dot */
	const char *id;       /* what the API calls the zone */
	uint32_t default_ttl; /* of records without one; set by found() */
	const char *page;     /* NULL: the first */
	const char *ticket;
	struct dg_api_record *records;
	size_t n_records, cap_records;
	const char *version; /* what the API says the zone's state is; NULL */
	void *own;           /* the dialect's, in arena */
	/* --- of an apply --- */
	const struct dg_swap *swaps;
	size_t n_swaps;
	struct dg_api_op *ops;
	size_t n_ops;
	size_t at; /* how many are done */
	size_t n_batch;
	const struct dg_api_op *op; /* &ops[at] */
	/* --- the machine's (providers/api/work.c) --- */
	struct dg_read *read;
	struct dg_apply *apply;
	struct dg_api_work *next;
	struct dg_zone *have;
	int state;
	unsigned n_tries, n_pages, n_polls;
	bool has_turn;               /* and waits for it */
	int64_t deadline_ms, due_ms; /* what there is from the moment it begins; and until when */
	struct dg_api_call call;
	struct dg_http_request request;
	const char *headers[12];
};

/* --- for a provider's ops ----------------------------------------------------------------------- */
int dg_api_open(struct dg_provider *p, const struct dg_api_dialect *d, struct dg_err *err);
void dg_api_close(struct dg_provider *p);
void dg_api_read(struct dg_provider *p, struct dg_read *r);
void dg_api_apply(struct dg_provider *p, struct dg_apply *a);
int dg_api_check(struct dg_provider *p, const struct dg_swap *swaps, size_t n, struct dg_err *err);
const char *dg_api_describe(const struct dg_provider *p, const char *zone, char *buf, size_t len);
const struct dg_limits *dg_api_limits(const struct dg_provider *p);

#define DG_API_OPS(the_open)                                                                   \
	.open = (the_open), .close = dg_api_close, .read = dg_api_read, .check = dg_api_check, \
	.apply = dg_api_apply, .describe = dg_api_describe, .limits_of = dg_api_limits

extern const char *const dg_api_null_mx_words[];

/* clang-format off */
#define DG_API_FIELDS_BARE(base) \
	DG_FIELD_STRING(struct dg_api_options, url, 8, 300, .dflt = (base), \
		.help = "Where the API is. Plain http is taken for loopback only, unless `insecure-http` is set."), \
	DG_FIELD_DURATION(struct dg_api_options, timeout, 1, 600, .dflt = "30s", \
		.help = "How long one request may take."), \
	DG_FIELD_BOOL(struct dg_api_options, insecure_http, .dflt = "false", \
		.help = "Allow plain http to a host that is not this one."), \
	DG_FIELD_ENUM(struct dg_api_options, null_mx, dg_api_null_mx_words, .dflt = "as-known", \
		.help = "What the account does with a null MX, where you know better than doc/providers.md: `accepted`, `refused`, or " \
			"`with-a-gap` (it must be alone, and you accept that for a moment there is no MX at all)."), \
	DG_FIELD_U32(struct dg_api_options, calls_per_minute, 30, 6000000, \
		.help = "How many calls the account may make in a minute, where you know better than doc/providers.md. They are spread over it.")
#define DG_API_FIELDS(base) \
	DG_API_FIELDS_BARE(base), \
	DG_FIELD_SECRET(struct dg_api_options, token_file, .is_required = true, \
		.help = "File with the API token, and nothing else, that others cannot read.", .example = "api.token")
/* clang-format on */

/* --- for dialects ------------------------------------------------------------------------------- */
/* A record as it came, with its type as text. value is presentation form; absolute: names in it end with or without a final dot, and are whole.
 * Types that are not read keep only that their owner exists. */
struct dg_api_raw {
	const char *id;     /* NULL: none */
	const char *owner;  /* text */
	const char *origin; /* relative names are under it; NULL: the owner is whole */
	const char *type;
	const char *value;
	json_int_t ttl;
	json_int_t preference; /* of an MX whose value is the host alone; -1: it stands in value */
	bool is_plain_txt;     /* value is the text itself, not quoted strings */
};
int dg_api_add(struct dg_api_work *w, const struct dg_api_raw *raw);

/* DG_EREMOTE: "the answer of HOST is not understood: what". */
int dg_api_bad(struct dg_api_work *w, const char *what);
/* A member of an object; NULL and -1: it is not of that type. */
const char *dg_api_text(const json_t *o, const char *key);
json_int_t dg_api_int(const json_t *o, const char *key);
/* An id of the other side, a text or a number, in the work's arena. NULL: none, or not one that may stand in a path. */
const char *dg_api_id(struct dg_api_work *w, const json_t *id);
/* One header field more, for sign(). line in the work's arena, or static. */
void dg_api_header(struct dg_api_work *w, const char *line);
/* sign() where a call with a body is JSON, but not the one that login() makes, which brings a Content-Type of its own. */
void dg_api_json_type(
	struct dg_api_work *w, const struct dg_api_call *call, struct dg_http_request *r);
/* "Basic" authorisation (RFC 7617) by token-file, which holds the token and second, which holds its secret, or by token-file alone. */
int dg_api_basic(
	struct dg_api *p, const char *second_option, const char *second, struct dg_err *err);
/* A token that login() got: goes behind the dialect's auth for so many seconds. DG_EREMOTE: it is not one. */
int dg_api_logged_in(struct dg_api_work *w, const char *token, json_int_t seconds);
/* Keeps w->id and w->default_ttl of the zone for the next call; the machine does so after found(). */
void dg_api_remember(struct dg_api_work *w);
/* Percent-encoded for one segment of a path or a value of a query. */
const char *dg_api_escape(struct dg_arena *a, const char *text);
/* The owner relative to the zone, "@" (or apex) for the zone itself. */
const char *dg_api_label(struct dg_api_work *w, const char *owner, const char *apex);
/* Presentation form of one record: as it came where it stood there before. */
const char *dg_api_value(struct dg_api_work *w, const struct dg_swap *s, const struct dg_rdata *rd);
/* ["10 mx.", ...] of an RRset. */
json_t *dg_api_values(struct dg_api_work *w, const struct dg_swap *s, const struct dg_rrset *set);
/* Takes json over; its text in the work's arena. */
const char *dg_api_body(struct dg_api_work *w, json_t *json);
const char *dg_api_type(struct dg_api_work *w, uint16_t type);
/* What the other side says is wrong, from JSON of any known shape or plain text; safe, short, without secrets. */
const char *dg_api_words(struct dg_api_work *w, const struct dg_api_reply *reply);

/* --- inside providers/api ------------------------------------------------------------------------ */
/* w->call, when its turn comes; dg_api_on_reply() or dg_api_held_back() from the loop. */
void dg_api_send(void *arg); /* a work */
void dg_api_on_reply(struct dg_http_request *r, int rc);
void dg_api_held_back(void *arg);
/* w->records as a sealed zone: whole, or what the keys ask for. */
struct dg_zone *dg_api_zone(struct dg_api_work *w);
/* 0, or DG_ECONFLICT: what stands there is not before. */
int dg_api_compare(struct dg_api_work *w);
void dg_api_make_ops(struct dg_api_work *w);
/* A status other than success, in words: into w->err. */
void dg_api_explain(struct dg_api_work *w, const struct dg_api_reply *reply);
/* Only the query of the next page is taken: where it is asked for, we know. NULL: none, or not one that may stand in a URL. */
const char *dg_api_query(struct dg_arena *a, const char *next);
const struct dg_api_options *dg_api_options(const struct dg_api *p);
