/* zones/mail/spf_shared.h: services whose SPF records many senders include: who is let in by one of them is let in with all their
 * other customers. Inside zones/mail. */
#pragma once

struct dg_arena;
struct dg_spf_outcome;

/* Whose infrastructure the name belongs to ("Amazon SES"), static text. NULL: not known as shared. name is canonical. */
const char *dg_spf_shared(const char *name);
/* The service behind the term that let a host in: whose record it stands in, or whom it names. NULL: none that is known. */
const char *dg_spf_provider(struct dg_arena *a, const struct dg_spf_outcome *o);
