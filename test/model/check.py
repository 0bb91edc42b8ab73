#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks a model of a protocol with spin: as it is, and with each step left out, which must be found.

    check.py MODEL STEPS [ROUNDS]    STEPS: how many steps can be left out; ROUNDS: see the model
"""

import pathlib
import shutil
import subprocess
import sys
import tempfile

SKIPPED = 77


def errors(model, left_out, rounds):
    """The number of errors that spin finds."""
    with tempfile.TemporaryDirectory(prefix="deja-model-") as directory:
        run = {"cwd": directory, "check": True, "capture_output": True, "text": True}
        subprocess.run(["spin", "-a", f"-DLEAVE_OUT={left_out}", f"-DROUNDS={rounds}", str(model)], **run)
        subprocess.run(["cc", "-O2", "-w", "-DSAFETY", "-DCOLLAPSE", "-o", "pan", "pan.c"], **run)
        said = subprocess.run(["./pan", "-m100000"], **run).stdout
    if "max search depth too small" in said or "errors: " not in said:
        sys.exit(f"check.py: spin did not finish:\n{said}")
    states = next(line.split()[0] for line in said.splitlines() if "states, stored" in line)
    count = int(said.split("errors: ")[1].split()[0])
    print(f"step left out: {left_out or 'none'}; rounds: {rounds}; states: {states}; errors: {count}", flush=True)
    return count


def main():
    if shutil.which("spin") is None:
        print("SKIPPED: there is no spin; install the package spin")
        return SKIPPED
    model = pathlib.Path(sys.argv[1]).resolve()
    rounds = sys.argv[3] if len(sys.argv) > 3 else "1"
    found = errors(model, 0, rounds)
    missed = [step for step in range(1, int(sys.argv[2]) + 1) if errors(model, step, "2") == 0]
    for step in missed:
        print(f"step {step} was left out, and nothing was found")
    return 1 if found or missed else 0


if __name__ == "__main__":
    sys.exit(main())
