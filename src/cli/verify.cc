#include "cli/context.h"
#include "cli/json.h"
#include "cli/options.h"
#include "cli/store_access.h"

namespace deja::cli {
namespace {

Json as_json(const store::VerifyReport& report, bool repair) {
  return {{"clean", report.is_clean()},
          {"repaired", repair && !report.is_clean()},
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

std::string as_text(const store::VerifyReport& report, bool repair) {
  std::string out = counted(report.blobs_ok, "blob") + ", " + counted(report.results_ok, "result") +
                    " and " + counted(report.manifests_ok, "manifest") + " are sound\n";
  if (report.blobs_orphaned != 0)
    out += counted(report.blobs_orphaned, "blob") + " not in use (swept after a while)\n";
  const auto problem = [&](std::uint64_t n, const char* noun, const char* what,
                           const char* repaired) {
    if (n != 0)
      out += "problem: " + counted(n, noun) + " " + what + (repair ? repaired : "") + "\n";
  };
  problem(report.blobs_quarantined, "blob", "damaged", ", set aside in quarantine");
  problem(report.blobs_missing, "blob", "missing", "");
  problem(report.results_incomplete, "result", "incomplete", ", forgotten");
  problem(report.records_damaged, "record", "damaged", ", forgotten");
  if (report.counters_wrong)
    out += std::string("problem: the size of the store was counted wrongly") +
           (repair ? ", corrected" : "") + "\n";
  if (!report.is_clean() && !repair) out += "'deja verify --repair' mends this\n";
  return out;
}

}  // namespace

int run_verify(const Context& context, Args args) {
  Format format = Format::text;
  bool repair = false;
  Options options(
      "verify", "Checks every blob and record of the store. Exits with 1 when problems were found.",
      "Damaged blobs are never served, repaired or not: their content is checked before use.");
  options.format(format);
  options.flag("--repair", "Set damaged blobs aside and forget what cannot be served", repair);
  if (const auto code = options.parse(args)) return *code;

  const auto report = [&]() -> Result<store::VerifyReport> {
    const auto store = TRY(open_store(context, repair ? Access::change : Access::read));
    return store ? store->verify(repair) : store::VerifyReport();
  }();
  if (!report) {
    print_error("verify: " + report.error().message);
    return kProblems;
  }
  print(format == Format::json ? pretty(as_json(*report, repair)) : as_text(*report, repair));
  return report->is_clean() ? kDone : kProblems;
}

}  // namespace deja::cli
