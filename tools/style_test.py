# SPDX-License-Identifier: Apache-2.0
"""Tests of the style checks themselves: each rule is shown one thing it must find and one it must not."""

import pathlib
import tempfile
import unittest

import cxx
import headers
import layers
import messages
import spdx
import tidy

SOURCE = pathlib.PurePosixPath("src/store/a.cc")
UNIT_TEST = pathlib.PurePosixPath("src/store/a_test.cc")


def tree(files):
    """A temporary project holding these files; the caller cleans it up."""
    root = tempfile.TemporaryDirectory(prefix="deja-style-")
    for name, text in files.items():
        path = pathlib.Path(root.name, name)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return root


class Strip(unittest.TestCase):
    def test_keeps_lines_and_code(self):
        text = 'int a; // "x"\n/* b\n c */ char d = \'"\'; f("//", R"x(\n{)x", 1\'000);\n'
        code = cxx.strip(text)
        self.assertEqual(code.count("\n"), text.count("\n"))
        self.assertNotIn("b", code)
        self.assertNotIn("{", code)
        self.assertIn("int a;", code)
        self.assertIn("1'000", code)


class Messages(unittest.TestCase):
    def test_lists_what_users_see(self):
        text = """#include "a b.h"
f("no file "  // "a comment"
  "of this name");
g(R"(usage: it
ends)" , 'c', "{}", "one");
print("there is no '" + name + "'; try " + other + " or x");
ignore(remove(path), "it is removed later");
#if defined(DEJA_TEST_HOOKS)
f("a test hook");
#endif
"""
        listed = [(line, text) for line, text in messages.literals(text) if messages.TWO_WORDS.search(text)]
        self.assertEqual(
            listed,
            [(2, "no file of this name"), (4, r"usage: it\nends"), (6, "there is no '{}'; try {} or x")],
        )


class Functions(unittest.TestCase):
    def names(self, text):
        return [(name, lines) for name, _, lines in cxx.functions(text)]

    def test_free_member_and_nested(self):
        text = """namespace n {
struct S {
  int get() const { return 1; }
  int member = 0;
};
int f(int a = int{3}) {
  auto g = [] { return 1; };
  if (a) { return 2; }
}
}"""
        self.assertEqual(self.names(text), [("get", 1), ("f", 4)])

    def test_constructors_with_initializers(self):
        text = "A::A(int x)\n    : a_{x}, b_(x) {\n  f();\n}\nA::A() : c_{1} {}\n"
        self.assertEqual(self.names(text), [("A::A", 3), ("A::A", 1)])

    def test_tables_are_not_functions(self):
        text = "const Row kRows[] = {\n{1, f(2)},\n{3, 4},\n};\nstatic int f() { return 1; }\n"
        self.assertEqual(self.names(text), [("f", 1)])

    def test_both_branches_of_an_if_do_not_unpair_braces(self):
        text = "#if A\nint f() {\n#else\nint f(int) {\n#endif\n}\nint g() {\n}\n"
        self.assertEqual([name for name, _ in self.names(text)], ["f", "g"])

    def test_macros_are_not_functions(self):
        self.assertEqual(self.names("#define T(x) \\\n  ({ \\\n  x; })\nint f() {}\n"), [("f", 1)])


