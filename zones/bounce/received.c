/* zones/bounce/received.c: one Received line (RFC 5321 section 4.4, RFC 3848), as MTAs really write it.
 *
 * The address of the client: text between "from" and the "by" that stands outside of parentheses; arguments of helo= are not looked at; an
 * address in brackets or parentheses beats a bare one; of several the last. */
#include "zones/bounce/parts.h"

struct line {
	struct dg_span from, by, with, id,
		recipient; /* what stands behind each word, comments in it */
	struct dg_span all;
};

/* --- words outside of comments ------------------------------------------------------------------ */
static size_t skip_comment(struct dg_span s, size_t at)
{
	unsigned depth = 0;

	for (; at < s.n; at++) {
		depth += s.p[at] == '(';
		if (s.p[at] == ')' && --depth == 0) {
			return at + 1;
		}
	}
	return s.n;
}

static struct dg_span *section(struct line *l, struct dg_span word)
{
	if (dg_span_is(word, DG_SPAN("from"))) {
		return &l->from;
	}
	if (dg_span_is(word, DG_SPAN("by"))) {
		return &l->by;
	}
	if (dg_span_is(word, DG_SPAN("with"))) {
		return &l->with;
	}
	if (dg_span_is(word, DG_SPAN("id"))) {
		return &l->id;
	}
	return dg_span_is(word, DG_SPAN("for")) ? &l->recipient : NULL;
}

static void split(struct line *l, struct dg_span s)
{
	struct dg_span *open = NULL;
	size_t at = 0;

	while (at < s.n) {
		size_t begin = at;

		if (s.p[at] == '(') {
			at = skip_comment(s, at);
		} else if (dg_is_blank(s.p[at])) {
			at++;
			continue;
		} else {
			while (at < s.n && !dg_is_blank(s.p[at]) && s.p[at] != '(') {
				at++;
			}
			struct dg_span *next =
				section(l, (struct dg_span){s.p + begin, at - begin});
			if (next && next->n == 0) {
				open = next;
				*open = (struct dg_span){s.p + at, 0};
				continue;
			}
		}
		if (open) {
			open->n = (size_t)(s.p + at - open->p);
		}
	}
}

/* --- the client ---------------------------------------------------------------------------------- */
struct seen {
	struct dg_address address;
	bool has_address, is_bracketed;
	struct dg_span at; /* the address in the text */
};

static bool is_address_char(char c)
{
	return dg_is_alnum(c) || c == '.' || c == ':';
}

static struct dg_span literal(struct dg_span word)
{
	if (dg_span_begins(word, DG_SPAN("ipv6:"))) {
		return dg_span_cut(word, 5);
	}
	while (word.n > 0 && (word.p[word.n - 1] == '.' || word.p[word.n - 1] == ':')) {
		word.n--;
	}
	return word;
}

static bool parse_address(struct dg_span word, struct dg_address *ret_address)
{
	struct dg_span s = literal(word);
	size_t colon = dg_span_char(s, ':');

	if (s.n < 3 || (dg_span_char(s, '.') == DG_NOWHERE && colon == DG_NOWHERE)) {
		return false;
	}
	if (dg_address_parse(s.p, s.n, ret_address) == 0) {
		return true;
	}
	/* "192.0.2.1:50791" */
	return colon != DG_NOWHERE && dg_span_char(dg_span_head(s, colon), '.') != DG_NOWHERE &&
	       dg_address_parse(s.p, colon, ret_address) == 0;
}

static bool is_helo_word(struct dg_span word)
{
	return dg_span_is(word, DG_SPAN("helo")) || dg_span_is(word, DG_SPAN("ehlo"));
}

/* The argument of HELO, from at on: behind "helo=" or "HELO ". */
static size_t skip_helo(struct dg_span s, size_t at, struct dg_span *ret_helo)
{
	while (at < s.n && (dg_is_blank(s.p[at]) || s.p[at] == '=')) {
		at++;
	}
	size_t begin = at;
	while (at < s.n && !dg_is_blank(s.p[at]) && s.p[at] != ')') {
		at++;
	}
	*ret_helo = (struct dg_span){s.p + begin, at - begin};
	return at;
}

