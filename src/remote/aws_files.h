// SPDX-License-Identifier: Apache-2.0
// The two files of AWS's tools: ~/.aws/credentials with sections "[name]", and ~/.aws/config with "[profile name]"
// and "[default]" ("Configuration and credential file settings in the AWS CLI", AWS SDKs and Tools Reference Guide).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"
#include "remote/environment.h"

namespace deja::remote {

// The settings of one profile; names in lower case.
using AwsProfile = std::map<std::string, std::string, std::less<>>;

// By name of section. Lines of another form are skipped, as AWS's tools do, and so are nested settings (indented
// lines). Of a name that is there twice the last one counts.
std::map<std::string, AwsProfile, std::less<>> parse_aws_file(std::string_view text);

// A profile from both files; of a setting in both, the one in the credentials file counts. Empty: neither has it.
// The files are AWS_SHARED_CREDENTIALS_FILE and AWS_CONFIG_FILE, else those in $HOME/.aws; one that is missing is
// empty. `denied`: others can read a file with a secret key.
Result<std::optional<AwsProfile>> read_aws_profile(const Environment& environment,
                                                   std::string_view name);

}  // namespace deja::remote
