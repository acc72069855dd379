"""Where an expression is evaluated: the scope of its file, its text, and the local names around it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..kernel.diagnostics import Source, Span
from ..kernel.records import dataclass, field
from . import syntax as s
from .scope import Env
from .types import Place


@dataclass(slots=True)
class Frame:
    """Where an expression is evaluated: the file's scope, the text it stands in, and the local names. `own`: the name of the
    lattice or path that the expression declares, where its ink asks for its extents. `kind`: what it is to be, where names of
    constructs are ambiguous (`circle` is a path and a mask)."""

    env: Env
    source: Source
    local: Mapping[str, Any] = field(default_factory=dict)
    own: str = ""
    kind: str = ""

    def span(self, node: s.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def text(self, node: s.Node) -> str:
        text = self.source.text[node.start : node.end]
        return text if len(text) <= 60 else text[:56] + " ..."

    def place(self, node: s.Node, what: str) -> Place:
        return Place(self.source, node, what)

    def with_local(self, **names: Any) -> Frame:
        return Frame(self.env, self.source, {**self.local, **names}, kind=self.kind)

    def of_kind(self, kind: str) -> Frame:
        return Frame(self.env, self.source, self.local, self.own, kind)
