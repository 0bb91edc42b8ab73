// SPDX-License-Identifier: Apache-2.0
// How an action result is stored (forms: base/bytes.h). Tested by action_test.cc and format_test.cc.
//
// clang-format off
//   result   = "dejR" u8 version, varint exit_code, u8 flags, stream out, stream err,
//              varint n, n * artifact, roots, varint cost_ns, i64 made_at_ns, varint ttl_ns, bytes evidence
//   stream   = varint size, u8 is_blob, (raw digest[32] | bytes)
//   artifact = u8 role, u8 placement, bytes path, u32 mode, varint size, raw digest[32], bytes link
//   roots    = bytes path for each of kRoots, bytes path for each of kOutputNames, bytes spelled output
// clang-format on
#include "action/result.h"

#include "base/bytes.h"

namespace deja::action {
namespace {

constexpr std::string_view kResultMagic = "dejR";
constexpr std::uint8_t kResultVersion = 4;
constexpr std::uint8_t kStreamsAreOne = 1;
constexpr std::uint8_t kColoursForced = 2;

void put_stream(Encoder& e, const StreamBytes& s) {
  e.varint(s.size);
  e.u8(s.blob ? 1 : 0);
  if (s.blob) {
    e.raw(s.blob->view());
  } else {
    e.bytes(s.bytes);
  }
}

StreamBytes get_stream(Decoder& d) {
  StreamBytes s;
  s.size = d.varint();
  if (d.u8() != 0) {
    s.blob = Digest::from_view(d.raw(32));
  } else {
    s.bytes = d.bytes();
    if (s.bytes.size() != s.size) d.fail();
  }
  return s;
}

Artifact get_artifact(Decoder& d) {
  Artifact a;
  const std::uint8_t role = d.u8();
  const std::uint8_t placement = d.u8();
  if (role < 1 || role > static_cast<std::uint8_t>(Role::symlink) || placement < 1 ||
      placement > static_cast<std::uint8_t>(Placement::made))
    d.fail();
  a.role = static_cast<Role>(role);
  a.placement = static_cast<Placement>(placement);
  a.path = d.bytes();
  a.mode = d.u32();
  a.size = d.varint();
  a.digest = Digest::from_view(d.raw(32));
  a.link_text = d.bytes();
  return a;
}

}  // namespace

std::string encode(const ActionResult& r) {
  Encoder e;
  e.raw(kResultMagic);
  e.u8(kResultVersion);
  e.varint(r.exit_code);
  e.u8(static_cast<std::uint8_t>((r.streams_are_one ? kStreamsAreOne : 0) |
                                 (r.colours_forced ? kColoursForced : 0)));
  put_stream(e, r.out);
  put_stream(e, r.err);
  e.varint(r.artifacts.size());
  for (const Artifact& a : r.artifacts) {
    e.u8(static_cast<std::uint8_t>(a.role));
    e.u8(static_cast<std::uint8_t>(a.placement));
    e.bytes(a.path);
    e.u32(a.mode);
    e.varint(a.size);
    e.raw(a.digest.view());
    e.bytes(a.link_text);
  }
  for (const Root root : kRoots) e.bytes(r.made_in.path(root));
  for (const OutputName name : kOutputNames) e.bytes(r.made_in.path(name));
  e.bytes(r.made_in.spelled_output());
  e.varint(r.cost_ns);
  e.i64(r.made_at_ns);
  e.varint(r.ttl_ns);
  e.bytes(r.evidence);
  return std::move(e).take();
}

std::optional<ActionResult> decode_result(std::string_view bytes) {
  Decoder d(bytes);
  if (d.raw(4) != kResultMagic || d.u8() != kResultVersion) return std::nullopt;
  ActionResult r;
  r.exit_code = static_cast<std::uint32_t>(d.varint());
  const std::uint8_t flags = d.u8();
  r.streams_are_one = (flags & kStreamsAreOne) != 0;
  r.colours_forced = (flags & kColoursForced) != 0;
  r.out = get_stream(d);
  r.err = get_stream(d);
  const std::uint64_t n = d.count(40);
  for (std::uint64_t i = 0; i < n && !d.failed(); ++i) r.artifacts.push_back(get_artifact(d));
  for (const Root root : kRoots) r.made_in.set(root, std::string(d.bytes()));
  for (const OutputName name : kOutputNames) r.made_in.set(name, std::string(d.bytes()));
  r.made_in.set_spelled_output(std::string(d.bytes()));
  r.cost_ns = d.varint();
  r.made_at_ns = d.i64();
  r.ttl_ns = d.varint();
  r.evidence = d.bytes();
  if (!d.done()) return std::nullopt;
  return r;
}

}  // namespace deja::action
