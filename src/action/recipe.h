// SPDX-License-Identifier: Apache-2.0
// The key recipe: one walk over an action, several sinks. One sink hashes, the others keep the fields for
// people, so an explanation cannot drift from the key.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "action/roots.h"
#include "digest/digest.h"
#include "digest/hasher.h"
#include "tool/tool.h"

namespace deja::action {

class Sink {
 public:
  virtual ~Sink() = default;
  // Lengths precede bytes: two different sequences of fields never give the same bytes.
  virtual void field(std::string_view name, std::string_view value) = 0;
};

class HashSink final : public Sink {
 public:
  void field(std::string_view name, std::string_view value) override;
  Digest finish() const { return hasher_.finish(); }

 private:
  digest::Hasher hasher_;
};

// One line a field: "name: value", tags and control bytes made readable.
class TextSink final : public Sink {
 public:
  void field(std::string_view name, std::string_view value) override;
  const std::string& text() const { return text_; }

 private:
  std::string text_;
};

// The fields as `deja why` compares them. A variable and its value are one field, "variable NAME"; a file's content is
// "content of PATH". A digest stands for what may be secret (base/secrets.h), and for the values of variables always.
class FieldsSink final : public Sink {
 public:
  void field(std::string_view name, std::string_view value) override;
  std::vector<tool::KeyField> take() { return std::move(fields_); }

 private:
  void add_argument(const std::string& text);

  std::vector<tool::KeyField> fields_;
  bool after_announcement_ = false;  // the last argument was an option such as --password
};

// What is known of an invocation before anything is read.
struct Action {
  const tool::Command& command;
  const tool::Invocation& invocation;
  const Roots& roots;
  Digest tool_digest;
  unsigned umask = 022;
  std::string_view salt;
};

// Walks the recipe. docs/key.md lists the fields and why each is there.
void describe_action(const Action& action, Sink& sink);
ProbeKey probe_key(const Action& action);
std::string explain(const Action& action);
std::vector<tool::KeyField> key_fields(const Action& action);

// Variables that a process reads before or below anything that can be observed (the dynamic
// loader, libc's own start-up), so their values are part of every key.
bool is_always_keyed(std::string_view variable);

}  // namespace deja::action
