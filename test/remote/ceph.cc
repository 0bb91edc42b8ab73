// SPDX-License-Identifier: Apache-2.0
// The smallest Ceph that has an S3 gateway: a monitor, a storage daemon that keeps its objects in memory, radosgw; no
// manager, no authentication between them. Two settings make the monitor agree with itself within milliseconds instead
// of seconds (`paxos …`); `ms mon client mode` lets radosgw talk to a monitor without authentication, which it
// otherwise waits for forever.
#include "remote/ceph.h"

#include <gtest/gtest.h>

#include "os/clock.h"
#include "remote/aws_signature.h"
#include "remote/sha256.h"

namespace deja::test {
namespace {

std::string configuration(const Server& server, const std::string& id, int first_port, int port,
                          int tls_port) {
  const std::string monitor = "[v2:127.0.0.1:" + std::to_string(first_port) + "/0]";
  const std::vector<std::pair<std::string, std::string>> global = {
      {"fsid", id},
      {"mon host", monitor},
      {"mon initial members", "a"},
      {"public addr", "127.0.0.1"},
      {"cluster addr", "127.0.0.1"},
      {"ms bind ipv6", "false"},
      {"auth cluster required", "none"},
      {"auth service required", "none"},
      {"auth client required", "none"},
      {"osd pool default size", "1"},
      {"osd pool default min size", "1"},
      {"osd pool default pg num", "4"},
      {"osd pool default pgp num", "4"},
      {"osd pool default pg autoscale mode", "off"},
      {"osd crush chooseleaf type", "0"},
      {"mon allow pool size one", "true"},
      {"mon max pg per osd", "1000"},
      {"run dir", server.at("run")},
      {"admin socket", server.at("run") + "/$name.asok"},
      {"pid file", server.at("run") + "/$name.pid"},
      {"log file", server.at("log") + "/$name.log"},
      {"crash dir", server.at("run")},
      {"paxos propose interval", "0.02"},
      {"paxos min wait", "0.01"},
      {"ms mon client mode", "crc secure"},
  };
  std::string text = "[global]\n";
  for (const auto& [name, value] : global) text += name + " = " + value + "\n";
  text += "[mon.a]\nmon data = " + server.at("mon") +
          "\nmon data avail crit = 1\nmon data avail warn = 1\n";
  text += "[osd.0]\nosd data = " + server.at("osd") +
          "\nosd objectstore = memstore\nmemstore device bytes = 2G\n";
  text += "[client.rgw]\nrgw frontends = beast endpoint=127.0.0.1:" + std::to_string(port) +
          " tcp_nodelay=1 ssl_endpoint=127.0.0.1:" + std::to_string(tls_port) +
          " ssl_certificate=" + server.at("server.pem") +
          " ssl_private_key=" + server.at("server.key") + "\n" +
          "rgw dns name = localhost\nrgw thread pool size = 16\nrgw rados pool pg num min = 4\nrgw "
          "run sync thread = false\n"
          "rgw s3 auth use sts = true\nrgw sts key = 0123456789abcdef\nrgw sts min session "
          "duration = 1\n";
  return text;
}

}  // namespace

remote::Environment Ceph::keys(const std::string& key, const std::string& secret) {
  return {{"AWS_ACCESS_KEY_ID", key}, {"AWS_SECRET_ACCESS_KEY", secret}};
}

Ceph::Ceph() {
  if (!skip.empty()) return;
  make_certificates(server);
  for (const std::string_view name : {"run/x", "log/x", "osd/x"}) server.write(name, "");
  EXPECT_TRUE(os::remove_file(server.at("osd/x")));
  EXPECT_TRUE(os::make_directories(server.at("mon")));
  port = free_port();
  tls_port = free_port();
  const int monitor_port = free_port();
  const std::string id = "6d1cc1a4-2f5e-4f0a-9a55-0b7c0de1a001",
                    osd_id = "6d1cc1a4-2f5e-4f0a-9a55-0b7c0de1a002";
  const std::string conf = server.at("ceph.conf");
  server.write("ceph.conf", configuration(server, id, monitor_port, port, tls_port));
  server.environment().push_back("CEPH_CONF=" + conf);
  server.run({"monmaptool", "--create", "--fsid", id, "--addv", "a",
              "[v2:127.0.0.1:" + std::to_string(monitor_port) + "/0]", server.at("monmap")});
  server.run({"ceph-mon", "--mkfs", "-i", "a", "--monmap", server.at("monmap")});
  server.start("mon", {"ceph-mon", "-i", "a", "-f"});
  if (!server.wait_for(monitor_port)) return;
  server.run({"ceph", "osd", "new", osd_id});
  server.run({"ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd_id});
  server.run({"ceph", "osd", "crush", "add", "osd.0", "1.0", "host=localhost", "root=default"});
  store = &server.start("osd", {"ceph-osd", "-i", "0", "-f"});
  server.start("rgw", {"radosgw", "-n", "client.rgw", "-f"});
  if (!server.wait_for(port)) return;
  server.run({"radosgw-admin", "user", "create", "--uid=deja", "--display-name=deja",
              std::string("--access-key=") + kKey, std::string("--secret=") + kSecret});
  EXPECT_EQ(ask_signed(url(), keys(), remote::Method::put, "/builds", "", "").status, 200);
}

remote::HttpAnswer ask_signed(const std::string& origin, const remote::Environment& keys,
                              remote::Method method, const std::string& path,
                              const std::string& query, const std::string& body,
                              const std::string& service) {
  const auto client = remote::HttpClient::make({.subject = origin});
  EXPECT_TRUE(client);
  const std::string digest = remote::sha256_hex(body);
  remote::AwsRequest signed_parts{
      .method = method == remote::Method::put ? "PUT" : "POST",
      .path = path,
      .query = query,
      .headers = {{"x-amz-content-sha256", digest},
                  {"x-amz-date", remote::aws_time(os::wall_ns() / 1'000'000'000)}},
      .content_sha256 = digest};
  std::vector<std::string> headers;
  for (const auto& [name, value] : signed_parts.headers) headers.push_back(name + ": " + value);
  signed_parts.headers["host"] = origin.substr(origin.find("://") + 3);
  headers.push_back("Authorization: " +
                    remote::aws_authorization(signed_parts,
                                              {remote::variable(keys, "AWS_ACCESS_KEY_ID"),
                                               remote::variable(keys, "AWS_SECRET_ACCESS_KEY"), ""},
                                              {"us-east-1", service}));
  const auto answer = (*client)->run({.method = method,
                                      .url = origin + path + (query.empty() ? "" : "?" + query),
                                      .headers = headers,
                                      .body = {.bytes = body},
                                      .max_bytes = 1 << 20},
                                     {});
  EXPECT_TRUE(answer) << answer.error().message;
  return answer ? *answer : remote::HttpAnswer{};
}

}  // namespace deja::test
