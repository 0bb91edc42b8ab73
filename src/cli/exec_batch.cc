// SPDX-License-Identifier: Apache-2.0
// `deja exec --batch` starts one client per command, as many at once as there are processors, and
// collects their output from pipes. Tested by test/e2e/exec_batch_test.cc.
#include "cli/exec_batch.h"

#include <unistd.h>

#include <algorithm>
#include <iostream>
#include <list>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "os/io.h"
#include "os/process.h"
#include "tool/exec/exec_options.h"

namespace deja::cli {
namespace {

constexpr std::size_t kTextMax = 64 << 20;  // of one stream of one command

// A running command.
struct Job {
  nlohmann::json id;
  os::Heard heard;
  std::string out_text, err_text;
};

int report_error(const std::string& what) {
  const std::string line = tool::exec::error_line("--batch: " + what);
  (void)os::write_all(STDERR_FILENO, line.data(), line.size());
  return kUsage;
}

void print_line(const nlohmann::json& object) {
  // Bytes of a tool's text that are not UTF-8 are replaced, as in the journal.
  print(object.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace) + "\n");
}

std::vector<std::string> texts(const nlohmann::json& object, const char* name) {
  return object.contains(name) ? object.at(name).get<std::vector<std::string>>()
                               : std::vector<std::string>();
}

// The command's words. Throws an exception of the library's that says what is wrong with the object.
std::vector<std::string> words_of(const nlohmann::json& object) {
  std::vector<std::string> words = {"deja", "exec"};
  for (std::string& option : texts(object, "options")) words.push_back(std::move(option));
  words.emplace_back("--");
  for (std::string& word : texts(object, "argv")) words.push_back(std::move(word));
  return words;
}

// This process's variables, overridden by those of the object.
os::Texts environment_with(const nlohmann::json& object) {
  os::Texts out = os::own_environment();
  if (!object.contains("env")) return out;
  for (const auto& [name, value] : object.at("env").items()) {
    std::erase_if(out, [&, start = name + "="](const auto& v) { return v.starts_with(start); });
    out.push_back(name + "=" + value.get<std::string>());
  }
  return out;
}

class Batch {
 public:
  explicit Batch(std::string client) : client_(std::move(client)) {}

  int run() {
    const std::size_t jobs_max = std::max(1U, std::thread::hardware_concurrency());
    std::string line;
    for (std::size_t number = 1; std::getline(std::cin, line); ++number) {
      if (line.find_first_not_of(" \t\r") == std::string::npos) continue;
      while (jobs_.size() >= jobs_max) wait();
      start(line, number);
    }
    while (!jobs_.empty()) wait();
    return code_;
  }

 private:
  void start(const std::string& line, std::size_t number) {
    Job job;
    try {
      const nlohmann::json object = nlohmann::json::parse(line);
      job.id = object.contains("id") ? object.at("id") : nlohmann::json(number);
      std::vector<std::string> words = words_of(object);
      const std::string cwd = object.value("cwd", "");
      auto heard = os::start_heard(client_, words, environment_with(object), cwd);
      if (heard) job.heard = *std::move(heard);
    } catch (const nlohmann::json::exception& e) {
      reject(job, number, e.what());
      return;
    }
    if (job.heard.pid < 0)
      return reject(job, number, "cannot start ../../bin/deja; install deja again");
    jobs_.push_back(std::move(job));
  }

  void reject(const Job& job, std::size_t number, const std::string& why) {
    code_ = kUsage;
    report_error("line " + std::to_string(number) + ": " + why);
    print_line({{"id", job.id.is_null() ? nlohmann::json(number) : job.id},
                {"exit_code", kUsage},
                {"error", why}});
  }

  // Reads what the running commands have written, and reports those that have ended.
  void wait() {
    std::vector<int> fds;
    for (const Job& job : jobs_) {
      fds.push_back(job.heard.out.get());
      fds.push_back(job.heard.err.get());
    }
    const std::vector<bool> readable = os::wait_readable(fds);
    std::size_t i = 0;
    for (auto job = jobs_.begin(); job != jobs_.end(); i += 2) {
      if (readable[i]) take(job->heard.out, job->out_text);
      if (readable[i + 1]) take(job->heard.err, job->err_text);
      job = job->heard.out || job->heard.err ? std::next(job) : end(job);
    }
  }

  static void take(os::Fd& from, std::string& text) {
    char bytes[64 * 1024];
    const ssize_t n = os::read_some(from.get(), bytes, sizeof(bytes));
    if (n <= 0) {
      from.reset();
    } else if (text.size() < kTextMax) {
      text.append(bytes, static_cast<std::size_t>(n));
    }
  }

  std::list<Job>::iterator end(std::list<Job>::iterator job) {
    const os::Ended ended = *os::ended(job->heard.pid, true);
    nlohmann::json object = {{"id", job->id}, {"stdout", job->out_text}, {"stderr", job->err_text}};
    if (ended.signal != 0) {
      object["signal"] = ended.signal;
    } else {
      object["exit_code"] = ended.exit_code;
    }
    if (ended.signal != 0 || ended.exit_code != 0) code_ = std::max(code_, kProblems);
    print_line(object);
    return jobs_.erase(job);
  }

  const std::string client_;
  std::list<Job> jobs_;
  int code_ = kDone;
};

}  // namespace

int run_batch(const Context& context, Args args) {
  if (args.size() != 1) return report_error("takes no other arguments; put them into each line");
  return Batch(context.libexec + "/../../bin/deja").run();
}

}  // namespace deja::cli
