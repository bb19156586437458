#include "controller/command/options.h"

#include "controller/command/command.h"
#include "zones/base/err.h"
#include "zones/base/near.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* clang-format off */
#define FLAG(n, f, h, ...)   {.name = (n), .offset = _Generic(((struct dg_args *)0)->f, bool: offsetof(struct dg_args, f)), .help = (h), __VA_ARGS__}
#define TEXT(n, a, f, h, ...) {.name = (n), .arg = (a), .offset = _Generic(((struct dg_args *)0)->f, const char *: offsetof(struct dg_args, f)), .help = (h), __VA_ARGS__}
#define NUMBER(n, a, f, h, ...) {.name = (n), .arg = (a), .is_number = true, .offset = _Generic(((struct dg_args *)0)->f, uint32_t: offsetof(struct dg_args, f)), .help = (h), __VA_ARGS__}
/* clang-format on */

static const struct dg_option options[] = {
	TEXT("state", "DIR", state,
		"folder of the journal (default: $DNSGUARD_STATE, /var/lib/dnsguard "
		"for root, else ~/.local/state/dnsguard)",
		.is_global = true),
	FLAG("no-color", has_no_color, "no colours, also on a terminal (as NO_COLOR does)",
		.is_global = true),
	FLAG("help", wants_help, "what this command does and takes", .letter = 'h',
		.is_global = true),
	FLAG("version", wants_version, "print the version", .is_global = true),
	FLAG("json", is_json, "one JSON object a line instead of text", .letter = 'j'),
	FLAG("diff", is_diff, "show changes as a unified diff of zone file lines"),
	FLAG("verbose", is_verbose, "show everything, also what is as it should be", .letter = 'v'),
	FLAG("yes", has_yes, "do not ask", .letter = 'y'),
	TEXT("plan", "DIGEST", plan,
		"apply only the plan with this digest (its first 8 hex digits suffice); -: the "
		"digest is "
		"read from standard input once the plan was shown"),
	FLAG("adopt", does_adopt,
		"take over what stands where dnsguard wants to publish, edits by "
		"others included"),
	FLAG("force", has_force, "go past the limits on how much one run may change"),
	FLAG("wait", does_wait,
		"wait until every name server shows it and caches have let go of the old "
		"answers"),
	NUMBER("timeout", "SECONDS", timeout, "how long to wait for name servers to show a change",
		.only = "apply verify arm disarm split unsplit probe rotate retire restore serve"),
	NUMBER("timeout", "SECONDS", timeout,
		"how long one domain may take (default 20); what has not come then is unknown",
		.only = "check spf dmarc reports triage incident notices"),
	NUMBER("timeout", "SECONDS", timeout,
		"how long one domain may take (default 15); what has not come then is unknown",
		.only = "audit"),
	FLAG("offline", is_offline,
		"only print the old records, as zone file lines and as an nsupdate "
		"script; needs nothing but the journal"),
	FLAG("now", is_now, "do not wait for caches before the last step"),
	FLAG("no-smtp", is_no_smtp,
		"do not ask the mail servers of the subdomain whether they take mail for it: for "
		"networks from which port 25 cannot be reached"),
	TEXT("local", "NAME[,NAME...]", local,
		"ask for these local parts at the subdomain too, not for postmaster alone"),
	TEXT("why", "TEXT", why, "by what it is known; for letters, `status` and the journal"),
	FLAG("live", is_live, "go on showing it, each second, until q or Ctrl-C"),
	FLAG("dry-run", is_dry, "show what would be done, and end"),
	TEXT("zone", "ZONE", zone, "only this zone"),
	NUMBER("limit", "N", limit, "at most so many entries (default 20)", .letter = 'n',
		.only = "log"),
	NUMBER("limit", "N", limit, "at most so many domains wait to be done (default 200000)",
		.letter = 'n', .only = "serve"),
	NUMBER("limit", "N", limit,
		"at most so many networks, and organisations that bounce (default 20)",
		.letter = 'n', .only = "notices incident"),
	FLAG("rdap", asks_rdap,
		"ask the registries for the contacts of addresses (RDAP, by HTTPS)"),
	TEXT("drafts", "FOLDER", drafts,
		"write the letters there, a file each; never over one that is there"),
	TEXT("users", "ADDRESS", users, "the list that reaches your own users"),
	TEXT("registrar", "ADDRESS", registrar, "the abuse desk of your registrar"),
	TEXT("desk", "ADDRESS", desk, "the national desk: a CERT, an anti-spam centre"),
	TEXT("as", "text|arf|xarf", as,
		"the form of letters with a sample: ARF (RFC 5965, the default), XARF 4, or text "
		"alone"),
	FLAG("send", does_send,
		"send these drafts, each after a yes for each recipient; what was sent is renamed"),
	TEXT("smtp", "URL", smtp,
		"your mail server: smtps://alice@mail.example.com, smtp:// with STARTTLS, or "
		"smtp://127.0.0.1"),
	TEXT("file", "ZONE.YAML", file, "the policy file that tells where the zone is kept",
		.letter = 'f', .only = "restore"),
	TEXT("file", "LOG", file, "the log of the mail server, followed when it is rotated",
		.letter = 'f', .only = "sensor"),
	TEXT("from", "FILE", from, "read the zone from this zone file", .only = "init"),
	TEXT("from", "FILE", from, "read the zone from this file", .only = "import"),
	TEXT("format", "FORMAT", format, "what the file is: zonefile (default) or octodns",
		.only = "import"),
	TEXT("format", "FORMAT", format,
		"zonefile, nsupdate, octodns, dnscontrol, terraform or external-dns",
		.only = "export"),
	TEXT("provider", "SECTION", provider,
		"the provider: section to write, as flow YAML: '{cloudflare: {token-file: "
		"api.token}}'"),
	TEXT("from", "ADDRESS", from,
		"MAIL FROM, the reverse-path of the message: user@example.com; empty: the null one",
		.only = "spf"),
	TEXT("from", "ADDRESS", from, "who writes (default: postmaster@ your domain)",
		.only = "notices incident"),
	TEXT("server", "HOST[:PORT]", server, "read the zone from this name server"),
	TEXT("key-file", "FILE", key_file, "TSIG key file for the name server",
		.only = "init import"),
	TEXT("key-file", "FILE", key_file,
		"the secret shared with the controller: a file that others cannot read",
		.only = "sensor"),
	TEXT("to", "PLACE", to,
		"the sensors: of the controller: unix:/run/dnsguard/sensor or inet:HOST:PORT"),
	TEXT("socket", "PLACE", socket,
		"where the mail server finds the milter: unix:/PATH (and group=NAME after a blank) "
		"or inet:127.0.0.1:PORT",
		.only = "sensor"),
	TEXT("socket", "PLACE", socket,
		"where to listen: unix:/PATH (and group=NAME after a blank: who may connect) or "
		"inet:127.0.0.1:PORT; with --tls-cert also inet:ADDRESS:PORT",
		.only = "serve"),
	TEXT("tls-cert", "FILE", tls_cert,
		"speak TLS with this certificate, its chain behind it (PEM); with --tls-key and "
		"--client-ca"),
	TEXT("tls-key", "FILE", tls_key,
		"the key of that certificate, without a passphrase: a file that others cannot "
		"read"),
	TEXT("client-ca", "FILE", client_ca,
		"the authorities (PEM): who shows a certificate of theirs may connect, nobody "
		"else"),
	TEXT("client-crl", "FILE", client_crl,
		"lists of certificates that these authorities withdrew (PEM): who stands in one "
		"may not connect"),
	TEXT("templates", "DIR", templates, "folder of the policy templates, one NAME.yaml each"),
	TEXT("webhook-secret", "FILE", webhook_secret,
		"the secret that events are signed with (Standard Webhooks): a file that others "
		"cannot read"),
	TEXT("zones", "PATTERN[,PATTERN...]", zones,
		"what a new token is for: domains, *.DOMAIN for all under one, * for all"),
	TEXT("verbs", "VERB[,VERB...]", verbs,
		"what a new token is for: plan, apply, status, approve, stop, incident"),
	TEXT("name", "NAME", name,
		"what the controller knows this sensor by (default: the host and the kind)",
		.only = "sensor"),
	TEXT("name", "NAME", name, "whom a new token is for, as the audit log has it",
		.only = "serve"),
	TEXT("key-name", "NAME", key_name, "TSIG key name, when the file does not say"),
	TEXT("algorithm", "NAME", algorithm,
		"TSIG algorithm, when the file does not say: hmac-sha256, "
		"hmac-sha512"),
	TEXT("output", "FILE", output, "write to this new file instead of standard output",
		.letter = 'o'),
	TEXT("resolver", "ADDRESS[:PORT]", resolver, "ask this resolver instead of the system's"),
	TEXT("trust-anchor", "FILE", trust_anchor,
		"validate DNSSEC from these DS or DNSKEY records on (default for check: "
		"/usr/share/dns/root.key where it is there; none: no validation)"),
	TEXT("root-hints", "FILE", root_hints,
		"root name servers, for networks with a root of their own"),
	TEXT("selector", "NAME[,NAME...]", selector,
		"look at these DKIM selectors instead of the common ones"),
	TEXT("host", "NAME[,NAME...]", host, "look at these hosts of the domain too",
		.only = "check"),
	TEXT("host", "NAME[,NAME...]", host, "mail servers of yours",
		.only = "triage incident notices"),
	TEXT("explain", "CODE", explain,
		"what a finding means and what to do; all: the whole list, as Markdown",
		.only = "check"),
	TEXT("explain", "N", explain,
		"only this bounce, line by line: who wrote what, and what can be believed",
		.only = "triage"),
	FLAG("fast", is_fast, "ask only what the verdict needs"),
	FLAG("open-relay", tests_relay,
		"see whether the MX hosts that the policy names relay for strangers; stops before "
		"any message"),
	FLAG("i-own-this", owns_this, "yes, these mail servers are mine to test"),
	TEXT("ip", "ADDRESS", ip, "the client that sends the mail"),
	TEXT("helo", "NAME", helo, "what the client says in HELO or EHLO"),
	TEXT("receiver", "NAME", receiver, "the receiving host, for the macro %{r}"),
	TEXT("spf", "RESULT[:DOMAIN]", spf,
		"what SPF said of the MAIL FROM domain: pass:m.example.com"),
	TEXT("dkim", "DOMAIN[,DOMAIN...]", dkim, "domains (d=) whose DKIM signatures verified"),
	TEXT("own", "NETWORK[,NETWORK...]", own,
		"addresses and networks that send your mail (default: what SPF lets pass)",
		.only = "reports"),
	TEXT("own", "NETWORK[,NETWORK...]", own,
		"addresses and networks that send your mail (default: what zone.yaml names, else "
		"concluded from the bounces)",
		.only = "triage incident notices"),
	TEXT("policy", "ZONE.YAML", policy,
		"the policy of the domain: its mail names, servers and addresses are yours"),
	TEXT("domain", "NAME[,NAME...]", domain,
		"your domains (default: those of the policy, else concluded from the bounces)"),
	TEXT("since", "TIME", since,
		"only bounces from then on: 2026-11-22, 2026-11-22T20:13 (UTC), 36h or 4d before "
		"now"),
	TEXT("until", "TIME", until, "only bounces before then"),
	TEXT("notice", "SOURCE[,SOURCE...]", notice,
		"notices of a registrar, provider or blocklist that mail of yours is spam"),
	TEXT("sent", "FILE", sent,
		"what you know to be yours: a file with the Message-IDs in angle brackets, as of a "
		"newsletter"),
	TEXT("log", "FILE[,FILE...]", log,
		"logs of your mail servers (Postfix, Exim; gzip too): whether a returned message "
		"went out from here, and who had logged in to send it"),
	TEXT("recipients", "FILE", recipients, "the addresses that exist, one a line"),
	TEXT("batv-keys", "FILE", batv_keys,
		"keys of the address tags (BATV) that your mail goes out with: a digit and the "
		"secret a "
		"line"),
	TEXT("batv-since", "TIME", batv_since,
		"since when all your mail has such a tag: bounces without one are then of forged "
		"mail"),
	TEXT("password-file", "FILE", password_file,
		"password of the IMAP mailbox: its first line"),
	TEXT("ca-file", "FILE", ca_file,
		"certificates to trust for IMAP (default: those of the system)"),
	TEXT("dkim-key", "NAME=FILE[,...]", dkim_key,
		"public keys of yours, for DKIM signatures on returned mail: "
		"s2026._domainkey.example.com=s2026.pub"),
	TEXT("list", "ADDRESS[,ADDRESS...]", list,
		"posting addresses of your mailing lists: they never send, so a bounce that comes "
		"to one is of forged mail"),
	FLAG("dns", asks_dns,
		"look up the SPF records and DKIM keys of your domains; without it nothing is "
		"asked of the "
		"network"),
	TEXT("from-triage", "FILE", from_triage,
		"the result of an earlier `dnsguard triage --json`"),
	TEXT("format", "FORMAT", format,
		"of a report: md (the default), html, json; of an export: cacao, the playbook "
		"alone",
		.only = "incident"),
	TEXT("retention", "SPAN", retention,
		"how long evidence is kept after the incident was closed (default 365d)"),
	FLAG("expired", is_expired, "all that were kept long enough"),
	TEXT("playbook", "NAME|FILE", playbook, "go by this one, instead of that of the verdict"),
	TEXT("answer", "STEP=ANSWER[,...]", answer,
		"answers to steps of the playbook, for a run without a terminal: yes, no, skip, a "
		"word "
		"of the step's choices, or the digest of the plan that is said yes to"),
	FLAG("psl", is_psl, "find the policy by the public suffix list, as older receivers do"),
	FLAG("csv", is_csv, "comma-separated values instead of JSON lines"),
	FLAG("unordered", is_unordered, "results as they come, not in the order of the input"),
	FLAG("resume", does_resume, "go on where an earlier audit into the same output was ended"),
	NUMBER("threads", "N", threads, "so many threads (default: one a processor)"),
	NUMBER("window", "N", window, "so many domains at once (default: 400)"),
	NUMBER("rate", "N", rate,
		"at most so many questions a second to one name server; 0: no limit (default: "
		"200, with --resolver none)",
		.only = "audit"),
	NUMBER("rate", "N", rate, "at most so many requests a second of one caller (default: 500)",
		.only = "serve"),
	FLAG("man", is_man, "the manual page instead of the JSON Schema"),
	FLAG("markdown", is_markdown, "as the page doc/providers.md"),
};

