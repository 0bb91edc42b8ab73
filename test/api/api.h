// SPDX-License-Identifier: Apache-2.0
// Shared by the tests of the library: a workspace, a cache opened in it, other processes.
#pragma once

#include <deja.h>
#include <gtest/gtest.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "support/workspace.h"

extern "C" char** environ;

namespace deja::test {

struct Free {
  void operator()(deja_cache* cache) const { deja_close(cache); }
  void operator()(deja_job* job) const { deja_job_free(job); }
  void operator()(deja_result* result) const { deja_result_free(result); }
};
template <typename T>
using Owned = std::unique_ptr<T, Free>;

inline std::string payload_of(const Owned<deja_job>& job) {
  std::size_t size = 0;
  const void* const data = deja_job_payload(job.get(), &size);
  return {static_cast<const char*>(data), size};
}

// A deja_action built from C++ values.
struct Action {
  std::string name = "test 1";
  std::vector<std::string> inputs{};
  std::vector<std::pair<const char*, const char*>> variables{};
  std::string extra{};
  std::string directory{};

  deja_status probe(deja_cache* cache, Owned<deja_job>& job) const {
    std::vector<const char*> names;
    for (const std::string& input : inputs) names.push_back(input.c_str());
    names.push_back(nullptr);
    std::vector<deja_variable> pairs;
    for (const auto& [variable, value] : variables) pairs.push_back({variable, value});
    pairs.push_back({nullptr, nullptr});
    const deja_action action = {
        name.c_str(), names.data(), directory.empty() ? nullptr : directory.c_str(),
        pairs.data(), extra.data(), extra.size()};
    deja_job* raw = nullptr;
    const deja_status status = deja_probe(cache, &action, &raw);
    job.reset(raw);
    return status;
  }
};

class ApiTest : public ::testing::Test {
 protected:
  ApiTest() {
    // The library reads this process's own environment.
    for (char** entry = environ; *entry != nullptr; ++entry) before_.emplace_back(*entry);
    set_variables(ws.environment());
    ::setenv("DEJA_CONFIG", "/dev/null", 1);
  }
  ~ApiTest() override {
    ::clearenv();
    set_variables(before_);
  }

  Owned<deja_cache> open(const char* client = nullptr) const { return open_in(ws.cache(), client); }
  static Owned<deja_cache> open_in(const std::string& directory, const char* client = nullptr) {
    deja_cache* cache = nullptr;
    EXPECT_EQ(deja_open(directory.c_str(), client, &cache), DEJA_OK) << deja_error();
    return Owned<deja_cache>(cache);
  }
  // A probe that must succeed.
  static Owned<deja_job> probe(const Owned<deja_cache>& cache, const Action& action) {
    Owned<deja_job> job;
    EXPECT_EQ(action.probe(cache.get(), job), DEJA_OK) << deja_error();
    return job;
  }
  static std::string key(const Owned<deja_cache>& cache, const Action& action) {
    return deja_job_key(probe(cache, action).get());
  }
  static deja_status keep(const Owned<deja_job>& job, const std::string& payload,
                          int exit_code = 0) {
    return deja_store(job.get(), exit_code, payload.data(), payload.size());
  }
  // Runs the body in a child, and returns its result. The body must not use the parent's handles.
  static bool in_child(const std::function<bool()>& body) {
    const pid_t child = ::fork();
    if (child == 0) ::_exit(body() ? 0 : 1);
    int status = -1;
    while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
    }
    return status == 0;
  }
  static void set_variables(const std::vector<std::string>& entries) {
    for (const std::string& entry : entries) {
      const std::size_t equals = entry.find('=');
      ::setenv(entry.substr(0, equals).c_str(), entry.substr(equals + 1).c_str(), 1);
    }
  }
  // Stores a result in another process.
  bool stored_elsewhere(const Action& action, const std::string& payload, int exit_code = 0) const {
    return in_child([&] { return keep(probe(open(), action), payload, exit_code) == DEJA_OK; });
  }

  Workspace ws{Mode::one_shot};

 private:
  std::vector<std::string> before_;
};

}  // namespace deja::test
