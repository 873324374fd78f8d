"""An error that no user can cause: it is told in one line, without what the program holds."""

import re
import sqlite3
import subprocess
import sys
from contextlib import closing

import pytest
from cli_workspace import CHECKOUT, opening_office, opening_sandboxes

from runner.errors import locate_defect

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)

_CORE = """
import resource
from runner.cli import main
most = resource.getrlimit(resource.RLIMIT_CORE)[1]
resource.setrlimit(resource.RLIMIT_CORE, (most, most))
try:
    main(["--version"])
except SystemExit:
    print(resource.getrlimit(resource.RLIMIT_CORE)[0])
"""


@pytest.mark.parametrize("environment", [{}, {"PYTHONDEVMODE": "1", "PYTHONFAULTHANDLER": "1"}])
def test_a_defect_is_told_with_its_place_and_without_its_words(office, open_sandbox, environment):
    """A state that nobody but a broken program can have made: its words would hold a number."""
    open_sandbox()
    office.campaign(people=3)
    assert office.run("run", "news").status == 0
    with closing(sqlite3.connect(office.state)) as state, state:
        state.execute("PRAGMA ignore_check_constraints = ON")
        state.execute("UPDATE accounts SET state = '13800138000'")
    with office.start("status", environment=environment) as process:
        out, err = process.communicate(timeout=60)
    assert (process.returncode, out) == (70, "")
    assert re.search(
        r"a defect of the program ended it: ValueError at .*runner\.cli\.status:\d+ > ", err
    )
    assert "13800138000" not in err
    assert "Traceback" not in err


def test_the_place_of_a_defect_is_where_it_was_raised_and_who_called():
    def raise_it():
        raise KeyError("13800138000")

    with pytest.raises(KeyError) as caught:
        raise_it()
    assert re.fullmatch(
        r"KeyError at test_defects:\d+ > test_defects:\d+", locate_defect(caught.value)
    )


def test_a_crash_leaves_no_core_in_which_the_password_would_stand():
    command = [sys.executable, "-c", _CORE]
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "0"
