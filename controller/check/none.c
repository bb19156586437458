#include "controller/check/deep.h"
