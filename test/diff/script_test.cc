// SPDX-License-Identifier: Apache-2.0
// Compilers that are shell scripts: a variable that the script may read counts, others do not.
#include <filesystem>
#include <string>
#include <vector>

#include "diff/family.h"

namespace deja::test {
namespace {

struct Case {
  const char* name;
  const char* body;
  const char* before;  // of the environment ("NAME": unset)
  const char* after;
  const char* shell = nullptr;  // for a construct that other shells lack
};

class Scripts : public Family, public ::testing::WithParamInterface<const char*> {
 protected:
  Verdict run(const std::string& body, const std::string& before, const std::string& now) {
    const std::string shell = find_program(GetParam());
    const bool is_busybox = std::string(GetParam()) == "busybox";
    ws.script("gcc", "#!" + shell + (is_busybox ? " sh" : "") + "\n" + body + "\n");
    ws.write("a.c", "int a = V;\n");
    ws.let_settle(ws.bin() + "/gcc");
    const Argv argv = {"gcc", "-c", "a.c"};
    const Command then = {argv, {.env = {now}}};
    return after({argv, {.env = {before}}}, nullptr, &then);
  }
  void SetUp() override { NEEDS_TOOL(GetParam()); }
};

TEST_P(Scripts, VariablesThatTheyCannotReadDoNotCount) {
  const std::string here = "/usr/bin/gcc -DV=1 \"$@\"";
  std::vector<std::string> bodies = {"exec " + here, "x=$(dirname \"$0\")\nexec " + here};
  // busybox may run env in its own process.
  if (std::string(GetParam()) != "busybox") bodies.push_back("/usr/bin/env " + here);
  for (const std::string& body : bodies) {
    for (const char* now : {"FOO=1", "MAKEFLAGS=-j2", "SHLVL=7", "PWD=/", "OLDPWD=/usr"}) {
      const Verdict verdict = run(body, "FOO", now);
      EXPECT_TRUE(verdict.is_hit()) << body << " with " << now << ": " << verdict.event;
    }
  }
}

// Every way in which a script can read a variable; all of them use the last variable only.
TEST_P(Scripts, VariablesThatTheyReadCount) {
  static const std::string compile = "exec /usr/bin/gcc \"-DV=$n\" \"$@\"";
  static constexpr Case kCases[] = {
      {"plain", "n=${FOO:-0}", "FOO=1", "FOO=2"},
      {"was unset", "n=${FOO:-0}", "FOO", "FOO=2"},
      {"small letters", "n=${foo:-0}", "foo=1", "foo=2"},
      {"eval", "x=F; eval \"n=\\${${x}OO:-0}\"", "FOO=1", "FOO=2"},
      {"split eval", "x=F; ev\\al \"n=\\${${x}OO:-0}\"", "FOO=1", "FOO=2"},
      {"eval by name", "x=F; E=eval; $E \"n=\\${${x}OO:-0}\"", "FOO=1", "FOO=2"},
      {"eval from a variable", "x=F; $E \"n=\\${${x}OO:-0}\"; n=${n:-0}", "E=eval", "E=:"},
      {"arithmetic", "x=F; n=$((${x}OO + 1))", "FOO=1", "FOO=2"},
      {"env", "n=$(env | grep -c ^FOO=)", "FOO", "FOO=2"},
      {"set", "n=$(set | grep -c ^FOO=)", "FOO", "FOO=2"},
      {"export", "n=$(export -p | grep -c FOO=)", "FOO", "FOO=2"},
      {"computed command", "n=$($(echo export) | grep -c FOO=)", "FOO", "FOO=2"},
      {"empty command", "n=$($NONE set | grep -c ^FOO=)", "FOO", "FOO=2"},
      {"trap", "x=F; trap \"n=\\$${x}OO; echo $\\n >&2\" EXIT; n=1", "FOO=1", "FOO=2"},
      {"child shell", "n=$(sh -c 'echo ${FOO:-0}')", "FOO=1", "FOO=2"},
      {"child shell, text by a pipe", "n=$(echo 'echo ${F''OO:-0}' | sh)", "FOO=1", "FOO=2"},
      {"child", "n=$(printenv FOO)", "FOO=1", "FOO=2"},
      {"child awk", "n=$(awk 'BEGIN { print ENVIRON[\"F\" \"OO\"] }')", "FOO=1", "FOO=2"},
      {"home", "n=$(expr ~ : '.*/a')", "HOME=/a", "HOME=/usr/a"},
      {"number of shells", "n=$(expr ${SHLVL:-0} + 1)", "SHLVL=1", "SHLVL=2"},
      {"last directory", "n=0; cd - >/dev/null && n=1; cd \"$OLDPWD\" || exit",
       "OLDPWD=/nonexistent", "OLDPWD=/usr"},
      {"sourced", ". ./more.sh", "FOO=1", "FOO=2"},
      {"sourced by value", ". ./${FILE:-more.sh}", "FILE=more.sh", "FILE=other.sh"},
      {"split words", "set -- $IFSX 1; n=$#", "IFSX=a b", "IFSX=a b c"},
      {"given on", "BAR=${FOO:-0}; export BAR; n=$(sh -c 'echo $BAR')", "FOO=1", "FOO=2"},
      {"two values", "n=${FOO:-0}; n=${BAR:-$n}", "BAR", "BAR=3"},
      {"indirect", "x=FO; y=${x}O; n=${!y}", "FOO=1", "FOO=2", "bash"},
      {"reference", "x=F; declare -n r=${x}OO; n=$r", "FOO=1", "FOO=2", "bash"},
      {"names", "n=$(compgen -e | grep -c ^FOO)", "FOO", "FOO=2", "bash"},
      {"values in arithmetic", "x=F; y=${x}OO; n=$((y))", "FOO=1", "FOO=2", "bash"},
      {"test -v", "x=F; n=0; [[ -v ${x}OO ]] && n=1", "FOO", "FOO=2", "bash"},
      {"subscript", "x=F; a=(5 6 7); n=${a[${x}OO]}", "FOO=1", "FOO=2", "bash"},
      {"substring", "x=F; y=1234; n=${y:${x}OO:1}", "FOO=1", "FOO=2", "bash"},
      {"prompt", "x=F; y='$'${x}OO; n=${y@P}", "FOO=1", "FOO=2", "bash"},
      {"function", "f() { n=1; }; n=1; type g >/dev/null 2>&1 && n=2", "BASH_FUNC_g%%",
       "BASH_FUNC_g%%=() { :\n}", "bash"},
      {"start", "n=${n:-0}", "BASH_ENV=./one.sh", "BASH_ENV=./two.sh", "bash"},
      {"options", "n=0; [[ $- == *f* ]] && n=1", "SHELLOPTS", "SHELLOPTS=noglob", "bash"},
      {"braces", "n=$({se,}t | grep -c ^FOO=)", "FOO", "FOO=2", "bash"},
  };
  ws.write("more.sh", "n=${FOO:-0}\n");
  ws.write("other.sh", "n=9\n");
  ws.write("one.sh", "n=1\n");
  ws.write("two.sh", "n=2\n");
  for (const Case& c : kCases) {
    if (c.shell != nullptr && std::string(c.shell) != GetParam()) continue;
    SCOPED_TRACE(c.name);
    run(c.body + ("\n" + compile), c.before, c.after);
  }
}

// The child gets the directory's name from the shell.
TEST_P(Scripts, NameOfTheDirectoryCounts) {
  ws.write("real/a.c", "int a;\n");
  ws.script("gcc", "#!" + find_program(GetParam()) +
                       (std::string(GetParam()) == "busybox" ? " sh" : "") +
                       "\nexec /usr/bin/gcc -g \"$@\"\n");
  std::filesystem::create_directory_symlink(ws.path("real"), ws.path("logical"));
  const Argv argv = {"gcc", "-c", "a.c"};
  const Command elsewhere = {argv, {.env = {"PWD=/"}, .cwd = "real"}};
  const Command logical = {argv, {.env = {"PWD=" + ws.path("logical")}, .cwd = "real"}};
  after(elsewhere, nullptr, &logical);
  after(logical, nullptr, &elsewhere);
}

INSTANTIATE_TEST_SUITE_P(, Scripts, ::testing::Values("dash", "bash", "busybox"),
                         [](const auto& one) { return std::string(one.param); });

}  // namespace
}  // namespace deja::test
