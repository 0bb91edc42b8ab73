// The world as it is now, seen by one request: checks whether claims of a trace still hold.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "action/roots.h"
#include "action/trace.h"
#include "base/result.h"
#include "digest/file_digester.h"
#include "os/file.h"
#include "tool/tool.h"

namespace deja::evidence {

// Digest of all variables, in order of their names; deja's own are left out, and paths below a
// root are tagged (PWD follows the checkout).
Digest environment_digest(const tool::Command& command, const action::Roots& roots);
// Digest of the variables whose names begin so, and of all whose name is there twice: programs do not
// agree on which of two counts.
Digest variables_like_digest(const tool::Command& command, std::string_view begin,
                             const action::Roots& roots);

// The value of Claim::logical_directory: "l" when PWD is another name of the working directory, "p"
// when it is none; "" when its text must count instead.
std::string logical_directory_value(const tool::Command& command, const action::Roots& roots);
// The value of Claim::output_name: of "name" the output's last component, of "path" its tagged path;
// "" when the output may not be called otherwise.
std::string output_name_value(std::string_view part, const action::Roots& roots);

// Digest of a directory's sorted names, without those in `except` (also sorted).
Result<Digest> listing_digest(const std::string& path, const std::vector<std::string>& except = {});
// The value of Claim::listing, from that digest and the names it says nothing of (sorted).
std::string listing_value(const Digest& digest, const std::vector<std::string>& unsaid);
// Digest of what uname(2) and gethostid(3) say.
Digest machine_digest();

// How compilers tell whether two files of equal content are one ("#pragma once"): 'i' the same
// inode, 't' of the same second, '-' neither.
char same_file_relation(const os::FileIdentity& a, const os::FileIdentity& b);
// Of files whose times nobody compares: not the same inode.
inline constexpr char kNotOne = 'n';
// Size, modification time and mode: what most programs care for of a file that they do not open. Of
// a directory its mode: size and time follow what it holds, and who cares for that lists it.
std::string stamps_text(const os::FileIdentity& identity);
// With ctime, which its owner, links and attributes move; of a directory, too.
std::string all_stamps_text(const os::FileIdentity& identity);
// What kind of thing is there, which of reading, writing, executing (of a directory: searching) it this
// user may, and its mode, owner and group: "d--- 16832 0 0". An error where a directory above may not be
// searched.
Result<std::string> access_text(const std::string& path);
// Size alone, which cannot be mistaken for the text of all.
std::string size_text(const os::FileIdentity& identity);

class ClaimChecker {
 public:
  ClaimChecker(const tool::Command& command, const action::Roots& roots,
               digest::FileDigester& digester)
      : command_(command), roots_(roots), digester_(digester) {}

  // A world must not outlive its command and roots.
  // An error means that it cannot be told; callers take it as "no".
  Result<bool> holds(const action::Observation& claim);
  // The first claim that does not hold, or null.
  const action::Observation* first_broken(const action::Trace& trace);

 private:
  Result<bool> path_holds(const action::Observation& claim, const std::string& path);
  std::optional<std::string_view> variable(std::string_view name);

  const tool::Command& command_;
  const action::Roots& roots_;
  digest::FileDigester& digester_;
  std::optional<Digest> environment_;
};

}  // namespace deja::evidence
