// SPDX-License-Identifier: Apache-2.0
// A bucket of S3, or of a server that speaks its protocol (Ceph RGW, MinIO, Swift), as a remote ("Amazon Simple
// Storage Service API Reference"). Keys are <prefix>/ac/<hex> and <prefix>/cas/<hex>, objects lie there as they are.
//
// Parameters of the address, and where their value comes from without them:
//   endpoint   AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL, endpoint_url of the profile, https://s3.<region>.amazonaws.com
//   region     AWS_REGION, AWS_DEFAULT_REGION, region of the profile, us-east-1
//   style      virtual (bucket.host/key) for AWS and a bucket without dots, else path (host/bucket/key)
//   anonymous, profile: aws_credentials.h
//   ca, cert, key: TLS; ca also AWS_CA_BUNDLE
//
// Requests are signed with the SHA-256 of what is sent, which for a blob is its name; so the server refuses what has
// changed on the way (`corrupt`). The identity needs s3:GetObject, s3:PutObject, s3:DeleteObject and s3:ListBucket.
// Without the last one S3 says 403 of an object that is absent, which is `denied`.
//
// A large object is read by get_to() in ranges of 4 MiB, three at a time, so at most 12 MiB of it are in memory. A
// range that fails is asked for once more.
#pragma once

#include <atomic>
#include <memory>
#include <string>

#include "os/clock.h"
#include "remote/address.h"
#include "remote/aws_credentials.h"
#include "remote/web_transport.h"

namespace deja::remote {

class S3Transport : public WebTransport {
 public:
  struct Clocks {
    Clock monotonic_ns = os::monotonic_ns;
    Clock wall_ns = os::wall_ns;
  };
  // `environment`: the client's. Errors: invalid, denied (a file that others can read); nothing is sent yet.
  static Result<std::unique_ptr<S3Transport>> open(const Address& address,
                                                   const Environment& environment, Clocks clocks);
  static Result<std::unique_ptr<S3Transport>> open(const Address& address,
                                                   const Environment& environment) {
    return open(address, environment, Clocks{});
  }

  Result<bool> get_to(const Name& name, std::uint64_t max_bytes, const Sink& sink,
                      Deadline deadline) override;
  Result<bool> remove(const Name& name, Deadline deadline) override;
  Status list(const std::function<bool(const Listed&)>& each, Deadline deadline) override;
  void stop() override;

 private:
  // Where the bucket is.
  struct Place {
    std::string origin;  // "https://bucket.host:port"
    std::string host;    // as the header Host has it
    std::string base;    // path before the key: "" or "/bucket"
    std::string prefix;  // of keys: "" or "team/"
    std::string region;
    bool is_aws = false;
  };
  struct Page;
  struct Ranges;

  S3Transport(std::string name, std::unique_ptr<HttpClient> client, Clocks clocks, Place place,
              std::unique_ptr<AwsCredentialSource> credentials);
  static Result<Place> find_place(const Address& address, const Environment& environment);

  Result<HttpRequest> make_request(const Ask& ask, Deadline deadline) override;
  Error refusal(const Ask& ask, const HttpAnswer& answer) const override;
  bool is_absent(const HttpAnswer& answer) const override;
  bool recovers(const HttpAnswer& answer) override;
  std::uint64_t object_max() const override { return 5ULL << 30; }  // of one PUT
  bool lists() const override { return true; }

  Error error_of(const HttpAnswer& answer, const std::string& subject) const;
  Result<std::string> content_digest(const Ask& ask) const;
  Result<HttpRequest> sign(HttpRequest request, const std::string& path, const std::string& query,
                           const std::string& digest, Deadline deadline);
  Status read_ranges(const Name& name, Ranges ranges, const Sink& sink, Deadline deadline);
  static std::vector<Ask> next_ranges(const Name& name, const Ranges& ranges);
  Status take_range(const Ask& ask, const HttpAnswer& answer, Ranges& ranges,
                    const Sink& sink) const;
  Result<HttpAnswer> ask_list(const std::string& query, Deadline deadline);
  Result<Page> list_page(const std::string& prefix, const std::string& token, Deadline deadline);

  const Place place_;
  const Clock wall_ns_;
  const std::unique_ptr<AwsCredentialSource> credentials_;
  std::atomic<std::int64_t> skew_s_ = 0;  // the server's clock minus ours
};

}  // namespace deja::remote
