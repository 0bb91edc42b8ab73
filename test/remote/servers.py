# SPDX-License-Identifier: Apache-2.0
"""Redis, nginx and Ceph for scripts that test or measure remotes: on free ports of 127.0.0.1, in a directory of theirs."""

import argparse
import datetime
import hashlib
import hmac
import os
import pathlib
import shutil
import signal
import socket
import subprocess
import sys
import time
import unittest
import urllib.error
import urllib.request

START_SECONDS = 60
SKIP = 77  # the exit code of a test that did not run

deja = None  # the program under test, set by main()


class Missing(Exception):
    """A program that this machine lacks, or a server that does not start; the message says which."""


def end_once(*_):
    """For SIGTERM: the clean-up of a `finally` is not interrupted by a second one."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    sys.exit(143)


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def need(*programs):
    for program in programs:
        if not shutil.which(program):
            raise Missing(f"{program} is not installed")


def main(description, check):
    """Runs the caller's unit tests with `--deja PROGRAM`. check() raises Missing where they cannot run: a skip."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--deja", type=pathlib.Path, required=True)
    arguments, rest = parser.parse_known_args()
    signal.signal(signal.SIGTERM, end_once)
    try:
        check()
    except Missing as reason:
        print(f"SKIPPED: {reason}")
        sys.exit(SKIP)
    global deja
    deja = arguments.deja.resolve()
    unittest.main(module="__main__", argv=sys.argv[:1] + rest)


class Server:
    """Processes that end with it. `port` is where it listens, address() what DEJA_REMOTE is set to."""

    def __init__(self, directory):
        self.directory = pathlib.Path(directory)
        self.directory.mkdir(parents=True)
        self.processes, self.port, self.variables = [], free_port(), {}

    def spawn(self, *command, **options):
        log = open(self.directory / "output", "ab")
        self.processes.append(subprocess.Popen(list(map(str, command)), stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                               cwd=self.directory, **options))
        log.close()

    def wait_for(self, port):
        end = time.monotonic() + START_SECONDS
        while time.monotonic() < end:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    return
            if any(process.poll() is not None for process in self.processes):
                break
            time.sleep(0.02)
        said = (self.directory / "output").read_text(errors="replace")[-2000:]
        self.stop()
        raise Missing(f"{type(self).__name__} does not start: {said}")

    def stop(self):
        for process in reversed(self.processes):
            process.terminate()
        for process in self.processes:
            try:
                process.wait(10)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        self.processes = []

    def address(self, port=None):
        raise NotImplementedError


class Redis(Server):
    name = "redis"

    def __init__(self, directory):
        need("redis-server")
        super().__init__(directory)
        self.spawn("redis-server", "--bind", "127.0.0.1", "--port", self.port, "--save", "", "--appendonly", "no", "--dir",
                   self.directory)
        self.wait_for(self.port)

    def address(self, port=None):
        return f"redis://127.0.0.1:{port or self.port}"

    def empty(self):
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            connection.sendall(b"FLUSHALL\r\n")
            connection.recv(100)


class Nginx(Server):
    name = "http"

    CONFIGURATION = """daemon off;
{user}
pid pid;
events {{}}
http {{
  access_log off;
  client_body_temp_path body;
  proxy_temp_path tmp; fastcgi_temp_path tmp; uwsgi_temp_path tmp; scgi_temp_path tmp;
  root files;
  dav_methods PUT DELETE;
  create_full_put_path on;
  client_max_body_size 2g;
  keepalive_requests 1000000;
  server {{ listen 127.0.0.1:{port} backlog=512; tcp_nodelay on; }}
}}
"""

    def __init__(self, directory):
        need("nginx")
        super().__init__(directory)
        (self.directory / "files").mkdir()
        user = "user root;" if os.geteuid() == 0 else ""  # so that it may write here
        (self.directory / "nginx.conf").write_text(self.CONFIGURATION.format(port=self.port, user=user))
        self.spawn("nginx", "-e", self.directory / "error", "-p", self.directory, "-c", self.directory / "nginx.conf")
        self.wait_for(self.port)

    def address(self, port=None):
        return f"http://127.0.0.1:{port or self.port}"

    def empty(self):
        for child in (self.directory / "files").iterdir():
            shutil.rmtree(child)