#define N_OPTIONS (sizeof(options) / sizeof(options[0]))

const struct dg_option *dg_option_at(size_t i)
{
	return i < N_OPTIONS ? &options[i] : NULL;
}

static bool has_word(const char *words, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = words; (p = strstr(p, word)) != NULL; p += len) {
		bool begins = p == words || p[-1] == ' ';
		bool ends = p[len] == '\0' || p[len] == ' ';

		if (begins && ends) {
			return true;
		}
	}
	return false;
}

bool dg_option_is_of(const struct dg_option *o, const struct dg_command *c)
{
	bool is_meant =
		c && has_word(c->options, o->name) && (!o->only || has_word(o->only, c->name));

	return is_meant || o->is_global;
}

/* c: the command, when it is known already: of rows with the same name its own. */
static const struct dg_option *find_long(const char *name, size_t len, const struct dg_command *c)
{
	const struct dg_option *found = NULL;

	for (size_t i = 0; i < N_OPTIONS; i++) {
		const struct dg_option *o = &options[i];
		bool is_it = strncmp(o->name, name, len) == 0 && o->name[len] == '\0';

		if (is_it && (!found || dg_option_is_of(o, c))) {
			found = o;
		}
	}
	return found;
}

static const struct dg_option *find_letter(char letter)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (letter != '\0' && options[i].letter == letter) {
			return &options[i];
		}
	}
	return NULL;
}

