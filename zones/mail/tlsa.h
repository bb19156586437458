/* zones/mail/tlsa.h: TLSA records of mail hosts: DANE for SMTP (RFC 6698 section 2.1, RFC 7672 section 3.1).
 *
 * Shape    Certificate usage, selector, matching type, then what is compared. For SMTP a client can use DANE-TA(2) and DANE-EE(3)
 *          only; a digest has the length of its hash.
 * Errors   dg_tlsa_fault(): NULL when an SMTP client can use the record, else why not (static text).
 * Memory   Points into the record's wire form.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

struct dg_rdata;

struct dg_tlsa {
	uint8_t usage;    /* 2: DANE-TA, 3: DANE-EE */
	uint8_t selector; /* 0: the whole certificate, 1: its public key */
	uint8_t matching; /* 0: all of it, 1: SHA-256, 2: SHA-512 */
	const uint8_t *data;
	size_t len;
};

int dg_tlsa_read(const struct dg_rdata *rd, struct dg_tlsa *ret_tlsa); /* 1: not a TLSA record */
const char *dg_tlsa_fault(const struct dg_tlsa *t);
