// SPDX-License-Identifier: Apache-2.0
// One proxy and one server each for accounts, containers and objects, all over one directory with one copy of
// everything. memcached is where the proxy's tempauth keeps its tokens.
#include "remote/swift.h"

#include <gtest/gtest.h>

#include "remote/ceph.h"

namespace deja::test {
namespace {

constexpr std::string_view kProxy = R"(
[pipeline:main]
pipeline = catch_errors cache listing_formats s3api tempauth bulk slo proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
allow_account_management = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:cache]
use = egg:swift#memcache
memcache_servers = 127.0.0.1:MEMCACHED
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:bulk]
use = egg:swift#bulk
[filter:slo]
use = egg:swift#slo
[filter:s3api]
use = egg:swift#s3api
location = us-east-1
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing-secret .admin
)";

std::string defaults(const Server& server, int port) {
  return "[DEFAULT]\nbind_ip = 127.0.0.1\nbind_port = " + std::to_string(port) +
         "\nswift_dir = " + server.at("etc") +
         "\nworkers = 1\nlog_level = ERROR\nlog_address = " + server.at("log") + "/none\n" +
         "user = " + (::geteuid() == 0 ? "root" : std::to_string(::geteuid())) + "\n";
}

}  // namespace

remote::Environment Swift::keys(const std::string& secret) {
  return Ceph::keys("test:tester", secret);
}

Swift::Swift() {
  if (!skip.empty()) return;
  const int memcached = free_port();
  port = free_port();
  server.write("etc/swift.conf",
               "[swift-hash]\nswift_hash_path_prefix = a\nswift_hash_path_suffix = b\n");
  server.write("log/x", "");
  server.write("devices/d1/x", "");
  server.environment().push_back("PYTHONDONTWRITEBYTECODE=1");
  server.start("memcached",
               {"memcached", "-u", "nobody", "-l", "127.0.0.1", "-p", std::to_string(memcached)});
  std::vector<int> ports;
  for (const std::string name : {"account", "container", "object"}) {
    ports.push_back(free_port());
    const std::string builder = server.at("etc/" + name + ".builder");
    server.run({"swift-ring-builder", builder, "create", "4", "1", "0"});
    server.run({"swift-ring-builder", builder, "add", "--region", "1", "--zone", "1", "--ip",
                "127.0.0.1", "--port", std::to_string(ports.back()), "--device", "d1", "--weight",
                "1"});
    server.run({"swift-ring-builder", builder, "rebalance"});
    server.write("etc/" + name + ".conf",
                 defaults(server, ports.back()) + "devices = " + server.at("devices") +
                     "\nmount_check = false\nfallocate_reserve = 0\n[pipeline:main]\npipeline = " +
                     name + "-server\n[app:" + name + "-server]\nuse = egg:swift#" + name + "\n");
    server.start(name, {"swift-" + name + "-server", server.at("etc/" + name + ".conf")});
  }
  std::string proxy(kProxy);
  proxy.replace(proxy.find("MEMCACHED"), 9, std::to_string(memcached));
  server.write("etc/proxy.conf", defaults(server, port) + proxy);
  server.start("proxy", {"swift-proxy-server", server.at("etc/proxy.conf")});
  ports.push_back(port);
  for (const int each : ports)
    if (!server.wait_for(each)) return;
  EXPECT_EQ(ask_signed(url(), keys(), remote::Method::put, "/builds", "", "").status, 200);
}

}  // namespace deja::test
