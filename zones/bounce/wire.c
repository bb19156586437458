#include "zones/bounce/wire.h"

#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/bounce/bounce.h"

#include <string.h>

/* One walk over the fields reads and writes them, so that both agree. */
struct codec {
	struct dg_buf *out; /* NULL: reading */
	struct dg_arena *arena;
	const char *p;
	size_t n;
	bool is_bad;
};

static const char *take(struct codec *c, size_t n)
{
	const char *p = c->p;

	if (c->is_bad || n > c->n) {
		c->is_bad = true;
		return NULL;
	}
	c->p += n;
	c->n -= n;
	return p;
}

static void number(struct codec *c, uint64_t *value, size_t width)
{
	unsigned char octets[8] = {0};

	if (c->out) {
		for (size_t i = 0; i < width; i++) {
			octets[i] = (unsigned char)(*value >> (8 * i) & 0xff);
		}
		dg_buf_put(c->out, octets, width);
		return;
	}
	const char *p = take(c, width);
	*value = 0;
	for (size_t i = 0; p && i < width; i++) {
		*value |= (uint64_t)(unsigned char)p[i] << (8 * i);
	}
}

static void size(struct codec *c, size_t *value)
{
	uint64_t n = *value;

	number(c, &n, 4);
	*value = n;
}

/* A number of things, of which there may be max. */
static void count(struct codec *c, size_t *value, size_t max)
{
	size(c, value);
	if (*value > max) {
		*value = 0;
		c->is_bad = true;
	}
}

static void word(struct codec *c, unsigned *value, unsigned max)
{
	uint64_t n = *value;

	number(c, &n, 1);
	*value = (unsigned)n;
	if (n > max) {
		*value = 0;
		c->is_bad = true;
	}
}

static void flag(struct codec *c, bool *value)
{
	unsigned n = *value;

	word(c, &n, 1);
	*value = n == 1;
}

static void moment(struct codec *c, int64_t *value)
{
	uint64_t n = (uint64_t)*value;

	number(c, &n, 8);
	*value = (int64_t)n;
}

static void text(struct codec *c, const char **value)
{
	uint64_t n = 0;

	if (c->out) {
		n = strlen(*value);
		number(c, &n, 2);
		dg_buf_put(c->out, *value, n + 1);
		return;
	}
	number(c, &n, 2);
	const char *p = n <= DG_BOUNCE_TEXT_MAX ? take(c, n + 1) : NULL;
	if (!p || memchr(p, '\0', n + 1) != p + n) {
		c->is_bad = true;
		p = "";
	}
	*value = p;
}

static void address(struct codec *c, struct dg_address *value)
{
	flag(c, &value->is_ip6);
	if (c->out) {
		dg_buf_put(c->out, value->octets, sizeof(value->octets));
		return;
	}
	const char *p = take(c, sizeof(value->octets));
	if (p) {
		memcpy(value->octets, p, sizeof(value->octets));
	}
}

static void hop(struct codec *c, struct dg_bounce_hop *h)
{
	const char **texts[] = {
		&h->text, &h->helo, &h->name, &h->by, &h->with, &h->id, &h->recipient, &h->user};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		text(c, texts[i]);
	}
	moment(c, &h->at);
	flag(c, &h->has_address);
	flag(c, &h->is_authenticated);
	flag(c, &h->is_local);
	if (h->has_address) {
		address(c, &h->address);
	}
}

