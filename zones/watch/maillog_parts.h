/* zones/watch/maillog_parts.h: between maillog.c (lines, stamps, the join) and the tables of each mail server. */
#pragma once

#include "zones/watch/maillog.h"

#include <string.h>

/* What is known of one message, by its queue id. */
#define DG_ID_TEXT 88u
struct dg_id {
	uint64_t key;  /* 0: free */
	uint32_t used; /* a clock of look-ups: the oldest of a bucket makes room */
	bool is_outside, is_null, has_sender;
	bool is_taken; /* the line that says how it came in was seen */
	uint8_t client_len;
	uint8_t text_len; /* the sender; Sendmail: unknown recipients seen before the sender, NUL between */
	uint8_t user_len;
	char client[DG_ID_TEXT / 2];
	char text[DG_ID_TEXT];
	char user[DG_ID_TEXT / 2]; /* who logged in, cut */
	uint64_t message;          /* of its Message-ID; 0: not known */
};

/* One line on its way. */
struct dg_line {
	struct dg_maillog *log;
	struct dg_text stamp; /* read only when there is an event */
	const char *p, *end;  /* what is left of it */
};

typedef void dg_line_reader(struct dg_line *l);
dg_line_reader dg_line_postfix;   /* p: the program's name, "smtpd[132]: ..." */
dg_line_reader dg_line_exim;      /* p: after the stamp */
dg_line_reader dg_line_sendmail;  /* p: after "]: " */
dg_line_reader dg_line_opensmtpd; /* p: after "]: " */

struct dg_id *dg_id_get(struct dg_maillog *m, struct dg_text id);  /* NULL: not known */
struct dg_id *dg_id_make(struct dg_maillog *m, struct dg_text id); /* known, or a new one */
void dg_id_drop(struct dg_maillog *m, struct dg_text id);
void dg_id_client(struct dg_id *i, struct dg_text client); /* and whether it is outside */
void dg_id_sender(struct dg_id *i, struct dg_text sender); /* empty: the null sender */
void dg_id_user(struct dg_id *i, struct dg_text user);

void dg_line_event(
	struct dg_line *l, enum dg_mail_kind kind, struct dg_text address, struct dg_text client);
/* All but the time is set. */
void dg_line_event_of(struct dg_line *l, struct dg_mail_event *e);
/* A message is on its way to that recipient. */
void dg_line_passed(struct dg_line *l, const struct dg_id *i, struct dg_text rcpt, bool is_remote);
/* A message's recipient was delivered to, or not: what that means by what is known of the message. */
void dg_line_delivered(struct dg_line *l, const struct dg_id *i, struct dg_text rcpt,
	bool is_bounced, bool is_remote);

/* --- reading ---------------------------------------------------------------------------------- */
#define DG_WORD(s)                  \
	{                           \
		"" s, sizeof(s) - 1 \
	} /* in an initializer */
#define DG_LITERAL(s) (struct dg_text) DG_WORD(s)

static inline bool dg_eat(struct dg_line *l, struct dg_text word)
{
	if ((size_t)(l->end - l->p) < word.n || memcmp(l->p, word.p, word.n) != 0) {
		return false;
	}
	l->p += word.n;
	return true;
}

/* Up to the character, which is eaten too. False: it is not there, nothing is eaten. */
static inline bool dg_until(struct dg_line *l, char c, struct dg_text *ret_text)
{
	const char *at = memchr(l->p, c, (size_t)(l->end - l->p));

	if (!at) {
		return false;
	}
	*ret_text = (struct dg_text){l->p, (size_t)(at - l->p)};
	l->p = at + 1;
	return true;
}

/* Goes on after the word, wherever it comes next. */
static inline bool dg_find(struct dg_line *l, struct dg_text word)
{
	const char *at = memmem(l->p, (size_t)(l->end - l->p), word.p, word.n);

	if (at) {
		l->p = at + word.n;
	}
	return at != NULL;
}

static inline bool dg_text_has(struct dg_text t, struct dg_text word)
{
	return memmem(t.p, t.n, word.p, word.n) != NULL;
}

static inline struct dg_text dg_rest(const struct dg_line *l)
{
	return (struct dg_text){l->p, (size_t)(l->end - l->p)};
}
