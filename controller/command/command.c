#include "controller/command/command.h"

#include "controller/command/app.h"
#include "controller/command/libraries.h"
#include "controller/command/options.h"
#include "controller/command/stand_by.h"
#include "providers/net/spare.h"
#include "zones/base/arena.h"
#include "zones/base/buf.h"
#include "zones/base/err.h"
#include "zones/base/near.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define APP_MEMORY_MAX ((size_t)64 << 20)
#define COMMAND_LINE   2000u
#define MANY           100000u

#define WRITES "json diff verbose yes plan adopt force wait timeout"

/* In the order in which a person needs them. */
static const struct dg_command commands[] = {
	{"init", "ZONE", "write a first zone.yaml from the zone as it is",
		"from server key-file key-name "
		"algorithm output",
		1, 1, dg_cmd_init,
		"Reads the zone (from a zone file, by a transfer, or by single queries) and prints "
		"a zone.yaml whose "
		"plan is empty: it says what is there today, with comments on what is weak and on "
		"each host that "
		"takes mail without meaning to. Edit it, then look at `dnsguard plan`."},
	{"import", "ZONE", "write a first zone.yaml from what another tool keeps",
		"from format server key-file key-name algorithm provider output", 1, 1,
		dg_cmd_import,
		"As `init`, for a zone that is kept elsewhere than where it is read: from a zone "
		"file, from "
		"octoDNS YAML, or from the name server, with the provider: section of --provider. "
		"Read "
		"from "
		"the same place its plan is empty."},
	{"plan", "ZONE.YAML...", "show what would change, why, and at what cost",
		"json diff verbose adopt force", 1, MANY, dg_cmd_plan,
		"Changes nothing. Exit status 0: everything is as the policy says; 3: there are "
		"changes or conflicts. "
		"The digest at the end names exactly this plan: `dnsguard apply --plan DIGEST` "
		"applies it and no other."},
	{"apply", "ZONE.YAML...", "make the zone what the policy says, and prove it", WRITES, 1,
		MANY, dg_cmd_apply,
		"Shows the plan, asks, journals, publishes, reads back, asks every authoritative "
		"name server, and says "
		"when the last cache must have let go of the old answers. Running it again does "
		"nothing."},
	{"verify", "ZONE.YAML...", "compare the policy with what every name server says now",
		"json verbose wait timeout", 1, MANY, dg_cmd_verify,
		"Exit status 0: in force everywhere; 3: not everywhere, or not yet."},
	{"arm", "ZONE.YAML NAME",
		"get NAME ready: its subdomain in force and taking mail, low TTLs",
		WRITES " now no-smtp local dry-run", 2, 2, dg_cmd_arm,
		"The first step of `split`, in peacetime: the subdomain is published and verified, "
		"TTLs at "
		"NAME are lowered and the old ones waited for, and each MX host of the subdomain "
		"is asked "
		"by SMTP (up to RCPT, never a message) whether it takes mail for it. Exit status "
		"0: armed, "
		"and it does; 3: armed, but it refuses mail, or that could not be told."},
	{"disarm", "ZONE.YAML NAME", "put the TTLs at NAME up again", WRITES " now dry-run", 2, 2,
		dg_cmd_disarm, "The way back from `arm`."},
	{"split", "ZONE.YAML NAME", "move mail from NAME to its subdomain, and null its MX",
		WRITES " now no-smtp local dry-run", 2, 2, dg_cmd_split,
		"Does by hand what split: in zone.yaml describes: the subdomain is published and "
		"checked, TTLs are lowered and waited for, the mail servers of the subdomain are "
		"asked by "
		"SMTP whether they take mail for it, then NAME gets a null MX. Says beforehand "
		"what would "
		"break. When they refuse, or that cannot be told, it is not done without --force "
		"or "
		"--no-smtp."},
	{"unsplit", "ZONE.YAML NAME", "move mail back to NAME", WRITES " now dry-run", 2, 2,
		dg_cmd_unsplit,
		"The way back from `split`: the MX first, then the rest as the policy says."},
	{"probe", "ZONE.YAML NAME", "let a sink take what still comes for NAME",
		WRITES " no-smtp dry-run", 2, 2, dg_cmd_probe,
		"Nobody sees past a null MX: the hosts of sink: in zone.yaml become the MX of a "
		"name that is split, so that what watches them can tell whether the attack goes "
		"on. SPF -all and DMARC reject stay. The sink is asked by SMTP first. When it "
		"stands already it is looked at again. `split` goes back to the null MX, `unsplit` "
		"all the way."},
	{"rotate", "ZONE.YAML NAME SUBDOMAIN", "move mail of NAME on to the next subdomain",
		WRITES " no-smtp local dry-run", 3, 3, dg_cmd_rotate,
		"For a name that is split and an attacker who follows: SUBDOMAIN, a name of "
		"rotate: in zone.yaml, is published, checked, and its mail servers are asked. The "
		"subdomain before serves beside it until `retire`. Exit status 3: it does not take "
		"mail yet; the same command again goes on."},
	{"retire", "ZONE.YAML NAME", "give up the subdomains that mail has moved on from",
		WRITES " no-smtp local dry-run", 2, 2, dg_cmd_retire,
		"They get a null MX, as the mail name has. What people still send there is refused "
		"from then on."},
	{"watch", "ZONE.YAML...", "watch for backscatter, and guard the mail names", "json no-smtp",
		1, MANY, dg_cmd_watch,
		"Stays in the foreground. Reads the sensors that watch: names, tells notice and "
		"alarm with their evidence, and does what split: allows. SIGHUP reads the policies "
		"again, SIGTERM ends it; what it knows is kept in the state folder, and each line "
		"of a log counts once."},
	{"status", "[NAME]", "show the mail names that are watched, and what is proposed",
		"json live", 0, 1, dg_cmd_status,
		"Reads the state folder only: works beside `dnsguard watch` and without it. What "
		"the sensors saw is at most a minute old there. Exit status 0: all is calm; 3: "
		"something is going on."},
	{"approve", "PLAN", "say yes to what the guard proposes", "json", 1, 1, dg_cmd_approve,
		"PLAN is the number of a proposal (its first 8 digits suffice): `dnsguard status` "
		"and the hooks "
		"tell it. Exactly that plan is done; when the zone or the policy changed "
		"meanwhile, the new "
		"one is proposed and needs a new yes. Without a running guard the yes is kept for "
		"it."},
	{"stop", "[NAME]", "hold a mail name, or everything, as it is", "json", 0, 1, dg_cmd_stop,
		"Ends what the guard is doing about NAME, and lets it do nothing more. Without "
		"NAME it does "
		"nothing at all any more: a file in the state folder says so, which needs no "
		"database."},
	{"release", "[NAME]", "let the guard go on with a mail name that is held", "json", 0, 1,
		dg_cmd_release,
		"Also where it held by itself because somebody else had changed the zone: look at "
		"that first. "
		"Without NAME: takes `dnsguard stop` back."},
	{"abused", "NAME", "say that a relay or an account of ours sends the mail", "json why", 1,
		1, dg_cmd_abused,
		"Then a split would be wrong: the guard takes back what it is doing about NAME and "
		"holds it, until `dnsguard release NAME`. --why says how one knows."},
	{"export", "ZONE.YAML...", "what the policy wants, in the words of another tool", "format",
		1, MANY, dg_cmd_export,
		"For records that go through another tool: a zone file, an nsupdate script (the "
		"changes "
		"alone, with prerequisites), octoDNS YAML, dnsconfig.js, Terraform resources, a "
		"DNSEndpoint "
		"of external-dns. Reads the zone, since of an RRset that is managed in part (the "
		"SPF record "
		"among other texts) the rest belongs to it. Changes nothing."},
	{"restore", "[CHANGE]", "put back the records that a change replaced",
		"json yes adopt offline file zone timeout", 0, 1, dg_cmd_restore,
		"CHANGE is a number from `dnsguard log`; without it the newest change is undone. "
		"Records, TXT string "
		"boundaries and TTLs come back exactly as they were."},
	{"log", "", "show the journal: who changed what, when, why, with what result",
		"json verbose zone limit", 0, 0, dg_cmd_log, "The newest change first."},
	{"check", "DOMAIN|ZONE.YAML...", "can a domain be forged, why, and what to publish",
		"json verbose resolver trust-anchor selector host explain fast open-relay "
		"i-own-this "
		"timeout",
		0, MANY, dg_cmd_check,
		"Looks at each domain as a receiver on the Internet does: a verdict for each "
		"identity "
		"and class of name first, then findings with evidence, rule and remedy, then the "
		"records. An argument that ends in .yaml or .yml or holds a slash is a policy: "
		"what "
		"is published is held against it, its mail names are checked, and its zone is read "
		"where it is kept. Exit status 0: sound; 3: warnings or errors, or forged mail "
		"would "
		"be taken; 1: could not tell."},
	{"spf", "[DOMAIN]", "evaluate SPF for one message, or show what a record costs",
		"json verbose ip from helo receiver resolver trust-anchor timeout", 0, 1,
		dg_cmd_spf,
		"With --ip the result that a receiver comes to for mail of --from, or of "
		"postmaster@DOMAIN, with the mechanism that decided; with --verbose each step. "
		"Exit "
		"status 0: pass, neutral or none; 3: fail, softfail or permerror; 1: temperror. "
		"With "
		"a DOMAIN alone its record with all that it includes, and what each term costs. "
		"Exit "
		"status 0: it can be used; 3: it is missing, broken or too costly; 1: could not "
		"tell."},
	{"dmarc", "DOMAIN", "which DMARC policy is in force, and whether a message passes",
		"json verbose spf dkim psl resolver trust-anchor timeout", 1, 1, dg_cmd_dmarc,
		"For the domain, for names under it without a record, and for names that do not "
		"exist: walks the tree as RFC 9989 says and shows each step; says where receivers "
		"that go by the public suffix list come to something else. Exit status 0: there is "
		"a "
		"policy; 3: there is none; 1: could not tell. With --spf or --dkim the result for "
		"a "
		"message with this domain in From. Exit status 0: pass, or no policy; 3: fail; 1: "
		"could not tell."},
	{"audit", "FILE|-", "check many domains, one a line",
		"csv fast resolver trust-anchor root-hints output unordered resume threads window "
		"rate "
		"timeout",
		1, 1, dg_cmd_audit,
		"Prints one JSON object (or CSV row) a domain and a summary at the end. With "
		"--output an "
		"audit that was ended is gone on with by --resume."},
	{"backtest", "ZONE.YAML LOG...",
		"what the guard would have done with mail logs of the past", "json output", 2, MANY,
		dg_cmd_backtest,
		"Reads logs of Postfix, Exim, Sendmail or OpenSMTPD (plain or .gz, the oldest "
		"first, - for "
		"standard input) and says for each mail name of the policy when there would have "
		"been an "
		"alarm, on what evidence, when it would have been split and restored, and at what "
		"cost. "
		"Changes nothing. With --output a drawing (SVG) of the mail name that had most. "
		"Exit status "
		"0: no alarm; 3: alarms."},
	{"sensor", "log|milter|opensmtpd", "tell a controller what a mail server sees",
		"to key-file socket file name", 1, 1, dg_cmd_sensor,
		"Counts null-sender mail, refused recipients and mail of ours inside a mail "
		"server, "
		"and "
		"tells the controller (watch: sensors: [{sensors: ...}] in its zone.yaml). log: "
		"the "
		"log of this host, for a controller elsewhere, until SIGTERM. milter: for "
		"smtpd_milters of Postfix, until SIGTERM. opensmtpd: a report filter of smtpd, by "
		"standard input. Never keeps a mail server waiting: what the controller does not "
		"take "
		"is kept for a while and then dropped and counted."},
	{"serve", "FOLDER", "the HTTP API that a registrar's platform calls",
		"json socket tls-cert tls-key client-ca client-crl templates webhook-secret rate "
		"limit "
		"timeout "
		"name zones verbs",
		1, 3, dg_cmd_serve,
		"Stays in the foreground. FOLDER holds the policies of the domains, made from "
		"templates or by hand. Takes signed events (a domain was parked, registered, is "
		"expiring ...), plans, applies, tells how things stand, and passes a yes or a stop "
		"on to `dnsguard watch`. Every job is on disk before it is answered, and done "
		"once. "
		"SIGHUP reads the templates again, SIGTERM ends it. `dnsguard serve token new "
		"--name WHO --zones \"*.example.com\" --verbs plan,status` prints a token for a "
		"caller once and keeps its digest alone; `serve token list` and `serve token "
		"revoke "
		"ID` do what they say."},
	{"reports", "FILE|FOLDER...", "who sends in a domain's name, by DMARC aggregate reports",
		"json verbose zone own resolver trust-anchor timeout", 1, MANY, dg_cmd_reports,
		"Reads the reports that receivers send to the address of rua= (XML, gzip, zip, "
		"mail; "
		"files and "
		"folders, Maildir too), each once. For each domain: which networks sent in its "
		"name, "
		"how "
		"much, and what it is - your own, through a shared provider, forwarded, forged - "
		"and "
		"what "
		"p=reject would stop and cost. Your own are the sources for which SPF comes to "
		"pass, "
		"or "
		"those of --own. Exit status 0: nothing of that; 3: forged mail, or own mail that "
		"fails; 1: "
		"something could not be read."},
	{"triage", "SOURCE...", "what happened, by the bounces in a mailbox, and what to do",
		"json verbose policy domain own host since until explain notice sent log "
		"recipients "
		"batv-keys batv-since dkim-key list "
		"dns resolver trust-anchor timeout password-file ca-file",
		0, MANY, dg_cmd_triage,
		"Reads bounces, complaints, feeds and DMARC reports from an mbox, a Maildir, "
		"files and folders, - for standard input, or imaps://USER@HOST/INBOX, and changes "
		"nothing there. Says whether the mail was forged elsewhere or left through a "
		"relay, "
		"an account, a script or a provider of yours, with what speaks for and against it; "
		"what was in the bounces; and what to do, in order. Needs no zone.yaml and asks "
		"nothing of the network without --dns. In English or Japanese, as the locale says. "
		"Exit status 0: your own mail, or no bounce; 3: something is to be done; 1: could "
		"not tell."},
	{"incident", "open|add|list|show|note|run|notices|evidence|report|export|close|forget ...",
		"the record of an episode, and how it is walked through",
		"json verbose yes force adopt now no-smtp why zone from-triage format retention "
		"expired playbook "
		"answer "
		"output policy domain own host since until notice sent log recipients batv-keys "
		"batv-since dkim-key list dns resolver trust-anchor timeout password-file ca-file "
		"from limit rdap drafts users registrar desk as send smtp",
		1, MANY, dg_cmd_incident,
		"One record an episode, in the state folder: opened by a person (open NAME), by "
		"the "
		"guard when it alarms, or by a notice alone (--notice). Who did what when is in "
		"it, "
		"and evidence that is only ever added to. run goes through a playbook, step by "
		"step, "
		"and can be gone on with days later by others; report and export tell of it; close "
		"asks whether it is over; forget deletes the evidence for good. Exit status of "
		"list: "
		"3 while one is open; of close: 3 when it is not over; of run: 3 when steps are "
		"left."},
	{"notices", "TRIAGE.JSON|SOURCE...|DRAFT...",
		"letters about an episode: to abuse desks, postmasters, your users",
		"json verbose policy domain own host since until notice sent log recipients "
		"batv-keys "
		"batv-since dkim-key list dns resolver trust-anchor timeout password-file ca-file "
		"from limit rdap drafts users registrar desk as send smtp",
		1, MANY, dg_cmd_notices,
		"Drafts, from the result of `dnsguard triage --json` or from the mailbox itself: "
		"to the networks that hand forged mail over and to those who bounce it, or to "
		"whoever "
		"runs the relay; to your own users (Japanese and English), the registrar and the "
		"national desk. One letter an organisation, third parties masked. Who reads them "
		"is looked up only with --dns or --rdap; else abuse@ and postmaster@ the domain "
		"(RFC "
		"2142). Nothing is sent but by --send DRAFT..., after a yes for each recipient, "
		"through your own mail server. Exit status 0: drafted, sent, or nobody to write "
		"to; "
		"1: who sent the mail is not known, or something failed."},
	{"letters", "[reports]", "the process that reads messages for the other commands", "", 0, 1,
		dg_cmd_letters,
		"Started by them, not by you: takes messages from standard input in a form of its "
		"own, and answers what they say. It shuts itself in first: no files, no network, "
		"bounded memory and processor time, so that a hostile message has nothing to win."},
	{"providers", "", "list where zones can be kept", "json markdown", 0, 0, dg_cmd_providers,
		"With what each of them can promise."},
	{"provider", "probe ZONE.YAML", "try what an account really takes", "json yes", 2, 2,
		dg_cmd_provider,
		"For the zone's provider: puts records at dnsguard-probe.ZONE, reads them back and "
		"takes "
		"them away again: a null MX, low TTLs, long texts. Compares with what `dnsguard "
		"providers` says. What a killed run left there the next one takes away. Exit "
		"status "
		"0: as is known; 3: otherwise."},
	{"schema", "", "print the JSON Schema of zone.yaml", "man", 0, 0, dg_cmd_schema,
		"For editors: it is made from the same table that reads the file. With --man the "
		"source of zone.yaml(5)."},
	{"version", "", "print the version", "", 0, 0, dg_cmd_version,
		"Of dnsguard and its libraries."},
	{"help", "[COMMAND]", "explain a command", "", 0, 1, dg_cmd_help, "This text."},
};

