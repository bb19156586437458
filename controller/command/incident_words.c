/* What is said of incidents and letters, in the reader's language. */
#include "controller/command/incident.h"

#include "controller/command/app.h"
#include "controller/incident/words.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"

#define WORDS_MAX ((size_t)64 << 10)

const char *dg_incident_words(
	struct dg_arena *a, const char *msgid, uint64_t n, uint64_t of, const char *text)
{
	struct dg_buf b;

	dg_buf_init(&b, WORDS_MAX);
	dg_message_put(&b, dg_word(msgid), n, of, text);
	const char *said = dg_strndup(a, b.data, b.len);
	dg_buf_done(&b);
	return said;
}

void dg_incident_tell(
	struct dg_app *app, const char *msgid, uint64_t n, uint64_t of, const char *text)
{
	dg_app_say(app, "%s", dg_incident_words(app->arena, msgid, n, of, text));
}
