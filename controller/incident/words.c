#include "controller/incident/words.h"

#include <libintl.h>
#include <locale.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#define DOMAIN "dnsguard"
#define UTF8   "C.UTF-8"

static const char *variable(const char *name)
{
	const char *value = getenv(name); /* NOLINT(concurrency-mt-unsafe): one thread */

	return value && value[0] != '\0' ? value : NULL;
}

static bool set_messages(const char *name)
{
	const char *set = setlocale(LC_MESSAGES, name); /* NOLINT(concurrency-mt-unsafe): once */

	return set != NULL;
}

/* The locale's messages. One that is not installed has no messages of the C library, but ours may have its language: the
 * catalogue is then asked for by LANGUAGE, which glibc heeds in every locale but "C". */
static void choose_language(void)
{
	const char *name = variable("LC_ALL");

	name = name ? name : variable("LC_MESSAGES");
	name = name ? name : variable("LANG");
	if (set_messages("") || !name) {
		return;
	}
	if (set_messages(UTF8) && !variable("LANGUAGE")) {
		char language[64];
		size_t n = strcspn(name, ".@");
		n = n < sizeof(language) ? n : sizeof(language) - 1;
		memcpy(language, name, n);
		language[n] = '\0';
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		(void)setenv("LANGUAGE", language, 1);
	}
}

void dg_words_open(const char *folder)
{
	(void)setlocale(LC_CTYPE, UTF8); /* NOLINT(concurrency-mt-unsafe): one thread */
	choose_language();
	(void)bindtextdomain(DOMAIN, folder ? folder : DG_LOCALE_DIR);
	(void)bind_textdomain_codeset(DOMAIN, "UTF-8");
}

const char *dg_word(const char *msgid)
{
	return msgid[0] != '\0' ? dgettext(DOMAIN, msgid) : ""; /* "" has the catalogue's header */
}

const char *dg_word_n(const char *one, const char *many, uint64_t n)
{
	return dngettext(DOMAIN, one, many, n > 1000000 ? n % 1000000 + 1000000 : n);
}

const char *dg_words_language(void)
{
	return dg_word(DG_MESSAGE("en")); /* translators: the code of your language */
}
