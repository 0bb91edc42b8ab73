// SPDX-License-Identifier: Apache-2.0
// Planted lies: what a remote that is damaged, confused or hostile may hand out. Whatever it is, the reader's
// store serves afterwards what a trusted machine has made, or nothing.
#include <gtest/gtest.h>

#include <functional>
#include <set>

#include "action/manifest.h"
#include "base/path.h"
#include "exchange/exporter.h"
#include "exchange/importer.h"
#include "exchange/offer_check.h"
#include "exchange/pair_support.h"
#include "exchange/record_name.h"
#include "os/clock.h"
#include "store/mem_store.h"

namespace deja::exchange {
namespace {

using action::ActionResult;
using action::Observation;
using action::Role;

constexpr char kSpace[] = "team";

// The truth, and a remote that has it.
class World {
 public:
  World() {
    for (const PastRun* run : {&small, &big, &other}) offer(*run, *writer, kSpace);
    offer(small, *writer, "another team");
  }

  void offer(const PastRun& run, const SigningKey& key, const std::string& space) {
    for (const std::string& output : run.outputs) store::put_bytes(maker_, output);
    remote::MemTransport transport(remote);
    const auto report = Exporter({transport, maker_, scratch, &key, space, {}, {}})
                            .export_result(run.job(), kNoDeadline);
    EXPECT_TRUE(report && report->why_not.empty());
  }

  std::string& offer_of(const PastRun& run) { return objects[offer_name(kSpace, run.probe)]; }
  // Changes an offer as somebody who knows the format would.
  void edit(const PastRun& run, const std::function<void(Offer&)>& change) {
    std::string& bytes = offer_of(run);
    Offer offer = decode_offer(run.probe, bytes)->offer;
    change(offer);
    bytes = encode_offer(run.probe, offer);
  }
  // The entry with another result; whatever depends on the result is made to fit.
  void edit_result(const PastRun& run, const std::function<void(ActionResult&)>& change) {
    edit(run, [&](Offer& offer) {
      OfferEntry& entry = offer.entries[0];
      ActionResult result = *action::decode_result(entry.result);
      change(result);
      entry.result = encode(result);
      entry.made_at_ns = result.made_at_ns;
      entry.key = action_key(run.probe, offer.trace(entry), result.streams_are_one);
    });
  }
  std::string& blob_of(const PastRun& run, std::size_t output) {
    const Offer offer = decode_offer(run.probe, offer_of(run))->offer;
    for (const OfferedBlob& row : offer.entries[0].blobs)
      if (row.digest == run.result.artifacts[output].digest) return objects[row.name()];
    ADD_FAILURE();
    return objects[{}];
  }

  // What is on the remote, to be changed.
  void load() {
    objects.clear();
    for (auto& [name, entry] : remote->all()) objects[name] = entry.bytes;
  }

  PastRun small{"p", "source", {"object of p", "depfile of p"}};
  PastRun big{"q", "source", {noise(100'000), text(300'000)}};
  PastRun other{"r", "source", {"object of r"}};
  os::ScratchDirectory directory;
  Scratch scratch{directory.path()};
  std::unique_ptr<SigningKey> writer =
      std::make_unique<SigningKey>(*SigningKey::create(directory.at("writer")));
  std::unique_ptr<SigningKey> stranger =
      std::make_unique<SigningKey>(*SigningKey::create(directory.at("stranger")));
  std::shared_ptr<remote::MemRemote> remote = std::make_shared<remote::MemRemote>();
  std::map<remote::Name, std::string> objects;

 private:
  store::MemStore maker_;
};

// Every result that the reader would serve for this fingerprint, as text.
std::set<std::string> all_served(store::MemStore& store, const ProbeKey& probe) {
  std::set<std::string> out;
  const auto record = store.get_manifest(probe);
  if (!record || !*record) return out;
  const auto manifest = action::decode_manifest(**record);
  if (!manifest) return {"a damaged manifest"};
  for (const auto& entry : manifest->entries()) {
    const auto result = store.get_result(entry.key);
    if (!result || !*result) continue;
    std::string text = entry.key.hex() + **result;
    const auto decoded = action::decode_result(**result);
    if (!decoded) return {"a damaged result"};
    for (const auto& artifact : decoded->artifacts)
      if (artifact.role == Role::output) text += "|" + store::read_blob(store, artifact.digest);
    out.insert(text);
  }
  return out;
}

enum class Policy { anyone, listed };

struct Lie {
  std::string name;
  Policy policy;
  // An accident that may leave the truth as it is (a bit without a meaning); else nothing of the target is served.
  bool may_be_harmless;
  std::function<const PastRun&(World&)> plant;  // returns the target
};

class Planter {
 public:
  std::vector<Lie> lies;

