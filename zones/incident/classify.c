#include "zones/incident/classify.h"

#include "zones/base/address.h"
#include "zones/incident/evidence.h"

struct row {
	const char *text;
	enum dg_class class;
	enum dg_strength strength;
};

static const struct row rules[DG_RULES] = {
	[DG_RULE_NO_EVIDENCE] = {"no-evidence", DG_CLASS_UNKNOWN, DG_STRENGTH_NONE},
	[DG_RULE_TOKEN_VALID] = {"token-valid", DG_CLASS_OWN, DG_STRENGTH_CERTAIN},
	[DG_RULE_TOKEN_MISSING] = {"token-missing", DG_CLASS_FORGED, DG_STRENGTH_CERTAIN},
	[DG_RULE_SENT] = {"sent", DG_CLASS_OWN, DG_STRENGTH_CERTAIN},
	[DG_RULE_SIGNED] = {"signed", DG_CLASS_OWN, DG_STRENGTH_STRONG},
	[DG_RULE_SIGNED_COPIES] = {"signed-copies", DG_CLASS_UNKNOWN, DG_STRENGTH_NONE},
	[DG_RULE_HANDOFF_FOREIGN] = {"handoff-foreign", DG_CLASS_FORGED, DG_STRENGTH_STRONG},
	[DG_RULE_HANDOFF_STRANGER] = {"handoff-stranger", DG_CLASS_FORGED, DG_STRENGTH_MEDIUM},
	[DG_RULE_FORWARDED] = {"forwarded", DG_CLASS_FORGED, DG_STRENGTH_MEDIUM},
	[DG_RULE_LOGIN] = {"login", DG_CLASS_ACCOUNT, DG_STRENGTH_STRONG},
	[DG_RULE_LOGIN_USUAL] = {"login-usual", DG_CLASS_OWN, DG_STRENGTH_MEDIUM},
	[DG_RULE_SCRIPT] = {"script", DG_CLASS_SCRIPT, DG_STRENGTH_STRONG},
	[DG_RULE_OPEN_RELAY] = {"open-relay", DG_CLASS_RELAY, DG_STRENGTH_STRONG},
	[DG_RULE_INSIDE] = {"inside", DG_CLASS_OWN, DG_STRENGTH_MEDIUM},
	[DG_RULE_THROUGH_OWN] = {"through-own", DG_CLASS_PASSED, DG_STRENGTH_MEDIUM},
	[DG_RULE_PROVIDER] = {"provider", DG_CLASS_PROVIDER, DG_STRENGTH_MEDIUM},
	[DG_RULE_RECIPIENT_NEVER] = {"recipient-never", DG_CLASS_FORGED, DG_STRENGTH_STRONG},
	[DG_RULE_NEVER_SENDS] = {"never-sends", DG_CLASS_FORGED, DG_STRENGTH_STRONG},
};

static const char *const classes[DG_CLASSES] = {
	[DG_CLASS_UNKNOWN] = "unknown",
	[DG_CLASS_FORGED] = "forged",
	[DG_CLASS_RELAY] = "relay",
	[DG_CLASS_ACCOUNT] = "account",
	[DG_CLASS_SCRIPT] = "script",
	[DG_CLASS_PROVIDER] = "provider",
	[DG_CLASS_PASSED] = "through-own",
	[DG_CLASS_OWN] = "own",
};

static const char *const strengths[DG_STRENGTHS] = {
	[DG_STRENGTH_NONE] = "none",
	[DG_STRENGTH_MEDIUM] = "medium",
	[DG_STRENGTH_STRONG] = "strong",
	[DG_STRENGTH_CERTAIN] = "certain",
};

const char *dg_class_text(enum dg_class c)
{
	return classes[c];
}

const char *dg_rule_text(enum dg_rule_code r)
{
	return rules[r].text;
}

const char *dg_strength_text(enum dg_strength s)
{
	return strengths[s];
}

/* Somebody logged in. One who sends from where our people are, or sends a mailing, is taken for one of them. */
static enum dg_rule_code login_rule(const struct dg_evidence *e, const struct dg_owner *o)
{
	const char *provider = NULL;

	if (o->sent) { /* we have a log, and it is not in there (is_sent came first) */
		return DG_RULE_LOGIN;
	}
	if (e->is_bulk || !e->has_entry_client) {
		return DG_RULE_LOGIN_USUAL;
	}
	enum dg_standing s = dg_owner_standing(o, &e->entry_client, "", &provider);
	return s == DG_STANDING_OWN ? DG_RULE_LOGIN_USUAL : DG_RULE_LOGIN;
}

