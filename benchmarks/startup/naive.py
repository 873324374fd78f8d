"""What a user would write instead of `validate`: PyYAML, jsonschema, and the published schemas.

It looks at no picture and no list, and tells no line: whoever wants that writes more.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml
from jsonschema import Draft202012Validator

_SCHEMAS = Path(__file__).parents[2] / "schemas"


def main(workspace: Path) -> int:
    """Write what is wrong in each file; gives 1 where something is."""
    validators = {
        kind: Draft202012Validator(
            json.loads((_SCHEMAS / f"{kind}.schema.json").read_text("utf-8"))
        )
        for kind in ("campaign", "settings")
    }
    faulty = False
    for file in sorted(workspace.rglob("*.yaml")):
        kind = "settings" if file.name == "runner.yaml" else "campaign"
        data = yaml.safe_load(file.read_text("utf-8"))
        for error in validators[kind].iter_errors(data):
            sys.stdout.write(f"{file}: {error.message}\n")
            faulty = True
    return int(faulty)


def _make_validator(kind: str) -> Draft202012Validator:
    text = (_SCHEMAS / f"{kind}.schema.json").read_text("utf-8")
    return Draft202012Validator(json.loads(text))


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
