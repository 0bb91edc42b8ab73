// SPDX-License-Identifier: Apache-2.0
#include "base/result.h"

namespace deja {

namespace {
Code code_of_errno(int sys_errno) {
  switch (sys_errno) {
    case ENOSPC:
    case EDQUOT:
    case ENOMEM:
      return Code::no_space;
    case EACCES:
    case EPERM:
    case EROFS:
      return Code::denied;
    case ETIMEDOUT:
      return Code::timeout;
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
      return Code::unavailable;
    default:
      return Code::io;
  }
}
}  // namespace

Error sys_error_code(int sys_errno, std::string_view call, std::string_view subject) {
  std::string message(call);
  if (!subject.empty()) message.append(" ").append(subject);
  message.append(": ").append(std::strerror(sys_errno));
  return Error{code_of_errno(sys_errno), sys_errno, std::move(message)};
}

Error sys_error(std::string_view call, std::string_view subject) {
  return sys_error_code(errno, call, subject);
}

}  // namespace deja