static int set_number(
	const struct dg_option *o, const char *value, uint32_t *field, struct dg_err *err)
{
	char *end = NULL;

	errno = 0;
	unsigned long n = strtoul(value, &end, 10);
	if (value[0] < '0' || value[0] > '9' || *end != '\0' || errno != 0 || n > UINT32_MAX) {
		return dg_fail(err, DG_EINPUT, "--%s wants a whole number, not %s", o->name, value);
	}
	*field = (uint32_t)n;
	return 0;
}

static int set(
	const struct dg_option *o, const char *value, struct dg_args *args, struct dg_err *err)
{
	char *at = (char *)args + o->offset;

	if (!o->arg) {
		bool yes = true;

		memcpy(at, &yes, sizeof(yes));
		return value ? dg_fail(err, DG_EINPUT, "--%s takes no value", o->name) : 0;
	}
	if (!value) {
		return dg_fail(err, DG_EINPUT, "--%s wants %s after it", o->name, o->arg);
	}
	if (o->is_number) {
		uint32_t n = 0;
		int r = set_number(o, value, &n, err);

		if (r == 0) {
			memcpy(at, &n, sizeof(n));
		}
		return r;
	}
	memcpy(at, &value, sizeof(value));
	return 0;
}

struct walk {
	int argc;
	char **argv;
	int at;
	const struct dg_command *command; /* NULL: not met yet */
	bool seen[N_OPTIONS];
};

