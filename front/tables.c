/* The tables that generate.py writes. */
#include "front.h"

#define WITH_SCRIPTS
#define WITH_TABLES
#include "generated.h"
