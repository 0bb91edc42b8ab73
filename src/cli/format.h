// SPDX-License-Identifier: Apache-2.0
// Numbers, times and tables for users: those of the reports.
#pragma once

#include "report/format.h"

namespace deja::cli {

using report::counted;
using report::human_age;
using report::human_elapsed;
using report::human_size;
using report::local_time;
using report::percent;
using report::printable;
using report::seconds;
using report::shortened;
using report::Table;

}  // namespace deja::cli