class TidyRules(unittest.TestCase):
    def calls(self, text, file=SOURCE):
        return list(tidy.check_calls(file, text))

    def test_banned_calls(self):
        self.assertEqual(len(self.calls("system(x);\nstrcpy(a, b);\nusing namespace std;\n")), 3)
        self.assertEqual(self.calls('log("system(x)"); // strcpy(a, b)\nfilesystem(x);\n'), [])
        self.assertEqual(self.calls("system(x);  // tidy-allow: system the user's own words\n"), [])

    def test_system_calls_belong_to_os(self):
        self.assertEqual(len(self.calls("auto fd = ::open(p, 0);\n")), 1)
        self.assertEqual(self.calls("auto fd = os::open(p);\n"), [])
        self.assertEqual(self.calls("auto fd = ::open(p, 0);\n", pathlib.PurePosixPath("src/os/file.cc")), [])
        supervisor = pathlib.PurePosixPath("src/observe/supervise/a.cc")
        self.assertEqual(self.calls("auto fd = ::open(p, 0);\n", supervisor), [])
        self.assertEqual(len(self.calls("auto fd = ::open(p, 0);\n", pathlib.PurePosixPath("src/observe/a.cc"))), 1)
        used = {pathlib.Path(f"src/{d}/a.cc"): "::open(p, 0);\n" for d in tidy.SYSCALL_DIRECTORIES}
        self.assertEqual(list(tidy.check_syscall_directories(used)), [])
        self.assertEqual(len(list(tidy.check_syscall_directories({**used, pathlib.Path("src/client/a.cc"): ""}))), 1)

    def test_sleep_in_tests(self):
        self.assertEqual(len(self.calls("usleep(3);\n", UNIT_TEST)), 1)
        self.assertEqual(self.calls("usleep(3);\n", SOURCE), [])

    def test_words(self):
        self.assertEqual(len(list(tidy.check_words(SOURCE, "int passthrough_path;\n"))), 1)
        self.assertEqual(list(tidy.check_words(SOURCE, "// no passthrough\n[[fallthrough]];\n")), [])

    def test_sizes(self):
        body = "int f() {\n" + "  g();\n" * 80 + "}\n"
        self.assertEqual(len(list(tidy.check_sizes(SOURCE, body))), 1)
        self.assertEqual(len(list(tidy.check_sizes(SOURCE, "int a;\n" * 601))), 1)
        self.assertEqual(list(tidy.check_sizes(UNIT_TEST, "int a;\n" * 601)), [])

    def test_marks(self):
        mark = "TO" + "DO"
        self.assertEqual(len(list(tidy.check_marks(SOURCE, f"// {mark}: later\n"))), 1)
        self.assertEqual(list(tidy.check_marks(SOURCE, f"// {mark}(#12): later\n")), [])

    def test_licenses(self):
        for name, text, top in [("a.cc", "int a;\n", "// SPDX"), ("a.py", "#!/usr/bin/python3\n1\n", "#!/usr/bin/python3\n# SPDX"),
                                ("CMakeLists.txt", "", "# SPDX")]:
            licensed = spdx.with_license(pathlib.Path(name), text)
            self.assertTrue(licensed.startswith(top), licensed)
            self.assertTrue(spdx.is_licensed(licensed))
            self.assertEqual(spdx.with_license(pathlib.Path(name), licensed), licensed)
            self.assertFalse(spdx.is_licensed(text))

    def test_links(self):
        with tree({"docs/a.md": "# A `part` of it, too\n", "src/x.cc": ""}) as root:
            check = lambda text: list(tidy.check_links(pathlib.Path("docs/b.md"), text, pathlib.Path(root)))
            fine = "# Here\n[a](a.md#a-part-of-it-too) [x](../src/x.cc) `src/x.cc` [w](https://example.org) [h](#here)"
            self.assertEqual(check(fine), [])
            self.assertEqual(len(check("[gone](gone.md)\n`src/gone.cc`\n[a](a.md#gone)\n[h](#gone)\n")), 4)
            self.assertEqual(check("```\n[gone](gone.md)\n```\n"), [])

    def test_variables_and_columns(self):
        known = {"DEJA_DIR"}
        self.assertEqual(list(tidy.check_variables("a.md", "`DEJA_DIR`, `DEJA_OP_*`\n    DEJA_DIR=x deja\n", known)), [])
        self.assertEqual(len(list(tidy.check_variables("a.md", "`DEJA_GONE=1`\n    DEJA_LOST=1 deja gcc\n", known))), 2)
        self.assertEqual(list(tidy.check_columns("a.md", "x" * 120 + "\n| [a](" + "y" * 240 + ") |\n")), [])
        self.assertEqual(len(list(tidy.check_columns("a.md", "x" * 121 + "\n| " + "y" * 240 + " |\n"))), 2)


