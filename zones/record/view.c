#include "zones/record/view.h"

const char *dg_view_state_text(enum dg_view_state s)
{
	switch (s) {
	case DG_VIEW_OK:
		return "ok";
	case DG_VIEW_TIMEOUT:
		return "timeout";
	case DG_VIEW_REFUSED:
		return "refused";
	case DG_VIEW_LAME:
		return "lame";
	case DG_VIEW_ERROR:
		return "error";
	case DG_VIEW_BOGUS:
		return "bogus";
	case DG_VIEW_NO_ROUTE:
		return "no-route";
	}
	return "error";
}

const char *dg_trust_text(enum dg_trust t)
{
	switch (t) {
	case DG_TRUST_NONE:
		return "none";
	case DG_TRUST_INSECURE:
		return "insecure";
	case DG_TRUST_SECURE:
		return "secure";
	case DG_TRUST_BOGUS:
		return "bogus";
	}
	return "none";
}
