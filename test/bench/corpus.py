# SPDX-License-Identifier: Apache-2.0
"""The projects of `./dev bench projects`: where their sources come from, and how their users configure and build them."""

import os
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "demo"))
import crates  # noqa: E402
import projects  # noqa: E402


class Tools:
    """The compilers as a build system gets them: bare, or through deja."""

    def __init__(self, deja=None):
        self.deja = deja

    def front(self, compiler):
        return f"{self.deja} {compiler}" if self.deja else compiler

    def launchers(self, languages=("C", "CXX")):
        return [f"-DCMAKE_{language}_COMPILER_LAUNCHER={self.deja}" for language in languages] if self.deja else []


def cc_flags(debug):
    return "-O2 -g" if debug else "-O2"


class Project:
    """One source, configured and built in its own tree. Commands are (argv, directory below the tree, more variables)."""

    packages = ("dpkg-dev", "g++")  # what Debian calls the programs and libraries that a build needs

    def __init__(self, name, source, packages=(), with_patches=True):
        self.name, self.source, self.with_patches = name, source, with_patches
        self.packages = (*self.packages, *packages)

    def fetch(self, sources, target):
        sources.unpack(self.source, target, self.with_patches)

    def configure(self, tools, debug):
        return []

    def build(self, tools, debug, jobs):
        raise NotImplementedError

    def clean(self, tools, debug):
        raise NotImplementedError


class Ninja(Project):
    """Common parts of CMake and Meson: a separate build directory."""

    packages = (*Project.packages, "ninja-build")

    def build(self, tools, debug, jobs):
        # Keeps dependency files, to compare them.
        return [(["ninja", "-d", "keepdepfile", "-j", str(jobs)], "build", {})]

    def clean(self, tools, debug):
        return [(["ninja", "-t", "clean"], "build", {})]


class CMake(Ninja):
    packages = (*Ninja.packages, "cmake")

    def __init__(self, name, source, options=(), top="..", **more):
        super().__init__(name, source, **more)
        self.options, self.top = options, top

    def configure(self, tools, debug):
        flags = [f"-DCMAKE_{language}_FLAGS={cc_flags(debug)}" for language in ("C", "CXX")]
        return [(["mkdir", "build"], ".", {}),
                (["cmake", "-G", "Ninja", self.top, "-DCMAKE_BUILD_TYPE=None", *flags, *tools.launchers(), *self.options],
                 "build", {})]


class Meson(Ninja):
    packages = (*Ninja.packages, "meson", "pkg-config")

    def __init__(self, name, source, options=(), top=".", **more):
        super().__init__(name, source, **more)
        self.options, self.top = options, top

    def configure(self, tools, debug):
        more = {"CC": tools.front("gcc"), "CXX": tools.front("g++"), "CFLAGS": cc_flags(debug), "CXXFLAGS": cc_flags(debug)}
        return [(["meson", "setup", "--buildtype=plain", "build", self.top, *self.options], ".", more)]


class Make(Project):
    """A makefile; `before` prepares it (a list of argv)."""

    packages = (*Project.packages, "make")

    def __init__(self, name, source, directory=".", variables=lambda tools, debug: [], before=lambda debug: (),
                 clean=(["make", "clean"],), **more):
        super().__init__(name, source, **more)
        self.directory, self.variables, self.before, self.cleaning = directory, variables, before, clean

    def steps(self, commands, directory, tools, debug):
        """Each make gets the variables."""
        return [([*argv, *(self.variables(tools, debug) if argv[0] == "make" else [])], directory, {})
                for argv in commands]

    def configure(self, tools, debug):
        return self.steps(self.before(debug), ".", tools, debug)

    def build(self, tools, debug, jobs):
        return self.steps([["make", f"-j{jobs}"]], self.directory, tools, debug)

    def clean(self, tools, debug):
        return self.steps(self.cleaning, self.directory, tools, debug)


class Configured(Make):
    """A `configure` script and make."""

    def __init__(self, name, source, options=(), flags="CFLAGS", **more):
        super().__init__(name, source, **more)
        self.options, self.flags = options, flags

    def configure(self, tools, debug):
        options = [option.format(flags=cc_flags(debug)) for option in self.options]
        return [(["./configure", *options], ".", {"CC": tools.front("gcc"), self.flags: cc_flags(debug)})]