class Reasons(unittest.TestCase):
    TABLE = {pathlib.Path("src/action/why.cc"): '{gone, "gone", "A file is gone.", ""},\n{late, "late", "It is late.", ""},\n'}
    CODE = {pathlib.Path("src/store/a.cc"): "fail(Why::gone, path);\nfail(Why::late);  // Why::other\n"}

    def problems(self, *files):
        code = dict(self.TABLE)
        for more in files:
            code.update(more)
        return list(tidy.check_reasons(code, {"Why": "src/action/why.cc"}))

    def test_given_and_expected(self):
        tests = {pathlib.Path("src/store/a_test.cc"): 'EXPECT_EQ(why(), "gone: " + path);\n',
                 pathlib.Path("test/e2e/b_test.cc"): "EXPECT_EQ(why(), Why::late);\n"}
        self.assertEqual(self.problems(self.CODE, tests), [])

    def test_missing(self):
        expected = {pathlib.Path("src/store/a_test.cc"): 'EXPECT_EQ(why(), "gone"); EXPECT_EQ(why(), "late");\n'}
        self.assertEqual(len(self.problems(expected)), 2)
        self.assertEqual(len(self.problems(self.CODE)), 2)
        shown = {pathlib.Path("src/cli/a_test.cc"): 'show("gone"); show("late");\n'}
        self.assertEqual(len(self.problems(self.CODE, shown)), 2)


class Headers(unittest.TestCase):
    def test_a_batch_proves_nothing(self):
        self.assertTrue(headers.is_unity([{"file": "/b/x.dir/Unity/unity_0_cxx.cxx"}]))
        self.assertFalse(headers.is_unity([{"file": "/src/store/rows.cc"}]))
        product, test = pathlib.Path("src/store/rows.h"), pathlib.Path("src/store/temp_store.h")
        self.assertTrue(headers.is_proven(product, unity=False))
        self.assertTrue(headers.is_proven(product, unity=True))  # by the threads check
        self.assertTrue(headers.is_proven(test, unity=False))
        self.assertFalse(headers.is_proven(test, unity=True))


