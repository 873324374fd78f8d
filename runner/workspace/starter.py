"""What a new workspace, and a new campaign in one, begin with: the templates, filled in."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from runner import __version__
from runner.errors import WrongUsage
from runner.language import N_, Message, join_clauses
from runner.workspace.locate import (
    SETTINGS_FILE,
    campaign_id,
    is_sayable,
)
from runner.workspace.masking import show_name
from runner.workspace.schema import read_schema
from runner.workspace.schema_copies import FOLDER, copy_schemas, find_copies, write_modeline
from runner.workspace.yaml_text import write_yaml

if TYPE_CHECKING:
    from collections.abc import Mapping

FIRST = "welcome"  # the campaign of a new workspace
# Of each, where it looks for its file in a repository, and ours, which docs/ci.md explains.
CI_SYSTEMS = {
    "gitlab": (".gitlab-ci.yml", "ci/gitlab-ci.yml"),
    "github": (".github/workflows/campaigns.yml", "ci/github-workflow.yml"),
}

_PACKAGE = Path(__file__).parents[1]
_PICTURE = "media/tea.jpg"
_TITLE = "请改标题"


def start_workspace(name: str, language: str = "en") -> Mapping[str, bytes]:
    """Give the files of a new workspace, by their paths in it.

    name: that of its folder, which becomes its own. Raises WrongUsage where it cannot.
    language: of what explains them, one of LANGUAGES.
    """
    field = read_schema("settings")["properties"]["name"]
    if not (re.search(field["pattern"], name) and is_sayable(name)):
        raise WrongUsage(
            N_("the folder's name `{name}` cannot be that of a workspace").format(
                name=show_name(name)
            ),
            hint=join_clauses(
                Message(field["patternErrorMessage"]), N_("name the folder otherwise")
            ),
        )
    texts = {
        SETTINGS_FILE: _begin("settings", SETTINGS_FILE)
        + _fill("runner.yaml", language, name=write_yaml("name", name)),
        f"{FIRST}.yaml": _begin("campaign", f"{FIRST}.yaml") + _read("welcome.yaml", language),
        "lists/members.csv": _read("members.csv"),
        "rehearse": _read("rehearse", language),
        "README.md": _fill("README.md", language, name=name),
        ".gitignore": _read("gitignore", language),
    }
    return {
        **{file: text.encode() for file, text in texts.items()},
        _PICTURE: (_PACKAGE / "example" / _PICTURE).read_bytes(),
        **{f"{FOLDER}/{file}": content for file, content in copy_schemas().items()},
    }


def start_ci(system: str, workspace: str, language: str = "en") -> Mapping[str, bytes]:
    """Give the file by which a CI system checks a workspace, by its path in the repository.

    system: one of CI_SYSTEMS. workspace: its path in the repository, `.` for the whole of it.
    language: of what it says in a merge request, one of LANGUAGES.
    """
    place, template = CI_SYSTEMS[system]
    text = _read(template)
    wanted = {
        "MMS_RUNNER": f"mms-campaign-runner=={__version__}",
        "MMS_RUNNER_WORKSPACE": json.dumps(workspace, ensure_ascii=False),
    }
    for name, value in wanted.items():
        before, key, after = text.partition(f" {name}: ")
        text = before + key + value + after.removeprefix(re.split(r"\s", after, maxsplit=1)[0])
    if language != "en":
        variable = rf"\1MMS_RUNNER_LANG: {language}\n\1"
        text = re.sub(r"^( +)(?=MMS_RUNNER_WORKSPACE: )", variable, text, flags=re.MULTILINE)
    return {place: text.encode(errors="surrogateescape")}  # a path has the bytes that it has


def start_campaign(
    root: Path, file: str, language: str = "en", *, title: str | None, account: str | None
) -> bytes:
    """Give the text of a new campaign, a draft whose words are there to be replaced.

    file: its path in the workspace; account: None where the workspace has only one.
    language: of its comments, one of LANGUAGES.
    """
    copies = find_copies(root)
    first_line = write_modeline("campaign", copies, root / file) if copies else ""
    text = first_line + _fill(
        "campaign.yaml",
        language,
        id=shlex.quote(campaign_id(file)),
        title=write_yaml("title", title or _TITLE),
        account=f"{write_yaml('account', account)}\n" if account else "",
    )
    return text.encode()


def _begin(kind: str, file: str) -> str:
    return write_modeline(kind, Path(FOLDER), Path(file))


def _read(template: str, language: str = "en") -> str:
    folder = _PACKAGE / "templates"
    if language != "en":
        folder /= language
    return (folder / template).read_text("utf-8")


def _fill(template: str, language: str, **values: str) -> str:
    return Template(_read(template, language)).substitute(values)
