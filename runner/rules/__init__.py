"""The catalogue of rules: what each is about, why it matters, what to do, and an example.

A rule is a file beside this one, named by its id. Its texts stand there in each language, since
they are written and read as a whole:

    group: field             # what it is about: a group of `words`
    en:                      # and zh
      wrong: what is wrong, in a sentence
      why: why it matters
      do: what to do
    bad:                     # files of a workspace that break the rule, by their paths
      campaign.yaml: ...
    good:                    # the same, as they should be
      campaign.yaml: ...

Where no file can show it, `bad` and `good` are missing, and the texts have an `example` in words.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from runner.model.diagnostic import severity_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from runner.model.diagnostic import Severity

_FOLDER = Path(__file__).parent
_SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A rule, in one language. wrong, why, remedy: sentences; example: one in words, or None.

    group: what it is about, a group of `words`.
    bad, good: the texts of files, by their paths in a workspace; empty where there is `example`.
    """

    id: str
    group: str
    wrong: str
    why: str
    remedy: str
    example: str | None
    bad: Mapping[str, str]
    good: Mapping[str, str]

    @property
    def severity(self) -> Severity:
        """Say how grave it is to break it."""
        return severity_of(self.id)


def list_rules() -> list[str]:
    """Give the ids of all rules, in the order of the alphabet."""
    return sorted(path.stem for path in _FOLDER.glob(f"*{_SUFFIX}"))


def is_rule(rule: str) -> bool:
    """Whether there is a rule of this id."""
    return rule in list_rules()


def read_rule(rule: str, language: str) -> Rule:
    """Read a rule. rule: its id, of `list_rules`; language: `en` or `zh`."""
    import yaml

    entry = yaml.load((_FOLDER / f"{rule}{_SUFFIX}").read_text("utf-8"), yaml.CSafeLoader)
    texts = {name: text.strip() for name, text in entry[language].items()}
    return Rule(
        id=rule,
        group=entry["group"],
        wrong=texts["wrong"],
        why=texts["why"],
        remedy=texts["do"],
        example=texts.get("example"),
        bad=entry.get("bad", {}),
        good=entry.get("good", {}),
    )


def read_rules(language: str) -> list[Rule]:
    """Read all rules, by what they are about and then by their ids; language: as for a rule."""
    from runner.rules.words import GROUPS

    rules = [read_rule(rule, language) for rule in list_rules()]
    return sorted(rules, key=lambda rule: GROUPS.index(rule.group))


def show_example(text: str) -> str:
    """Show the text of a file without its last line end, and its tabs as arrows, to be seen."""
    return text.rstrip("\n").replace("\t", "→")
