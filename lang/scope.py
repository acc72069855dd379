"""Names of one file: what each binds, what each needs, and in what order they can be evaluated."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from typing import Any

from ..kernel.diagnostics import Diagnostic, Related, Source, Span, error
from ..kernel.records import dataclass, field
from . import syntax as s
from .heads import is_head

#: Names that mean a place in space.
COORDINATES = ("x", "y", "z", "r", "theta", "depth")

FUNCTIONS = (
    "exactly", "floor_fit", "even_pitch", "sqrt", "sin", "cos", "tan", "asin", "acos", "atan", "abs", "min", "max", "round",
    "ceil", "floor", "len", "sum", "noise", "ramp", "inside", "distance", "mix", "wet", "dried", "move", "rotate", "mirror",
    "scale", "array", "union", "difference", "intersection", "grow", "invert", "slice", "outline",
)  # fmt: skip
CONSTANTS = ("pi", "rest")

#: Fields whose value is a word of the language and needs no quotes.
BARE_WORDS = ("cut", "process", "base", "seam")

#: Declarations whose ink may ask for the thing's own extents (own.py).
OWN_EXTENTS = ("lattice", "path")

UNSET: Any = object()

Key = tuple["Env", str]
#: A name that a tree uses, whether it heads a block, and the local names there.
Use = tuple[s.Var | s.Member, bool, frozenset[str]]
#: What each statement of a file uses, as far as it was asked for.
Uses = dict[s.Statement, list[Use]]


@dataclass(slots=True, eq=False)
class Binding:
    """A top-level name. `source` and `expr` are where its value stands: the statement's own, or one given from outside."""

    name: s.Name
    kind: str
    statement: s.Statement
    source: Source
    expr: s.Expr | None = None
    value: Any = UNSET
    needs: tuple[Key, ...] | None = None
    given: bool = False


@dataclass(eq=False)
class Env:
    """The scope of one file. `imports` maps an alias to the file's own scope, None where it could not be read; `lost` where
    not even an alias could; `unknown` are names before a dot that are told of."""

    source: Source
    module: s.Module
    bindings: dict[str, Binding] = field(default_factory=dict)
    imports: dict[str, Env | None] = field(default_factory=dict)
    aliases: dict[str, s.Use] = field(default_factory=dict)
    main: bool = False
    lost: bool = False
    unknown: set[str] = field(default_factory=set)
    uses: Uses = field(default_factory=dict)

    def used_by(self, statement: s.Statement) -> list[Use]:
        """What `references` gives for a statement of this file."""
        found = self.uses.get(statement)
        if found is None:
            found = self.uses[statement] = list(references(statement))
        return found

    def span(self, node: s.Node) -> Span:
        return Span(self.source, node.start, node.end)

    def names(self) -> list[str]:
        return [*self.bindings, *self.imports]


def declare(env: Env, out: list[Diagnostic]) -> None:
    """Fill `env.bindings` from its statements; a name bound twice is an error at the second place."""
    for statement in env.module.statements:
        for name, kind, expr in _binds(statement):
            first = env.bindings.get(name.text)
            alias = env.aliases.get(name.text)
            if isinstance(statement, s.Broken) and (first is not None or alias is not None):
                continue
            if first is not None or alias is not None:
                place = first.name if first is not None else alias
                assert place is not None
                line = env.source.line_col(place.start)[0]
                out.append(
                    error(
                        "E103",
                        f"`{name.text}` is bound already, in line {line}; each name is bound once",
                        env.span(name),
                        label="bound again here",
                        related=(Related(env.span(place), "bound here first"),),
                    )
                )
                continue
            env.bindings[name.text] = Binding(name, kind, statement, env.source, expr)


def _binds(statement: s.Statement) -> Iterator[tuple[s.Name, str, s.Expr | None]]:
    if isinstance(statement, s.Param):
        yield statement.name, "param", statement.default
    elif isinstance(statement, s.Let):
        yield statement.name, "let", statement.value
    elif isinstance(statement, s.Fn):
        yield statement.name, "fn", statement.body
    elif isinstance(statement, s.Decl):
        yield statement.name, statement.kind.text, statement.value
    elif isinstance(statement, s.Region):
        yield statement.name, "region", None
    elif isinstance(statement, s.Broken):
        for name in statement.names:
            yield name, "broken", None


