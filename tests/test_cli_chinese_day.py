"""A day at the gateway, of which a Chinese reader is told nothing in English."""

import pytest
from chinese import COMMANDS, find_english
from cli_workspace import opening_office, opening_sandboxes

from runner.cli.person import name_person

office = pytest.fixture(opening_office)
open_sandbox = pytest.fixture(opening_sandboxes)

CAMPAIGNS = ("first", "second", "third")
DAY = [
    ("status",),
    ("reports",),
    ("state",),
    ("run",),
    ("resume", "--all"),
    ("run", "first", "--wait", "30s"),
    ("status", "first"),
    ("pause", "--all", "--reason", "价格写错了"),
    ("pause", "--all"),
    ("run", "second"),
    ("status",),
    ("resume", "--all"),
    ("pause", "second"),
    ("pause", "second", "--reason", "再看看"),
    ("status",),
    ("resume", "second"),
    ("cancel", "second", "--reason", "不发了"),
    ("cancel", "second", "--reason", "不发了", "--yes"),
    ("status", "second"),
    ("balance",),
    ("run", "third"),
    ("status", "third"),
    ("resolve", "3"),
    ("resolve", "3", "--not-sent"),
    ("resolve", "3", "--accepted"),
    ("reports",),
    ("reports", "apply", "--all"),
    ("reports", "show", "99"),
    ("state", "show"),
    ("state", "new"),
    ("state", "adopt"),
]


def test_a_day_is_told_in_chinese(office, open_sandbox):
    """Three campaigns: one is sent, one is cancelled, and one is in doubt."""
    person, _command = name_person("run").split()
    for name in CAMPAIGNS:
        office.campaign(name)
    sandbox = open_sandbox(failed_share=0.3)
    sandbox.add_fault("send:2=timeout-before")
    for words in DAY:
        ran = office.run(*words, MMS_RUNNER_LANG="zh")
        left = find_english(ran.out + ran.err, *CAMPAIGNS, *COMMANDS, person, "shop")
        assert left == [], f"{words}: {ran.out}{ran.err}"