#define N_COMMANDS (sizeof(commands) / sizeof(commands[0]))

const struct dg_command *dg_command_at(size_t i)
{
	return i < N_COMMANDS ? &commands[i] : NULL;
}

const struct dg_command *dg_command_find(const char *name)
{
	for (size_t i = 0; i < N_COMMANDS; i++) {
		if (strcmp(commands[i].name, name) == 0) {
			return &commands[i];
		}
	}
	return NULL;
}

int dg_command_unknown(const char *word, struct dg_err *err)
{
	struct dg_near near = {.meant = word};

	for (size_t i = 0; i < N_COMMANDS; i++) {
		dg_near(&near, commands[i].name);
	}
	const char *meant = dg_near_word(&near);
	return meant ? dg_fail(err, DG_EINPUT,
			       "no command %s; did you mean %s? `dnsguard help` lists them", word,
			       meant)
		     : dg_fail(err, DG_EINPUT, "no command %s; `dnsguard help` lists them", word);
}

/* A crash must not write keys to a file, and nobody may read them out of this process. */
static void harden(void)
{
	struct rlimit none = {0, 0};

	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	(void)setrlimit(RLIMIT_CORE, &none);
}

static const char *command_line(struct dg_arena *a, int argc, char **argv)
{
	struct dg_buf b;

	dg_buf_init(&b, COMMAND_LINE);
	dg_buf_puts(&b, "dnsguard");
	for (int i = 1; i < argc; i++) {
		dg_buf_putc(&b, ' ');
		dg_buf_put_safe(&b, argv[i], strlen(argv[i]));
	}
	const char *line = dg_strdup(a, b.data);
	dg_buf_done(&b);
	return line;
}

