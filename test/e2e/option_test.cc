// SPDX-License-Identifier: Apache-2.0
// L1, option by option: each row is one command whose files, streams and exit code must be the same
// without deja, as a miss and as a hit. Side outputs (.dwo, .gcno, .su, dumps) need no knowledge of
// the option.
#include <map>

#include "e2e/setup.h"

namespace deja::test {
namespace {

enum class Expected { hit, any };  // any: a bypass is allowed, a wrong result is not

struct OptionRow {
  std::string label;
  Argv arguments;  // after the compiler's name; "CXX" first: the C++ compiler
  Expected expected = Expected::hit;
  std::string only{};  // "gcc", "clang", or "": both
};

const std::map<std::string, std::string> kFiles = {
    {"a.c", "#include \"a.h\"\n#include <stddef.h>\nint f(int x) { return x + VALUE; }\n"},
    {"a.h", "#define VALUE 7\n"},
    {"b.h", "#define EXTRA 1\n"},
    {"w.c", "#warning beware\nint f(void) { int unused; return 0; }\n"},
    {"a.cc",
     "#include \"a.h\"\ntemplate <class T> T id(T x) { return x; }\nint g() { return id(VALUE); "
     "}\n"},
    {"a.txt", "int text;\n"},
    {"a.i", "int preprocessed;\n"},
    {"a.s", "\t.globl\tf\nf:\n\tret\n"},
    {"b.S", "#include \"a.h\"\n\t.globl\tf\nf:\n\t.long VALUE\n"},
    {"flags.rsp", "-O2 '-DNAME=\"x y\"' -c a.c\n"},
    {"two.c", "int two;\n"},
    {"main.c", "int main(void) { return 0; }\n"},
};

const std::vector<OptionRow> kOptionRows = {
    {"assembly", {"-S", "a.c"}},
    {"preprocess_to_file", {"-E", "a.c", "-o", "a.i2"}},
    {"preprocess_to_stdout", {"-E", "a.c"}},
    {"macros_to_stdout", {"-E", "-dM", "a.c"}},
    {"rules", {"-M", "a.c"}},
    {"rules_own_headers", {"-MM", "a.c"}},
    {"rules_to_file", {"-M", "-MF", "rules.d", "a.c"}},
    {"depfile", {"-MD", "-c", "a.c"}},
    {"depfile_own_headers", {"-MMD", "-c", "a.c"}},
    {"depfile_named", {"-MD", "-MF", "x.d", "-c", "a.c", "-o", "x.o"}},
    {"depfile_target", {"-MD", "-MT", "the target", "-c", "a.c"}},
    {"depfile_quoted_target", {"-MD", "-MQ", "the $target", "-c", "a.c"}},
    {"depfile_phony", {"-MD", "-MP", "-c", "a.c"}},
    {"depfile_through_preprocessor", {"-Wp,-MD,wp.d", "-c", "a.c"}},
    {"syntax_only", {"-fsyntax-only", "a.c"}},
    {"response_file", {"@flags.rsp"}},
    {"language", {"-x", "c", "-c", "a.txt"}},
    {"included_by_option", {"-include", "b.h", "-c", "a.c"}},
    {"macros_by_option", {"-imacros", "b.h", "-c", "a.c"}},
    {"debug_info", {"-g", "-c", "a.c"}},
    {"split_debug_info", {"-g", "-gsplit-dwarf", "-c", "a.c"}},
    {"split_debug_info_elsewhere", {"-g", "-gsplit-dwarf", "-c", "a.c", "-o", "x.o"}},
    {"compressed_debug_info", {"-g", "-gz", "-c", "a.c"}},
    {"coverage", {"--coverage", "-c", "a.c"}},
    {"profile", {"-pg", "-c", "a.c"}},
    {"temporaries", {"-save-temps", "-c", "a.c"}},
    {"temporaries_beside_object", {"-save-temps=obj", "-c", "a.c", "-o", "x.o"}},
    {"stack_usage", {"-fstack-usage", "-c", "a.c"}},
    {"preprocessed_input", {"-c", "a.i"}},
    {"assembler_input", {"-c", "a.s"}},
    {"assembler_input_with_macros", {"-c", "b.S"}},
    {"native", {"-march=native", "-c", "a.c"}},
    {"tuned", {"-O3", "-mtune=native", "-funroll-loops", "-c", "a.c"}},
    {"link_time", {"-flto", "-c", "a.c"}},
    {"pipes", {"-pipe", "-c", "a.c"}},
    {"cxx", {"CXX", "-std=c++20", "-c", "a.cc"}},
    {"cxx_debug", {"CXX", "-g", "-O2", "-c", "a.cc"}},
    {"sanitized", {"-fsanitize=address,undefined", "-c", "a.c"}},
    {"openmp_pragma", {"-Wno-unknown-pragmas", "-c", "a.c"}},
    {"warning", {"-Wall", "-c", "w.c"}},
    {"warning_coloured", {"-Wall", "-fdiagnostics-color=always", "-c", "w.c"}},
    {"warning_plain", {"-Wall", "-fdiagnostics-color=never", "-c", "w.c"}},
    {"warning_as_error", {"-Wall", "-Werror", "-c", "w.c"}, Expected::any},
    {"warning_and_stdout", {"-E", "w.c"}},
    {"diagnostics_json", {"-Wall", "-fdiagnostics-format=json", "-c", "w.c"}, Expected::hit, "gcc"},
    {"diagnostics_sarif",
     {"-Wall", "-fdiagnostics-format=sarif", "-c", "w.c"},
     Expected::any,
     "clang"},
    {"recorded_switches", {"-frecord-gcc-switches", "-c", "a.c"}, Expected::hit, "gcc"},
    {"tree_dumps",
     {"-O1", "-fdump-tree-optimized", "-fdump-rtl-expand", "-c", "a.c"},
     Expected::hit,
     "gcc"},
    {"prototypes", {"-aux-info", "protos", "-c", "a.c"}, Expected::hit, "gcc"},
    {"callgraph", {"-fcallgraph-info", "-c", "a.c"}, Expected::hit, "gcc"},
    {"save_optimization_record", {"-O2", "-fsave-optimization-record", "-c", "a.c"}, Expected::any},
    {"serialized_diagnostics",
     {"--serialize-diagnostics", "a.dia", "-Wall", "-c", "w.c"},
     Expected::hit,
     "clang"},
    {"bitcode", {"-emit-llvm", "-c", "a.c"}, Expected::hit, "clang"},
    {"option_of_the_inner_compiler",
     {"-Xclang", "-emit-llvm", "-c", "a.c"},
     Expected::any,
     "clang"},
    {"bitcode_text", {"-S", "-emit-llvm", "a.c"}, Expected::hit, "clang"},
    {"assembler_listing", {"-Wa,-adhln=list.txt", "-c", "a.c"}, Expected::hit, "gcc"},
    {"assembler_listing_to_stdout", {"-Wa,-ahl", "-c", "a.c"}, Expected::hit, "gcc"},
    {"precompiled_header", {"-x", "c-header", "a.h"}, Expected::any},
    {"undefined_macro_twice", {"-DA=1", "-UA", "-DA=2", "-c", "a.c"}},
    {"path_with_dots", {"-I.", "-I./../work", "-c", "./a.c"}},
    {"output_joined", {"-c", "a.c", "-oa2.o"}},
    {"prefix_map", {"-g", "-ffile-prefix-map=/=/x/", "-c", "a.c"}},
    {"version", {"--version"}, Expected::any},
    {"verbose", {"-v", "-fsyntax-only", "a.i"}, Expected::any, "clang"},
    {"only_print_commands", {"-###", "-c", "a.i"}, Expected::any, "clang"},
    {"file_name_query", {"-print-file-name=libc.so"}, Expected::any},
    {"no_input", {"-c"}, Expected::any},
    {"unknown_option", {"-fno-such-option", "-c", "a.c"}, Expected::any},
    {"missing_source", {"-c", "nosuch.c"}, Expected::any},
    {"several_sources", {"-c", "a.c", "two.c"}},
    {"several_outputs_with_one_name", {"-c", "a.c", "two.c", "-o", "x.o"}, Expected::any},
    {"link", {"main.c", "-o", "main"}},
    {"link_with_symbols", {"-g", "main.c", "-o", "main"}},
    {"link_and_depfile", {"-MMD", "main.c", "-o", "main"}, Expected::any},
    {"link_map", {"main.c", "-Wl,-Map=main.map", "-o", "main"}},
    {"object_input", {"-c", "a.o"}, Expected::any},
};

struct Case {
  OptionRow row;
  std::string compiler;
};
std::ostream& operator<<(std::ostream& to, const Case& c) {
  return to << c.row.label << ", " << c.compiler;
}

std::vector<Case> cases() {
  std::vector<Case> all;
  for (const std::string& compiler : {std::string("gcc"), newest_clang()}) {
    for (const OptionRow& row : kOptionRows) {
      if (row.only.empty() || compiler.starts_with(row.only)) all.push_back({row, compiler});
    }
  }
  return all;
}

class Option : public ::testing::TestWithParam<Case> {};

TEST_P(Option, LeavesWhatTheCompilerLeaves) {
  const auto& [row, compiler] = GetParam();
  NEEDS_TOOL(compiler);
  Workspace ws;
  for (const auto& [name, text] : kFiles) ws.write(name, text);
  Argv argv = row.arguments;
  const bool is_cxx = argv.front() == "CXX";
  if (is_cxx) argv.erase(argv.begin());
  const std::string cxx =
      compiler == "gcc" ? "g++" : "clang++" + compiler.substr(sizeof("clang") - 1);
  argv.insert(argv.begin(), is_cxx ? cxx : compiler);
  if (row.expected == Expected::hit) {
    const Trial bare = ws.expect_same(argv);
    EXPECT_TRUE(bare.result.ok()) << bare.result;
  } else {
    ws.expect_unchanged(argv);
  }
}

std::string case_label(const ::testing::TestParamInfo<Case>& info) {
  std::string name = info.param.row.label + "_" + info.param.compiler;
  for (char& c : name) c = c == '-' ? '_' : c;
  return name;
}

INSTANTIATE_TEST_SUITE_P(, Option, ::testing::ValuesIn(cases()), case_label);

// One compile writes a file that a later one reads.
TEST(OptionPair, PrecompiledHeaderIsUsedAndItsChangeNoticed) {
  NEEDS_TOOL("gcc");
  Workspace ws;
  ws.write("p.h", "#define V 1\n");
  ws.write("a.c", "#include \"p.h\"\nint a = V;\n");
  ASSERT_TRUE(ws.run({"gcc", "-x", "c-header", "p.h", "-o", "p.h.gch"}).ok());
  const Argv argv = {"gcc", "-c", "a.c"};
  const Trial first = ws.expect_unchanged(argv);
  ws.write("p.h", "#define V 2\n");
  ASSERT_TRUE(ws.run({"gcc", "-x", "c-header", "p.h", "-o", "p.h.gch"}).ok());
  const Trial second = ws.expect_unchanged(argv);
  EXPECT_NE(difference(first.tree, second.tree), "");
}

TEST(OptionPair, ProfileDataIsAnInput) {
  NEEDS_TOOL("gcc");
  Workspace ws;
  ws.write("a.c", "int main(int c, char** v) { (void)v; return c > 1 ? 1 : 0; }\n");
  ASSERT_TRUE(ws.run({"gcc", "-O2", "-fprofile-generate", "a.c", "-o", "a.out"}).ok());
  ASSERT_TRUE(ws.run({"./a.out"}).ok());
  const Argv argv = {"gcc", "-O2", "-fprofile-use=a.out-a.gcda", "-c", "a.c"};
  const Trial first = ws.expect_unchanged(argv);
  for (int i = 0; i < 50; ++i) ws.run({"./a.out", "1"});
  ws.expect_unchanged(argv);
}

}  // namespace
}  // namespace deja::test
