"""What each command imports: a person waits for it before anything else happens.

The names are those of the interpreter's own list, of a real process.
"""

import os
import re
import subprocess
import sys

import pytest
from workspaces import FRAMES, shop

__all__ = ["shop"]

GATEWAY = ("http.client", "ssl", "lxml", "runner.gateway")
SCHEDULER = ("apscheduler", "asyncio", "runner.daemon", "runner.sandbox")
STATE = ("sqlite3", "runner.store")
FILES = ("yaml", "runner.workspace")
PICTURES = ("PIL",)
SCREEN = ("rich",)
WORDS = ("jsonschema", "runner.workspace.schema_words", "runner.workspace.yaml_errors")
FAULTS = ("runner.workspace.signs", "runner.codec.strays", "runner.rules")
SMALL = ("json", "pathlib", "dataclasses", "traceback", "runner.model")  # a third of the help's own

FORMATS = ("xml.etree", *(f"runner.cli.diagnostics.{form}" for form in ("full", "sarif", "gitlab")))
REVIEW = ("runner.cli.since", "runner.cli.comment", "runner.workspace.history")

# Each command, of a sound workspace without pictures or state, and what nothing in it needs.
SPARED = {
    ("--help",): GATEWAY + SCHEDULER + STATE + FILES + PICTURES + SCREEN + WORDS + SMALL,
    ("validate",): GATEWAY + SCHEDULER + STATE + PICTURES + SCREEN + WORDS + FAULTS + FORMATS,
    ("validate", "--help"): GATEWAY + SCHEDULER + STATE + PICTURES + SCREEN + WORDS + ("yaml",),
    ("schema", "title"): GATEWAY + SCHEDULER + STATE + PICTURES + SCREEN,
    ("init", "--schemas"): GATEWAY + SCHEDULER + STATE + PICTURES + SCREEN + WORDS,
    ("add", "openday"): GATEWAY + SCHEDULER + STATE + PICTURES + SCREEN + WORDS,
    ("plan",): GATEWAY + SCHEDULER + PICTURES + SCREEN + WORDS + FAULTS + FORMATS + REVIEW,
    ("copy", "news", "autumn"): GATEWAY + SCHEDULER + STATE + PICTURES + SCREEN + WORDS,
    ("status",): GATEWAY + SCHEDULER + PICTURES + SCREEN + WORDS,
}
WITH_PICTURE = "frames:\n  - {duration: 3, image: media/moon.jpg}\n"
FAULTY = FRAMES.replace("text", "txt")


@pytest.fixture
def imported(shop, tmp_path):
    """Run a command, and give its exit status and the names of all modules that it imported."""

    def run(*words):
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "runner", "-C", str(shop.root), *words],
            env={**os.environ, "XDG_STATE_HOME": str(tmp_path / "states")},
            capture_output=True,
            text=True,
            check=False,
        )
        names = re.findall(r"^import time: .*\| +(\S+)$", done.stderr, re.MULTILINE)
        assert "runner.cli" in names
        return done.returncode, set(names)

    return run


@pytest.mark.parametrize("words", SPARED, ids=" ".join)
def test_a_command_imports_nothing_that_it_does_not_use(shop, imported, words):
    shop.campaign()
    status, names = imported(*words)
    assert (status, sorted(names.intersection(SPARED[words]))) == (0, [])


def test_of_all_that_reads_pictures_only_what_reads_those_in_use_is_imported(shop, imported):
    shop.campaign(frames=WITH_PICTURE)
    status, names = imported("validate")
    readers = {name for name in names if name.endswith("ImagePlugin")}
    assert (status, readers) == (0, {"PIL.JpegImagePlugin"})
    assert "runner.workspace.gif" not in names


def test_what_explains_a_fault_is_imported_where_there_is_one(shop, imported):
    shop.campaign(frames=FAULTY)
    status, names = imported("validate")
    assert status == 1
    assert {"jsonschema", "runner.workspace.schema_words"} <= names
