// SPDX-License-Identifier: Apache-2.0
// Times a miss, the cost of the first build. Each round compiles a source that no cache has seen,
// with the compiler alone (twice: the second time shows the noise), deja and ccache.

#include <unistd.h>

#include <cstdio>

#include "bench/harness.h"
#include "bench/units.h"

namespace deja::bench {
namespace {

constexpr int kMissRounds = 21;

// The median of this run's time over the plain compiler's time in the same round.
double ratio(const Contender& contender, const Contender& plain) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < contender.runs.size(); ++i)
    ratios.push_back(contender.runs[i].elapsed_us / plain.runs[i].elapsed_us);
  return percentile(ratios, 50);
}

void measure_miss(Workspace& workspace, const Unit& unit, int rounds) {
  const std::string object = unit.object + ".o";
  int written = -1;  // the round whose source is on disk
  const auto contender = [&](const std::string& name, const std::string& client) {
    return Contender{name,
                     [&unit, client, object](int) { return compile(unit, client, object); },
                     [object] { ::unlink(object.c_str()); },
                     {}};
  };
  std::vector<Contender> contenders = {contender("compiler", ""), contender("compiler again", ""),
                                       contender("deja", workspace.deja()),
                                       contender("ccache", "ccache")};
  if (!workspace.beside().empty()) {
    contenders.push_back(contender("deja beside", workspace.beside()));
    run_well(workspace, compile(unit, workspace.beside(), object));
  }
  // A declaration that differs in each round makes even the preprocessed text new.
  for (Contender& c : contenders) {
    c.command = [&, made = c.command](int round) {
      if (round != written) {
        workspace.write(unit.source, unit.text + "extern int round_" + unit.object +
                                         std::to_string(round) + ";\n");
        written = round;
      }
      return made(round);
    };
  }
  run_well(workspace,
           compile(unit, workspace.deja(), object));  // starts the engine, which reads the compiler
  run_well(workspace, compile(unit, "ccache", object));
  const long long misses = counter(workspace, "misses");
  alternate(workspace, contenders, rounds);
  const long long other = rounds - (counter(workspace, "misses") - misses);

  std::printf("\nOne miss: %s (%d rounds)\n", unit.label.c_str(), rounds);
  std::printf("  %-18s %9s %9s %14s\n", "", "p50 ms", "p10 ms", "over compiler");
  for (const Contender& c : contenders)
    std::printf("  %-18s %9.2f %9.2f %14.3f\n", c.name.c_str(), percentile(elapsed(c), 50) / 1e3,
                percentile(elapsed(c), 10) / 1e3, ratio(c, contenders[0]));
  if (other != 0) std::printf("  NOT A MISS: %lld of deja's runs\n", other);
}

}  // namespace

int bench_miss(const Options& options) {
  Workspace workspace(options);
  const int rounds = options.rounds > 0 ? options.rounds : kMissRounds;
  measure_miss(workspace, small_unit(workspace), rounds * 2);
  measure_miss(workspace, middle_unit(workspace), rounds);
  measure_miss(workspace, wide_unit(workspace, 600), rounds);
  return 0;
}

}  // namespace deja::bench
