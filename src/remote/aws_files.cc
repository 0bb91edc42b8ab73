// SPDX-License-Identifier: Apache-2.0
#include "remote/aws_files.h"

#include "base/lower_case.h"
#include "os/file.h"
#include "remote/secret.h"

namespace deja::remote {
namespace {

constexpr std::uint64_t kAwsFileMax = 1 << 20;

bool is_blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
std::string_view trim(std::string_view text) {
  while (!text.empty() && is_blank(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_blank(text.back())) text.remove_suffix(1);
  return text;
}

// Empty: neither the variable nor HOME is set.
std::string path_of(const Environment& environment, std::string_view name,
                    std::string_view standard) {
  std::string path = variable(environment, name);
  const std::string home = variable(environment, "HOME");
  if (path.empty()) return home.empty() ? "" : home + "/.aws/" + std::string(standard);
  if (path.starts_with("~/") && !home.empty()) path.replace(0, 1, home);
  return path;
}

Result<AwsProfile> read_section(std::string_view what, const std::string& path,
                                std::string_view section, bool& is_there) {
  if (path.empty()) return AwsProfile();
  const auto text = TRY(os::read_file_if_exists(path, kAwsFileMax));
  if (!text) return AwsProfile();
  auto sections = parse_aws_file(*text);
  const auto at = sections.find(section);
  if (at == sections.end()) return AwsProfile();
  is_there = true;
  if (at->second.contains("aws_secret_access_key")) TRY(check_secret_file(what, path));
  return std::move(at->second);
}

}  // namespace

std::map<std::string, AwsProfile, std::less<>> parse_aws_file(std::string_view text) {
  std::map<std::string, AwsProfile, std::less<>> sections;
  AwsProfile* section = nullptr;
  while (!text.empty()) {
    const std::string_view whole = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(whole.size() + 1, text.size()));
    const std::string_view line = trim(whole);
    if (line.empty() || line.starts_with('#') || line.starts_with(';')) continue;
    if (line.starts_with('[')) {
      const std::size_t end = line.find(']');
      section = end == line.npos ? nullptr : &sections[std::string(trim(line.substr(1, end - 1)))];
      continue;
    }
    const std::size_t equals = line.find('=');
    if (section == nullptr || is_blank(whole.front()) || equals == line.npos) continue;
    (*section)[lower_case(trim(line.substr(0, equals)))] = trim(line.substr(equals + 1));
  }
  return sections;
}

Result<std::optional<AwsProfile>> read_aws_profile(const Environment& environment,
                                                   std::string_view name) {
  bool is_there = false;
  AwsProfile profile = TRY(read_section(
      "the file of AWS credentials",
      path_of(environment, "AWS_SHARED_CREDENTIALS_FILE", "credentials"), name, is_there));
  const std::string config = path_of(environment, "AWS_CONFIG_FILE", "config");
  AwsProfile more =
      TRY(read_section("the configuration file of AWS", config,
                       name == "default" ? "default" : "profile " + std::string(name), is_there));
  profile.merge(more);
  if (!is_there) return std::optional<AwsProfile>();
  return std::optional(std::move(profile));
}

}  // namespace deja::remote
