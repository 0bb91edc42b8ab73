// SPDX-License-Identifier: Apache-2.0
// Facts about GNAT, gcc's front end for Ada.
#pragma once

#include "tool/tool.h"

namespace deja::tool::cc {

// GNAT reads the clock at every start, for the functions of GNAT.Source_Info and the head of a
// listing.
extern const Timekeeper gnat_timekeeper;

}  // namespace deja::tool::cc
