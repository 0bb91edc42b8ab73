// SPDX-License-Identifier: Apache-2.0
// A result from a remote is placed by the same code as one made here, and that code trusts results. So
// everything it trusts is tested here: where outputs lie, their modes, the form of claims.
//
// Tested by offer_test.cc and lies_test.cc.
#include "exchange/offer_check.h"

#include <algorithm>
#include <set>
#include <string>

#include "action/roots.h"
#include "digest/hasher.h"

namespace deja::exchange {
namespace {

using action::ActionResult;
using action::Artifact;
using action::Claim;
using action::Role;

constexpr std::size_t kPathMax = 4095;  // PATH_MAX of Linux, without its NUL
constexpr std::size_t kArtifactsMax = 20'000;
constexpr std::uint32_t kSetIdBits = 06000;

Error refused(std::string_view why) { return {Code::invalid, 0, std::string(why)}; }

bool is_digest(std::string_view value) { return value.size() == sizeof(Digest); }

// Each a letter, a path and a NUL.
bool is_directory_list(std::string_view value) {
  while (!value.empty()) {
    const std::size_t end = value.find('\0');
    if (end == std::string_view::npos || (value[0] != 'd' && value[0] != '-') || end == 0)
      return false;
    value.remove_prefix(end + 1);
  }
  return true;
}

bool is_root_tag(std::string_view text) {
  return text.size() == 1 &&
         std::any_of(action::kRoots.begin(), action::kRoots.end(),
                     [&](action::Root root) { return text[0] == static_cast<char>(root); });
}

bool has_subject(const action::Observation& claim) {
  switch (claim.claim) {
    case Claim::environment:
    case Claim::machine:
    case Claim::date:
      return claim.subject.empty();
    case Claim::root:
      return is_root_tag(claim.subject);
    case Claim::variables_like:
      return true;
    default:
      return !claim.subject.empty() && claim.subject.find('\0') == std::string::npos;
  }
}

// "/a/b", without a component that leads elsewhere.
bool goes_down(std::string_view rest) {
  while (!rest.empty()) {
    if (rest[0] != '/') return false;
    rest.remove_prefix(1);
    const std::string_view name = rest.substr(0, rest.find('/'));
    if (name.empty() || name == "." || name == ".." || name == ".git") return false;
    rest.remove_prefix(name.size());
  }
  return true;
}

Status check_artifact(const Artifact& a) {
  if (!is_safe_place(a.path, a.role))
    return refused("an output lies outside of the build's directories");
  if ((a.mode & ~07777U) != 0 || (a.role != Role::directory && (a.mode & kSetIdBits) != 0))
    return refused("an output is setuid or setgid");
  const bool is_file = a.role == Role::output || a.role == Role::depfile;
  if (is_file && !a.link_text.empty()) return refused("it has a file with the target of a symlink");
  if (!is_file && (a.size != 0 || a.digest != Digest()))
    return refused("it has a directory or symlink with content");
  const bool has_text = !a.link_text.empty() && a.link_text.find('\0') == std::string::npos &&
                        a.link_text.size() <= kPathMax;
  if (a.role == Role::symlink && !has_text)
    return refused("it has a symlink without a valid target");
  return {};
}

// No place twice, and none below a symlink: what is below it is anywhere.
Status check_places(const std::vector<Artifact>& artifacts) {
  std::set<std::string_view> places, links;
  for (const Artifact& a : artifacts) {
    if (!places.insert(a.path).second) return refused("it has two outputs in one place");
    if (a.role == Role::symlink) links.insert(a.path);
  }
  for (const Artifact& a : artifacts) {
    for (std::size_t at = a.path.find('/'); at != std::string::npos; at = a.path.find('/', at + 1))
      if (links.contains(std::string_view(a.path).substr(0, at)))
        return refused("it has an output below one of its symlinks");
  }
  return {};
}

Status check_roots(const action::Roots& roots) {
  const auto is_path = [](const std::string& path) {
    return path.empty() ||
           (path[0] == '/' && path.size() <= kPathMax && path.find('\0') == std::string::npos);
  };
  for (const action::Root root : action::kRoots)
    if (!is_path(roots.path(root))) return refused("one of its roots is not a path");
  for (const action::OutputName name : action::kOutputNames)
    if (!is_path(roots.path(name))) return refused("one of its outputs is not a path");
  return {};
}

Status check_blob(const OfferedBlob& blob) {
  switch (blob.encoding) {
    case Encoding::raw:
      if (blob.stored_size != blob.size) return refused("a blob's two sizes differ");
      return {};
    case Encoding::zstd:
      if (blob.stored_size >= blob.size) return refused("compression made a blob larger");
      return {};
    case Encoding::in_offer:
      if (blob.bytes.size() != blob.size || digest::digest_bytes(blob.bytes) != blob.digest)
        return refused("a blob in the offer does not match its digest");
      return {};
  }
  return refused("a blob has an unknown encoding");
}

Status check_blobs(const OfferEntry& entry, const ActionResult& result) {
  const auto wanted = blobs_of(result);
  if (!wanted) return refused("a blob has two sizes");
  const auto is_row_of = [](const OfferedBlob& row, const store::BlobReference& blob) {
    return row.digest == blob.digest && row.size == blob.size;
  };
  if (!std::equal(entry.blobs.begin(), entry.blobs.end(), wanted->begin(), wanted->end(),
                  is_row_of))
    return refused("its table of blobs does not match its outputs");
  for (const OfferedBlob& blob : entry.blobs) TRY(check_blob(blob));
  return {};
}

}  // namespace

bool is_well_formed(const action::Observation& o) {
  if (o.subject.size() > kPathMax + 256 || !has_subject(o)) return false;
  switch (o.claim) {
    case Claim::file:
    case Claim::environment:
    case Claim::machine:
    case Claim::variables_like:
    case Claim::absent_or_file:
    case Claim::variable_digest:
      return is_digest(o.value);
    case Claim::listing:
      return o.value.size() >= sizeof(Digest) &&
             (o.value.size() == sizeof(Digest) || o.value.back() == '\0');
    case Claim::absent:
      return o.value.size() <= 1;
    case Claim::exists:
      return o.value.size() == 1;
    case Claim::unset:
      return o.value.empty();
    case Claim::same_file:
      return o.value.size() >= 2;
    case Claim::search:
      return o.value.empty() || o.value.back() == '\0';
    case Claim::directories:
      return is_directory_list(o.value);
    case Claim::variable:  // holds a value in clear
      return false;
    case Claim::link:
    case Claim::real:
    case Claim::root:
    case Claim::stamps:
    case Claim::logical_directory:
    case Claim::output_name:
    case Claim::date:
    case Claim::access:
      return o.value.size() <= kPathMax + 1;
  }
  return false;
}

bool is_safe_place(std::string_view tagged, Role role) {
  if (tagged.empty() || tagged.size() > kPathMax || tagged.find('\0') != std::string_view::npos)
    return false;
  for (const action::OutputName name : action::kOutputNames)
    if (tagged[0] == static_cast<char>(name)) return tagged.size() == 1;
  if (tagged[0] == '/') return tagged.size() > 1 && goes_down(tagged);
  if (!is_root_tag(tagged.substr(0, 1))) return false;
  if (tagged.size() == 1) return role == Role::directory;
  return goes_down(tagged.substr(1));
}

std::optional<std::vector<store::BlobReference>> blobs_of(const ActionResult& result) {
  std::vector<store::BlobReference> blobs;
  for (const Artifact& a : result.artifacts)
    if (a.role == Role::output || a.role == Role::depfile) blobs.push_back({a.digest, a.size});
  for (const action::StreamBytes* stream : {&result.out, &result.err})
    if (stream->blob) blobs.push_back({*stream->blob, stream->size});
  std::sort(blobs.begin(), blobs.end(),
            [](const auto& a, const auto& b) { return a.digest < b.digest; });
  const auto is_same = [](const auto& a, const auto& b) { return a.digest == b.digest; };
  for (auto at = std::adjacent_find(blobs.begin(), blobs.end(), is_same); at != blobs.end();
       at = std::adjacent_find(at + 1, blobs.end(), is_same))
    if (at->size != (at + 1)->size) return std::nullopt;
  blobs.erase(std::unique(blobs.begin(), blobs.end(), is_same), blobs.end());
  return blobs;
}

Status check_result(const ActionResult& result) {
  if (result.artifacts.size() > kArtifactsMax) return refused("it has too many outputs");
  for (const Artifact& a : result.artifacts) TRY(check_artifact(a));
  TRY(check_places(result.artifacts));
  return check_roots(result.made_in);
}

Result<ActionResult> check_entry(const ProbeKey& probe, const Offer& offer,
                                 const OfferEntry& entry) {
  auto result = action::decode_result(entry.result);
  if (!result || encode(*result) != entry.result)
    return refused("its record is not one of this version of deja");
  if (result->made_at_ns != entry.made_at_ns) return refused("its two times differ");
  TRY(check_result(*result));
  TRY(check_blobs(entry, *result));
  if (action_key(probe, offer.trace(entry), result->streams_are_one) != entry.key)
    return refused("its key does not match its fingerprint and claims");
  return *std::move(result);
}

}  // namespace deja::exchange
