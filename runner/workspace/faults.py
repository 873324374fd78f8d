"""Gathers what is wrong in one file, each fault once and at its place."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runner.language import N_
from runner.model.diagnostic import Severity

if TYPE_CHECKING:
    from runner.model.diagnostic import Diagnostic, Edit, Label, Span
    from runner.workspace.yaml_tree import Document, Path


@dataclass(slots=True)
class Faults:
    """The diagnostics of one document; paths are keys and indexes from its root."""

    document: Document
    found: list[Diagnostic] = field(default_factory=list)

    def at_value(
        self,
        path: Path,
        rule: str,
        message: str,
        hint: str | None = None,
        *,
        span: Span | None = None,
        labels: tuple[Label, ...] = (),
        fix: Edit | None = None,
    ) -> None:
        """Note a fault of the value at a path; span: a stretch of it, where known better."""
        place = span or self.document.at(path).span
        self._add(path, place, rule, message, hint, labels=labels, fix=fix)

    def at_use(self, path: Path, rule: str, message: str, hint: str | None = None) -> None:
        """Note what a value makes wrong here alone: not in a file that it is taken from."""
        graft = self.document.graft_at(path)
        if graft is None:
            self.at_value(path, rule, message, hint)
        else:
            label = self.label(path, N_("it stands here"))
            span = graft.used.span
            fault = self.document.source.fault(span, rule, message, hint, labels=(label,))
            self.found.append(fault)

    def at_first_line(
        self,
        path: Path,
        rule: str,
        message: str,
        hint: str | None = None,
        *,
        labels: tuple[Label, ...] = (),
    ) -> None:
        """Note a fault of the whole mapping at a path, such as something that is missing in it."""
        span = self.document.source_of(path).first_line(self.document.at(path).span)
        self._add(path, span, rule, message, hint, labels=labels)

    def at_key(
        self,
        path: Path,
        rule: str,
        message: str,
        hint: str | None = None,
        *,
        labels: tuple[Label, ...] = (),
    ) -> None:
        """Note a fault of the key at a path."""
        self._add(path, self.document.key_at(path).span, rule, message, hint, labels=labels)

    def label(self, path: Path, message: str) -> Label:
        """Point at the value at a path, which a fault elsewhere is about as well."""
        source = self.document.source_of(path)
        return source.label(source.first_line(self.document.at(path).span), message)

    def label_key(self, path: Path, message: str) -> Label:
        """Point at the key at a path, as `label` does at a value."""
        return self.document.source_of(path).label(self.document.key_at(path).span, message)

    def _add(
        self,
        path: Path,
        span: Span,
        rule: str,
        message: str,
        hint: str | None,
        *,
        labels: tuple[Label, ...] = (),
        fix: Edit | None = None,
    ) -> None:
        graft = self.document.graft_at(path)
        source = graft.source if graft else self.document.source
        labels += (graft.used,) if graft else ()
        self.found.append(source.fault(span, rule, message, hint, labels=labels, fix=fix))

    def is_told(self, path: Path) -> bool:
        """Whether a fault of exactly this value is noted already."""
        if not self.found:
            return False
        place = self.document.source_of(path).file, self.document.at(path).span
        return any((fault.file, fault.span) == place for fault in self.found)

    def any_within(self, path: Path) -> bool:
        """Whether a fault of this value, or of anything in it, is noted already."""
        if not self.found:
            return False
        whole = self.document.at(path).span
        return any(
            fault.file == self.document.file
            and (whole.line, whole.column) <= (fault.span.line, fault.span.column)
            and (fault.span.end_line, fault.span.end_column) <= (whole.end_line, whole.end_column)
            for fault in self.found
        )

    @property
    def any_error(self) -> bool:
        """Whether the document must not be used."""
        return any(fault.severity is Severity.ERROR for fault in self.found)