class Layers(unittest.TestCase):
    TABLE = "base ->\nos -> base\nobserve -> os\nobserve/preload ->\nstore -> os\n"

    def problems(self, files):
        with tree({"tools/layers.txt": self.TABLE, "src/base/b.h": "", **files}) as root:
            return layers.check(pathlib.Path(root))

    CODE = {pathlib.Path("src/store/index_test.cc"): "TEST_P(Exec, FiltersHide) {}\nTEST(Memo,\n     IsKept) {}\n"}

    def test_named_tests(self):
        with tree({"src/CMakeLists.txt": "deja_test(alone_test)"}) as root:
            tests = tidy.find_tests(self.CODE, pathlib.Path(root))
        self.assertEqual(tests.cases, {("Exec", "FiltersHide"), ("Memo", "IsKept")})
        fine = ["`Exec.FiltersHide`, `Exec.Filters…`, `Exec.*`, `Memo.IsKept`, `Cargo.toml`, `CACHEDIR.TAG`",
                "build/dev/test-bin/store_test --gtest_filter='Memo.*'", "`index_test.cc`, alone_test"]
        wrong = ["`Exec.Keys`", "`Exec.Keys…`", "`Other.*`", "`Memo.Is`", "`Other.IsKept`", "`row_test.cc`",
                 "build/dev/test-bin/store_test --gtest_filter='Index.*'"]
        for text in fine:
            self.assertEqual(list(tidy.check_named_tests("a.md", text, tests)), [], text)
        for text in wrong:
            self.assertEqual(len(list(tidy.check_named_tests("a.md", text, tests))), 1, text)

    def test_names_in_comments(self):
        with tree({"src/store/index.h": "", "test/e2e/hit_test.cc": ""}) as root:
            root = pathlib.Path(root)
            tests = tidy.find_tests({**self.CODE, pathlib.Path("test/e2e/hit_test.cc"): ""}, root)
            fine = ["// Tested by index_test.cc and test/e2e/*_test.cc.\n", "/* See Memo.IsKept and store/index.h. */\n",
                    'call("row_test.cc");\n', "f();  // test/e2e\n"]
            for text in fine:
                self.assertEqual(list(tidy.check_comments("a.cc", text, tests, root)), [], text)
            for text in ["// Tested by row_test.cc.\n", "f();  // Memo.IsGone\n", "// see store/row.h\n", "// test/none\n", "// docs/gone.md\n"]:
                self.assertEqual(len(list(tidy.check_comments("a.cc", text, tests, root))), 1, text)

    def test_allowed(self):
        self.assertEqual(self.problems({"src/os/o.h": '#include "base/b.h"\n', "src/store/s.h": '#include "os/o.h"\n'}), [])

    def test_forbidden_edge(self):
        found = self.problems({"src/store/s.h": "", "src/os/o.h": '#include "store/s.h"\n'})
        self.assertEqual(len(found), 1)
        self.assertIn("no edge to store", found[0])

    def test_unused_edge(self):
        with tree({"src/os/o.h": "", "src/store/s.h": '#include "os/o.h"\n'}) as root:
            used = {"base": set(), "os": {"base", "os"}, "store": {"base", "os", "store"}}
            self.assertEqual(layers.check_unused(pathlib.Path(root, "src"), used), [])
            found = layers.check_unused(pathlib.Path(root, "src"), {**used, "os": {"base", "os", "wire"}})
            self.assertEqual(found, ["tools/layers.txt: os -> wire: no include uses it; take it out"])

    def test_unknown_module_and_missing_file(self):
        self.assertEqual(len(self.problems({"src/shed/s.h": ""})), 1)
        self.assertEqual(len(self.problems({"src/os/o.h": '#include "base/gone.h"\n'})), 1)

    def test_preload_includes_only_its_directory(self):
        own = {"src/observe/preload/a.h": "", "src/observe/preload/a.c": '#include "observe/preload/a.h"\n'}
        self.assertEqual(self.problems(own), [])
        own["src/observe/preload/a.c"] = '#include "a.h"\n'
        self.assertEqual(self.problems(own), [])
        self.assertEqual(len(self.problems({"src/observe/preload/a.c": '#include "base/b.h"\n'})), 1)

    def test_header_cycle(self):
        found = self.problems({"src/os/a.h": '#include "os/b.h"\n', "src/os/b.h": '#include "os/a.h"\n'})
        self.assertEqual(len([p for p in found if p.startswith("include cycle")]), 1)

    def test_cmake_agrees(self):
        store = {"src/store/s.h": '#include "os/o.h"\n', "src/os/o.h": "", "src/os/CMakeLists.txt": "deja_module(os DEPENDS base)\n"}
        self.assertEqual(self.problems({**store, "src/store/CMakeLists.txt": "deja_module(store DEPENDS os)\n"}), [])
        self.assertEqual(len(self.problems({**store, "src/store/CMakeLists.txt": "deja_module(store DEPENDS base)\n"})), 1)
        self.assertEqual(len(self.problems({**store, "src/store/CMakeLists.txt": "deja_module(store DEPENDS os observe)\n"})), 1)

    def test_table_points_only_up(self):
        with tree({"tools/layers.txt": "os -> store\nstore ->\n"}) as root:
            _, problems = layers.read_edges(pathlib.Path(root, "tools/layers.txt"))
            self.assertEqual(len(problems), 1)


if __name__ == "__main__":
    unittest.main()