static void head(struct codec *c, struct dg_bounce_head *h)
{
	const char **texts[] = {&h->from, &h->return_path, &h->to, &h->delivered_to, &h->subject,
		&h->message_id, &h->date, &h->auto_submitted, &h->precedence, &h->list_id,
		&h->x_originating_ip, &h->x_php_script, &h->x_mailer};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		text(c, texts[i]);
	}
	moment(c, &h->at);
	flag(c, &h->has_return_path);
	flag(c, &h->is_null);
	size(c, &h->n_fields);
	size(c, &h->n_hops_dropped);
	count(c, &h->n_signatures, DG_BOUNCE_DKIM_MAX);
	for (size_t i = 0; i < h->n_signatures; i++) {
		text(c, &h->signatures[i].domain);
		text(c, &h->signatures[i].selector);
	}
	count(c, &h->n_hops, DG_BOUNCE_HOPS_MAX);
	if (!c->out && h->n_hops > 0) {
		h->hops = dg_newn(c->arena, struct dg_bounce_hop, h->n_hops);
	}
	for (size_t i = 0; i < h->n_hops; i++) {
		hop(c, &h->hops[i]);
	}
}

static void recipient(struct codec *c, struct dg_bounce_recipient *r)
{
	text(c, &r->address);
	text(c, &r->original);
	text(c, &r->status);
	text(c, &r->diagnostic);
	text(c, &r->remote_mta);
	word(c, &r->action, DG_BOUNCE_ACTION_EXPANDED);
}

static void handoff(struct codec *c, struct dg_bounce_handoff *h)
{
	flag(c, &h->has_address);
	address(c, &h->address);
	count(c, &h->hop, DG_BOUNCE_HOPS_MAX - 1);
	text(c, &h->organisation);
	text(c, &h->via);
	text(c, &h->why);
}

static void heads(struct codec *c, struct dg_bounce *b)
{
	bool has_inner = b->innermost != NULL;

	head(c, &b->outer);
	head(c, &b->original);
	flag(c, &has_inner);
	if (!c->out && has_inner) {
		b->innermost = dg_new(c->arena, struct dg_bounce_head);
	}
	if (has_inner) {
		head(c, b->innermost);
	}
}

static void record(struct codec *c, struct dg_bounce *b)
{
	const char **texts[] = {&b->shape, &b->basis, &b->reporting_mta, &b->reporting_organisation,
		&b->arrival_date, &b->feedback_type, &b->source_ip, &b->reported_domain,
		&b->original_mail_from, &b->original_rcpt_to};

	word(c, &b->kind, DG_BOUNCE_UNREADABLE);
	word(c, &b->form, DG_BOUNCE_FORM_FEED);
	word(c, &b->original_is, DG_BOUNCE_ORIGINAL_MESSAGE);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		text(c, texts[i]);
	}
	heads(c, b);
	moment(c, &b->arrived_at);
	size(c, &b->n_recipients_dropped);
	count(c, &b->n_recipients, DG_BOUNCE_RECIPIENTS_MAX);
	if (!c->out && b->n_recipients > 0) {
		b->recipients = dg_newn(c->arena, struct dg_bounce_recipient, b->n_recipients);
	}
	for (size_t i = 0; i < b->n_recipients; i++) {
		recipient(c, &b->recipients[i]);
	}
	size(c, &b->original_at);
	size(c, &b->original_len);
	count(c, &b->n_nested, DG_BOUNCE_NESTED_MAX);
	handoff(c, &b->handoff);
	flag(c, &b->has_first_public);
	address(c, &b->first_public);
	flag(c, &b->is_cut);
	flag(c, &b->by_library);
}

void dg_bounce_encode(const struct dg_bounce *b, struct dg_buf *out)
{
	struct codec c = {.out = out};
	struct dg_bounce copy = *b; /* writing changes nothing, its type does not say so */

	record(&c, &copy);
}

int dg_bounce_decode(struct dg_arena *a, const char *p, size_t len, struct dg_bounce *ret_bounce)
{
	struct codec c = {.arena = a, .p = p, .n = len};
	struct dg_bounce b = {0};

	record(&c, &b);
	if (c.is_bad || c.n > 0 || b.original_at + b.original_len > DG_BOUNCE_READ_MAX ||
		(b.handoff.has_address &&
			b.handoff.hop >= (b.innermost ? b.innermost : &b.original)->n_hops)) {
		return 1;
	}
	*ret_bounce = b;
	return 0;
}
