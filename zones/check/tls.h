/* zones/check/tls.h: what the rules about transport encryption ask of one another. Inside zones/check only. */
#pragma once

#include "zones/check/rule.h"

bool check_has_sts(struct check *c);  /* exactly one MTA-STS record stands there */
bool check_has_dane(struct check *c); /* an MX host has TLSA records, secure or not */
/* What the records of one kind are known by. */
struct text_kind {
	bool (*is_record)(const char *text, size_t len);
	const char *near;    /* what they begin with in a looser reading ("v=sts") */
	const char *several; /* code of the finding when there is more than one */
};

/* The one record of that kind, NULL: none, several or not known. When none is, the first that is near goes to *ret_near. */
const char *check_only_text(struct check *c, const char *owner, const struct dg_fact *fact,
	const struct text_kind *kind, const char **ret_near);
