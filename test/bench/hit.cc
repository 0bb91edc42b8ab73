// SPDX-License-Identifier: Apache-2.0
// Times a hit, the cost of a build for each unit that is in the cache. In the same loop: an empty
// program (the floor), the oracle, and ccache.

#include <unistd.h>

#include <cstdio>

#include "bench/harness.h"
#include "bench/units.h"

namespace deja::bench {
namespace {

constexpr int kHitRounds = 300;

struct Column {
  double p50, p10;
};

Column column(const Contender& contender) {
  return {percentile(elapsed(contender), 50), percentile(elapsed(contender), 10)};
}

double cpu_p50(const Contender& contender) {
  std::vector<double> times;
  for (const Run& r : contender.runs) times.push_back(r.cpu_us);
  return percentile(times, 50);
}

// Compiles until the caches have the unit; the plain compiler's object stays in plain/.
void warm(Workspace& workspace, const Unit& unit) {
  run_well(workspace, compile(unit, "", "plain-" + unit.object + ".o"));
  for (const std::string& client : {workspace.deja(), workspace.beside(), std::string("ccache")}) {
    if (client.empty()) continue;
    for (int i = 0; i < 3; ++i) run_well(workspace, compile(unit, client, unit.object + ".o"));
  }
}

std::string calls_text(long calls) { return calls < 0 ? "-" : std::to_string(calls); }

void measure_hit(Workspace& workspace, const Unit& unit, int rounds) {
  warm(workspace, unit);
  const std::string object = unit.object + ".o";
  const auto forget = [&] { ::unlink(object.c_str()); };
  const auto fixed = [](Command command) { return [command](int) { return command; }; };
  std::vector<Contender> contenders;
  contenders.push_back({"empty program (floor)", fixed({workspace.program("floor")}), {}, {}});
  contenders.push_back(
      {"oracle", fixed({workspace.program("oracle"), "plain-" + object, object}), forget, {}});
  contenders.push_back({"deja", fixed(compile(unit, workspace.deja(), object)), forget, {}});
  if (!workspace.beside().empty())
    contenders.push_back(
        {"deja beside", fixed(compile(unit, workspace.beside(), object)), forget, {}});
  contenders.push_back({"ccache", fixed(compile(unit, "ccache", object)), forget, {}});

  const long long hits = counter(workspace, "hits");
  const long long ccache_hits = ccache_counter(workspace, "direct_cache_hit");
  const double engine = daemon_cpu_us(workspace);
  alternate(workspace, contenders, rounds);
  const double engine_each = (daemon_cpu_us(workspace) - engine) / rounds;
  const long long missed = rounds - (counter(workspace, "hits") - hits);
  const long long ccache_missed =
      rounds - (ccache_counter(workspace, "direct_cache_hit") - ccache_hits);

  run_well(workspace, compile(unit, workspace.deja(), object));
  if (workspace.read(object) != workspace.read("plain-" + object))
    give_up("deja's object differs from the compiler's: " + object);

  const Column floor = column(contenders[0]);
  const Column ccache = column(contenders.back());
  std::printf("\nOne hit: %s (%d rounds)\n", unit.label.c_str(), rounds);
  std::printf("  %-22s %9s %9s %10s %10s %10s %10s %7s %7s %6s\n", "", "p50 us", "p10 us",
              "p50/floor", "p10/floor", "ccache p50", "ccache p10", "CPU us", "engine", "calls");
  for (const Contender& c : contenders) {
    const Column t = column(c);
    if (c.before) c.before();  // deja must not write through the oracle's hard link
    const std::string engine_text =
        c.name == "deja" ? std::to_string(static_cast<long>(engine_each)) : "-";
    std::printf("  %-22s %9.0f %9.0f %10.2f %10.2f %10.1f %10.1f %7.0f %7s %6s\n", c.name.c_str(),
                t.p50, t.p10, t.p50 / floor.p50, t.p10 / floor.p10, ccache.p50 / t.p50,
                ccache.p10 / t.p10, cpu_p50(c), engine_text.c_str(),
                calls_text(system_calls(workspace, c.command(0))).c_str());
  }
  if (missed != 0) std::printf("  NOT A HIT: %lld of deja's runs\n", missed);
  if (ccache_missed != 0) std::printf("  NOT A DIRECT HIT: %lld of ccache's runs\n", ccache_missed);
}

}  // namespace

int bench_hit(const Options& options) {
  Workspace workspace(options);
  const int rounds = options.rounds > 0 ? options.rounds : kHitRounds;
  std::printf(
      "Columns: median and best decile; both over the floor's; ccache's over them; CPU of the "
      "program\n"
      "and, for deja, of its engine; system calls of the program and its children.\n");
  measure_hit(workspace, small_unit(workspace), rounds);
  measure_hit(workspace, wide_unit(workspace, 600), rounds);
  measure_hit(workspace, wide_unit(workspace, 2000), rounds / 2);
  return 0;
}

}  // namespace deja::bench
