// SPDX-License-Identifier: Apache-2.0
#include "remote/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <csignal>

#include "os/fd.h"
#include "os/file.h"

namespace deja::test {
namespace {

sockaddr_in loopback(int port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (const char c : text) out += c == '\'' ? std::string("'\\''") : std::string(1, c);
  return out + "'";
}

}  // namespace

int free_port() {
  const os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const generic = reinterpret_cast<sockaddr*>(&address);
  EXPECT_EQ(::bind(socket.get(), generic, size), 0);
  EXPECT_EQ(::getsockname(socket.get(), generic, &size), 0);
  return ntohs(address.sin_port);
}

bool is_listening(int port) {
  const os::Fd socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in address = loopback(port);
  return ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

Process& Server::start(const std::string& name, std::vector<std::string> argv) {
  EXPECT_TRUE(os::make_directories(at("log")));
  // The shell only connects the log; it becomes the program, so the process is the server's own.
  std::string command = "exec";
  for (const std::string& word : argv) command += " " + quoted(word);
  command += " >>" + quoted(at("log/" + name)) + " 2>&1";
  const Options options{.cwd = at(""), .in_child = [] { ::prctl(PR_SET_PDEATHSIG, SIGKILL); }};
  processes_.push_back(Process::start({"sh", "-c", command}, environment_, options));
  return processes_.back();
}

std::string Server::run(const std::vector<std::string>& argv, const std::string& input) const {
  const Result result =
      Process::start(argv, environment_,
                     {.cwd = at(""), .in = input, .deadline = std::chrono::minutes(2)})
          .wait();
  EXPECT_TRUE(result.ok()) << argv[0] << ": " << result;
  return result.out;
}

bool Server::wait_for(int port) {
  const bool is_up = wait_until([port] { return is_listening(port); }, std::chrono::minutes(1));
  if (is_up) return true;
  std::string logs;
  if (const auto names = os::list_directory(at("log"))) {
    for (const std::string& name : *names) {
      const std::string text =
          os::read_file(at("log/" + name)).operator bool() ? *os::read_file(at("log/" + name)) : "";
      logs +=
          name + ":\n" + text.substr(text.size() - std::min<std::size_t>(text.size(), 2000)) + "\n";
    }
  }
  ADD_FAILURE() << "nothing listens on port " << port << "\n" << logs;
  return false;
}

void Server::end() {
  while (!processes_.empty()) processes_.pop_back();
}

void make_certificates(const Server& server) {
  const auto make_ca = [&server](const std::string& name) {
    server.run({"openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj",
                "/CN=deja test " + name, "-keyout", name + ".key", "-out", name + ".pem"});
  };
  make_ca("ca");
  make_ca("other_ca");
  server.write("extensions", "subjectAltName = IP:127.0.0.1, DNS:localhost\n");
  const auto sign = [&server](const std::string& name, const std::vector<std::string>& validity) {
    server.run({"openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
                "-nodes", "-subj", "/CN=" + name, "-keyout", name + ".key", "-out", name + ".csr"});
    std::vector<std::string> command{"openssl", "x509",       "-req",   "-in",    name + ".csr",
                                     "-CA",     "ca.pem",     "-CAkey", "ca.key", "-CAcreateserial",
                                     "-out",    name + ".pem"};
    command.insert(command.end(), validity.begin(), validity.end());
    server.run(command);
    EXPECT_TRUE(os::change_mode(server.at(name + ".key"), 0600));
  };
  sign("server", {"-days", "2", "-extfile", "extensions"});
  sign("client", {"-days", "2"});
  sign("old", {"-days", "-1"});
}

std::string missing_programs(const std::vector<std::string>& names) {
  for (const std::string& name : names)
    if (find_program(name).empty() && find_program("/usr/sbin/" + name).empty())
      return "needs " + name + ", which is not installed";
  return "";
}

}  // namespace deja::test