def references(root: s.Node, local: frozenset[str] = frozenset()) -> Iterator[Use]:
    """Names that a tree uses and does not bind itself: (Var, or Member of a Var), whether it heads a block, and the local
    names at that place. No recursion."""
    pending: list[tuple[s.Node, frozenset[str], bool]] = [(root, local, False)]
    while pending:
        node, here, head = pending.pop()
        if isinstance(node, s.Var):
            if node.name not in here:
                yield node, head, here
        elif isinstance(node, s.Member):
            if isinstance(node.base, s.Var):
                if node.base.name not in here:
                    yield node, head, here
            else:
                pending.append((node.base, here, False))
        elif isinstance(node, s.Field):
            # `cut: whole` and `process: wet_writing` say a word, not a name.
            if not (node.name.text in BARE_WORDS and isinstance(node.value, s.Var)):
                pending.append((node.value, here, False))
        elif isinstance(node, s.Curve) or (isinstance(node, s.Construct) and isinstance(node.head, s.Curve)):
            curve = node.head if isinstance(node, s.Construct) else node
            assert isinstance(curve, s.Curve)
            pending += [(outside, here, False) for outside in (curve.high, curve.low, curve.head)]
            inside = here | {curve.name.text}
            pending.append((curve.value, inside, False))
            if isinstance(node, s.Construct):
                pending.append((node.block, inside, False))
        elif isinstance(node, s.Construct):
            pending.append((node.block, here, False))
            pending.append((node.head, here, True))
        elif isinstance(node, s.Call):
            mixing = isinstance(node.callee, s.Var) and node.callee.name == "mix"
            for arg in reversed(node.args):
                pending.append((arg.value, here, False))
                if mixing and arg.name is not None and not _is_option(arg.name):
                    pending.append((arg.name, here, False))
            pending.append((node.callee, here, False))
        elif isinstance(node, s.Comprehension):
            for clause in node.clauses:
                pending.append((clause.low, here, False))
                if clause.high is not None:
                    pending.append((clause.high, here, False))
                here = here | {clause.name.text}
                if clause.where is not None:
                    pending.append((clause.where, here, False))
            pending.append((node.value, here, False))
        elif isinstance(node, s.Layer):
            pending.append((node.block, here | {node.index.text}, False))
        elif isinstance(node, s.Fn):
            inside = here | {p.name.text for p in node.params}
            pending.append((node.body, inside, False))
        else:
            below = s.children(node)
            below.reverse()
            pending += [(child, here, False) for child in below]


def _is_option(name: s.Expr) -> bool:
    return isinstance(name, s.Var) and name.name == "steps"


def needs(env: Env, binding: Binding, out: list[Diagnostic]) -> tuple[Key, ...]:
    """The top-level names that a binding needs; unknown names are reported, once for each place."""
    if binding.needs is None:
        found: dict[tuple[int, str], Key] = {}
        trees: list[s.Node] = []
        if binding.given and binding.expr is not None:
            trees = [binding.expr]
            if isinstance(binding.statement, s.Param):
                trees += [c for c in binding.statement.clauses if not isinstance(c, s.Text)]
        else:
            trees = [binding.statement]
        for tree in trees:
            source = binding.source if tree is binding.expr else env.source
            for key in resolve(env, tree, source, out):
                found[(id(key[0]), key[1])] = key
        itself = (id(env), binding.name.text)
        if itself in found and binding.kind in OWN_EXTENTS:
            from .own import asks_itself

            if asks_itself(binding):
                del found[itself]
        binding.needs = tuple(found.values())
    return binding.needs


