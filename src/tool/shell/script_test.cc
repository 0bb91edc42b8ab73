// SPDX-License-Identifier: Apache-2.0
#include "tool/shell/script.h"

#include <gtest/gtest.h>

namespace deja::tool::shell {
namespace {

bool takes_all(std::string_view text, Kind kind = Kind::bash) {
  return read_code(text, kind).takes_all;
}

TEST(Script, NamesAreCounted) {
  const Reading r = read_code("# A wrapper\nexec \"${CC:-gcc}\" $flags -D _X \"$@\"\n", Kind::dash);
  EXPECT_FALSE(r.takes_all);
  for (const char* name : {"A", "CC", "flags", "_X"}) EXPECT_TRUE(r.names.contains(name)) << name;
  EXPECT_FALSE(r.names.contains("wrapper"));
  EXPECT_FALSE(r.names.contains("exec"));
}

TEST(Script, OrdinaryWrappersTakeNotAll) {
  for (const std::string_view text : {
           "#!/bin/sh\nexec gcc \"$@\"\n",
           "#!/usr/bin/env bash\nset -euo pipefail\nexec -a \"$0\" \"$(dirname \"$0\")/../x/gcc\" "
           "\"$@\"",
           "dir=$(cd \"$(dirname \"$0\")\" && pwd)\n\"$dir/gcc\" -O2 \"$@\"",
           "\"$(dirname \"$0\")/gcc\" \"$@\"\nexit $?",
           "export PATH=/opt/bin:$PATH FOO\nexec ccache gcc \"$@\"",
           "REAL=${REAL_CC:-/usr/bin/gcc}\n$REAL \"$@\"",
           "for a in \"$@\"; do case $a in -O*) ;; *) set -- \"$@\" \"$a\";; esac; done; exec gcc "
           "\"$@\"",
           "trap 'rm -f \"$t\"' EXIT\nt=$(mktemp)\ngcc \"$@\"",
           "args=()\nfor a in \"$@\"; do args+=(\"$a\"); done\nexec gcc \"${args[@]}\"",
           "while [ $# -gt 0 ]; do shift; done",
           "# set the flags, eval nothing\ncommand -v gcc >/dev/null || exit 1",
           "if [ -n \"${V:-}\" ]; then echo \"$@\" >&2; fi; unset V; read -r line < /dev/null",
           "local x=\"$1\"; export FOO=\"$x\"; readonly X; declare -a list",
           "echo ${1:2} ${x#-} ${#x} ${x%%/*} $((OPTIND - 1))",
       })
    EXPECT_FALSE(takes_all(text)) << text;
}

TEST(Script, NamesThatAreMadeTakeAll) {
  for (const std::string_view text : {
           "eval \"echo \\$$a$b\"",
           "ev\\al x",
           "e''val x",
           "\"eval\" x",
           "command eval x",
           "$'\\145val' x",
           "echo ${!x}",
           "echo ${!F*}",
           "set",
           "x=$(set | grep FOO)",
           "set $x",
           "set \"$@\"",
           "export",
           "export -p",
           "export -n FOO",
           "export $x",
           "export FOO $x",
           "export \"$x\"",
           "declare -p",
           "declare -n r=$x",
           "local -n r=$x",
           "typeset -i n=$x",
           "readonly -p",
           "compgen -v",
           "mapfile -C \"$x\" a",
           "alias x=y",
           "trap \"$x\" EXIT",
           "trap '$x FOO' EXIT",
           "trap -- \"echo $x\" EXIT",
           "let n=x",
           "set -x; PS4=\"\\$$a$b\"; gcc",
           "BASH_ENV=$(mktemp) bash -c x",
           "echo $((x))",
           "((n++))",
           "echo $[x]",
           "[[ $x -eq 1 ]]",
           "[[ -v $x ]]",
           "[ -v $x ]",
           "test -v $x",
           "[ $y = 1 -a -v $x ]",
           "echo ${a[x]}",
           "a[$x]=1",
           "echo ${x:y}",
           "echo ${x:$y}",
           "echo ${x@P}",
           "printf -v \"$x\" y",
           "read \"$x\"",
           "unset $x",
           "x=$a$b\n$x FOO",
           "$a$b FOO",
           "$(cat f) FOO",
           "if true; then $(cat f) FOO; fi",
           "A=\"b c\" $(cat f) FOO",
           ">/dev/null $(cat f) FOO",
           "x=$(cat f)\nfoo || $x FOO",
           "for x in *; do $x FOO; done",
           "read x < f; $x FOO",
           "x=e; x+=val; $x FOO",
           "f() { \"$@\"; }; f $a$b",
           "set -- $a$b\n\"$@\"",
           "{se,}t",
           "echo '\n# a'; set",
           "echo ' # it'; set",
       })
    EXPECT_TRUE(takes_all(text)) << text;
}

TEST(Script, ArithmeticOfDashReadsWhatItNames) {
  const Reading r = read_code("i=$((i+1)); j=$((k))", Kind::dash);
  EXPECT_FALSE(r.takes_all);
  EXPECT_TRUE(r.names.contains("k"));
  EXPECT_TRUE(takes_all("i=$((i+1))", Kind::busybox));
  EXPECT_TRUE(takes_all("i=$(($x))", Kind::dash));
}

TEST(Script, BusyboxMayDoAppletsItself) {
  EXPECT_TRUE(takes_all("x=$(env)", Kind::busybox));
  EXPECT_FALSE(takes_all("exec gcc \"$@\"", Kind::busybox));
}

TEST(Script, ValuesThatAreCommands) {
  EXPECT_TRUE(read_code("$CC \"$@\"", Kind::bash).runs_values);
  EXPECT_TRUE(read_code("\"$@\"", Kind::bash).runs_values);
  EXPECT_FALSE(read_code("exec $CC \"$@\"", Kind::bash).runs_values);
  EXPECT_TRUE(may_be_command("eval echo"));
  EXPECT_TRUE(may_be_command("command export -p"));
  EXPECT_FALSE(may_be_command("/usr/bin/ccache gcc"));
}

TEST(Script, LargeAndBinaryTextsTakeAll) {
  EXPECT_TRUE(takes_all(std::string_view("a\0b", 3)));
  EXPECT_TRUE(takes_all(std::string(kTextMax + 1, ' ')));
}

TEST(Script, CommandLines) {
  using Argv = std::vector<std::string_view>;
  const auto call = read_call(Argv{"/bin/sh", "-e", "bin/gcc", "-c", "a.c"}, Kind::dash);
  ASSERT_TRUE(call);
  EXPECT_EQ(call->script, "bin/gcc");
  EXPECT_EQ(call->arguments.size(), 2u);
  EXPECT_EQ(read_call(Argv{"sh", "-ec", "echo $X", "name"}, Kind::dash)->command, "echo $X");
  EXPECT_EQ(read_call(Argv{"bash", "-o", "pipefail", "-c", "x"}, Kind::bash)->command, "x");
  for (const Argv& argv :
       {Argv{"sh"}, Argv{"sh", "-"}, Argv{"-sh", "x"}, Argv{"sh", "-s", "x"}, Argv{"sh", "-i", "x"},
        Argv{"bash", "-l", "x"}, Argv{"bash", "--login", "x"}, Argv{"bash", "-O", "extglob", "x"},
        Argv{"sh", "-c"}, Argv{}})
    EXPECT_FALSE(read_call(argv, Kind::bash)) << argv.size();
}

TEST(Script, BusyboxIsWhatItIsCalled) {
  using Argv = std::vector<std::string_view>;
  for (const Argv& argv : {Argv{"/usr/bin/busybox", "sh", "x"}, Argv{"busybox", "ash", "x"},
                           Argv{"sh", "x"}, Argv{"/bin/ash", "x"}}) {
    const auto call = read_call(argv, Kind::busybox);
    ASSERT_TRUE(call) << argv[0];
    EXPECT_EQ(call->script, "x");
  }
  for (const Argv& argv : {Argv{"busybox"}, Argv{"busybox", "sh"}, Argv{"awk", "-f", "x"},
                           Argv{"busybox", "awk", "-f", "x"}, Argv{"xargs", "x"}})
    EXPECT_FALSE(read_call(argv, Kind::busybox)) << argv[0];
}

}  // namespace
}  // namespace deja::tool::shell
