/* The tables that generate.py writes. */
#ifndef _WIN32
#include "front.h"

#define WITH_SCRIPTS
#define WITH_TABLES
#include "generated.h"
#endif
