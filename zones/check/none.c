#include "zones/check/rule.h"
