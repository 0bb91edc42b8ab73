// SPDX-License-Identifier: Apache-2.0
// A version is the pair of a layer and that layer's own version, "1:abc". For a layer that cannot tell versions
// apart it is a digest of the bytes.
#include "remote/layered.h"

#include <algorithm>
#include <charconv>
#include <numeric>
#include <utility>

#include "base/check.h"
#include "remote/sha256.h"

namespace deja::remote {
namespace {

std::string version_in_layer(const Object& object) {
  return object.version.empty() ? sha256_hex(object.bytes) : object.version;
}

std::string join_version(std::size_t layer, const Object& object) {
  return std::to_string(layer) + ":" + version_in_layer(object);
}

std::optional<std::pair<std::size_t, std::string>> split_version(const std::string& text,
                                                                 std::size_t layers) {
  const std::size_t colon = text.find(':');
  std::size_t layer = 0;
  if (colon == text.npos) return std::nullopt;
  const auto read = std::from_chars(text.data(), text.data() + colon, layer);
  if (read.ec != std::errc() || read.ptr != text.data() + colon || layer >= layers)
    return std::nullopt;
  return std::pair(layer, text.substr(colon + 1));
}

}  // namespace

LayeredTransport::LayeredTransport(std::vector<std::unique_ptr<Transport>> layers, Options options)
    : layers_(std::move(layers)), options_([&options] {
        if (!options.run_later)
          options.run_later = [](const std::function<void()>& work) { work(); };
        return std::move(options);
      }()) {
  CHECK(!layers_.empty());
}

std::string LayeredTransport::name() const {
  std::string names;
  for (const auto& layer : layers_) names += (names.empty() ? "" : ", then ") + layer->name();
  return names;
}

Result<std::size_t> LayeredTransport::home() const {
  for (std::size_t i = layers_.size(); i-- > 0;)
    if (may_write(i)) return i;
  return Error{Code::denied, 0, name() + ": all of them are read-only"};
}

Abilities LayeredTransport::abilities() const {
  const auto home = this->home();
  Abilities abilities = layers_[home ? *home : layers_.size() - 1]->abilities();
  abilities.gets_many = std::all_of(layers_.begin(), layers_.end(),
                                    [](const auto& layer) { return layer->abilities().gets_many; });
  return abilities;
}

void LayeredTransport::copy(const Name& name, std::string bytes,
                            const std::vector<std::size_t>& layers) {
  std::vector<std::size_t> targets;
  for (const std::size_t layer : layers)
    if (may_write(layer)) targets.push_back(layer);
  if (targets.empty()) return;
  options_.run_later([this, name, bytes = std::move(bytes), targets] {
    for (const std::size_t layer : targets)
      ignore(layers_[layer]->put(name, {.bytes = bytes}, options_.copy_deadline()),
             "a cache without the object asks the next remote again");
  });
}

Result<std::optional<Object>> LayeredTransport::get(const Name& name, std::uint64_t max_bytes,
                                                    Deadline deadline) {
  std::optional<Error> failed;
  std::vector<std::size_t> lacking;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    auto got = layers_[i]->get(name, max_bytes, deadline);
    if (!got) {
      if (!failed) failed = std::move(got).error();
    } else if (!*got) {
      lacking.push_back(i);
    } else {
      copy(name, (*got)->bytes, lacking);
      (*got)->version = join_version(i, **got);
      return got;
    }
  }
  if (failed) return std::move(*failed);
  return std::optional<Object>();
}

Result<bool> LayeredTransport::get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                                      Deadline deadline) {
  std::optional<Error> failed;
  std::vector<std::size_t> lacking;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    bool delivered = false;
    bool fits = !lacking.empty();
    std::string kept;
    const Sink tee = [&](std::string_view piece) {
      delivered = true;
      if (fits && kept.size() + piece.size() <= options_.write_back_max) {
        kept.append(piece);
      } else {
        fits = false;
        kept = {};
      }
      return sink(piece);
    };
    auto got = layers_[i]->get_to(name, max_bytes, tee, deadline);
    if (!got) {
      if (delivered) return got;
      if (!failed) failed = std::move(got).error();
    } else if (!*got) {
      lacking.push_back(i);
    } else {
      if (fits) copy(name, std::move(kept), lacking);
      return true;
    }
  }
  if (failed) return std::move(*failed);
  return false;
}

