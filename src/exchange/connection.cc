// SPDX-License-Identifier: Apache-2.0
#include "exchange/connection.h"

#include "remote/open.h"

namespace deja::exchange {
namespace {

// For what no build waits for.
constexpr std::int64_t kPatientAnswerNs = 30'000'000'000;

// An address with a mistake is left out, and the others are used. An error: all of them have one.
Result<std::vector<remote::Address>> usable_addresses(const Options& options) {
  std::vector<remote::Address> addresses;
  std::optional<Error> mistake;
  for (const std::string& text : options.addresses) {
    auto address = remote::parse_address(text);
    auto opened = address ? remote::open_address(*address, options.environment)
                          : Result<std::unique_ptr<remote::Transport>>(address.error());
    if (opened) {
      addresses.push_back(*std::move(address));
      continue;
    }
    if (options.addresses.size() > 1)
      options.trouble("remote: one address is not used: " + opened.error().message);
    mistake = std::move(opened).error();
  }
  if (!addresses.empty()) return addresses;
  if (mistake) return *std::move(mistake);
  return Error{Code::invalid, 0,
               "no remote is configured; set `remote` in a configuration file, or DEJA_REMOTE"};
}

}  // namespace

Result<std::unique_ptr<Connection>> Connection::open(const Options& options,
                                                     store::BlobStore& blobs,
                                                     store::RecordStore& records) {
  const std::vector<remote::Address> addresses = TRY(usable_addresses(options));
  remote::OpenOptions how{.reads = options.reads,
                          .writes = options.writes,
                          .answer_ns = options.timeout_ns,
                          .upload_bytes_per_s = options.upload_bytes_per_s,
                          .download_bytes_per_s = options.download_bytes_per_s};
  auto quick = TRY(remote::open_remotes(addresses, options.environment, how));
  how.answer_ns = std::max(kPatientAnswerNs, options.timeout_ns);
  auto patient = TRY(remote::open_remotes(addresses, options.environment, how));
  return over(options, std::move(quick), std::move(patient), blobs, records);
}

Result<std::unique_ptr<Connection>> Connection::over(const Options& options,
                                                     std::unique_ptr<remote::Transport> quick,
                                                     std::unique_ptr<remote::Transport> patient,
                                                     store::BlobStore& blobs,
                                                     store::RecordStore& records) {
  auto connection = std::unique_ptr<Connection>(new Connection(options));
  Connection& c = *connection;
  if (!options.signing_key.empty()) c.key_ = TRY(SigningKey::load(options.signing_key));
  if (!options.trusted_writers.empty())
    c.trusted_ = TRY(TrustedWriters::load(options.trusted_writers));
  c.quick_ = std::move(quick);
  c.patient_ = std::move(patient);
  c.patient_importer_ = std::make_unique<Importer>(
      Importer::Parts{*c.patient_, blobs, records, c.scratch_, c.trusted_, options.space});
  c.exporter_ = std::make_unique<Exporter>(c.exporter_to(*c.patient_, blobs));
  return connection;
}

Exporter Connection::exporter_to(remote::Transport& transport, store::BlobStore& blobs) const {
  return Exporter(
      Exporter::Parts{transport, blobs, scratch_, key_ ? &*key_ : nullptr, options_.space});
}

std::optional<std::size_t> Connection::trusted_count() const {
  if (trusted_.trusts_everyone()) return std::nullopt;
  return trusted_.list().size();
}

std::string Connection::writer_text(const PublicKey& key) const {
  for (const TrustedWriters::Writer& writer : trusted_.list())
    if (writer.key == key && !writer.label.empty()) return writer.label + ", " + key_text(key);
  return key_text(key);
}

std::optional<PublicKey> Connection::writer() const {
  return key_ ? std::optional(key_->public_key()) : std::nullopt;
}

void Connection::stop() {
  quick_->stop();
  patient_->stop();
}

}  // namespace deja::exchange
