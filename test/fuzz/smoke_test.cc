// SPDX-License-Identifier: Apache-2.0
// Runs a fuzz target without libFuzzer: its corpus, every beginning of it, and random mutations.
#include <gtest/gtest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/path.h"
#include "os/file.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace deja {
namespace {

constexpr int kMutations = 20'000;
constexpr std::size_t kSizeMax = 4096;

void run(std::string_view input) {
  // A copy of exactly this size, so that a sanitizer sees a read past the end.
  const std::vector<std::uint8_t> bytes(input.begin(), input.end());
  EXPECT_EQ(LLVMFuzzerTestOneInput(bytes.data(), bytes.size()), 0);
}

std::vector<std::string> corpus() {
  std::vector<std::string> inputs;
  const auto names = os::list_directory(DEJA_CORPUS);
  if (!names) return inputs;
  for (const std::string& name : *names) {
    const auto text = os::read_file(join_path(DEJA_CORPUS, name));
    if (text) inputs.push_back(*text);
  }
  return inputs;
}

class Mutator {
 public:
  explicit Mutator(std::vector<std::string> inputs) : inputs_(std::move(inputs)) {}

  std::string next() {
    std::string input = inputs_[below(inputs_.size())];
    for (std::size_t i = 1 + below(4); i != 0; --i) mutate(input);
    if (input.size() > kSizeMax) input.resize(kSizeMax);
    return input;
  }

 private:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  void mutate(std::string& input) {
    const std::size_t at = below(input.size() + 1);
    const std::string& other = inputs_[below(inputs_.size())];
    const std::size_t other_at = below(other.size() + 1);
    constexpr std::string_view kSigns("\\\"'$#: \t\n@=-,/\0\xff", 17);
    switch (below(5)) {
      case 0:
        input.insert(at, 1, kSigns[below(kSigns.size())]);
        break;
      case 1:
        input.erase(at, 1 + below(4));
        break;
      case 2:
        input.insert(at, other.substr(other_at, 1 + below(16)));
        break;
      case 3:
        input = input.substr(0, at) + other.substr(other_at);
        break;
      default:
        if (at < input.size()) input[at] = static_cast<char>(below(256));
    }
  }

  std::vector<std::string> inputs_;
  std::mt19937_64 random_{20240229};  // the same inputs every time
};

TEST(Fuzz, CorpusAndItsBeginnings) {
  const auto inputs = corpus();
  ASSERT_FALSE(inputs.empty()) << DEJA_CORPUS;
  for (const std::string& input : inputs)
    for (std::size_t size = 0; size <= input.size(); ++size)
      run(std::string_view(input).substr(0, size));
}

TEST(Fuzz, Mutations) {
  Mutator mutator(corpus());
  for (int i = 0; i < kMutations; ++i) run(mutator.next());
}

}  // namespace
}  // namespace deja