def resolve(
    env: Env, tree: s.Node, source: Source, out: list[Diagnostic], local: frozenset[str] = frozenset()
) -> Iterator[Key]:
    """The bindings that a tree uses; what is unknown is reported."""
    found = references(tree, local) if local or not isinstance(tree, s.Statement) else env.used_by(tree)
    for node, head, here in found:
        base = node.base if isinstance(node, s.Member) else node
        assert isinstance(base, s.Var)
        name = base.name
        if name in env.bindings:
            yield env, name
        elif name in env.imports:
            other = env.imports[name]
            if other is None:
                continue
            if isinstance(node, s.Member):
                if node.name.text in other.bindings:
                    yield other, node.name.text
                else:
                    from .unknown import unknown_member

                    out.append(unknown_member(env, other, source, node, name))
        elif not is_builtin(name) and not (env.lost and isinstance(node, s.Member)):
            if isinstance(node, s.Member) and not head and (name in env.unknown):
                continue
            if isinstance(node, s.Member):
                env.unknown.add(name)
            from .unknown import unknown_name

            out.append(unknown_name(env, source, base, head, here))


def is_builtin(name: str) -> bool:
    return name in FUNCTIONS or name in COORDINATES or name in CONSTANTS or is_head(name)


def nearest(name: str, names: Iterable[str]) -> str | None:
    """The name most likely meant: the same in other case, or few letters away."""
    pool = list(names)
    lowered = {n.lower(): n for n in reversed(pool)}
    if name.lower() in lowered:
        return lowered[name.lower()]
    found = get_close_matches(name, pool, 1, 0.6)
    return found[0] if found else None


def order(roots: Iterable[Key], out: list[Diagnostic]) -> tuple[list[Key], set[tuple[int, str]]]:
    """Everything that `roots` need, what is needed first coming first; and the names that stand in a cycle, reported."""
    done: dict[tuple[int, str], bool] = {}
    result: list[Key] = []
    cyclic: set[tuple[int, str]] = set()
    for root in roots:
        if (id(root[0]), root[1]) in done:
            continue
        path: list[tuple[Key, Iterator[Key]]] = []

        def enter(key: Key, path: list[tuple[Key, Iterator[Key]]] = path) -> None:
            env, name = key
            done[(id(env), name)] = False
            path.append((key, iter(needs(env, env.bindings[name], out))))

        enter(root)
        while path:
            key, below = path[-1]
            following = next(below, None)
            if following is None:
                path.pop()
                done[(id(key[0]), key[1])] = True
                result.append(key)
                continue
            mark = (id(following[0]), following[1])
            if mark not in done:
                enter(following)
            elif not done[mark]:
                start = next(i for i, (k, _) in enumerate(path) if (id(k[0]), k[1]) == mark)
                ring = [k for k, _ in path[start:]]
                if not any((id(e), n) in cyclic for e, n in ring):
                    out.append(_cycle(ring))
                cyclic |= {(id(e), n) for e, n in ring}
    return result, cyclic


def _cycle(ring: list[Key]) -> Diagnostic:
    first = min(range(len(ring)), key=lambda i: ring[i][0].bindings[ring[i][1]].name.start)
    ring = ring[first:] + ring[:first]
    bindings = [env.bindings[name] for env, name in ring]
    shown = [n for _, n in ring]
    if len(shown) > 12:
        shown = [*shown[:6], "...", *shown[-5:]]
    path = " -> ".join([*shown, ring[0][1]])
    env, name = ring[0]
    if all(b.kind == "fn" for b in bindings):
        text = f"`{name}` calls itself: {path}"
        notes: tuple[str, ...] = ("a fn cannot call itself; `[for i in 0..9: ...]` makes many values",)
    else:
        text = f"`{name}` needs itself: {path}"
        notes = ("give one of these names a value of its own",)
        if any(b.kind in OWN_EXTENTS for b in bindings):
            notes = (*notes, "a part's own extents may be asked for in its own block only, in its `material`")
    related = tuple(
        Related(Span(b.source, b.name.start, b.name.end), f"`{b.name.text}` is bound here")
        for b in bindings[1:6]
    )
    return error("E104", text, env.span(bindings[0].name), related=related, notes=notes)
