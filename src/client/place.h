// SPDX-License-Identifier: Apache-2.0
// Puts the files of an answer from the table in place.
#pragma once

#include <string_view>

namespace deja::client {

// Places all files of an answer (wire/answer_table.h). False: something is in the way, or not as it was; then no file
// that was there has changed, except outputs that the engine or the tool will write again.
// *replay: the rest of the answer, the body of a replay.
bool place_files(std::string_view answer, std::string_view* replay);

}  // namespace deja::client