static void look_at(struct dg_span s, size_t begin, size_t end, struct seen *seen)
{
	struct dg_span word = {s.p + begin, end - begin};
	bool is_bracketed = begin > 0 && (s.p[begin - 1] == '[' || s.p[begin - 1] == '(');
	struct dg_address address;

	if ((begin > 0 && (s.p[begin - 1] == '-' || s.p[begin - 1] == '_')) ||
		(seen->is_bracketed && !is_bracketed) || !parse_address(word, &address)) {
		return;
	}
	*seen = (struct seen){address, true, is_bracketed || seen->is_bracketed, word};
}

static void client(struct dg_span s, struct seen *seen, struct dg_span *ret_helo)
{
	size_t at = 0;

	while (at < s.n) {
		if (!is_address_char(s.p[at])) {
			at++;
			continue;
		}
		size_t begin = at;
		while (at < s.n && (is_address_char(s.p[at]) || s.p[at] == '-')) {
			at++;
		}
		if (is_helo_word((struct dg_span){s.p + begin, at - begin})) {
			at = skip_helo(s, at, ret_helo);
		} else {
			look_at(s, begin, at, seen);
		}
	}
}

/* The name that a comment holds beside the address: "(mx.example.com [192.0.2.1])". */
static struct dg_span comment_name(struct dg_span from, const struct seen *seen)
{
	struct dg_span before = {from.p, (size_t)(seen->at.p - from.p)};
	size_t open = before.n;

	while (open > 0 && before.p[open - 1] != '(') {
		open--;
	}
	if (open == 0) {
		return (struct dg_span){"", 0};
	}
	struct dg_span name = dg_span_trim(dg_span_cut(before, open));
	while (name.n > 0 && (name.p[name.n - 1] == '[' || dg_is_blank(name.p[name.n - 1]) ||
				     name.p[name.n - 1] == '.')) {
		name.n--;
	}
	size_t at = dg_span_char(name, '@'); /* "(IDENT:root@mx.example.com [192.0.2.1])" */
	name = at == DG_NOWHERE ? name : dg_span_cut(name, at + 1);
	for (size_t i = 0; i < name.n; i++) {
		if (!dg_is_alnum(name.p[i]) && !strchr(".-_", name.p[i])) {
			return (struct dg_span){"", 0};
		}
	}
	return name;
}

/* --- who handed it over --------------------------------------------------------------------------- */
static struct dg_span until(struct dg_span s, const char *ends)
{
	size_t n = 0;

	s = dg_span_trim(s);
	while (n < s.n && !strchr(ends, s.p[n])) {
		n++;
	}
	return dg_span_head(s, n);
}

/* What each MTA writes of a client that logged in; the user stands behind it, where there is one. */
static const struct dg_span logins[] = {
	{"authenticated sender:", 21},
	{"authenticated sender ", 21},
	{"authenticated user:", 19},
	{"authenticated user ", 19},
	{"authenticated id:", 17},
	{"authenticated as ", 17},
	{"authenticated_sender:", 21},
	{"auth user ", 10},
	{"(account ", 9},
	{"(smtp-auth username ", 20},
	{"(auth: ", 7},
	{"(auth:", 6},
	{"login=", 6},
	{"auth=", 5},
};

static const struct dg_span local_users[] = {
	{"from userid ", 12},
	{"invoked by uid ", 15},
	{"invoked by alias", 16},
};

static bool find_user(
	struct dg_span all, const struct dg_span *words, size_t n, struct dg_span *ret_user)
{
	for (size_t i = 0; i < n; i++) {
		size_t at = dg_span_find(all, words[i]);

		if (at != DG_NOWHERE) {
			*ret_user = until(dg_span_cut(all, at + words[i].n), ") \t\r\n;,");
			return true;
		}
	}
	return false;
}

