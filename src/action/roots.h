// SPDX-License-Identifier: Apache-2.0
// Roots: directories whose location may differ between two runs of "the same" action. In keys, traces
// and results a path below a root is written with the root's tag, so that another checkout or another
// build directory can find it. Tags only make sharing possible: whether a result may be shared is decided
// after the run, see sharing/portability.h.
//
// A tagged path is a byte string: a tag byte (enum Root) followed by "" or "/rest", or one of the
// tags below alone, or an absolute path as it is. They cannot be confused: an absolute path starts
// with '/'.
#pragma once

#include <array>
#include <string>
#include <string_view>

namespace deja::action {

enum class Root : unsigned char {
  cwd = 1,            // the working directory, by its real path
  workspace,          // what holds both the working directory and the source
  checkout,           // what holds the version control's own directory (".git")
  logical_cwd,        // the working directory as PWD names it, where that is another name
  logical_workspace,  // the workspace, named in the same way
  objects,            // what holds a link's inputs and is named after its output ("<output>.dir")
  target,             // cargo's target directory
};
// A path below several roots belongs to the deepest one; where two are equal, to the first.
inline constexpr std::array kRoots = {Root::cwd,         Root::workspace,         Root::checkout,
                                      Root::logical_cwd, Root::logical_workspace, Root::objects,
                                      Root::target};
const char* root_name(Root root);  // "cwd", "workspace", …

// Outputs whose names the command line gives and that may be called otherwise the next time. Each is
// one file, with a tag that stands for its whole path.
enum class OutputName : unsigned char {
  output = 14,  // the main output (-o)
  depfile,      // the dependency file (-MF, or the name that follows from -o)
};
inline constexpr std::array kOutputNames = {OutputName::output, OutputName::depfile};

class Roots {
 public:
  Roots() = default;
  // Absolute paths without a trailing slash; "" or "/" is not a root.
  Roots(std::string cwd, std::string workspace);

  void set(Root root, std::string path);
  const std::string& path(Root root) const { return paths_[static_cast<std::size_t>(root) - 1]; }
  bool has(Root root) const { return !path(root).empty(); }

  // Absolute path of an output; "" when its name counts as it is.
  void set(OutputName name, std::string path);
  const std::string& path(OutputName name) const { return outputs_[index(name)]; }
  // The main output as the command line spells it: the target of a dependency file.
  void set_spelled_output(std::string text) { spelled_output_ = std::move(text); }
  const std::string& spelled_output() const { return spelled_output_; }

  // Paths outside of all roots stay.
  std::string tag(std::string_view path) const;
  // The same for what the run has made: also the names of outputs.
  std::string tag_output(std::string_view path) const;
  std::string expand(std::string_view tagged) const;  // "" when it names what we do not have
  // For people: "<cwd>/a.c".
  static std::string describe(std::string_view tagged);

  bool operator==(const Roots&) const = default;

 private:
  static constexpr std::size_t index(OutputName name) {
    return static_cast<std::size_t>(name) - static_cast<std::size_t>(OutputName::output);
  }
  std::array<std::string, kRoots.size()> paths_;
  std::array<std::string, kOutputNames.size()> outputs_;
  std::string spelled_output_;
};

}  // namespace deja::action
