/* zones/check/tls.h: what the rules about transport encryption ask of one another. Inside zones/check only. */
#pragma once

#include "zones/check/rule.h"

bool check_has_sts(struct check *c);  /* exactly one MTA-STS record stands there */
bool check_has_dane(struct check *c); /* an MX host has TLSA records, secure or not */
/* The one record that is_record() says yes to, NULL: none, several or not known. near: what such records begin with in a looser
 * reading ("v=sts"); the first that is only near goes to *ret_near. several: code of the finding. */
const char *check_only_text(struct check *c, const char *owner, const struct dg_fact *fact,
	bool (*is_record)(const char *text, size_t len), const char *near, const char *several,
	const char **ret_near);
