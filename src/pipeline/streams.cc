// SPDX-License-Identifier: Apache-2.0
#include "pipeline/streams.h"

#include "os/file.h"

namespace deja::pipeline {

Result<action::StreamBytes> keep_stream(const std::string& bytes, store::BlobStore& blobs,
                                        std::optional<store::PutBlob>& blob) {
  action::StreamBytes s;
  s.size = bytes.size();
  if (bytes.size() <= action::kInlineStreamMax) {
    s.bytes = bytes;
    return s;
  }
  blob = TRY(blobs.put_blob_bytes(bytes));
  s.blob = blob->digest;
  return s;
}

Result<std::string> read_stream(const action::StreamBytes& stream, store::BlobStore& blobs) {
  if (!stream.blob) return stream.bytes;
  const auto blob = TRY(blobs.open_blob(*stream.blob));
  if (!blob)
    return Error{Code::corrupt, 0, "the store no longer has the blob " + stream.blob->hex()};
  return os::read_fd(blob->fd, stream.size);
}

}  // namespace deja::pipeline