/* name: without its dashes. Of the command's own options, or of all where it is not known yet. */
static int no_option(
	const char *word, const char *name, const struct dg_command *c, struct dg_err *err)
{
	struct dg_near near = {.meant = name};

	for (size_t i = 0; i < N_OPTIONS; i++) {
		if (!c || dg_option_is_of(&options[i], c)) {
			dg_near(&near, options[i].name);
		}
	}
	const char *meant = dg_near_word(&near);
	const char *of = c ? c->name : "COMMAND";
	return meant ? dg_fail(err, DG_EINPUT,
			       "no option %s; did you mean --%s? `dnsguard help %s` lists them",
			       word, meant, of)
		     : dg_fail(err, DG_EINPUT, "no option %s; `dnsguard help %s` lists them", word,
			       of);
}

/* One "--name", "--name=value" or "-x"; takes the next word as value where one is needed. */
static int parse_option(struct walk *w, struct dg_args *args, struct dg_err *err)
{
	const char *word = w->argv[w->at];
	bool is_long = word[1] == '-';
	const char *eq = is_long ? strchr(word, '=') : NULL;
	const struct dg_option *o =
		is_long ? find_long(word + 2, eq ? (size_t)(eq - word) - 2 : strlen(word + 2),
				  w->command)
			: (word[2] == '\0' ? find_letter(word[1]) : NULL);

	if (!o) {
		return no_option(word, is_long && !eq ? word + 2 : "", w->command, err);
	}
	w->seen[o - options] = true;
	const char *value = eq ? eq + 1 : NULL;
	if (o->arg && !value && w->at + 1 < w->argc) {
		value = w->argv[++w->at];
	}
	return set(o, value, args, err);
}

