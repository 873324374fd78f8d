"""The README is true: its campaign is the example's, and its output is what the commands print."""

import re
from pathlib import Path

import pytest
from readme_page import READMES, write_page

ROOT = Path(__file__).parent.parent


def test_the_campaign_on_the_first_screen_is_the_example():
    readme = READMES["en"].read_text("utf-8")
    block = re.search(r"```yaml\n# campaigns/new-shop.yaml\n(.*?)```", readme, re.DOTALL)[1]
    example = (ROOT / "campaigns" / "new-shop.yaml").read_text("utf-8")
    lines = [re.sub(r"\s+#.*", "", line) for line in example.splitlines()]
    assert block.splitlines() == [line for line in lines if line and not line.startswith("#")]


@pytest.mark.parametrize("language", READMES)
def test_each_command_prints_what_the_readme_shows(language, tmp_path):
    """`make docs` writes what they print now; look at the difference before you commit it."""
    assert write_page(language, tmp_path) == READMES[language].read_text("utf-8")
