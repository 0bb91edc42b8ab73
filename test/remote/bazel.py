#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A Bazel client and deja on one HTTP cache (nginx): each gets back what it has stored, with the other's results there
too, and no object of the one is touched by the other. Exit 77 (a skip) without Bazel or nginx.

Bazel's own rules load rules from the network; small stand-ins for these rules take their place.
"""

import hashlib
import json
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import servers  # noqa: E402

SOURCES = {"main.c": "int value(void);\nint main(void) { return value() != 7; }\n",
           "value.c": "int value(void) { return 7; }\n"}
BUILD = """cc_binary(name = "program", srcs = ["main.c", "value.c"])
genrule(name = "text", outs = ["text.txt"], cmd = "echo 7 > $@")
"""
# What Bazel 4 loads from other repositories, by file.
RULES = {
    "rules_cc/cc": ["cc_binary", "cc_library", "cc_import", "cc_test", "cc_toolchain", "cc_toolchain_suite",
                    "cc_proto_library", "objc_library"],
    "rules_java/java": ["java_binary", "java_import", "java_toolchain", "java_runtime", "java_library"],
    "rules_proto/proto": ["proto_library", "proto_lang_toolchain"],
}
PLATFORMS = {
    "os": ["linux", "osx", "windows", "freebsd", "openbsd", "android", "ios", "none"],
    "cpu": ["x86_64", "x86_32", "arm", "armv7", "aarch64", "ppc", "s390x", "i386", "arm64", "mips64", "riscv64"],
}


def write(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def write_rules(directory):
    for package, rules in RULES.items():
        wrappers = "".join(f"def {rule}(**arguments):\n    native.{rule}(**arguments)\n" for rule in rules)
        write(directory / package / "defs.bzl", wrappers)
        write(directory / package / "BUILD", "")
    for kind, values in PLATFORMS.items():
        write(directory / "platforms" / kind / "BUILD",
              'package(default_visibility = ["//visibility:public"])\n'
              f'constraint_setting(name = "{kind}")\n'
              f'[constraint_value(name = value, constraint_setting = ":{kind}") for value in {json.dumps(values)}]\n')
    for repository in directory.iterdir():
        write(repository / "WORKSPACE", f'workspace(name = "{repository.name}")\n')
        write(repository / "BUILD", "")


class BazelTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="deja-bazel-"))
        self.server = servers.Nginx(self.work / "server")
        write_rules(self.work / "rules")
        for name, text in {**SOURCES, "WORKSPACE": "", "BUILD": BUILD}.items():
            write(self.work / "tree" / name, text)
        self.bazel = ["bazel", f"--output_user_root={self.work / 'bazel'}"]
        self.caches = []

    def tearDown(self):
        subprocess.run([*self.bazel, "shutdown"], cwd=self.work / "tree", env=self.environment(), check=False,
                       capture_output=True)
        for cache in self.caches:
            self.run_tool(servers.deja, "daemon", "stop", cache=cache)
        self.server.stop()
        subprocess.run(["chmod", "-R", "u+w", self.work], check=True)  # Bazel's outputs
        shutil.rmtree(self.work)

    def environment(self, cache="none"):
        return {"PATH": "/usr/bin:/bin", "HOME": str(self.work), "LC_ALL": "C.UTF-8", "DEJA_DIR": str(self.work / cache),
                "DEJA_REMOTE": self.server.address()}

    def run_tool(self, *command, cache="none"):
        done = subprocess.run(list(map(str, command)), cwd=self.work / "tree", env=self.environment(cache), timeout=300,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        return done.stdout + done.stderr

    def build_with_bazel(self):
        """How many of its actions came from the cache."""
        self.run_tool(*self.bazel, "clean")
        overrides = [f"--override_repository={r.name}={r}" for r in (self.work / "rules").iterdir()]
        said = self.run_tool(*self.bazel, "build", f"--remote_cache={self.server.address()}", "--color=no", *overrides,
                             "//:program", "//:text")
        self.run_tool("bazel-bin/program")
        hits = re.search(r"(\d+) remote cache hit", said)
        return int(hits.group(1)) if hits else 0

    def build_with_deja(self, cache):
        """The events of a build with this new cache."""
        self.caches.append(cache)
        for name in SOURCES:
            self.run_tool(servers.deja, "gcc", "-c", name, "-o", "out.o", cache=cache)
        self.run_tool(servers.deja, "remote", "flush", "--timeout", "30", cache=cache)
        return [json.loads(line) for line in self.run_tool(servers.deja, "events", "--format", "json", cache=cache).splitlines()]

    def objects(self):
        files = self.work / "server/files"
        return {str(path.relative_to(files)): hashlib.sha256(path.read_bytes()).hexdigest()
                for path in files.rglob("*") if path.is_file()}

    def test_one_cache_for_both(self):
        self.assertEqual(self.build_with_bazel(), 0)
        of_bazel = self.objects()
        self.assertTrue(of_bazel)
        self.assertEqual([e["outcome"] for e in self.build_with_deja("a")], ["miss"] * 2)
        of_both = self.objects()
        self.assertGreater(len(of_both), len(of_bazel))
        self.assertEqual({name: of_both.get(name) for name in of_bazel}, of_bazel)

        self.assertEqual(self.build_with_bazel(), 4)  # two compiles, the link, the text
        self.assertEqual([(e["outcome"], e["remote"]) for e in self.build_with_deja("b")], [("hit", True)] * 2)
        after = self.objects()
        self.assertEqual({name: after.get(name) for name in of_both}, of_both)


def main():
    servers.main(__doc__, lambda: servers.need("bazel", "nginx", "gcc"))


if __name__ == "__main__":
    main()
