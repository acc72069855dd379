"""The language as an editor in a page needs it: no socket and no protocol, plain values. The command joins it with the studio."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..kernel.diagnostics import Diagnostic, Source
from ..kernel.records import dataclass
from ..kernel.scene import Scene
from . import syntax as s
from .complete import complete
from .files import files_of
from .format import format_source
from .hover import COLOURS, View
from .load import Loaded, load
from .lock import design_hash
from .memory import Memory
from .params import params_json
from .parser import parse
from .post import run_post_checks
from .tables import tables

_PLAIN_UNIT = re.compile(r"[A-Za-zµμ°Ω%]+\Z")


@dataclass(frozen=True)
class Read:
    """One reading of a text. `params` as `wp params --json`; `sets` and `preset` as far as the text still has those; `names`
    tells what each name is, by the words of hover.COLOURS."""

    scene: Scene | None
    diagnostics: tuple[Diagnostic, ...]
    params: dict[str, Any]
    sets: dict[str, str]
    preset: str | None
    files: tuple[Path, ...]
    names: dict[str, str]
    design_hash: str


class Editing:
    """A design that is being edited. Offsets count code points. May be asked from several threads."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.keywords = tuple(sorted(tables().keywords))
        self._memory = Memory()
        self._view: View | None = None
        self._lock = threading.RLock()

    def read(self, text: str, sets: Mapping[str, str], preset: str | None) -> Read:
        with self._lock:
            loaded = self._load(text, sets, preset)
            declared = {st.name.text for st in loaded.module.statements if isinstance(st, s.Param)}
            kept = {n: v for n, v in sets.items() if n in declared}
            chosen = preset if preset in loaded.presets else None
            if len(kept) != len(sets) or chosen != preset:
                loaded = self._load(text, kept, chosen)
            assert self._view is not None
            colours = {text[at : at + n]: COLOURS[k] for at, n, k, _ in self._view.colours()}
            return Read(
                loaded.scene, loaded.diagnostics, params_json(loaded), kept, chosen, files_of(loaded), colours,
                design_hash(loaded),
            )  # fmt: skip

    def _load(self, text: str, sets: Mapping[str, str], preset: str | None) -> Loaded:
        loaded = load(self.path, text=text, sets=sets, preset=preset, memory=self._memory)
        self._view = View(loaded, self._view.sound() if self._view else None)
        return loaded

    def _seen(self, text: str) -> View:
        """A view of `text`, which may be newer than what was read last."""
        if self._view is None or self._view.source.text != text:
            self._load(text, {}, None)
        assert self._view is not None
        return self._view

    def complete(self, text: str, offset: int) -> list[dict[str, Any]]:
        """What could be typed at `offset`: `label, kind, start, insert, detail, doc, snippet`, the likeliest first."""
        with self._lock:
            items = complete(self._seen(text), min(offset, len(text)), self.path.parent)
        return [
            {
                "label": i.label, "kind": i.kind, "start": i.start, "insert": i.insert or i.label,
                "detail": i.detail, "doc": i.doc, "snippet": i.snippet,
            }
            for i in items
        ]  # fmt: skip

    def hover(self, text: str, offset: int) -> str | None:
        """Markdown about what stands at `offset`."""
        with self._lock:
            found = self._seen(text).hover(min(offset, len(text)))
        return found[0] if found else None

    def formatted(self, text: str) -> str:
        """The text in the one style. Raises WetprintError where it cannot be read."""
        return format_source(Source(str(self.path), text))

    def judge(self, scene: Scene, figures: dict[str, dict[str, Any]]) -> list[Diagnostic]:
        """What the design's own checks say of its figures."""
        return run_post_checks(scene, figures) if scene.post_checks else []

    def value(self, param: Mapping[str, Any], value: Any) -> str:
        """A value of a param (an entry of `params`), in its own unit, as text of the language."""
        if isinstance(value, bool):
            return "true" if value else "false"
        if param["type"] == "Text":
            return json.dumps(str(value), ensure_ascii=False)
        if isinstance(value, str):
            return value
        unit = str(param["unit"])
        return f"{value:.12g}" + (unit if not unit or _PLAIN_UNIT.match(unit) else f"[{unit}]")

    def written(self, text: str, values: Mapping[str, str]) -> str:
        """The text with `values` as the defaults of its params; nothing else of it is touched."""
        module, _ = parse(Source(str(self.path), text))
        found = [st for st in module.statements if isinstance(st, s.Param) and st.name.text in values]
        for st in sorted(found, key=lambda st: -st.default.start):
            text = text[: st.default.start] + values[st.name.text] + text[st.default.end :]
        return text
