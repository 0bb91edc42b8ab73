// SPDX-License-Identifier: Apache-2.0
// `deja stats --by tool|project|session` and `deja stats --format prometheus`.
#pragma once

#include <string>

#include "cli/context.h"
#include "cli/options.h"
#include "journal/counters.h"
#include "store/local_store.h"

namespace deja::cli {

// Counts of the events that the journal still has, by tool, project (the checkout of the working directory) or
// session (report/sessions.h).
int stats_by(const Context& context, const std::string& by, Format format);

// The text format 0.0.4 that Prometheus scrapes: counters since the last --zero, and the store's size.
// https://prometheus.io/docs/instrumenting/exposition_formats/
std::string prometheus_text(const journal::Counts& counts, const store::StoreStats& store);

}  // namespace deja::cli
