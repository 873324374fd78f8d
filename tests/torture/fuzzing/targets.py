"""All targets, by the names under which `make torture PROOFS=fuzz` shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from torture.fuzzing.answers import ANSWERS
from torture.fuzzing.files import FILES
from torture.fuzzing.words import WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from torture.fuzzing.target import Target

TARGETS: Mapping[str, Target] = {**ANSWERS, **FILES, **WORDS}
