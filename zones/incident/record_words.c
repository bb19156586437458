/* What a record says of itself, in the reader's language. */
#include "zones/incident/record.h"

#include <string.h>

/* What may stand on record and is no text. */
static const char *const codes[] = {DG_MESSAGE("opened"), DG_MESSAGE("note"),
	DG_MESSAGE("evidence"), DG_MESSAGE("verdict"), DG_MESSAGE("guard"), DG_MESSAGE("run"),
	DG_MESSAGE("step"), DG_MESSAGE("notice"), DG_MESSAGE("closed"), DG_MESSAGE("change"),
	DG_MESSAGE("open"), DG_MESSAGE("closed: not over"), DG_MESSAGE("forgotten"),
	DG_MESSAGE("forged"), DG_MESSAGE("relay"), DG_MESSAGE("account"), DG_MESSAGE("script"),
	DG_MESSAGE("provider"), DG_MESSAGE("through-own"), DG_MESSAGE("own"),
	DG_MESSAGE("undecided"), DG_MESSAGE("high"), DG_MESSAGE("medium"), DG_MESSAGE("none")};

const char *dg_record_say(const struct dg_record *r, const char *msgid)
{
	return r->say ? r->say(msgid) : msgid;
}

const char *dg_record_code(const struct dg_record *r, const char *code)
{
	const char *shown = code && code[0] != '\0' ? code : "none";

	for (size_t i = 0; i < sizeof(codes) / sizeof(codes[0]); i++) {
		if (strcmp(codes[i], shown) == 0) {
			return dg_record_say(r, shown);
		}
	}
	return shown;
}
