// SPDX-License-Identifier: Apache-2.0
// Puts the bytes of a stream into a result, and reads them back.
#pragma once

#include <optional>
#include <string>

#include "action/result.h"
#include "base/result.h"
#include "store/store.h"

namespace deja::pipeline {

// Up to action::kInlineStreamMax bytes are kept in the record itself; for more `blob` says what was put.
Result<action::StreamBytes> keep_stream(const std::string& bytes, store::BlobStore& blobs,
                                        std::optional<store::PutBlob>& blob);
Result<std::string> read_stream(const action::StreamBytes& stream, store::BlobStore& blobs);

}  // namespace deja::pipeline