static int check_accepted(const struct walk *w, const struct dg_command *c, struct dg_err *err)
{
	for (size_t i = 0; i < N_OPTIONS; i++) {
		const char *name = options[i].name;

		if (w->seen[i] && !dg_option_is_of(find_long(name, strlen(name), c), c)) {
			return dg_fail(err, DG_EINPUT,
				"`dnsguard %s` has no option --%s; see "
				"`dnsguard help %s`",
				c->name, options[i].name, c->name);
		}
	}
	return 0;
}

int dg_options_parse(int argc, char **argv, const char **words, struct dg_args *args,
	const struct dg_command **ret_command, struct dg_err *err)
{
	struct walk w = {.argc = argc, .argv = argv};
	const struct dg_command *c = NULL;
	bool is_over = false;
	size_t n = 0;

	*args = (struct dg_args){.rest = words, .rate = DG_ARG_NOT_GIVEN};
	for (w.at = 1; w.at < argc; w.at++) {
		const char *word = argv[w.at];

		if (!is_over && strcmp(word, "--") == 0) {
			is_over = true;
		} else if (!is_over && word[0] == '-' && word[1] != '\0') {
			int r = parse_option(&w, args, err);

			if (r < 0) {
				return r;
			}
		} else if (!c) {
			c = dg_command_find(word);
			w.command = c;
			if (!c) {
				return dg_command_unknown(word, err);
			}
		} else {
			words[n++] = word;
		}
	}
	args->n_rest = n;
	*ret_command = c;
	return c ? check_accepted(&w, c, err) : 0;
}