  void add(std::string name, Policy policy, std::function<const PastRun&(World&)> plant,
           bool may_be_harmless = false) {
    lies.push_back({std::move(name), policy, may_be_harmless, std::move(plant)});
  }
  // Accidents that can happen to any object.
  void damage(const std::string& name,
              const std::function<std::string&(World&, const PastRun*&)>& find) {
    const auto one = [&](const std::string& what, std::function<void(std::string&)> change,
                         bool may_be_harmless = false) {
      add(
          name + " " + what, Policy::anyone,
          [find, change](World& world) -> const PastRun& {
            const PastRun* run = nullptr;
            change(find(world, run));
            return *run;
          },
          may_be_harmless);
    };
    for (int i = 0; i < 12; ++i) {
      one("cut " + std::to_string(i),
          [i](std::string& s) { s.resize(s.size() * static_cast<std::size_t>(i) / 12); });
      one(
          "flipped " + std::to_string(i),
          [i](std::string& s) {
            char& byte = s[s.size() * static_cast<std::size_t>(i) / 12];
            byte = static_cast<char>(byte ^ (1 << (i % 8)));
          },
          true);
    }
    one("without its last byte", [](std::string& s) { s.pop_back(); });
    for (const std::size_t n : {1, 7, 100, 70'000}) {
      one("grown by " + std::to_string(n), [n](std::string& s) { s.append(n, 'x'); });
      one("rotated by " + std::to_string(n), [n](std::string& s) {
        std::rotate(s.begin(), s.begin() + static_cast<std::ptrdiff_t>(n % s.size()), s.end());
      });
    }
    one("doubled", [](std::string& s) { s += std::string(s); });
    one("zeros", [](std::string& s) { s.assign(s.size(), '\0'); });
    one("reversed", [](std::string& s) { std::reverse(s.begin(), s.end()); });
  }
};

void plant_damage(Planter& p) {
  p.damage("small offer", [](World& w, const PastRun*& run) -> std::string& {
    return w.offer_of(*(run = &w.small));
  });
  p.damage("big offer", [](World& w, const PastRun*& run) -> std::string& {
    return w.offer_of(*(run = &w.big));
  });
  p.damage("raw blob", [](World& w, const PastRun*& run) -> std::string& {
    return w.blob_of(*(run = &w.big), 0);
  });
  p.damage("zstd blob", [](World& w, const PastRun*& run) -> std::string& {
    return w.blob_of(*(run = &w.big), 1);
  });
}

void plant_swaps(Planter& p) {
  using W = World&;
  p.add("offer of another fingerprint", Policy::anyone,
        [](W w) -> const PastRun& { return w.offer_of(w.small) = w.offer_of(w.other), w.small; });
  p.add("offers exchanged", Policy::anyone, [](W w) -> const PastRun& {
    return std::swap(w.offer_of(w.small), w.offer_of(w.big)), w.small;
  });
  p.add("a blob instead of the offer", Policy::anyone,
        [](W w) -> const PastRun& { return w.offer_of(w.big) = w.blob_of(w.big, 1), w.big; });
  p.add("blobs exchanged", Policy::anyone, [](W w) -> const PastRun& {
    return std::swap(w.blob_of(w.big, 0), w.blob_of(w.big, 1)), w.big;
  });
  p.add("one blob for both", Policy::anyone,
        [](W w) -> const PastRun& { return w.blob_of(w.big, 0) = w.blob_of(w.big, 1), w.big; });
  p.add("blob names exchanged", Policy::anyone, [](W w) -> const PastRun& {
    w.edit(w.big, [](Offer& o) { std::swap(o.entries[0].blobs[0].id, o.entries[0].blobs[1].id); });
    return w.big;
  });
  p.add("absent blobs", Policy::anyone, [](W w) -> const PastRun& {
    std::erase_if(w.objects,
                  [](const auto& object) { return object.first.kind == remote::Kind::blob; });
    return w.big;
  });
  p.add("names of absent blobs", Policy::anyone, [](W w) -> const PastRun& {
    w.edit(w.big, [](Offer& o) { o.entries[0].blobs[0].id.fill(7); });
    return w.big;
  });
  p.add("an entry of another fingerprint", Policy::anyone, [](W w) -> const PastRun& {
    const Offer strange = decode_offer(w.other.probe, w.offer_of(w.other))->offer;
    w.offer_of(w.small) = encode_offer(w.small.probe, strange);
    return w.small;
  });
}

using EditEntry = std::function<void(Offer&, OfferEntry&)>;
using EditResult = std::function<void(ActionResult&)>;

// What can be told without knowing the writers.
void plant_malformed_entries(Planter& p) {
  const auto entry = [&p](const std::string& name, EditEntry change) {
    for (const bool is_big : {false, true})
      p.add(name + (is_big ? ", big" : ", small"), Policy::anyone,
            [change, is_big](World& w) -> const PastRun& {
              const PastRun& run = is_big ? w.big : w.small;
              w.edit(run, [&](Offer& offer) { change(offer, offer.entries[0]); });
              return run;
            });
  };
  entry("another key", [](Offer&, OfferEntry& e) { e.key = store::action_key_of("x"); });
  entry("a claim less", [](Offer&, OfferEntry& e) { e.claims.pop_back(); });
  entry("no claims", [](Offer&, OfferEntry& e) { e.claims.clear(); });
  entry("a claim with another value", [](Offer& o, OfferEntry&) { o.claims[0].value[3] ^= 1; });
  entry("a claim about another file", [](Offer& o, OfferEntry&) { o.claims[0].subject = "\1/A"; });
  entry("a claim of another kind", [](Offer& o, OfferEntry&) {
    o.claims[1].claim = action::Claim::absent_or_file;
    std::sort(o.claims.begin(), o.claims.end());
  });
  entry("no result", [](Offer&, OfferEntry& e) { e.result.clear(); });
  entry("a cut result", [](Offer&, OfferEntry& e) { e.result.pop_back(); });
  entry("a grown result", [](Offer&, OfferEntry& e) { e.result += '\0'; });
  entry("no blobs", [](Offer&, OfferEntry& e) { e.blobs.clear(); });
  entry("a blob less", [](Offer&, OfferEntry& e) { e.blobs.pop_back(); });
  entry("a blob of another size", [](Offer&, OfferEntry& e) { e.blobs[0].size += 1; });
  entry("a blob of great size", [](Offer&, OfferEntry& e) { e.blobs[0].size = ~std::uint64_t{0}; });
  entry("a blob of another digest",
        [](Offer&, OfferEntry& e) { e.blobs[0].digest.bytes[31] ^= 1; });
  entry("other bytes in the offer", [](Offer&, OfferEntry& e) {
    for (OfferedBlob& blob : e.blobs) {
      blob.encoding = Encoding::in_offer;
      blob.bytes.assign(blob.size, 'x');
    }
  });
  entry("raw that is not", [](Offer&, OfferEntry& e) {
    for (OfferedBlob& blob : e.blobs) {
      blob.encoding = blob.encoding == Encoding::raw ? Encoding::zstd : Encoding::raw;
      blob.stored_size = blob.size - (blob.encoding == Encoding::zstd ? 1 : 0);
      blob.bytes.clear();
    }
  });
  entry("another age", [](Offer&, OfferEntry& e) { e.made_at_ns += 1; });
}

// The same where writers are not listed: places and modes that nobody may ask for.
void plant_places(Planter& p) {
  const auto result = [&p](const std::string& name, EditResult change) {
    p.add(name, Policy::anyone, [change](World& w) -> const PastRun& {
      w.edit_result(w.small, change);
      return w.small;
    });
  };
  for (const std::string& path : {std::string("/etc/cron.d/x"),
                                  std::string("/home/u/.bashrc"),
                                  std::string("/w/../etc/x"),
                                  std::string("/w/a/../../etc/x"),
                                  std::string("/w"),
                                  std::string("/"),
                                  std::string("//w/x"),
                                  std::string("\1/../../x"),
                                  std::string("\1/.."),
                                  std::string("\2/a/../../../x"),
                                  std::string("\1/./x"),
                                  std::string("\1//etc/x"),
                                  std::string("\1"),
                                  std::string("x"),
                                  std::string(),
                                  std::string("\x0e/../x"),
                                  std::string("\x0f\x0f"),
                                  std::string("\x08/x"),
                                  std::string("\xff/x"),
                                  std::string("\3/.git/hooks/post-merge"),
                                  std::string("\1/a\0b", 5),
                                  "\1/" + std::string(9000, 'a'),
                                  std::string("~/x"),
                                  std::string("\1\1/x"),
                                  std::string("\1../x")})
    result("output at " + to_hex(path.substr(0, 24)),
           [path](ActionResult& r) { r.artifacts[0].path = path; });
  for (const std::uint32_t mode : {04755U, 02755U, 06755U, 0100755U, 0120777U, 040755U})
    result("mode " + std::to_string(mode), [mode](ActionResult& r) { r.artifacts[0].mode = mode; });
  result("two outputs in one place",
         [](ActionResult& r) { r.artifacts[1].path = r.artifacts[0].path; });
  result("an output below a symlink", [](ActionResult& r) {
    r.artifacts.insert(r.artifacts.begin(),
                       {Role::symlink, action::Placement::made, "\1/l", 0777, 0, {}, "/home/u"});
    r.artifacts[1].path = "\1/l/.bashrc";
  });
  result("a directory that is a symlink", [](ActionResult& r) {
    r.artifacts.push_back({Role::symlink, action::Placement::made, "\1/d", 0777, 0, {}, "/"});
    r.artifacts.push_back({Role::directory, action::Placement::made, "\1/d", 0755, 0, {}, ""});
  });
  result("an output that is not offered", [](ActionResult& r) {
    r.artifacts.push_back(
        {Role::output, action::Placement::made, "\1/z", 0644, 3, digest::digest_bytes("zzz"), ""});
  });
  result("an output of another size", [](ActionResult& r) { ++r.artifacts[0].size; });
  result("a stream that is not offered",
         [](ActionResult& r) { r.err = {"", digest::digest_bytes("zzz"), 3}; });
  result("a root that is no path", [](ActionResult& r) { r.made_in = action::Roots("w", "/w"); });
  result("made in the future",
         [](ActionResult& r) { r.made_at_ns = os::wall_ns() + 86'400LL * 1'000'000'000; });
  result("past its time", [](ActionResult& r) { r.ttl_ns = 1; });
}

// Well-formed, and only the signature tells. `sign`: what the liar does about it.
void plant_forgeries(Planter& p) {
  const auto forge = [&p](const std::string& name, std::function<void(World&)> change) {
    const auto with = [&](const std::string& how, std::function<void(World&, OfferEntry&)> sign) {
      p.add(name + ", " + how, Policy::listed, [change, sign](World& w) -> const PastRun& {
        change(w);
        w.edit(w.small, [&](Offer& o) { sign(w, o.entries[0]); });
        return w.small;
      });
    };
    with("old signature", [](World&, OfferEntry&) {});
    with("no signature", [](World&, OfferEntry& e) { e.writer.reset(); });
    with("signed by a stranger",
         [](World& w, OfferEntry& e) { sign_entry(kSpace, w.small.probe, *w.stranger, e); });
    with("a stranger's signature under the writer's name", [](World& w, OfferEntry& e) {
      sign_entry(kSpace, w.small.probe, *w.stranger, e);
      e.writer = w.writer->public_key();
    });
    with("zeros for a signature", [](World&, OfferEntry& e) { e.signature.fill(0); });
    with("signed for another namespace",
         [](World& w, OfferEntry& e) { sign_entry("another team", w.small.probe, *w.writer, e); });
    with("signed for another fingerprint",
         [](World& w, OfferEntry& e) { sign_entry(kSpace, w.other.probe, *w.writer, e); });
  };
  const auto result = [&forge](const std::string& name, EditResult change) {
    forge(name, [change](World& w) { w.edit_result(w.small, change); });
  };
  result("another exit code", [](ActionResult& r) { r.exit_code = 1; });
  result("another message", [](ActionResult& r) { r.err = {"all is well", std::nullopt, 11}; });
  result("another name", [](ActionResult& r) { r.artifacts[0].path = "\1/Makefile"; });
  result("executable", [](ActionResult& r) { r.artifacts[0].mode = 0755; });
  result("no outputs", [](ActionResult& r) { r.artifacts.resize(1); });
  result("younger than it is", [](ActionResult& r) { r.made_at_ns = os::wall_ns(); });
  forge("evil bytes", [](World& w) {
    const std::string evil = "evil";
    w.edit_result(w.small, [&](ActionResult& r) {
      r.artifacts[0].digest = digest::digest_bytes(evil);
      r.artifacts[0].size = 4;
    });
    w.edit(w.small, [&](Offer& o) {
      OfferEntry& e = o.entries[0];
      e.blobs.clear();
      for (const std::string& bytes : {evil, w.small.outputs[1]})
        e.blobs.push_back(
            {digest::digest_bytes(bytes), bytes.size(), Encoding::in_offer, 0, {}, bytes});
      std::sort(e.blobs.begin(), e.blobs.end(),
                [](const auto& a, const auto& b) { return a.digest < b.digest; });
    });
  });
  forge("claims that always hold", [](World& w) {
    w.edit(w.small, [](Offer& o) { o.entries[0].claims = {}; });
    w.edit_result(w.small, [](ActionResult&) {});
  });
  forge("the result of another fingerprint", [](World& w) {
    const Offer strange = decode_offer(w.other.probe, w.offer_of(w.other))->offer;
    w.edit(w.small, [&](Offer& o) {
      o.entries[0].result = strange.entries[0].result;
      o.entries[0].blobs = strange.entries[0].blobs;
    });
  });
  p.add("an offer of another namespace", Policy::listed, [](World& w) -> const PastRun& {
    w.offer_of(w.small) = w.objects[offer_name("another team", w.small.probe)];
    return w.small;
  });
}

// What was true once.
void plant_replays(Planter& p) {
  p.add("an old offer whose claims hold no longer", Policy::listed, [](World& w) -> const PastRun& {
    const PastRun old("p", "old source", {"old object"});
    for (auto& [name, bytes] : w.objects) w.remote->erase(name);
    w.offer(old, *w.writer, kSpace);
    w.load();
    return w.small;
  });
  p.add("an old offer past its time", Policy::listed, [](World& w) -> const PastRun& {
    PastRun old("p", "source", {"old object"}, os::wall_ns() - 3'600'000'000'000);
    old.result.ttl_ns = 60'000'000'000;
    for (auto& [name, bytes] : w.objects) w.remote->erase(name);
    w.offer(old, *w.writer, kSpace);
    w.load();
    return w.small;
  });
}

std::vector<Lie> all_lies() {
  Planter p;
  plant_damage(p);
  plant_swaps(p);
  plant_malformed_entries(p);
  plant_places(p);
  plant_forgeries(p);
  plant_replays(p);
  return std::move(p.lies);
}

// Imports everything from the world's objects and returns what is served for each run.
void check_lie(World& world, const Lie& lie) {
  world.load();
  const PastRun& target = lie.plant(world);
  auto remote = std::make_shared<remote::MemRemote>();
  for (const auto& [name, bytes] : world.objects) remote->store(name, bytes);
  remote::MemTransport transport(remote);
  store::MemStore reader;
  TrustedWriters trusted;
  if (lie.policy == Policy::listed) trusted.add(world.writer->public_key(), "the writer");
  const Importer importer({transport, reader, reader, world.scratch, trusted, kSpace, {}});
  const std::string old_source = file_claim("", "old source").value;
  const auto below_w = [](std::string_view path) { return path != "/w" && is_within(path, "/w"); };
  for (const PastRun* run : {&world.small, &world.big, &world.other}) {
    const auto holds = [&](const Observation& o) { return o.value != old_source; };
    const auto report = importer.import({run->probe, holds, {}, 16, below_w}, kNoDeadline);
    EXPECT_TRUE(report || lie.may_be_harmless || report.error().code == Code::protocol)
        << report.error().message;
    std::set<std::string> allowed = {run->key().hex() + truth(*run)};
    if (run == &target && !lie.may_be_harmless) allowed.clear();
    for (const std::string& text : all_served(reader, run->probe))
      EXPECT_TRUE(allowed.contains(text)) << "served: " << text.substr(0, 200);
  }
}

TEST(Lies, NothingThatIsPlantedIsServed) {
  World world;
  const std::vector<Lie> lies = all_lies();
  EXPECT_GE(lies.size(), 200U);
  std::set<std::string> names;
  for (const Lie& lie : lies) {
    SCOPED_TRACE(lie.name);
    EXPECT_TRUE(names.insert(lie.name).second) << "twice";
    auto before = world.remote->all();
    check_lie(world, lie);
    for (auto& [name, entry] : world.remote->all()) world.remote->erase(name);
    for (auto& [name, entry] : before) world.remote->store(name, entry.bytes);
  }
}

TEST(Lies, TheTruthIsServed) {
  World world;
  for (const Policy policy : {Policy::anyone, Policy::listed}) {
    world.load();
    auto remote = std::make_shared<remote::MemRemote>();
    for (const auto& [name, bytes] : world.objects) remote->store(name, bytes);
    remote::MemTransport transport(remote);
    store::MemStore reader;
    TrustedWriters trusted;
    if (policy == Policy::listed) trusted.add(world.writer->public_key(), "the writer");
    const Importer importer({transport, reader, reader, world.scratch, trusted, kSpace, {}});
    for (const PastRun* run : {&world.small, &world.big, &world.other}) {
      ASSERT_TRUE(importer.import({run->probe, {}, {}, 16}, kNoDeadline));
      EXPECT_EQ(all_served(reader, run->probe), std::set{run->key().hex() + truth(*run)});
    }
  }
}

}  // namespace
}  // namespace deja::exchange
