"""Writes YAML for people, in the form that the examples of the documentation have."""

from __future__ import annotations

import yaml


class _Indented(yaml.SafeDumper):
    """Indents the items of a list below their key."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> None:
        del indentless
        return super().increase_indent(flow, indentless=False)


def write_yaml(key: str, value: object) -> str:
    """Write a key and its value, in quotes where YAML would read another thing; no line end."""
    nested = isinstance(value, dict | list)
    text: str = yaml.dump(
        {key: value},
        Dumper=_Indented,
        allow_unicode=True,
        sort_keys=False,
        width=float("inf"),
        default_flow_style=None if nested else False,  # None: what holds nothing more, in one line
    )
    return text.rstrip("\n")
