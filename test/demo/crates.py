# SPDX-License-Identifier: Apache-2.0
"""Real and written crate graphs, built by cargo without a network, and the comparable parts of a build."""

import hashlib
import os
import pathlib
import re
import shutil
import subprocess
import sys

REGISTRY = pathlib.Path("/usr/share/cargo/registry")  # where Debian's librust-*-dev put their crates
ORACLE = pathlib.Path(__file__).resolve().parent.parent / "bench" / "rust_oracle.c"


class Missing(Exception):
    """A program or source that this machine lacks; the message says which."""


def find_toolchain():
    """The directory of cargo and rustc. With rustup, the toolchain's own: those in PATH are proxies that read HOME."""
    home = pathlib.Path(os.environ.get("HOME", "/nonexistent"))
    found = [cargo.parent for cargo in sorted(home.glob(".rustup/toolchains/*/bin/cargo"))]
    stable = [directory for directory in found if "stable" in str(directory)]
    system = [pathlib.Path(p).parent for p in [shutil.which("cargo")] if p and shutil.which("rustc")]
    for directory in [*stable, *found, *system]:
        if (directory / "rustc").exists():
            return directory
    raise Missing("neither a toolchain of rustup nor cargo and rustc in PATH")


class Toolchain:
    """Copies of a toolchain's programs, so that only this demo's starts of them are counted."""

    COPIED = ("cargo", "rustc", "rustdoc", "cargo-clippy", "clippy-driver")

    def __init__(self, work):
        real = find_toolchain()
        self.bin = work / "toolchain" / "bin"
        self.bin.mkdir(parents=True)
        for name in self.COPIED:
            if (real / name).exists():
                shutil.copy2(real / name, self.bin / name)
        (work / "toolchain" / "lib").symlink_to(real.parent / "lib")  # its standard library is searched next to it
        self.wrapper = work / "rust-oracle"
        compiler = "musl-gcc" if shutil.which("musl-gcc") else "gcc"
        must([compiler, "-static", "-O2", "-o", self.wrapper, ORACLE])
        self.version = must([self.bin / "rustc", "--version"]).stdout.strip()

    def has_clippy(self):
        return (self.bin / "clippy-driver").exists() and (self.bin / "cargo-clippy").exists()

    def compilers(self):
        return [self.bin / name for name in ("rustc", "clippy-driver") if (self.bin / name).exists()]

    def environment(self, base, directory, **more):
        out = {k: v for k, v in base.items()
               if not k.startswith(("CARGO", "RUST", "SCCACHE_")) and k not in ("MAKEFLAGS", "MFLAGS")}
        return out | {"PATH": f"{self.bin}:{base.get('PATH', '')}", "CARGO_HOME": str(directory / "cargo-home"),
                      "CARGO_NET_OFFLINE": "true", "CARGO_TERM_COLOR": "never", **more}

    def bare(self):
        """The compiler alone, but without `-C incremental`, which caches remove."""
        return {"RUSTC_WRAPPER": str(self.wrapper), "RUST_ORACLE": "strip"}


def must(command, **options):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True, **options)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, command))}: {done.returncode}\n{(done.stdout + done.stderr)[-4000:]}")
    return done


class Bat:
    """bat 0.22.1 from Debian's crates: some 130 crates, 28 build scripts, proc macros, C libraries."""

    name = "bat"
    what = "bat, 137 crates, 28 build scripts"
    program = "bat"

    def __init__(self, toolchain):
        self.toolchain = toolchain
        found = sorted(REGISTRY.glob("bat-*"))
        if not found:
            raise Missing("no crate bat in " + str(REGISTRY) + " (Debian's package librust-bat-dev)")
        self.source = found[-1]

    def prepare(self, directory):
        shutil.copytree(self.source, directory, symlinks=True)
        (directory / ".cargo-checksum.json").unlink()
        manifest = directory / "Cargo.toml"
        # Tests of Debian's crates need crates that Debian does not have.
        tables = re.split(r"(?m)^(?=\[)", manifest.read_text())
        manifest.write_text("".join(t for t in tables if "dev-dependencies" not in t.splitlines()[0]))
        (directory / ".cargo").mkdir()
        (directory / ".cargo" / "config.toml").write_text(
            '[source.crates-io]\nreplace-with = "debian"\n[source.debian]\n'
            f'directory = "{REGISTRY}"\n[net]\noffline = true\n')
        lock(self.toolchain, directory)


