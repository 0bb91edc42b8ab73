// SPDX-License-Identifier: Apache-2.0
#include "remote/nginx.h"

namespace deja::test {
namespace {

constexpr std::string_view kConfiguration = R"(
daemon off;
pid nginx.pid;
error_log log/error;
worker_processes 1;
user root;
events { worker_connections 256; }
http {
  access_log off;
  client_body_temp_path body;
  proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
  root files;
  dav_methods PUT DELETE;
  create_full_put_path on;
  client_max_body_size 2g;
  server { listen 127.0.0.1:OPEN; }
  server {
    listen 127.0.0.1:PRIVATE;
    auth_basic "deja";
    auth_basic_user_file users;
    client_max_body_size 1m;
    location /ro/ { dav_methods off; }
  }
  server {
    listen 127.0.0.1:TLS ssl;
    ssl_certificate server.pem;
    ssl_certificate_key server.key;
    ssl_client_certificate ca.pem;
    ssl_verify_client on;
  }
  server {
    listen 127.0.0.1:STRANGER ssl;
    ssl_certificate client.pem;
    ssl_certificate_key client.key;
  }
}
)";

std::string filled(std::string text, const std::vector<std::pair<std::string, int>>& values) {
  for (const auto& [name, value] : values)
    text.replace(text.find(name), name.size(), std::to_string(value));
  return text;
}

}  // namespace

Nginx::Nginx() {
  if (!skip.empty()) return;
  make_certificates(server);
  open_port = free_port();
  private_port = free_port();
  tls_port = free_port();
  stranger_port = free_port();
  for (const std::string_view name : {"files/x", "body/x", "log/x"}) server.write(name, "");
  server.write("users", "me:" + server.run({"openssl", "passwd", "-apr1", "-stdin"}, "p@ss/word\n"),
               0644);
  // So that workers of any user reach the files.
  server.write("nginx.conf", filled(std::string(kConfiguration), {{"OPEN", open_port},
                                                                  {"PRIVATE", private_port},
                                                                  {"TLS", tls_port},
                                                                  {"STRANGER", stranger_port}}));
  server.start("nginx", {"nginx", "-e", server.at("log/error"), "-p", server.at(""), "-c",
                         server.at("nginx.conf")});
  server.wait_for(tls_port);
}

}  // namespace deja::test
