"""The benchmark of start-up works; what it measures is nobody's to assert."""

import subprocess
import sys
from pathlib import Path


def test_every_command_of_the_benchmark_ends_well_and_has_its_figures():
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.startup", "--rounds", "1", "--many", "2"],
        cwd=Path(__file__).parent.parent,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")
    names = [line[:28].strip() for line in done.stdout.splitlines()[1:]]
    assert names == [
        "bare Python",
        "--help",
        "validate, 10",
        "PyYAML and jsonschema, 10",
        "validate, 2",
        "PyYAML and jsonschema, 2",
        "status",
    ]
