// SPDX-License-Identifier: Apache-2.0
// Finds the sources and layers them. Everything that load() makes is a function of the variables
// that it read and of the files that it found; fingerprint() records exactly these, so that the
// Loader may reuse a result. Tested by config_test.cc.

#include "config/config.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/bytes.h"
#include "base/path.h"
#include "base/spelling.h"
#include "config/settings.h"
#include "config/toml_file.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/places.h"

namespace deja::config {
namespace {

constexpr std::string_view kProjectFile = ".deja.toml";
constexpr std::uint64_t kFileMaxBytes = 1 << 20;
constexpr std::size_t kLoaderMax = 256;  // then the Loader forgets everything: simple, and rare

// A setting with one value per name ("tools.*") has the name after the dot.
bool is_key(std::string_view setting, std::string_view key) {
  if (!setting.ends_with('*')) return setting == key;
  setting.remove_suffix(1);
  return key.size() > setting.size() && key.starts_with(setting);
}
std::string name_in(std::string_view setting, std::string_view key) {
  return setting.ends_with('*') ? std::string(key.substr(setting.size() - 1)) : std::string();
}

// A file that exists, and the facts that decide whether another user could have planted it.
struct Candidate {
  std::string path;
  std::optional<os::FileIdentity> identity;  // empty: named by DEJA_CONFIG but not there
  bool named = false;                        // by DEJA_CONFIG
  bool is_projects = false;
};

std::optional<std::string_view> variable(const Sources& sources, std::string_view name) {
  auto value = sources.environment(name);
  if (value && value->empty()) value.reset();
  return value;
}

std::optional<std::string> absolute_variable(const Sources& sources, std::string_view name) {
  const auto value = variable(sources, name);
  if (!value || !value->starts_with('/')) return std::nullopt;
  return std::string(*value);
}

std::optional<os::FileIdentity> look(const std::string& path) {
  // A directory without search permission counts as one without the file.
  auto found = os::stat_file(path);
  return found ? *found : std::nullopt;
}

// Calls visit(path) for each directory from this one up, the nearest first, until it returns true. Each request does
// this, so all paths share one string.
template <typename Visit>
void visit_project_paths(std::string_view cwd, Visit visit) {
  if (!cwd.starts_with('/')) return;
  std::string path;
  path.reserve(cwd.size() + kProjectFile.size() + 1);
  for (std::string_view directory = cwd;; directory = parent_path(directory)) {
    path.assign(directory);
    if (path.empty() || path.back() != '/') path.push_back('/');
    path.append(kProjectFile);
    if (visit(path) || directory == "/" || directory.empty()) return;
  }
}

std::optional<Candidate> find_project_file(std::string_view cwd) {
  std::optional<Candidate> found;
  visit_project_paths(cwd, [&](const std::string& path) {
    if (auto identity = look(path)) found = Candidate{path, identity, false, true};
    return found.has_value();
  });
  return found;
}

// Empty: no variable says where it is.
std::string user_path(const Sources& sources) {
  if (auto directory = absolute_variable(sources, "XDG_CONFIG_HOME"))
    return *std::move(directory) + "/deja/config.toml";
  if (auto home = absolute_variable(sources, "HOME"))
    return *std::move(home) + "/.config/deja/config.toml";
  return {};
}

std::optional<Candidate> find_user_file(const Sources& sources) {
  std::string path = user_path(sources);
  if (path.empty()) return std::nullopt;
  if (auto identity = look(path)) return Candidate{std::move(path), identity, false, false};
  return std::nullopt;
}

// Highest precedence first.
std::vector<Candidate> find_files(const Sources& sources) {
  std::vector<Candidate> files;
  if (const auto named = variable(sources, "DEJA_CONFIG")) {
    if (*named == "/dev/null") return files;
    std::string path = join_path(sources.cwd, *named);
    const auto identity = look(path);
    files.push_back({std::move(path), identity, true, false});
    return files;
  }
  if (auto project = find_project_file(sources.cwd)) files.push_back(*std::move(project));
  if (auto user = find_user_file(sources)) files.push_back(*std::move(user));
  return files;
}

// Everything that load() depends on, as bytes.
std::string fingerprint(const Sources& sources, const std::vector<Candidate>& files) {
  Encoder out;
  for (const Setting& setting : setting_table()) {
    if (*setting.environment == '\0') continue;
    const auto value = variable(sources, setting.environment);
    out.bytes(value ? *value : std::string_view());
  }
  for (const Candidate& file : files) {
    out.bytes(file.path);
    out.u8(file.named ? 1 : 0);
    if (!file.identity) continue;
    const os::FileIdentity& id = *file.identity;
    for (const std::uint64_t part : {id.device, id.inode, id.size, std::uint64_t{id.mode}})
      out.u64(part);
    out.i64(id.mtime_ns);
    out.i64(id.ctime_ns);  // also changes with the owner
  }
  return std::move(out).take();
}

struct FileText {
  std::string text;
  bool same_file = false;  // the same as when it was found
};

// Empty when the file must not be used; a Problem says why.
std::optional<FileText> read_trusted(const Candidate& file, std::vector<Problem>& problems) {
  const auto refuse = [&](std::string what) {
    problems.push_back({file.path, "", std::move(what)});
    return std::nullopt;
  };
  if (!file.identity) return refuse("there is no such file; correct DEJA_CONFIG, or unset it");
  auto fd = os::open_read(file.path);
  if (!fd) return refuse("cannot be read, so it is ignored: " + fd.error().message);
  const auto id = os::stat_fd(*fd);
  if (!id || !id->is_regular()) return refuse("is not a regular file, so it is ignored");
  if (!file.named) {
    if (id->owner != ::geteuid() && id->owner != 0)
      return refuse("belongs to another user, so it is ignored; name it in DEJA_CONFIG to use it");
    if ((id->mode & S_IWOTH) != 0)
      return refuse("every user may write to it, so it is ignored; run chmod o-w on it");
  }
  auto text = os::read_fd(*fd, kFileMaxBytes);
  if (!text) return refuse("cannot be read, so it is ignored: " + text.error().message);
  return FileText{*std::move(text), *id == *file.identity};
}

// "; did you mean store.limit?" for a setting that is mistyped, or stands in no table or in the wrong one.
std::string suggestion_for(std::string_view key) {
  const auto last_part = [](std::string_view k) { return k.substr(k.rfind('.') + 1); };
  std::size_t best = mistakes_allowed(key) + 1;
  std::string_view meant;
  for (const Setting& setting : setting_table()) {
    const std::string_view name = setting.key;
    if (name.ends_with('*')) continue;
    std::size_t mistakes = mistakes_between(key, name);
    if (last_part(key) == last_part(name)) mistakes = std::min<std::size_t>(mistakes, 1);
    if (mistakes >= best) continue;
    best = mistakes;
    meant = name;
  }
  return meant.empty() ? "" : "; did you mean " + std::string(meant) + "?";
}

// ", not 'maybe'", where that is a text and can be no secret.
std::string shown(const Given& given, std::string_view key) {
  const auto* text = std::get_if<std::string>(&given.value);
  if (text == nullptr || key.starts_with("remote") || key == "key.salt") return {};
  return ", not '" + *text + "'";
}

class Layers {
 public:
  explicit Layers(Loaded& loaded) : loaded_(loaded) {
    for (const Setting& setting : setting_table())
      loaded_.origins.push_back({setting.key, setting.show(loaded_.config), "default"});
  }