def lock(toolchain, directory):
    done = subprocess.run([toolchain.bin / "cargo", "generate-lockfile"], cwd=directory, capture_output=True, text=True,
                          env=toolchain.environment(os.environ, directory))
    if done.returncode != 0:
        raise Missing(f"cargo finds not all crates of {directory.name}:\n{done.stderr.strip()}")


LIBRARY = '''/// Adds one to what it gets.
pub fn {name}(value: u32) -> u32 {{
    {call}
}}

fn nobody_calls_this() -> u32 {{
    let unused = 1;
    2
}}

#[cfg(test)]
mod tests {{
    #[test]
    fn counts() {{
        assert!(super::{name}(1) > 1);
    }}
}}
'''
MACRO = '''use proc_macro::TokenStream;

/// The content of data.txt at the top of the workspace. Cargo is told nothing of this file.
#[proc_macro]
pub fn data(_: TokenStream) -> TokenStream {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../data.txt");
    format!("{:?}", std::fs::read_to_string(path).unwrap()).parse().unwrap()
}

#[cfg(test)]
mod tests {
    #[test]
    fn lives() {}
}
'''
MAIN = '''fn main() {
    println!("{} {}", upper::upper(1), mac::data!());
}

#[cfg(test)]
mod tests {
    #[test]
    fn reads() {
        assert!(!mac::data!().is_empty());
    }
}
'''


class Small:
    """A written workspace: leaf <- upper <- app, and a proc macro that reads a file; tests and warnings in each."""

    name = "workspace"
    what = "a workspace of four crates"
    program = "app"
    # member: (more of its manifest, its source, text)
    MEMBERS = {
        "leaf": ("", "lib.rs", LIBRARY.format(name="leaf", call="value + 1")),
        "upper": ('[dependencies]\nleaf = { path = "../leaf" }\n', "lib.rs",
                  LIBRARY.format(name="upper", call="leaf::leaf(value) * 2")),
        "mac": ("[lib]\nproc-macro = true\n", "lib.rs", MACRO),
        "app": ('[dependencies]\nupper = { path = "../upper" }\nmac = { path = "../mac" }\n', "main.rs", MAIN),
    }

    def __init__(self, toolchain):
        self.toolchain = toolchain

    def prepare(self, directory):
        directory.mkdir(parents=True)
        (directory / "Cargo.toml").write_text(f"[workspace]\nmembers = {sorted(self.MEMBERS)}\n".replace("'", '"'))
        (directory / "data.txt").write_text("one")
        for name, (manifest, source, text) in self.MEMBERS.items():
            (directory / name / "src").mkdir(parents=True)
            (directory / name / "Cargo.toml").write_text(
                f'[package]\nname = "{name}"\nversion = "0.1.0"\nedition = "2021"\n{manifest}')
            (directory / name / "src" / source).write_text(text)
        lock(self.toolchain, directory)


def made_by_rustc(directory):
    """Digests of everything that rustc leaves in a target directory: crates, programs, build scripts; by path."""
    out = {}
    for place in (directory / "target").glob("**/*"):
        path = place.relative_to(directory / "target")
        is_kept = "deps" in path.parts or "build" in path.parts and re.match(r"build[_-]script", path.name)
        if "incremental" in path.parts or not place.is_file():
            continue
        if is_kept or (len(path.parts) == 2 and os.access(place, os.X_OK)):
            out[str(path)] = hashlib.blake2b(place.read_bytes()).hexdigest()
    return out


def remove_target(directory):
    shutil.rmtree(directory / "target", ignore_errors=True)
