/* null_milter SOCKET: what libmilter itself costs: the callbacks and flags of our milter, and nothing in them. */
#include <libmilter/mfapi.h>
#include <libmilter/mfdef.h>
#include <stdbool.h>

static sfsistat on_negotiate(SMFICTX *ctx, unsigned long actions, unsigned long offered,
	unsigned long f2, unsigned long f3, unsigned long *ret_actions, unsigned long *ret_protocol,
	unsigned long *ret_f2, unsigned long *ret_f3)
{
	(void)ctx;
	(void)actions;
	(void)f2;
	(void)f3;
	*ret_actions = 0;
	*ret_protocol = offered & (SMFIP_NOHELO | SMFIP_NOHDRS | SMFIP_NOEOH | SMFIP_NOBODY |
					  SMFIP_NODATA | SMFIP_NOUNKNOWN | SMFIP_RCPT_REJ);
	*ret_f2 = *ret_f3 = 0;
	return SMFIS_CONTINUE;
}

static sfsistat on_connect(SMFICTX *ctx, char *name, _SOCK_ADDR *address)
{
	(void)ctx;
	(void)name;
	(void)address;
	return SMFIS_CONTINUE;
}

static sfsistat on_path(SMFICTX *ctx, char **argv)
{
	(void)ctx;
	(void)argv;
	return SMFIS_CONTINUE;
}

static sfsistat on_other(SMFICTX *ctx)
{
	(void)ctx;
	return SMFIS_CONTINUE;
}

int main(int argc, char **argv)
{
	char name[] = "null";
	const struct smfiDesc callbacks = {
		.xxfi_name = name,
		.xxfi_version = SMFI_VERSION,
		.xxfi_connect = on_connect,
		.xxfi_envfrom = on_path,
		.xxfi_envrcpt = on_path,
		.xxfi_eom = on_other,
		.xxfi_abort = on_other,
		.xxfi_close = on_other,
		.xxfi_negotiate = on_negotiate,
	};

	if (argc != 2 || smfi_register(callbacks) != MI_SUCCESS ||
		smfi_setconn(argv[1]) != MI_SUCCESS || smfi_opensocket(true) != MI_SUCCESS) {
		return 1;
	}
	return smfi_main() == MI_SUCCESS ? 0 : 1;
}