class Bat(Project):
    """bat and its crates with cargo."""

    packages = (*Project.packages, "librust-bat-dev")

    def __init__(self):
        super().__init__("bat", "")

    def fetch(self, sources, target):
        self.toolchain = crates.Toolchain(target.parent)
        crates.Bat(self.toolchain).prepare(target)

    def build(self, tools, debug, jobs):
        more = {"CARGO_HOME": os.path.join(str(self.toolchain.bin.parent), "cargo-home"), "CARGO_INCREMENTAL": "0",
                "CARGO_PROFILE_DEV_DEBUG": "2" if debug else "0", "CC": tools.front("gcc"),
                "RUSTC": str(crates.find_toolchain() / "rustc"),  # that in PATH may be a proxy that asks the network
                **({"RUSTC_WRAPPER": tools.deja} if tools.deja else {})}
        return [([str(self.toolchain.bin / "cargo"), "build", "--offline", "-j", str(jobs)], ".", more)]

    def clean(self, tools, debug):
        return [(["rm", "-rf", "target"], ".", {})]


def lua_variables(tools, debug):
    return ["PLAT=linux", "CC=" + tools.front("gcc -std=gnu99"), "MYCFLAGS=" + cc_flags(debug)]


def busybox_configuration(debug):
    flags = "-g" if debug else ""
    return (["make", "-s", "defconfig"],
            ["sed", "-i", f's/^CONFIG_EXTRA_CFLAGS=.*/CONFIG_EXTRA_CFLAGS="{flags}"/', ".config"])


def all_projects():
    """In the order of the table. Slow builds come last."""
    return [
        CMake("json-c", "json-c", ["-DBUILD_TESTING=OFF"]),
        Make("lua", "lua5.4", "src", lua_variables, with_patches=False),
        Configured("dash", "dash", with_patches=False),  # patches would make its scripts be generated again
        Configured("zlib", "zlib"),
        # When it finds ccache, it replaces the user's launcher by ccache.
        CMake("jsoncpp", "libjsoncpp", ["-DJSONCPP_WITH_POST_BUILD_UNITTEST=OFF", "-DCCACHE_EXECUTABLE="]),
        Meson("jsoncpp/meson", "libjsoncpp", ["-Dtests=false"]),
        CMake("fmt", "fmtlib", ["-DFMT_TEST=OFF", "-DFMT_DOC=OFF"]),
        CMake("yaml-cpp", "yaml-cpp", ["-DYAML_CPP_BUILD_TESTS=OFF"]),
        CMake("leveldb", "leveldb", ["-DLEVELDB_BUILD_TESTS=OFF", "-DLEVELDB_BUILD_BENCHMARKS=OFF"]),
        Make("blas", "lapack", "BLAS/SRC", lambda tools, debug: ["FC=" + tools.front("gfortran"),
                                                                "FFLAGS=-frecursive " + cc_flags(debug)],
             lambda debug: (["cp", "make.inc.example", "make.inc"],), packages=("gfortran",)),
        Meson("libdrm", "libdrm", ["-Dintel=disabled", "-Dcairo-tests=disabled", "-Dman-pages=disabled",
                                   "-Dvalgrind=disabled"]),
        CMake("googletest", "googletest", ["-Dgtest_build_samples=ON"]),
        # CC is in the environment, because nginx compiles the value of --with-cc into the program.
        Configured("nginx", "nginx", ["--without-http_rewrite_module", "--without-http_gzip_module",
                                      "--with-cc-opt={flags}"], clean=(["find", "objs", "-name", "*.o", "-delete"],
                                                                       ["rm", "-f", "objs/nginx"])),
        CMake("zstd", "libzstd", ["-DZSTD_BUILD_TESTS=OFF"], "../build/cmake"),
        Meson("zstd/meson", "libzstd", ["-Dbin_programs=true"], "build/meson"),
        Make("busybox", "busybox", ".", lambda tools, debug: ["CC=" + tools.front("gcc"), "HOSTCC=" + tools.front("gcc"),
                                                             "KCONFIG_NOTIMESTAMP=1"], busybox_configuration),
        Bat(),
    ]


def choose(names):
    known = {project.name: project for project in all_projects()}
    unknown = [name for name in names if name not in known]
    if unknown:
        sys.exit(f"bench: no project {', '.join(unknown)}; there are {', '.join(known)}")
    return [known[name] for name in names or known]
