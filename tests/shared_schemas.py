"""Makes the schemas of shared files of the one of a campaign: they hold parts of it.

`python -m shared_schemas` writes them anew, as `make docs` does.
"""

import copy
import json
from pathlib import Path

SCHEMAS = Path(__file__).parent.parent / "schemas"
SHARED = ("account", "hours", "signature", "opt_out", "labels")
NAMES = ("defaults", "frame")


def read(name):
    return json.loads((SCHEMAS / f"{name}.schema.json").read_text())


def make(name):
    campaign = read("campaign")
    head = {
        "$schema": campaign["$schema"],
        "$id": campaign["$id"].replace("campaign", name),
    }
    return head | (make_defaults if name == "defaults" else make_frame)(campaign)


def make_defaults(campaign):
    return {
        "title": "Defaults of a folder",
        "description": "What the campaigns in this folder, and below it, have in common. What a"
        " campaign says itself comes first, then the nearest folder.",
        "type": "object",
        "properties": {name: campaign["properties"][name] for name in SHARED},
        "additionalProperties": False,
    }


def make_frame(campaign):
    """A shared frame is whole: it uses no other."""
    frame = copy.deepcopy(campaign["$defs"]["frame"])
    del frame["properties"]["use"]
    shows, conflict, *_ = frame["allOf"]
    shows["anyOf"].remove({"required": ["use"]})
    frame |= {"title": "Shared frame", "required": ["duration"], "allOf": [shows, conflict]}
    return frame | {"$defs": {"part": campaign["$defs"]["part"]}}


def to_text(schema):
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


if __name__ == "__main__":
    for each in NAMES:
        (SCHEMAS / f"{each}.schema.json").write_text(to_text(make(each)))