Result<std::vector<std::optional<Object>>> LayeredTransport::get_many(std::span<const Name> names,
                                                                      std::uint64_t max_bytes,
                                                                      Deadline deadline) {
  std::vector<std::optional<Object>> objects(names.size());
  std::vector<std::size_t> missing(names.size());
  for (std::size_t i = 0; i < missing.size(); ++i) missing[i] = i;
  std::optional<Error> failed;
  std::vector<std::size_t> lacking;
  for (std::size_t layer = 0; layer < layers_.size() && !missing.empty(); ++layer) {
    std::vector<Name> asked;
    asked.reserve(missing.size());
    for (const std::size_t i : missing) asked.push_back(names[i]);
    auto got = layers_[layer]->get_many(asked, max_bytes, deadline);
    if (!got) {
      if (!failed) failed = std::move(got).error();
      continue;
    }
    std::vector<std::size_t> still_missing;
    for (std::size_t k = 0; k < missing.size(); ++k) {
      auto& object = (*got)[k];
      if (!object) {
        still_missing.push_back(missing[k]);
        continue;
      }
      copy(asked[k], object->bytes, lacking);
      object->version = join_version(layer, *object);
      objects[missing[k]] = std::move(object);
    }
    missing = std::move(still_missing);
    lacking.push_back(layer);
  }
  if (failed && !missing.empty()) return std::move(*failed);
  return objects;
}

Result<std::vector<bool>> LayeredTransport::exists(std::span<const Name> names, Deadline deadline) {
  if (const auto at = home()) return layers_[*at]->exists(names, deadline);
  std::vector<bool> found(names.size());
  for (const auto& layer : layers_) {
    const auto here = TRY(layer->exists(names, deadline));
    for (std::size_t i = 0; i < names.size(); ++i) found[i] = found[i] || here[i];
  }
  return found;
}

Status LayeredTransport::put(const Name& name, const Source& source, Deadline deadline) {
  const std::size_t home = TRY(this->home());
  TRY(layers_[home]->put(name, source, deadline));
  for (std::size_t i = 0; i < home; ++i)
    if (may_write(i))
      ignore(layers_[i]->put(name, source, deadline), "a cache gets it when it is read");
  return {};
}

// The home's version of what the caller has seen in another layer; none: the home has something else.
Result<std::optional<std::string>> LayeredTransport::home_version(const Name& name,
                                                                  std::size_t layer,
                                                                  const std::string& version,
                                                                  std::size_t home,
                                                                  Deadline deadline) {
  const auto there = TRY(layers_[home]->get(name, ~0ULL, deadline));
  // Farther ones are only read: what they have, the home may still get.
  if (!there && layer > home) return std::optional<std::string>("");
  const auto here = TRY(layers_[layer]->get(name, ~0ULL, deadline));
  if (here && there && version_in_layer(*here) == version && here->bytes == there->bytes)
    return std::optional(there->version);
  if (there) {
    copy(name, there->bytes, {layer});
  } else if (may_write(layer)) {
    ignore(layers_[layer]->remove(name, deadline), "the caller gets `lost` and looks again");
  }
  return std::optional<std::string>();
}

Result<Put> LayeredTransport::replace(const Name& name, std::string_view bytes,
                                      const std::string& version, Deadline deadline) {
  const std::size_t home = TRY(this->home());
  std::string expected;
  if (!version.empty()) {
    const auto seen = split_version(version, layers_.size());
    if (!seen)
      return Error{Code::invalid, 0, this->name() + ": \"" + version + "\" is not a version"};
    expected = seen->second;
    if (seen->first != home && abilities().replaces_by_version) {
      const auto at_home = TRY(home_version(name, seen->first, seen->second, home, deadline));
      if (!at_home) return Put::lost;
      expected = *at_home;
    }
  }
  const Put done = TRY(layers_[home]->replace(name, bytes, expected, deadline));
  std::vector<std::size_t> nearer(home);
  std::iota(nearer.begin(), nearer.end(), std::size_t{0});
  if (done == Put::stored) copy(name, std::string(bytes), nearer);
  return done;
}

Result<bool> LayeredTransport::remove(const Name& name, Deadline deadline) {
  TRY(home());
  bool removed = false;
  std::optional<Error> failed;
  for (std::size_t i = 0; i < layers_.size(); ++i) {
    if (!may_write(i)) continue;
    auto done = layers_[i]->remove(name, deadline);
    if (done) removed = removed || *done;
    if (!done && !failed) failed = std::move(done).error();
  }
  if (failed) return std::move(*failed);
  return removed;
}

Status LayeredTransport::list(const std::function<bool(const Listed&)>& each, Deadline deadline) {
  const auto at = home();
  return layers_[at ? *at : layers_.size() - 1]->list(each, deadline);
}

void LayeredTransport::stop() {
  for (const auto& layer : layers_) layer->stop();
}

}  // namespace deja::remote
