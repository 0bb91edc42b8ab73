// SPDX-License-Identifier: Apache-2.0
// Tested by request_path_test.cc and test/e2e/audit_test.cc.
#include "pipeline/audit.h"

#include <random>

namespace deja::pipeline {

bool is_audited(double rate) {
  if (rate <= 0) return false;
  thread_local std::minstd_rand random{std::random_device{}()};
  return std::uniform_real_distribution<double>(0, 1)(random) < rate;
}

void forget(const ActionKey& key, Services& services) {
  services.cache.results.remove(key);
  services.requests.clear();
  ignore(services.records.remove_result(key), "the difference is reported anyway");
}

}  // namespace deja::pipeline
