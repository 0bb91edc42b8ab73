// SPDX-License-Identifier: Apache-2.0
// `deja verify`: checks, and with --repair tries one remedy after the other, from the mildest to
// setting the store aside. Tested by cli_test.cc and test/fault/verify_test.cc.
#include <string>
#include <vector>

#include "cli/context.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/store_access.h"
#include "os/cache_directory.h"
#include "os/file.h"
#include "os/process.h"
#include "store/index_state.h"
#include "store/mend.h"
#include "store/prepare.h"

namespace deja::cli {
namespace {

using Lines = std::vector<std::string>;

Json as_json(const store::VerifyReport& report, const Lines& lines, bool repair) {
  const bool is_clean = report.is_clean() && lines.empty();
  return {{"clean", is_clean},
          {"repaired", repair && !is_clean},
          {"other", lines},
          {"blobs_ok", report.blobs_ok},
          {"blobs_damaged", report.blobs_quarantined},
          {"blobs_missing", report.blobs_missing},
          {"blobs_orphaned", report.blobs_orphaned},
          {"results_ok", report.results_ok},
          {"results_incomplete", report.results_incomplete},
          {"manifests_ok", report.manifests_ok},
          {"records_damaged", report.records_damaged},
          {"counters_wrong", report.counters_wrong}};
}

std::string as_text(const store::VerifyReport& report, const Lines& lines, bool repair) {
  std::string out = counted(report.blobs_ok, "blob") + ", " + counted(report.results_ok, "result") +
                    " and " + counted(report.manifests_ok, "manifest") + " are sound\n";
  if (report.blobs_orphaned != 0)
    out += counted(report.blobs_orphaned, "blob") + " not in use (swept after a while)\n";
  for (const std::string& line : lines) out += "problem: " + line + "\n";
  const auto problem = [&](std::uint64_t n, const char* noun, const char* what,
                           const char* repaired) {
    if (n != 0)
      out += "problem: " + counted(n, noun) + " " + what + (repair ? repaired : "") + "\n";
  };
  problem(report.blobs_quarantined, "blob", "damaged", ", set aside in quarantine");
  problem(report.blobs_missing, "blob", "missing", "");
  problem(report.results_incomplete, "result", "incomplete", ", removed");
  problem(report.records_damaged, "record", "damaged", ", removed");
  if (report.counters_wrong)
    out += std::string("problem: the recorded size of the store is wrong") +
           (repair ? ", corrected" : "") + "\n";
  const bool is_clean = report.is_clean() && lines.empty();
  if (!is_clean && !repair) out += "'deja verify --repair' repairs this\n";
  return out;
}

// What to do about an unusable index; each is tried after the one before it.
enum class Remedy { none, remade_index, empty_store };

// Means "try again with the next remedy". deja does not use this exit code.
constexpr int kTryAgain = 100;

struct Verification {
  const Context& context;
  Format format = Format::text;
  bool repair = false;

  Result<store::VerifyReport> verify(Remedy remedy) const {
    const store::Layout layout(context.places.dir);
    store::PrepareOptions options;
    options.distrusts_index = true;
    if (remedy == Remedy::remade_index) TRY(store::prepare_store(layout, options));
    if (remedy == Remedy::empty_store) TRY(store::set_store_aside(layout, options));
    if (remedy == Remedy::empty_store) TRY(store::prepare_store(layout, options));
    const auto store = TRY(open_store(context, repair ? Access::change : Access::only_read));
    return store ? store->verify(repair) : store::VerifyReport();
  }

