// SPDX-License-Identifier: Apache-2.0
// Tested by routes_test.cc.
#include "tool/routes.h"

#include <algorithm>
#include <span>

#include "tool/cc/program.h"
#include "tool/job/jobs.h"

namespace deja::tool {
namespace {

// Programs that change what others may do or see, that speak with other processes or with the network, or
// whose effect no file shows. And other caches: a compiler that they start is theirs.
constexpr std::string_view kLeftAlone = R"(
ccache sccache distcc icecc kache firebuild deja sudo su doas pkexec setpriv runuser chroot bwrap
fakeroot fakechroot unshare nsenter proot docker podman runc gdb lldb strace ltrace perf valgrind rr
kill pkill killall sleep flock sync mount umount ssh scp rsync curl wget git hg svn gpg systemd-run
systemctl logger man less more vi vim nano tmux screen busybox watch mkfifo mknod ipcs ipcrm renice
prlimit dbus-send udevadm ldconfig fuser ps top uptime who date hostname nproc tty stty write wall
openssl uuidgen ssh-keygen crontab at batch
)";

// Most of their runs are over before a look-up is. Some update files in place.
constexpr std::string_view kShortLived = R"(
true false echo printf test [ expr rm rmdir mkdir mv cp ln cat touch chmod chown chgrp install
basename dirname pwd cmp diff sed grep egrep fgrep head tail tr cut sort uniq wc tee uname id whoami
ls stat readlink mktemp od comm join paste realpath seq tac md5sum sha1sum sha256sum cksum arch
getconf which locale tput clear pathchk truncate dd unlink link sum fold fmt nl yes logname groups
printenv dircolors file pkg-config pkgconf awk gawk mawk patch ed mkinstalldirs install-sh
config.guess config.sub missing lsb_release dpkg-architecture dpkg-buildflags msgfmt
)";

// "env make", "libtool gcc …": programs that run other programs, build tools and their scripts.
constexpr std::string_view kDrivers = R"(
make gmake bmake ninja samu cargo cmake meson bazel bazelisk scons waf buck2 gn xmake premake5 qmake
qmake6 just go rustup configure config.status libtool libtoolize depcomp compile ylwrap ltmain.sh
autoreconf autoconf automake aclocal autoheader autom4te autogen.sh bootstrap bootstrap.sh build.sh
buildconf env nice ionice time timeout nohup setsid stdbuf xargs find parallel chrt taskset script
setarch linux64 npm npx yarn pnpm gradle gradlew mvn ant tox pytest pip pip3 dh debuild
dpkg-buildpackage debian/rules rpmbuild entr run-parts exec command clang-format clangd ctest prove
runtest expect
)";

constexpr std::string_view kShells[] = {"sh", "dash", "bash"};
constexpr std::string_view kInterpreters[] = {"python", "python2", "python3", "perl",
                                              "ruby",   "lua",     "node",    "php"};

// What a test leaves is its report: it must run when it is asked to.
constexpr std::string_view kTests[] = {"*test*", "*Test*", "*TEST*", "*check*", "*bench*"};

void add(std::vector<RouteRow>& rows, ProgramRole role, RouteRow::Match match,
         std::span<const std::string_view> names) {
  for (const std::string_view name : names) rows.push_back({role, match, name});
}

// names: words.
void add(std::vector<RouteRow>& rows, ProgramRole role, std::string_view names) {
  constexpr std::string_view kBlank = " \n";
  while ((names = names.substr(std::min(names.find_first_not_of(kBlank), names.size()))) != "") {
    const std::size_t size = std::min(names.find_first_of(kBlank), names.size());
    rows.push_back({role, RouteRow::Match::name, names.substr(0, size)});
    names.remove_prefix(size);
  }
}

}  // namespace

std::vector<RouteRow> route_rows(bool with_tests) {
  std::vector<RouteRow> rows;
  if (!with_tests) rows.push_back({ProgramRole::left_alone, RouteRow::Match::name, "ctest"});
  add(rows, ProgramRole::left_alone, kLeftAlone);
  add(rows, ProgramRole::short_lived, kShortLived);
  add(rows, ProgramRole::driver, kDrivers);
  add(rows, ProgramRole::shell, RouteRow::Match::name, kShells);
  add(rows, ProgramRole::interpreter, RouteRow::Match::decorated, kInterpreters);
  for (const std::string_view name : {"rustc", "clippy-driver"})
    rows.push_back({ProgramRole::tool, RouteRow::Match::name, name});
  for (const std::string_view name : cc::driver_names())
    rows.push_back({ProgramRole::tool, RouteRow::Match::decorated, name});
  for (const job::Job& job : job::jobs())
    rows.push_back({ProgramRole::tool, RouteRow::Match::decorated, job.name});
  if (!with_tests) add(rows, ProgramRole::driver, RouteRow::Match::pattern, kTests);
  return rows;
}

}  // namespace deja::tool