  // Later calls override earlier ones.
  void apply(std::size_t row, const Given& given, const std::string& where) {
    const Setting& setting = setting_table()[row];
    if (!setting.assign(given, loaded_.config)) {
      loaded_.problems.push_back({where, setting.key,
                                  std::string("expected ") + setting.type +
                                      shown(given, setting.key) + "; " +
                                      loaded_.origins[row].value + " is used instead"});
      return;
    }
    loaded_.origins[row].value = setting.show(loaded_.config);
    loaded_.origins[row].origin = where;
  }

  void apply_file(const Candidate& file, std::string_view text) {
    const std::string& path = file.path;
    loaded_.files.insert(loaded_.files.begin(), path);
    for (FileEntry& entry : parse_toml(text, path, loaded_.problems)) {
      const std::string where = path + ":" + std::to_string(entry.line);
      const auto& table = setting_table();
      const auto row =
          std::ranges::find_if(table, [&](const Setting& s) { return is_key(s.key, entry.key); });
      if (row == table.end()) {
        loaded_.problems.push_back(
            {where, entry.key,
             "there is no such setting" + suggestion_for(entry.key) + "; `deja config` lists all"});
        continue;
      }
      if (file.is_projects && row->scope == Scope::user) {
        loaded_.problems.push_back(
            {where, entry.key,
             "works only in the user's own file (~/.config/deja/config.toml): all projects share "
             "one store and one engine"});
        continue;
      }
      apply(static_cast<std::size_t>(row - table.begin()),
            {std::move(entry.value), false, name_in(row->key, entry.key),
             std::string(parent_path(path)), !file.is_projects && !file.named},
            where);
    }
  }

