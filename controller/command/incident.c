/* incident: the record of an episode, from its opening to the day when it is forgotten. */
#include "controller/command/incident.h"

#include "controller/command/app.h"
#include "controller/command/command.h"
#include "controller/incident/words.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MANY 100000u

/* One row a word, in the order in which a person needs them. */
static const struct dg_incident_word words[] = {
	{"open", "NAME [SOURCE...]", "begin a record, or find the open one", 1, MANY,
		dg_incident_word_open},
	{"add", "ID [SOURCE...]", "add evidence: a triage, mailboxes, notices", 1, MANY,
		dg_incident_word_add},
	{"list", "", "all incidents", 0, 0, dg_incident_word_list},
	{"show", "ID", "what is on record of one", 1, 1, dg_incident_word_show},
	{"note", "ID TEXT...", "write something down", 2, MANY, dg_incident_word_note},
	{"run", "ID [SOURCE...]", "go through it step by step", 1, MANY, dg_incident_word_run},
	{"notices", "ID [--send DRAFT...]", "letters about it, from its newest triage", 1, MANY,
		dg_incident_word_notices},
	{"evidence", "ID", "the files, and whether they are what they were", 1, 1,
		dg_incident_word_evidence},
	{"report", "ID", "a report", 1, 1, dg_incident_word_report},
	{"export", "ID", "everything as files, with checksums", 1, 1, dg_incident_word_export},
	{"close", "ID", "it is over", 1, 1, dg_incident_word_close},
	{"forget", "[ID]", "delete its evidence", 0, 1, dg_incident_word_forget},
};

#define N_WORDS (sizeof(words) / sizeof(words[0]))

static const struct dg_incident_word *find(const char *name)
{
	for (size_t i = 0; i < N_WORDS; i++) {
		if (strcmp(words[i].name, name) == 0) {
			return &words[i];
		}
	}
	return NULL;
}

int dg_cmd_incident(struct dg_app *app, const struct dg_args *args)
{
	const struct dg_incident_word *w = find(args->rest[0]);
	struct dg_args own = *args;

	if (!w) {
		(void)fprintf(stderr, "dnsguard: no such thing to do with incidents; these are:\n");
		for (size_t i = 0; i < N_WORDS; i++) {
			(void)fprintf(stderr, "  dnsguard incident %s %s\n      %s\n",
				words[i].name, words[i].args, words[i].summary);
		}
		return DG_EXIT_USAGE;
	}
	if (!args->is_json) { /* what programs read is in no language */
		/* NOLINTNEXTLINE(concurrency-mt-unsafe): one thread */
		dg_words_open(getenv("DNSGUARD_LOCALE"));
	}
	own.rest++;
	own.n_rest--;
	if (own.n_rest < w->n_min || own.n_rest > w->n_max) {
		(void)fprintf(
			stderr, "dnsguard: usage: dnsguard incident %s %s\n", w->name, w->args);
		return DG_EXIT_USAGE;
	}
	app->args = &own;
	int status = w->run(app, &own);
	app->args = args;
	return status;
}