static enum dg_rule_code entry_rule(const struct dg_evidence *e, const struct dg_owner *o)
{
	switch (e->entry) {
	case DG_ENTRY_LOGIN:
		return login_rule(e, o);
	case DG_ENTRY_LOCAL:
		return e->is_bulk ? DG_RULE_INSIDE : DG_RULE_SCRIPT;
	case DG_ENTRY_INSIDE:
		return DG_RULE_INSIDE;
	case DG_ENTRY_OUTSIDE:
		return DG_RULE_OPEN_RELAY;
	case DG_ENTRY_FORWARD:
		return DG_RULE_FORWARDED;
	case DG_ENTRY_NONE:
	case DG_ENTRY_UNSEEN:
		break;
	}
	return DG_RULE_THROUGH_OWN;
}

/* A provider's lines say how it came in just as ours do, but only its own log says which customer that was. */
static enum dg_rule_code shared_rule(const struct dg_evidence *e)
{
	return e->entry == DG_ENTRY_OUTSIDE ? DG_RULE_OPEN_RELAY : DG_RULE_PROVIDER;
}

static enum dg_rule_code handoff_rule(const struct dg_evidence *e, const struct dg_owner *o)
{
	switch (e->standing) {
	case DG_STANDING_FOREIGN:
		return DG_RULE_HANDOFF_FOREIGN;
	case DG_STANDING_STRANGER:
		return DG_RULE_HANDOFF_STRANGER;
	case DG_STANDING_OWN:
	case DG_STANDING_OWN_NAME:
		return entry_rule(e, o);
	case DG_STANDING_SHARED:
		return shared_rule(e);
	case DG_STANDING_UNKNOWN:
		break;
	}
	if (e->existence == DG_EXISTENCE_NEVER) {
		return DG_RULE_RECIPIENT_NEVER;
	}
	return e->never_sends ? DG_RULE_NEVER_SENDS : DG_RULE_NO_EVIDENCE;
}

/* Our key signed it. What our own host's lines say of how it came in says more; that a stranger handed it over only that it was
 * passed on. */
static enum dg_rule_code signed_rule(const struct dg_evidence *e, const struct dg_owner *o)
{
	enum dg_rule_code by_path = handoff_rule(e, o);

	return rules[by_path].class == DG_CLASS_ACCOUNT ||
			       rules[by_path].class == DG_CLASS_SCRIPT ||
			       by_path == DG_RULE_OPEN_RELAY || by_path == DG_RULE_THROUGH_OWN ||
			       by_path == DG_RULE_PROVIDER
		       ? by_path
		       : DG_RULE_SIGNED;
}

static bool can_prove(const struct dg_evidence *e)
{
	switch (e->bounce->kind) {
	case DG_BOUNCE_BOUNCE:
	case DG_BOUNCE_DELAY:
	case DG_BOUNCE_DELIVERED:
	case DG_BOUNCE_COMPLAINT:
	case DG_BOUNCE_FAILURE:
		return true;
	case DG_BOUNCE_ORDINARY:
	case DG_BOUNCE_AUTOREPLY:
	case DG_BOUNCE_AGGREGATE:
	case DG_BOUNCE_CHALLENGE:
	case DG_BOUNCE_UNREADABLE:
		break;
	}
	return false;
}

void dg_classify(const struct dg_evidence *e, const struct dg_owner *o, struct dg_ruling *ret)
{
	enum dg_rule_code rule = DG_RULE_NO_EVIDENCE;

	if (!can_prove(e)) {
		rule = DG_RULE_NO_EVIDENCE;
	} else if (e->token == DG_TOKEN_VALID) {
		rule = DG_RULE_TOKEN_VALID;
	} else if (e->token == DG_TOKEN_MISSING) {
		rule = DG_RULE_TOKEN_MISSING;
	} else if (e->is_sent) {
		rule = DG_RULE_SENT;
	} else if (e->is_logged) {
		rule = entry_rule(e, o);
	} else if (e->signed_by == DG_SIGNED_OURS) {
		rule = signed_rule(e, o);
	} else if (e->signed_by == DG_SIGNED_COPIED) {
		rule = DG_RULE_SIGNED_COPIES;
	} else {
		rule = handoff_rule(e, o);
	}
	*ret = (struct dg_ruling){.class = rules[rule].class,
		.rule = rule,
		.strength = rules[rule].strength,
		.is_list_leak = e->is_list_leak};
	/* At odds with who brought it, or our name known from names alone: one step less. */
	bool is_proved = e->signed_by == DG_SIGNED_OURS || e->is_logged;
	bool is_weaker = !e->is_logged &&
			 (!e->is_plausible || (e->standing == DG_STANDING_OWN_NAME && !is_proved));
	if (is_proved && ret->strength == DG_STRENGTH_MEDIUM) {
		ret->strength = DG_STRENGTH_STRONG;
	}
	if (is_weaker && ret->strength == DG_STRENGTH_STRONG) {
		ret->strength = DG_STRENGTH_MEDIUM;
	}
}