  void apply_environment(const Sources& sources) {
    const auto& table = setting_table();
    for (std::size_t row = 0; row < table.size(); ++row) {
      if (*table[row].environment == '\0') continue;
      if (const auto value = variable(sources, table[row].environment))
        apply(row, {std::string(*value), true, "", "", false},
              std::string("environment ") + table[row].environment);
    }
  }

  void finish() {
    for (std::size_t row = 0; row < setting_table().size(); ++row) {
      const Setting& setting = setting_table()[row];
      if (setting.answers != Answers::change) continue;
      loaded_.answer_text += std::string(setting.key) + "=" + loaded_.origins[row].value;
      loaded_.answer_text.push_back('\0');
    }
  }

 private:
  Loaded& loaded_;
};

// False when the files differ from those that were found, or changed so recently that their next
// change might not show in their identity.
bool build(const Sources& sources, const std::vector<Candidate>& files, Loaded& loaded) {
  bool settled = true;
  const std::int64_t recent_ns = os::wall_ns() - 2 * os::file_clock_grain_ns();
  Layers layers(loaded);
  for (auto file = files.rbegin(); file != files.rend(); ++file) {
    if (const auto read = read_trusted(*file, loaded.problems)) {
      layers.apply_file(*file, read->text);
      settled = settled && read->same_file;
    }
    settled = settled && (!file->identity || file->identity->newest_ns() < recent_ns);
  }
  layers.apply_environment(sources);
  layers.finish();
  return settled;
}

}  // namespace

std::vector<std::string> looked_for(const Sources& sources) {
  if (const auto named = variable(sources, "DEJA_CONFIG")) {
    if (*named == "/dev/null") return {};
    return {join_path(sources.cwd, *named)};
  }
  std::vector<std::string> paths;
  visit_project_paths(sources.cwd, [&](const std::string& path) {
    paths.push_back(path);
    return false;
  });
  if (std::string path = user_path(sources); !path.empty()) paths.push_back(std::move(path));
  return paths;
}

std::string Problem::text() const { return where + ": " + (key.empty() ? "" : key + ": ") + what; }

Loaded load(const Sources& sources) {
  Loaded loaded;
  (void)build(sources, find_files(sources), loaded);
  return loaded;
}

std::shared_ptr<const Loaded> Loader::load(const Sources& sources) {
  const std::vector<Candidate> files = find_files(sources);
  std::string key = fingerprint(sources, files);
  {
    MutexLock lock(mutex_);
    if (const auto known = known_.find(key); known != known_.end()) return known->second;
  }
  auto made = std::make_shared<Loaded>();
  if (build(sources, files, *made)) {
    MutexLock lock(mutex_);
    if (known_.size() >= kLoaderMax) known_.clear();
    known_.insert_or_assign(std::move(key), made);
  }
  return made;
}

std::optional<Places> places(const Sources& sources) {
  const auto text = [&](std::string_view name) { return variable(sources, name).value_or(""); };
  const os::PlaceVariables variables = {text("DEJA_DIR"), text("XDG_CACHE_HOME"), text("HOME"),
                                        text("XDG_RUNTIME_DIR"), text("TMPDIR")};
  std::array<char, os::kPlaceMax> buffer;
  const auto as_string = [&](long size) {
    return size < 0 ? std::string() : std::string(buffer.data(), static_cast<std::size_t>(size));
  };
  Places out;
  out.dir = as_string(os::cache_dir(variables, sources.cwd, buffer.data()));
  if (out.dir.empty()) return std::nullopt;
  out.socket = as_string(os::socket_path(variables, out.dir, buffer.data()));
  return out;
}

}  // namespace deja::config
