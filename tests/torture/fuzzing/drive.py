"""A process in which one target is fuzzed until its runs are done or a promise is broken.

    python -m torture.fuzzing.drive TARGET [options of libFuzzer] CORPUS

libFuzzer ends the process, and leaves the input that broke a promise where `-artifact_prefix` says.
"""

from __future__ import annotations

import sys

import atheris


def main(words: list[str]) -> None:
    """Fuzz a target; never returns."""
    with atheris.instrument_imports(include=["runner"]):
        from torture.fuzzing.targets import TARGETS
    atheris.Setup([words[0], *words[2:]], TARGETS[words[1]].judge)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