/* RFC 3848: ESMTPA, ESMTPSA, and older words for it. */
static bool is_login_protocol(struct dg_span with)
{
	static const struct dg_span words[] = {{"esmtpa", 6}, {"esmtpsa", 7}, {"asmtp", 5},
		{"lmtpa", 5}, {"lmtpsa", 6}, {"utf8smtpa", 9}, {"utf8smtpsa", 10}, {"esmtpas", 7},
		{"smtpa", 5}, {"smtpsa", 6}};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (dg_span_is(with, words[i])) {
			return true;
		}
	}
	return false;
}

static void client_kind(
	struct dg_reading *r, const struct line *l, struct dg_span with, struct dg_bounce_hop *hop)
{
	struct dg_span user = {"", 0};

	bool may_say = dg_span_has(l->all, DG_SPAN("auth")) ||
		       dg_span_has(l->all, DG_SPAN("(account ")) ||
		       dg_span_has(l->all, DG_SPAN("login="));
	hop->is_authenticated =
		(may_say && find_user(l->all, logins, sizeof(logins) / sizeof(logins[0]), &user)) ||
		is_login_protocol(with) ||
		(may_say && dg_span_has(l->all, DG_SPAN("(authenticated")));
	if (!hop->is_authenticated) {
		hop->is_local = find_user(l->all, local_users,
					sizeof(local_users) / sizeof(local_users[0]), &user) ||
				dg_span_has(l->from, DG_SPAN("@localhost")) ||
				dg_span_is(with, DG_SPAN("local"));
	}
	if (hop->has_address && dg_address_special(&hop->address)) {
		hop->is_local =
			hop->is_local || strcmp(dg_address_special(&hop->address), "loopback") == 0;
	}
	hop->user = dg_clean(r, user);
}

static struct dg_span first_word(struct dg_span s)
{
	struct dg_span word;

	s = dg_span_trim(s);
	if (s.n > 0 && s.p[0] == '(') {
		return (struct dg_span){"", 0};
	}
	(void)dg_word_next(&s, &word);
	while (word.n > 0 && strchr(";,", word.p[word.n - 1])) {
		word.n--;
	}
	return word;
}

static struct dg_span unbracketed(struct dg_span s)
{
	while (s.n > 0 && strchr("<([", s.p[0])) {
		s = dg_span_cut(s, 1);
	}
	while (s.n > 0 && strchr(">)].", s.p[s.n - 1])) {
		s.n--;
	}
	return s;
}

void dg_hop_parse(struct dg_reading *r, struct dg_span value, struct dg_bounce_hop *ret_hop)
{
	struct line l = {.all = value};
	struct seen seen = {0};
	struct dg_span helo = {"", 0};
	size_t semicolon = value.n;

	while (semicolon > 0 && value.p[semicolon - 1] != ';') {
		semicolon--;
	}
	split(&l, semicolon > 0 ? dg_span_head(value, semicolon - 1) : value);
	client(l.from, &seen, &helo);
	struct dg_span first = unbracketed(first_word(l.from));
	struct dg_span name = {"", 0};
	if (seen.has_address) {
		name = comment_name(l.from, &seen);
	}
	if (helo.n > 0) { /* the word in front is what the address resolved to (Exim, qmail) */
		name = name.n > 0 ? name : first;
	} else {
		helo = first;
	}
	*ret_hop = (struct dg_bounce_hop){.text = dg_clean(r, value),
		.helo = dg_clean(r, unbracketed(helo)),
		.name = dg_clean(r, name),
		.by = dg_clean(r, unbracketed(first_word(l.by))),
		.with = dg_clean(r, first_word(l.with)),
		.id = dg_clean(r, unbracketed(first_word(l.id))),
		.recipient = dg_clean(r, unbracketed(first_word(l.recipient))),
		.at = dg_date_parse(semicolon > 0 ? dg_span_cut(value, semicolon) : value),
		.has_address = seen.has_address,
		.address = seen.address};
	client_kind(r, &l, first_word(l.with), ret_hop);
}