class Ceph(Server):
    """One monitor, one store in memory, one gateway for S3. Authentication between its parts is off."""

    name = "s3"
    KEY, SECRET, REGION = "DEJAKEY", "dejasecret", "us-east-1"
    ID, STORE_ID = "6d1cc1a4-2f5e-4f0a-9a55-0b7c0de1a003", "6d1cc1a4-2f5e-4f0a-9a55-0b7c0de1a004"

    def __init__(self, directory):
        need("ceph-mon", "ceph-osd", "radosgw", "ceph", "monmaptool", "radosgw-admin")
        super().__init__(directory)
        self.monitor_port = free_port()
        for name in ("run", "log", "mon", "osd"):
            (self.directory / name).mkdir()
        (self.directory / "ceph.conf").write_text(self.configuration())
        environment = os.environ | {"CEPH_CONF": str(self.directory / "ceph.conf")}
        monitor = f"[v2:127.0.0.1:{self.monitor_port}/0]"

        def run(*command):
            done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True)
            if done.returncode != 0:
                self.stop()
                raise Missing(f"{command[0]}: {done.stderr[-1000:]}")

        run("monmaptool", "--create", "--fsid", self.ID, "--addv", "a", monitor, self.directory / "monmap")
        run("ceph-mon", "--mkfs", "-i", "a", "--monmap", self.directory / "monmap")
        self.spawn("ceph-mon", "-i", "a", "-f", env=environment)
        self.wait_for(self.monitor_port)
        run("ceph", "osd", "new", self.STORE_ID)
        run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", self.STORE_ID)
        run("ceph", "osd", "crush", "add", "osd.0", "1.0", "host=localhost", "root=default")
        self.spawn("ceph-osd", "-i", "0", "-f", env=environment)
        self.spawn("radosgw", "-n", "client.rgw", "-f", env=environment)
        self.wait_for(self.port)
        run("radosgw-admin", "user", "create", "--uid=deja", "--display-name=deja", f"--access-key={self.KEY}",
            f"--secret={self.SECRET}")
        self.variables = {"AWS_ACCESS_KEY_ID": self.KEY, "AWS_SECRET_ACCESS_KEY": self.SECRET}
        self.buckets = 0
        self.empty()

    def configuration(self):
        at = self.directory
        shared = {
            "fsid": self.ID, "mon host": f"[v2:127.0.0.1:{self.monitor_port}/0]", "mon initial members": "a",
            "public addr": "127.0.0.1", "cluster addr": "127.0.0.1", "ms bind ipv6": "false",
            "auth cluster required": "none", "auth service required": "none", "auth client required": "none",
            "osd pool default size": 1, "osd pool default min size": 1, "osd pool default pg num": 4,
            "osd pool default pgp num": 4, "osd pool default pg autoscale mode": "off", "osd crush chooseleaf type": 0,
            "mon allow pool size one": "true", "mon max pg per osd": 1000, "run dir": at / "run",
            "admin socket": f"{at}/run/$name.asok", "pid file": f"{at}/run/$name.pid", "log file": f"{at}/log/$name.log",
            "crash dir": at / "run", "paxos propose interval": 0.02, "paxos min wait": 0.01,
            "ms mon client mode": "crc secure"}
        lines = ["[global]", *(f"{name} = {value}" for name, value in shared.items()),
                 "[mon.a]", f"mon data = {at}/mon", "mon data avail crit = 1", "mon data avail warn = 1",
                 "[osd.0]", f"osd data = {at}/osd", "osd objectstore = memstore", "memstore device bytes = 2G",
                 "[client.rgw]", f"rgw frontends = beast endpoint=127.0.0.1:{self.port} tcp_nodelay=1",
                 "rgw dns name = localhost", "rgw thread pool size = 64", "rgw rados pool pg num min = 4",
                 "rgw run sync thread = false"]
        return "\n".join(lines) + "\n"

    def address(self, port=None):
        return (f"s3://builds{self.buckets}?region={self.REGION}&style=path"
                f"&endpoint=http://127.0.0.1:{port or self.port}")

    def empty(self):
        """A new bucket."""
        self.buckets += 1
        self.put(f"/builds{self.buckets}")

    def put(self, path):
        """A PUT without a body, signed as AWS documents it (signature version 4)."""
        now = datetime.datetime.now(datetime.timezone.utc)
        stamp, day = now.strftime("%Y%m%dT%H%M%SZ"), now.strftime("%Y%m%d")
        empty = hashlib.sha256(b"").hexdigest()
        headers = {"host": f"127.0.0.1:{self.port}", "x-amz-content-sha256": empty, "x-amz-date": stamp}
        names = ";".join(headers)
        request = "\n".join(["PUT", path, "", *(f"{k}:{v}" for k, v in headers.items()), "", names, empty])
        scope = f"{day}/{self.REGION}/s3/aws4_request"
        text = "\n".join(["AWS4-HMAC-SHA256", stamp, scope, hashlib.sha256(request.encode()).hexdigest()])
        key = ("AWS4" + self.SECRET).encode()
        for part in (day, self.REGION, "s3", "aws4_request", text):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        headers["authorization"] = (f"AWS4-HMAC-SHA256 Credential={self.KEY}/{scope}, SignedHeaders={names}, "
                                    f"Signature={key.hex()}")
        asked = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method="PUT", headers=headers, data=b"")
        try:
            urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked, timeout=30).close()
        except urllib.error.URLError as error:
            raise Missing(f"Ceph refuses a bucket: {error}") from error
