/* zones/mail/spf_shared.h: services whose SPF records many senders include: who is let in by one of them is let in with all their
 * other customers. Inside zones/mail. */
#pragma once

/* Whose infrastructure the name belongs to ("Amazon SES"), static text. NULL: not known as shared. name is canonical. */
const char *dg_spf_shared(const char *name);
