// SPDX-License-Identifier: Apache-2.0
// All that is made from the options once: keys, the list of trusted writers, and two ways to the remotes. A build
// that waits uses the quick one. Uploads and prefetches use the patient one, whose failures do not
// end the look-ups of builds.
#pragma once

#include <memory>
#include <optional>

#include "base/result.h"
#include "exchange/exporter.h"
#include "exchange/importer.h"
#include "exchange/scratch.h"
#include "exchange/signing.h"
#include "remote/transport.h"
#include "remote_loader/options.h"
#include "store/store.h"

namespace deja::exchange {

class Connection {
 public:
  // Reads key files; sends nothing. The stores must outlive it.
  static Result<std::unique_ptr<Connection>> open(const Options& options, store::BlobStore& blobs,
                                                  store::RecordStore& records);

  // Over transports that exist, for tests.
  static Result<std::unique_ptr<Connection>> over(const Options& options,
                                                  std::unique_ptr<remote::Transport> quick,
                                                  std::unique_ptr<remote::Transport> patient,
                                                  store::BlobStore& blobs,
                                                  store::RecordStore& records);

  remote::Transport& quick() { return *quick_; }
  remote::Transport& patient() { return *patient_; }
  const Importer& patient_importer() const { return *patient_importer_; }
  const Exporter& exporter() const { return *exporter_; }
  const Options& options() const { return options_; }
  // One that writes somewhere else, with the same key and namespace.
  Exporter exporter_to(remote::Transport& transport, store::BlobStore& blobs) const;
  std::optional<PublicKey> writer() const;
  std::optional<std::size_t> trusted_count() const;  // empty: everyone is trusted
  // "ci, ed25519:…": the key, with its name where it is among the trusted writers.
  std::string writer_text(const PublicKey& key) const;
  // Ends what is under way in other threads.
  void stop();

 private:
  explicit Connection(const Options& options) : options_(options), scratch_(options.cache_dir) {}

  const Options options_;
  const Scratch scratch_;
  std::optional<SigningKey> key_;
  TrustedWriters trusted_;
  std::unique_ptr<remote::Transport> quick_, patient_;
  std::unique_ptr<Importer> patient_importer_;
  std::unique_ptr<Exporter> exporter_;
};

}  // namespace deja::exchange
