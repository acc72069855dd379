"""Loads a design: reads it and what it imports, evaluates it, and gives the Scene or all that is wrong with it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from ..kernel.diagnostics import (
    Diagnostic,
    Edit,
    Fix,
    Related,
    Severity,
    Source,
    Span,
    WetprintError,
    error,
    warning,
)
from ..kernel.records import dataclass, field
from ..kernel.scene import Param, Scene, StateName
from . import syntax as s
from .assemble import assemble
from .bindings import bind
from .evaluate import Evaluator, room_to_recurse
from .lock import check_lock
from .memory import Memory
from .param_values import Override, overrides_of_preset, overrides_of_sets
from .parser import no_garbage, parse
from .scope import Env, Key, declare, order, resolve
from .source import find_import, read_source

#: The version of the language that this tool speaks.
VERSION = 1

#: How statements begin that were to bring in a file, here and in other languages.
_IMPORTS = ("use ", "import ", "include ", "from ")


@dataclass(frozen=True)
class Loaded:
    """A design, loaded. `scene` is None where it has errors. `imports` are the sources it uses, in order of first use."""

    scene: Scene | None
    diagnostics: tuple[Diagnostic, ...]
    params: tuple[Param, ...]
    module: s.Module
    source: Source
    env: Env
    imports: tuple[Source, ...] = ()
    presets: tuple[str, ...] = ()
    path: Path | None = None
    sets: Mapping[str, str] = field(default_factory=dict)


def load(
    path_or_name: str | Path,
    text: str | None = None,
    sets: Mapping[str, str] | None = None,
    preset: str | None = None,
    *,
    overrides: Mapping[str, Override] | None = None,
    memory: Memory | None = None,
) -> Loaded:
    """Load a design from a file, or from `text` under that name. Never raises for what a user may write.

    `sets`: values of params as text of the language (`{"pitch": "30um"}`). `preset`: one of the design's presets; `sets`
    win over it. `overrides`: values as expressions of a source (what a `test ... with` says). `memory`: what was read of the
    last version of this design, for an editor; the outcome is the same without it.
    """
    try:
        source = read_source(path_or_name, text)
    except WetprintError as e:
        empty = Source(str(path_or_name), "")
        module = s.Module(empty, [])
        return Loaded(None, e.diagnostics, (), module, empty, Env(empty, module))
    path = None if str(path_or_name) == "-" else Path(path_or_name)
    with room_to_recurse(), no_garbage():
        return _Loader(source, path, memory).run(sets or {}, preset, overrides or {})


class _Loader:
    def __init__(self, source: Source, path: Path | None, memory: Memory | None) -> None:
        self.source = source
        self.memory = memory
        self.path = path
        self.out: list[Diagnostic] = []
        self.envs: dict[str, Env] = {}
        self.imports: list[Source] = []

    def run(self, sets: Mapping[str, str], preset: str | None, overrides: Mapping[str, Override]) -> Loaded:
        env = self.scope(self.source, self._folder(), (self._key(self.path or Path(self.source.name)),), None)
        env.main = True
        module = env.module
        if self.path is not None and self.imports:
            first = next(st for st in module.statements if isinstance(st, s.Use))
            self.out += check_lock(self.path, self.imports, env.span(first))
        state = self._state(env)
        given: dict[str, Override] = {}
        if preset is not None:
            given |= overrides_of_preset(env, preset, self.out)
        given |= overrides_of_sets(env, sets, self.out)
        given |= overrides
        for name, override in given.items():
            binding = env.bindings[name]
            binding.expr, binding.source, binding.given = override.expr, override.source, True
        roots: list[Key] = [(env, name) for name in env.bindings]
        for statement in module.statements:
            if isinstance(statement, s.Broken | s.Use):
                continue
            if not isinstance(statement, s.Param | s.Let | s.Fn | s.Decl):
                roots += resolve(env, statement, env.source, self.out)
        ordered, cyclic = order(roots, self.out)
        ev = Evaluator(state)
        params: dict[str, Param] = {}
        for at, name in ordered:
            bind(ev, at, name, (id(at), name) in cyclic, params if at is env else None)
        scene = assemble(ev, env, state, params, self._used(env), self.source)
        if len(ev.called) < sum(b.kind == "fn" for b in env.bindings.values()):
            from .unused import try_unused

            try_unused(ev, env)
        self.out += ev.diagnostics
        said = tuple(_unique(self.out))
        bad = any(d.severity is Severity.ERROR for d in said)
        if bad:
            # What is printed may be what could not be read.
            said = tuple(d for d in said if d.code != "E315")
        presets = tuple(st.name.value for st in module.statements if isinstance(st, s.Preset))
        ordered_params = tuple(
            params[st.name.text]
            for st in module.statements
            if isinstance(st, s.Param) and st.name.text in params
        )
        return Loaded(
            None if bad else scene,
            said,
            ordered_params,
            module,
            self.source,
            env,
            tuple(self.imports),
            presets,
            self.path,
            dict(sets),
        )

    # --- files --------------------------------------------------------------------------------------------------------

    def _folder(self) -> Path:
        return self.path.parent if self.path is not None else Path()

    def _key(self, path: Path) -> str:
        try:
            return str(path.resolve())
        except (OSError, RuntimeError, ValueError):
            return str(path)

    def scope(self, source: Source, folder: Path | None, chain: tuple[str, ...], at: Span | None) -> Env:
        """The scope of one source: parsed, its imports read, its names declared."""
        module, said = parse(source) if self.memory is None else self.memory.parse(source)
        self.out += said
        env = Env(source, module)
        if self.memory is not None:
            env.uses = self.memory.uses(module)
        self._version(env, at)
        for statement in module.statements:
            if isinstance(statement, s.Use):
                self._use(env, statement, folder, chain)
        env.lost = env.lost or any(
            isinstance(st, s.Broken) and source.text.startswith(_IMPORTS, st.start)
            for st in module.statements
        )
        declare(env, self.out)
        return env

    def _version(self, env: Env, at: Span | None) -> None:
        versions = [st for st in env.module.statements if isinstance(st, s.Version)]
        if not versions:
            if at is None and env.module.statements:
                spot = Span(env.source, 0, 0)
                self.out.append(
                    warning(
                        "E005",
                        f"no version of the language is named; `wp {VERSION};` was expected at the top",
                        spot,
                        fixes=(Fix(f"insert `wp {VERSION};`", (Edit(spot, f"wp {VERSION};\n"),)),),
                    )
                )
            return
        for statement in versions:
            number = statement.number
            if isinstance(number, s.Number) and (number.value != VERSION or number.unit):
                self.out.append(
                    error(
                        "E006",
                        f"`wp {number.text}` is not known; this tool speaks version {VERSION}",
                        env.span(number),
                        fixes=(Fix(f"write `{VERSION}`", (Edit(env.span(number), str(VERSION)),)),),
                    )
                )
        for statement in versions[1:]:
            here = env.span(statement)
            self.out.append(
                error(
                    "E103",
                    "the version is named already; it is named once",
                    here,
                    related=(Related(env.span(versions[0]), "named here first"),),
                    fixes=(Fix("remove it", (Edit(here, ""),)),),
                )
            )

    def _use(self, env: Env, use: s.Use, folder: Path | None, chain: tuple[str, ...]) -> None:
        span = env.span(use.path)
        if len(span.text) < 2 or not span.text.endswith('"'):
            # The quote is missing, so nobody knows where the file's name ends.
            env.lost = use.alias is None
            if use.alias is not None:
                env.imports[use.alias.text] = None
            return
        alias = self._alias(env, use)
        if alias is None:
            env.lost = True
            return
        if alias in env.aliases:
            self.out.append(
                error(
                    "E103",
                    f"`{alias}` is an imported file already",
                    env.span(use.alias or use.path),
                    related=(Related(env.span(env.aliases[alias]), "imported here first"),),
                    fixes=(Fix("remove this `use`", (Edit(env.span(use), ""),)),)
                    if env.aliases[alias].path.value == use.path.value
                    else (),
                )
            )
            return
        env.aliases[alias] = use
        env.imports[alias] = None
        found = find_import(use.path.value, folder, span)
        if isinstance(found, Diagnostic):
            self.out.append(found)
            return
        path = Path(found.name)
        key = self._key(path) if path.is_absolute() or path.is_file() else f"library:{found.name}"
        if key in chain:
            names = " -> ".join([*(Path(k).name for k in chain[chain.index(key) :]), path.name])
            self.out.append(error("E021", f"these files use each other in a circle: {names}", span))
            return
        if key not in self.envs:
            self.imports.append(found)
            inner = path.parent if not key.startswith("library:") else None
            before = len(self.out)
            self.envs[key] = self.scope(found, inner, (*chain, key), span)
            for d in [d for d in self.out[before:] if d.primary is None]:
                self.out.remove(d)
        env.imports[alias] = self.envs[key]

    def _alias(self, env: Env, use: s.Use) -> str | None:
        if use.alias is not None:
            return use.alias.text
        stem = use.path.value.replace("\\", "/").rsplit("/", 1)[-1].removesuffix(".wp")
        if stem.isidentifier():
            return stem
        end = Span(env.source, use.path.end, use.path.end)
        self.out.append(
            error(
                "E022",
                f'"{use.path.value}" cannot be its own name here; `as NAME` was expected',
                env.span(use.path),
                fixes=(Fix("insert ` as lib`", (Edit(end, " as lib"),)),),
            )
        )
        return None

    # --- whole file ---------------------------------------------------------------------------------------------------

    def _state(self, env: Env) -> StateName:
        found: StateName = "dried"
        first: s.State | None = None
        for statement in env.module.statements:
            if not isinstance(statement, s.State):
                continue
            word = statement.name.text
            if first is not None:
                self.out.append(
                    error(
                        "E103",
                        "the state is said already; it is said once",
                        env.span(statement),
                        related=(Related(env.span(first), "said here first"),),
                    )
                )
            elif word not in ("wet", "dried"):
                near = {"dry": "dried", "drying": "dried", "gel": "wet"}.get(word.lower(), "wet")
                self.out.append(
                    error(
                        "E320",
                        f"`{word}` is no state; `wet` or `dried` was expected",
                        env.span(statement.name),
                        fixes=(Fix(f"write `{near}`", (Edit(env.span(statement.name), near),)),),
                    )
                )
            else:
                found = "wet" if word == "wet" else "dried"
            first = first or statement
        return found

    def _used(self, env: Env) -> set[str]:
        """Top-level names of the design that something else in it uses."""
        used: set[str] = set()
        silent: list[Diagnostic] = []
        for name, binding in env.bindings.items():
            used |= {n for e, n in binding.needs or () if e is env and n != name}
        for statement in env.module.statements:
            if isinstance(statement, s.Region | s.Print | s.Pattern | s.Assert | s.Check | s.Test):
                used |= {n for e, n in resolve(env, statement, env.source, silent) if e is env}
        return used


def _unique(found: list[Diagnostic]) -> list[Diagnostic]:
    """In the order of the text, main file first, each trouble once."""
    seen: set[tuple[str, int, int, int, str]] = set()
    mended: set[tuple[str, int, str]] = set()
    out: list[Diagnostic] = []
    for d in found:
        p = d.primary
        where = (id(p.source), p.start, p.end) if p else (0, -1, -1)
        key = (d.code, *where, "" if p else d.message)
        # Two places that the same insertion mends are one trouble: a library that nobody imported.
        edits = [
            (d.code, e.span.start, e.text) for f in d.fixes[:1] for e in f.edits if e.span.start == e.span.end
        ]
        if key in seen or (edits and all(e in mended for e in edits)):
            continue
        seen.add(key)
        mended.update(edits)
        out.append(d)
    ranks: dict[int, int] = {}
    for d in out:
        if d.primary is not None:
            ranks.setdefault(id(d.primary.source), len(ranks))
    return sorted(out, key=lambda d: (ranks[id(d.primary.source)], d.primary.start) if d.primary else (-1, 0))
