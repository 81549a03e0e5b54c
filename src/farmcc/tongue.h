/* tongue - in what the compiler here would say something: so can a node's, or it cannot. */
#pragma once

#include "core/job.h"

enum messages tongue_here(void);
