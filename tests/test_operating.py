"""docs/operating.md says what the code does: its tables of changes are the code's, row by row."""

import re
from pathlib import Path

import pytest
from test_store_steering import MATRIX, REFUSED

from runner.lifecycle import (
    ACCOUNT,
    BATCH,
    CAMPAIGN,
    PAUSED,
    AccountState,
    BatchState,
    CampaignState,
)

TEXT = (Path(__file__).parent.parent / "docs" / "operating.md").read_text("utf-8")
TABLES = {"Campaigns": CAMPAIGN, "Batches": BATCH, "Accounts": ACCOUNT}
STATES = {
    "Campaigns": {PAUSED, *CampaignState},
    "Batches": set(BatchState),
    "Accounts": {PAUSED, *AccountState},
}


def section(title):
    return TEXT.partition(f"\n### {title}\n")[2].partition("\n##")[0]


@pytest.mark.parametrize("title", TABLES)
def test_every_change_that_the_code_allows_stands_in_the_table_and_no_other(title):
    told = re.findall(r"^\| `(\w+)` \| `([\w ]+)` \| `(\w+)` \| \S", section(title), re.MULTILINE)
    allowed = [
        (str(state), str(event), str(after))
        for state, changes in TABLES[title].items()
        for event, after in changes.items()
    ]
    assert sorted(told) == sorted(allowed)


@pytest.mark.parametrize("title", STATES)
def test_every_state_says_how_one_gets_there_and_every_way_out(title):
    rows = re.findall(r"^\| `(\w+)` \|[^|]*\|[^|]*\|$", section(title), re.MULTILINE)
    assert sorted(rows) == sorted(map(str, STATES[title]))


def test_what_each_command_makes_of_each_state_is_what_the_commands_are_held_to():
    head = "| it stands | `pause` | `resume` | `cancel` |\n|---|---|---|---|\n"
    told = section("Campaigns").partition(head)[2].partition("\n\n")[0].splitlines()
    held_to = [
        f"| {stands} | {' | '.join(_cell(outcome) for outcome in outcomes)} |"
        for stands, (_, *outcomes) in MATRIX.items()
    ]
    assert told == held_to


def _cell(outcome):
    return "refused" if outcome is REFUSED else f"`{outcome}`"


def test_every_command_that_the_page_names_exists():
    from runner.cli import main

    named = set(re.findall(r"`mms-runner(?: -C \S+)? (\w+)", TEXT))
    assert named <= set(main.commands) | set(main.list_commands(None))
