// SPDX-License-Identifier: Apache-2.0
// Inputs of equal content: whether a compiler takes two of them for one file ("#pragma once") is
// not in their content. Tested by test/diff/families_test.cc and test/e2e/equal_inputs_test.cc.
#include <algorithm>
#include <iterator>

#include "evidence/claim_checker.h"
#include "evidence/rules.h"
#include "os/file.h"

namespace deja::evidence {

using namespace std::string_view_literals;
using action::Claim;

namespace {

// Objects, archives, libraries, bitcode and rustc's metadata of a crate are not included as text,
// so "#pragma once" does not apply to them. Linkers know a file by its name; only bfd's compares
// the inode of a library that another one needs with those that it has (ldelf_try_needed).
Result<bool> is_machine_code(const std::string& path) {
  constexpr std::string_view kMagics[] = {
      // NOLINTNEXTLINE(bugprone-suspicious-missing-comma): "\x7fE" would be one byte
      "\x7f"
      "ELF",
      "!<arch>\n", "!<thin>\n", "BC\xc0\xde", "rust\0\0\0"sv};
  const os::Fd fd = TRY(os::open_read(path));
  char head[8] = {};
  const std::string_view read(head, TRY(os::read_at(fd, 0, head, sizeof(head))));
  return std::any_of(std::begin(kMagics), std::end(kMagics),
                     [&](std::string_view magic) { return read.starts_with(magic); });
}

void claim_pair(Conclusion& c, const std::string& one, const std::string& other, bool only_inodes) {
  const auto a = os::stat_file(one);
  const auto b = os::stat_file(other);
  if (!a || !*a || !b || !*b) return c.fail(NotStored::input_gone, other);
  char letter = same_file_relation(**a, **b);
  if (only_inodes && letter != 'i') letter = kNotOne;
  // Both ways, so that a watch on one of them is enough to have the claim checked again.
  c.claim_path(Claim::same_file, one, letter + c.run.roots.tag(other));
  c.claim_path(Claim::same_file, other, letter + c.run.roots.tag(one));
}

constexpr std::size_t kPairedMax = 10;  // more than that are claimed one by one

void claim_pairs(Conclusion& c, const std::vector<std::string>& paths, bool is_code) {
  // Of machine code only a library that another one needs is compared at all, with those before it.
  const std::size_t ends = paths.size() > kPairedMax ? 1 : paths.size();
  for (std::size_t i = 0; i < ends; ++i)
    for (std::size_t k = i + 1; k < paths.size(); ++k) claim_pair(c, paths[i], paths[k], is_code);
}

}  // namespace

void conclude_same_files(Conclusion& c) {
  for (const auto& [digest, paths] : c.equals) {
    if (paths.size() < 2) continue;
    const auto is_code = is_machine_code(paths[0]);
    if (!is_code) return c.fail(NotStored::input_gone, paths[0]);
    if (paths.size() > kPairedMax && !*is_code) {
      for (const std::string& path : paths)
        if (!c.is_declared_input(path)) claim_all_stamps(c, path, *c.find(path));
      continue;
    }
    claim_pairs(c, paths, *is_code);
  }
}

}  // namespace deja::evidence