static bool stays(const struct dg_command *c)
{
	return c->run == dg_cmd_watch || c->run == dg_cmd_serve || c->run == dg_cmd_sensor ||
	       c->run == dg_cmd_audit;
}

static int run(struct dg_app *app, const struct dg_command *c, const struct dg_args *args)
{
	if (args->wants_version) {
		return dg_cmd_version(app, args);
	}
	if (!c || args->wants_help || c->run == dg_cmd_help) {
		struct dg_args about = *args;
		const char *name = c && args->wants_help ? c->name : NULL;

		if (name) {
			about.rest = &name;
			about.n_rest = 1;
		}
		int r = dg_cmd_help(app, &about);
		return c || args->wants_help ? r : DG_EXIT_USAGE;
	}
	if (args->n_rest < c->n_min || args->n_rest > c->n_max) {
		(void)fprintf(stderr, "dnsguard: usage: dnsguard %s %s; see `dnsguard help %s`\n",
			c->name, c->args, c->name);
		return DG_EXIT_USAGE;
	}
	if (stays(c)) {
		dg_libraries_all();
	}
	return c->run(app, args);
}

static int go(struct dg_arena *a, int argc, char **argv)
{
	const struct dg_command *c = NULL;
	struct dg_args args;
	struct dg_err err;
	struct dg_app app = {.arena = a, .args = &args};
	const char **words = dg_newn(a, const char *, (size_t)argc + 1);

	int status = DG_EXIT_USAGE;
	int r = dg_options_parse(argc, argv, words, &args, &c, &err);
	app.command_line = command_line(a, argc, argv);
	const char *no_color = getenv("NO_COLOR"); /* NOLINT(concurrency-mt-unsafe): one thread */
	app.has_colour = isatty(STDOUT_FILENO) && !args.has_no_color && !(no_color && no_color[0]);
	app.is_terminal = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);
	if (r < 0) {
		dg_app_complain(&app, &err);
	} else {
		status = run(&app, c, &args);
	}
	dg_app_close(&app);
	if (fflush(stdout) != 0 || ferror(stdout)) {
		(void)fprintf(stderr, "dnsguard: cannot write to standard output\n");
		status = status == DG_EXIT_OK ? DG_EXIT_FAILED : status;
	}
	return status;
}

int dg_command_main(int argc, char **argv)
{
	struct dg_arena *a = dg_arena_new(APP_MEMORY_MAX);
	int status = DG_EXIT_OK;

	harden();
	bool stands_by = argc == 2 && strcmp(argv[1], DG_SPARE_WORD) == 0;
	if (!stands_by || dg_stand_by(a, &argc, &argv, &status)) {
		status = go(a, argc, argv);
	}
	dg_arena_free(a);
	return status;
}
