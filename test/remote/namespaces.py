#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Machines with networks of their own: a server and two builders, each in a network namespace, joined by cables
(veth pairs). The second builder, another user at another path, gets what the first has built. Then its cable is pulled
out: packets vanish without an answer, as behind a firewall. Its builds go on, and leave what the compiler leaves.

Needs root and iproute2. Exit 77 (a skip) without them.
"""

import json
import os
import pathlib
import pwd
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
import servers  # noqa: E402

SOURCES = {"value.h": "#define VALUE 7\n", "main.c": "int value(void);\nint main(void) { return value() != 7; }\n",
           "value.c": "#include \"value.h\"\nint value(void) { return VALUE; }\n",
           "Makefile": "program: main.o value.o\n\t$(CC) main.o value.o -o $@\nvalue.o: value.h\n"}


def run(*command, **options):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **options).stdout


class Network:
    """A namespace for the server and one for each builder. Builder n is at 10.253.n.2, its server at 10.253.n.1."""

    def __init__(self, builders):
        self.tag = f"deja{os.getpid()}"
        self.spaces = []
        self.server = self.space("s")
        for number, name in enumerate(builders, 1):
            space = self.space(name)
            here, there = f"{self.tag}h{number}"[-15:], f"{self.tag}t{number}"[-15:]
            run("ip", "link", "add", here, "netns", self.server, "type", "veth", "peer", "name", there, "netns", space)
            for inside, device, address in ((self.server, here, f"10.253.{number}.1/24"),
                                            (space, there, f"10.253.{number}.2/24")):
                run("ip", "-n", inside, "address", "add", address, "dev", device)
                run("ip", "-n", inside, "link", "set", device, "up")

    def space(self, name):
        space = f"{self.tag}-{name}"
        run("ip", "netns", "add", space)
        self.spaces.append(space)
        run("ip", "-n", space, "link", "set", "lo", "up")
        return space

    def pull(self, number):
        """From now on the server's end drops what comes."""
        run("ip", "-n", self.server, "link", "set", f"{self.tag}h{number}"[-15:], "down")

    def close(self):
        for space in self.spaces:
            subprocess.run(["ip", "netns", "del", space], check=False, capture_output=True)


class Builder:
    def __init__(self, network, name, number, work, user):
        self.space = f"{network.tag}-{name}"
        self.home = work / f"home of {name}"
        self.tree = self.home / ("src" if number == 1 else "another/place")
        self.user = user
        self.tree.mkdir(parents=True)
        for file, text in SOURCES.items():
            (self.tree / file).write_text(text)
        if user:
            for directory, _, files in os.walk(self.home):
                for file in [".", *files]:
                    os.chown(os.path.join(directory, file), user.pw_uid, user.pw_gid)
        self.env = {"PATH": "/usr/bin:/bin", "HOME": str(self.home), "DEJA_DIR": str(self.home / "cache"),
                    "DEJA_REMOTE": f"redis://10.253.{number}.1:6379", "LC_ALL": "C.UTF-8"}

    def run(self, *command):
        become = (["setpriv", "--reuid", self.user.pw_uid, "--regid", self.user.pw_gid, "--clear-groups"] if self.user
                  else [])
        return run("ip", "netns", "exec", self.space, *become, *command, cwd=self.tree, env=self.env,
                   stdin=subprocess.DEVNULL, timeout=120)

    def build(self, compiler):
        """The events of this build, and the bytes that it leaves."""
        known = len(self.events())
        self.run("sh", "-c", "rm -f *.o program")
        self.run("make", f"CC={compiler}")
        self.run("./program")
        outputs = {name: (self.tree / name).read_bytes() for name in ("main.o", "value.o", "program")}
        return self.events()[known:], outputs

    def events(self):
        return [json.loads(line) for line in self.run(servers.deja, "events", "--format", "json").splitlines()]

    def edit(self):
        (self.tree / "value.h").write_text("#define VALUE (3 + 4)\n")


def other_user():
    """None: deja lies in a directory that is closed to others."""
    user = pwd.getpwnam("nobody")
    tried = subprocess.run(["setpriv", "--reuid", str(user.pw_uid), "--clear-groups", servers.deja, "--version"], check=False,
                           capture_output=True)
    return user if tried.returncode == 0 else None


class NamespacesTest(unittest.TestCase):
    def setUp(self):
        self.work = pathlib.Path(tempfile.mkdtemp(prefix="deja-net-"))
        self.work.chmod(0o755)
        self.network = Network(["a", "b"])
        self.redis = subprocess.Popen(["ip", "netns", "exec", self.network.server, "redis-server", "--bind", "0.0.0.0",
                                       "--protected-mode", "no", "--port", "6379", "--save", "", "--dir", self.work],
                                      stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        self.a = Builder(self.network, "a", 1, self.work, None)
        self.b = Builder(self.network, "b", 2, self.work, other_user())

    def tearDown(self):
        for builder in (self.a, self.b):
            builder.run(servers.deja, "daemon", "stop")
        self.redis.terminate()
        self.redis.wait()
        self.network.close()
        shutil.rmtree(self.work)

    def test_the_second_machine(self):
        first, _ = self.a.build(f"{servers.deja} gcc")
        self.assertEqual([e["outcome"] for e in first], ["miss"] * 3)
        self.a.run(servers.deja, "remote", "flush", "--timeout", "30")

        _, plain = self.b.build("gcc")
        second, outputs = self.b.build(f"{servers.deja} gcc")
        self.assertEqual([(e["outcome"], e["remote"]) for e in second], [("hit", True)] * 3)
        self.assertEqual(outputs, plain)

        self.network.pull(2)
        self.b.edit()
        _, plain = self.b.build("gcc")
        third, outputs = self.b.build(f"{servers.deja} gcc")
        self.assertEqual(outputs, plain)
        outcomes = {e["what"]: e["outcome"] for e in third}
        self.assertEqual(outcomes["main.c"], "hit")
        self.assertEqual(outcomes["value.c"], "miss")
        fourth, outputs = self.b.build(f"{servers.deja} gcc")
        self.assertEqual([e["outcome"] for e in fourth], ["hit"] * 3)
        self.assertEqual(outputs, plain)


def check():
    servers.need("ip", "redis-server", "setpriv", "make")
    if os.geteuid() != 0:
        raise servers.Missing("only root can make network namespaces")
    trial = f"deja{os.getpid()}-trial"
    made = subprocess.run(["ip", "netns", "add", trial], capture_output=True, text=True, check=False)
    if made.returncode != 0:
        raise servers.Missing("network namespaces cannot be made here: " + made.stderr.strip())
    run("ip", "netns", "del", trial)


def main():
    servers.main(__doc__, check)


if __name__ == "__main__":
    main()