  int report(Remedy remedy, const Lines& lines) const {
    const auto report = verify(remedy);
    if (!report) {
      const bool may_help = report.error().code != Code::invalid &&  // the store of a newer deja
                            report.error().code != Code::denied &&
                            report.error().code != Code::timeout;
      if (repair && may_help && remedy != Remedy::empty_store) return kTryAgain;
      for (const std::string& line : lines) print("problem: " + line + "\n");
      print_error("verify: " + report.error().message);
      return kProblems;
    }
    print(format == Format::json ? pretty(as_json(*report, lines, repair))
                                 : as_text(*report, lines, repair));
    return report->is_clean() && lines.empty() ? kDone : kProblems;
  }
};

int print_lines(Format format, const Lines& lines) {
  if (format == Format::json) {
    const Json report = {{"clean", false}, {"repaired", false}, {"other", lines}};
    print(pretty(report));
    return kProblems;
  }
  for (const std::string& line : lines) print("problem: " + line + "\n");
  print("'deja verify --repair' repairs this\n");
  return kProblems;
}

// Another process may write during the walk, and free the page that is being read.
bool can_be_walked(const std::string& index) {
  constexpr int kTries = 3;
  for (int i = 0; i < kTries; ++i)
    if (store::survives_walk(index)) return true;
  return false;
}

// The problem of the index as a whole, and its remedy; empty: it can be used.
std::string look_at_index(const store::Layout& layout, Remedy& remedy) {
  const auto unknown = store::has_unknown_format(layout);
  if (!unknown) return {};  // of a newer deja: reported when it is opened
  if (*unknown) {
    remedy = Remedy::empty_store;
    return "the store's format is unknown";
  }
  const auto is_there = os::stat_file(layout.blobs());
  if (!is_there || !*is_there) return {};
  const auto health = store::check_index(layout.index());
  const bool is_lost =
      !health || *health == store::IndexHealth::absent || *health == store::IndexHealth::damaged;
  if (!is_lost && can_be_walked(layout.index())) return {};
  remedy = Remedy::remade_index;
  return std::string("the index is ") +
         (health && is_lost ? store::health_name(*health) : "damaged");
}

// What is wrong before any record is read, and what is to be done about it.
Lines look_at_directory(const store::Layout& layout, bool repair, Remedy& remedy) {
  Lines lines = store::mend_directory(layout, repair);
  if (const std::string wrong = look_at_index(layout, remedy); !wrong.empty()) {
    const char* const done = remedy == Remedy::empty_store ? "; the store is set aside in old/"
                                                           : "; it is rebuilt from the ledger";
    lines.push_back(wrong + (repair ? done : ""));
  }
  return lines;
}

}  // namespace

int run_verify(const Context& context, Args args) {
  Format format = Format::text;
  bool repair = false;
  OptionTable options(
      "verify", "Checks every blob and record of the store. Exits with 1 when problems were found.",
      "Damaged blobs are never served, repaired or not: their content is checked before use.");
  options.format(format);
  options.flag("--repair", "Set damaged blobs aside and remove results that cannot be served",
               repair);
  if (const auto code = options.parse(args)) return *code;

  const Verification verification{context, format, repair};
  const store::Layout layout(context.places.dir);
  const bool is_ours =
      os::look_at_cache_directory(context.places.dir.c_str()) == os::CacheDirectory::ours;
  // A damaged index can crash or block its reader, so it is read in a copy of this process.
  Lines lines;
  Remedy remedy = Remedy::none;
  if (is_ours) {
    lines = look_at_directory(layout, repair, remedy);
    if (remedy != Remedy::none && !repair) return print_lines(format, lines);
  }
  for (;;) {
    const auto code = os::run_in_copy([&] { return verification.report(remedy, lines); });
    if (code && *code != kTryAgain) return *code;
    if (!repair || remedy == Remedy::empty_store) {
      lines.emplace_back("the index cannot be read: reading it crashes");
      return print_lines(format, lines);
    }
    const bool was_remade = remedy == Remedy::remade_index;
    remedy = was_remade ? Remedy::empty_store : Remedy::remade_index;
    lines.emplace_back(was_remade ? "the repair failed: the store is set aside in old/"
                                  : "the index cannot be used; it is rebuilt from the ledger");
  }
}

}  // namespace deja::cli
