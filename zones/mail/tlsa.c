#include "zones/mail/tlsa.h"

#include "zones/record/rrset.h"

#define HEAD_LEN   3u
#define SHA256_LEN 32u
#define SHA512_LEN 64u

int dg_tlsa_read(const struct dg_rdata *rd, struct dg_tlsa *ret_tlsa)
{
	if (rd->len < HEAD_LEN) {
		return 1;
	}
	*ret_tlsa = (struct dg_tlsa){
		.usage = rd->wire[0],
		.selector = rd->wire[1],
		.matching = rd->wire[2],
		.data = rd->wire + HEAD_LEN,
		.len = rd->len - HEAD_LEN,
	};
	return 0;
}

const char *dg_tlsa_fault(const struct dg_tlsa *t)
{
	if (t->usage <= 1) {
		return "its usage asks for a certificate authority that SMTP clients do not share: "
		       "mail uses 2 or 3";
	}
	if (t->usage > 3) {
		return "its certificate usage is unknown: mail uses 2 or 3";
	}
	if (t->selector > 1) {
		return "its selector is unknown: 0 is the certificate, 1 its key";
	}
	if (t->matching > 2) {
		return "its matching type is unknown: 1 is SHA-256, 2 is SHA-512";
	}
	if (t->matching == 1 && t->len != SHA256_LEN) {
		return "a SHA-256 digest has 32 octets";
	}
	if (t->matching == 2 && t->len != SHA512_LEN) {
		return "a SHA-512 digest has 64 octets";
	}
	return t->len == 0 ? "it holds nothing to compare with" : NULL;
}
