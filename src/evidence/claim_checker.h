// SPDX-License-Identifier: Apache-2.0
// Checks whether the claims of a trace still hold, for one request.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "action/roots.h"
#include "action/trace.h"
#include "base/result.h"
#include "digest/file_digester.h"
#include "os/file.h"
#include "tool/tool.h"

namespace deja::evidence {

// Digest of all variables, in the order of their names. deja's own are left out, and paths below a
// root are tagged (PWD follows the checkout).
Digest environment_digest(const tool::Command& command, const action::Roots& roots);
// Digest of the variables whose names begin with `begin`, and of all whose name is there twice:
// programs do not agree on which of two counts.
Digest variables_like_digest(const tool::Command& command, std::string_view begin,
                             const action::Roots& roots);

// The value of Claim::logical_directory: "l" when PWD is another name of the working directory, "p"
// when it is not; "" when its text must count instead.
std::string logical_directory_value(const tool::Command& command, const action::Roots& roots);
// The value of Claim::output_name: for "name" the output's last component, for "directory" and
// "path" its tagged path; "" when the output may have no other name.
std::string output_name_value(std::string_view part, const action::Roots& roots);

// Digest of a directory's sorted names, without those in `except` (also sorted).
Result<Digest> listing_digest(const std::string& path, const std::vector<std::string>& except = {});
// The value of Claim::listing, from that digest and the names that were left out (sorted).
std::string listing_value(const Digest& digest, const std::vector<std::string>& unsaid);
// Digest of what uname(2) and gethostid(3) return.
Digest machine_digest();

// By what compilers decide whether two files of equal content are one ("#pragma once"): 'i' the
// same inode, 't' changed in the same second, '-' neither.
char same_file_relation(const os::FileIdentity& a, const os::FileIdentity& b);
// The relation of two files whose times are not compared by any tool: not the same inode.
inline constexpr char kNotOne = 'n';
// Size, modification time and mode: what most programs use of a file that they do not open. Of a
// directory only the mode: size and time depend on what it holds, and a program that uses that
// lists it.
std::string stamps_text(const os::FileIdentity& identity);
// With ctime, which a change of owner, links or attributes moves. The same for a directory.
std::string all_stamps_text(const os::FileIdentity& identity);
// The kind of what is there, which of reading, writing and executing (of a directory: searching)
// this user may do, and mode, owner and group: "d--- 16832 0 0". An error where this user may not
// search a directory above.
Result<std::string> access_text(const std::string& path);
// The value of Claim::absent: why nothing is there (os/absence.h), empty if there is no such name. None:
// something is there, or it cannot be determined.
std::optional<std::string> absence_value(const std::string& path);
// Size alone. This text cannot be the same as that of all stamps.
std::string size_text(const os::FileIdentity& identity);

class ClaimChecker {
 public:
  ClaimChecker(const tool::Command& command, const action::Roots& roots,
               digest::FileDigester& digester)
      : command_(command), roots_(roots), digester_(digester) {}

  // A checker must not outlive its command and roots.
  // An error means that the claim cannot be checked; callers take it as "no".
  Result<bool> holds(const action::Observation& claim);
  // The first claim that does not hold, or null.
  const action::Observation* first_broken(const action::Trace& trace);

  // From now on a claim that has held is not checked again, until forget(). For two looks at the same claims in a
  // moment, like the import of a result and the look-up that finds it.
  void remember();
  void forget();

 private:
  Result<bool> check(const action::Observation& claim);
  Result<bool> path_holds(const action::Observation& claim, const std::string& path);
  std::optional<std::string_view> variable(std::string_view name);
  bool searches_alike(std::string_view list);

  const tool::Command& command_;
  const action::Roots& roots_;
  digest::FileDigester& digester_;
  std::optional<Digest> environment_;
  std::map<std::string, bool> searches_alike_;           // by list: searches_alike_everywhere
  std::optional<std::unordered_set<std::string>> held_;  // what remember() keeps
};

}  // namespace deja::evidence
