"""The one style of a design (`wp fmt`): the syntax tree printed back, with every comment and the author's paragraphs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields

from ..kernel.diagnostics import Diagnostic, Severity, Source, WetprintError
from . import syntax as s
from .layout import Doc, Group, Hard, IfBroken, Line, Nest, Suffix, lay_out
from .lexer import Token, lex
from .parser import parse

WIDTH = 100
INDENT = 2
#: A line that goes on is indented more than a block, so that the two do not look alike.
GO_ON = 4
#: Comments in odd places move to the end of their line, which can take another pass; three have always been enough.
PASSES = 8


def format_source(source: Source) -> str:
    """The text of `source` in the one style. Raises WetprintError where its syntax has errors."""
    text, diagnostics = formatted(source)
    if any(d.severity is Severity.ERROR for d in diagnostics):
        raise WetprintError(*diagnostics)
    return text


def formatted(source: Source) -> tuple[str, list[Diagnostic]]:
    """The text in the one style, or the text as it is and what is wrong with its syntax."""
    module, diagnostics = parse(source)
    if any(d.severity is Severity.ERROR for d in diagnostics):
        return source.text, diagnostics
    text = style(source, module)
    # A formatter that changes a design would be worse than none: the tokens must be the same ones.
    return (text if _words(text) == _words(source.text) else source.text), diagnostics


def style(source: Source, module: s.Module) -> str:
    """The text of a module that has no syntax errors in the one style."""
    for _ in range(PASSES):
        printer = _Printer(source, module)
        text = lay_out(printer.file(), WIDTH)
        if text == source.text or not printer.moved:
            break
        source = Source(source.name, text)
        module, _said = parse(source)
    return text


def _words(text: str) -> tuple[list[str], str]:
    """Tokens but the optional `;` and `,`, and the words of the comments."""
    lexed = lex(Source("", text))
    comments = "".join("".join(c.text.split()) for c in lexed.comments)
    return [t.text for t in lexed.tokens if t.type not in ("SEMICOLON", "COMMA")], "".join(sorted(comments))


def same_tree(a: s.Module, b: s.Module) -> bool:
    """Whether two modules say the same: trees equal but for where things stand."""
    return _shape(a.statements) == _shape(b.statements)


def _shape(value: object) -> object:
    if isinstance(value, s.Node):
        skip = ("start", "end", "op_start")
        return (
            type(value).__name__,
            *(_shape(getattr(value, f.name)) for f in fields(value) if f.name not in skip),
        )
    return [_shape(v) for v in value] if isinstance(value, list) else value


class _Printer:
    """Walks the tree and the tokens side by side: the tree gives the layout, the tokens the text and the comments."""

    def __init__(self, source: Source, module: s.Module) -> None:
        self.text = source.text
        self.module = module
        lexed = lex(source)
        self.tokens = lexed.tokens
        self.comments = lexed.comments
        self.at = 0
        self.comment = 0
        self.hoisted: list[Doc] = []
        self.moved = False

    # --- tokens and comments -----------------------------------------------------------------------------------------

    def next(self) -> Token | None:
        return self.tokens[self.at] if self.at < len(self.tokens) else None

    def is_next(self, text: str) -> bool:
        token = self.next()
        return token is not None and token.text == text

    def _gap(self) -> Iterator[tuple[s.Comment, bool, bool]]:
        """Comments before the next token: each with whether it stands behind something on its line, or after a blank."""
        token = self.next()
        until = token.start if token else len(self.text)
        before = self.tokens[self.at - 1].end if self.at else 0
        while self.comment < len(self.comments) and self.comments[self.comment].start < until:
            comment = self.comments[self.comment]
            self.comment += 1
            lines = self.text.count("\n", before, comment.start)
            yield comment, lines == 0 and before > 0, lines > 1
            before = comment.end
        self._before = before

    def lead(self) -> tuple[list[Doc], list[Doc], bool]:
        """Comments that stand before an item: those behind the item before, those on lines of their own, and whether
        a blank line parts the item from what is before it."""
        behind: list[Doc] = []
        above: list[Doc] = []
        first_blank = False
        for comment, trails, blank in self._gap():
            if trails:
                behind.append(Suffix(comment.text.rstrip()))
                continue
            if not above:
                first_blank = blank
            above += [Hard(blank)] if above else []
            above.append(comment.text.rstrip())
        token = self.next()
        blank = token is not None and self.text.count("\n", self._before, token.start) > 1
        if above:
            above.append(Hard(blank))
            return behind, above, first_blank
        return behind, above, blank

    def tok(self) -> Doc:
        """The next token, with the comments before it: they go to the end of the line, or above the item."""
        behind: list[Doc] = []
        for comment, trails, _ in self._gap():
            self.moved = True
            if trails:
                behind.append(Suffix(comment.text.rstrip()))
            else:
                self.hoisted += [comment.text.rstrip(), Hard()]
        text = self.tokens[self.at].text
        self.at += 1
        return [*behind, text] if behind else text

    def line(self, flat: str = " ") -> list[Doc]:
        """A possible break before the next token; comments that stand here stay here."""
        behind, above, _ = self.lead()
        return [*behind, Line(flat), *above]

    def drop(self, text: str) -> Doc:
        """Passes an optional token by, if it is there; its comments stay."""
        if not self.is_next(text):
            return []
        found = self.tok()
        return found[:-1] if isinstance(found, list) else []

    def toks(self, count: int) -> list[Doc]:
        return [self.tok() for _ in range(count)]

    def item(self, build: Callable[[], Doc]) -> Doc:
        """What `build` gives, with the comments from odd places within it set above."""
        outer, self.hoisted = self.hoisted, []
        doc = build()
        above, self.hoisted = self.hoisted, outer
        return [*above, doc] if above else doc

    # --- files and blocks --------------------------------------------------------------------------------------------

    def file(self) -> Doc:
        out: list[Doc] = []
        for i, statement in enumerate(self.module.statements):
            out += self._item(i > 0, lambda node=statement: self.statement(node))  # type: ignore[misc]
        behind, above, blank = self.lead()
        if above:
            above.pop()
        return [*out, *behind, *([Hard(blank)] if above and out else []), *above]

    def _item(
        self, follows: bool, build: Callable[[], Doc], gap: type[Line] | type[Hard] = Hard
    ) -> list[Doc]:
        behind, above, blank = self.lead()
        parted = [Hard(blank=blank) if gap is Hard else Line(blank=blank)] if follows else []
        return [*behind, *parted, *above, self.item(build)]

    def braces(self, items: Sequence[s.Node], build: Callable[[s.Node], Doc]) -> Doc:
        """`{ ... }`: on one line if it was written so and fits, else an item a line."""
        opened = self.tokens[self.at].start
        out: list[Doc] = [self.tok()]
        body: list[Doc] = []
        if items:
            behind, above, _ = self.lead()
            body += [*behind, Line(), *above, self.item(lambda: build(items[0]))]
        for item in items[1:]:
            body += self._item(True, lambda node=item: build(node), Line)  # type: ignore[misc]
        behind, above, blank = self.lead()
        if above:
            above.pop()
            body += [*behind, Line(blank=blank and bool(items)), *above]
        else:
            body += behind
        closing = self.next()
        one_line = closing is not None and "\n" not in self.text[opened : closing.start]
        tail: Doc = Line() if items or body else []
        return Group([*out, Nest(INDENT, body), tail, self.tok()], broken=bool(body) and not one_line)

    def block(self, block: s.Block) -> Doc:
        return self.braces(block.items, self._block_item)

    def _block_item(self, item: s.Node) -> Doc:
        if isinstance(item, s.Layer):
            return [self.tok(), " ", self.tok(), " ", self.block(item.block), self.drop(";")]
        assert isinstance(item, s.Field)
        head = [*self.toks(2), " "]
        if isinstance(item.value, (s.Construct, s.Record)) and item.origin is None:
            return [*head, self.expr(item.value), self.drop(";")]
        return Group([*head, self.expr(item.value), self.origin(item.origin), self.end()])

    def end(self) -> Doc:
        """The `;` of an item, put there if it was left out."""
        return self.tok() if self.is_next(";") else ";"

    def origin(self, node: s.Origin | None) -> Doc:
        if node is None:
            return []
        out: list[Doc] = [*self.line(), self.tok()]
        if node.text is not None:
            out += [" ", self.tok()]
        return Nest(GO_ON, out)

    # --- statements --------------------------------------------------------------------------------------------------

    def statement(self, node: s.Statement) -> Doc:
        if isinstance(node, s.Param):
            head = [self.tok(), " ", *self.toks(2), " ", self.type(node.type), " ", self.tok(), " "]
            out = [*head, self.expr(node.default)]
            more: list[Doc] = []
            for clause in node.clauses:
                more += [*self.line(), self.clause(clause)]
            return Group([*out, Nest(GO_ON, more), self.origin(node.origin), self.tok()])
        if isinstance(node, s.Let):
            out = [self.tok(), " ", self.tok()]
            if node.type is not None:
                out += [self.tok(), " ", self.type(node.type)]
            out += [" ", self.tok(), " "]
            if isinstance(node.value, (s.Construct, s.Record)) and node.origin is None:
                return [*out, self.expr(node.value), self.drop(";")]
            return Group([*out, self.expr(node.value), self.origin(node.origin), self.tok()])
        if isinstance(node, s.Fn):
            out = [self.tok(), " ", self.tok()]
            out.append(self.listed(node.params, self.fn_param, trailing=False))
            out += [" ", self.tok(), " ", self.type(node.result), " ", self.tok(), " "]
            if isinstance(node.body, (s.Construct, s.Record)):
                return [*out, self.expr(node.body), self.drop(";")]
            return Group([*out, self.expr(node.body), self.tok()])
        if isinstance(node, s.Decl):
            out = [self.tok(), " ", self.tok(), " ", self.tok(), " ", self.expr(node.value)]
            braced = isinstance(node.value, (s.Construct, s.Record))
            return [*out, self.drop(";")] if braced else Group([*out, self.end()])
        if isinstance(node, s.Region):
            out = [
                self.tok(),
                " ",
                self.tok(),
                " ",
                self.tok(),
                " ",
                self.expr(node.part),
                " ",
                self.tok(),
                " ",
            ]
            return [Group([*out, self.expr(node.where), " "]), self.block(node.block), self.drop(";")]
        if isinstance(node, s.Preset):
            return [self.tok(), " ", self.tok(), " ", self.block(node.block), self.drop(";")]
        if isinstance(node, s.Print | s.Pattern):
            made = node.part if isinstance(node, s.Print) else node.mask
            out = [self.tok(), " ", self.expr(made)]
            if node.block is None:
                return [*out, self.end()]
            return [*out, " ", self.block(node.block), self.drop(";")]
        if isinstance(node, s.Assert):
            return self.assertion(node)
        if isinstance(node, s.Check):
            out = [self.tok(), " ", *([self.tok(), " "] if node.name is not None else [])]
            return [*out, self.braces(node.asserts, self.assertion), self.drop(";")]
        if isinstance(node, s.Test):
            out = [self.tok(), " ", self.tok(), " "]
            if node.overrides is not None:
                out += [self.tok(), " ", self.block(node.overrides), " "]
            return [*out, self.braces(node.items, self.assertion), self.drop(";")]
        return self.plain(node.end)

    def plain(self, until: int) -> Doc:
        """A statement of a few words: `use`, `wp`, `allow`, `state`, `compensate`."""
        out: list[Doc] = [self.tok()]
        while (token := self.next()) is not None and token.end <= until:
            out += [self.tok()] if token.text == ";" else [" ", self.tok()]
        return out

    def clause(self, node: s.Within | s.Step | s.Choices | s.Text) -> Doc:
        if isinstance(node, s.Text):
            return self.tok()
        if isinstance(node, s.Within):
            return [self.tok(), " ", self.expr(node.low), self.tok(), self.expr(node.high)]
        return [self.tok(), " ", self.expr(node.value if isinstance(node, s.Step) else node.items)]

    def assertion(self, node: s.Node) -> Doc:
        if isinstance(node, s.Expect):
            return [
                self.tok(),
                " ",
                self.tok(),
                *([" ", self.tok()] if node.match is not None else []),
                self.end(),
            ]
        assert isinstance(node, s.Assert)
        out = [self.tok(), " ", self.expr(node.cond)]
        if node.message is not None:
            out += [self.tok(), Nest(GO_ON, [*self.line(), self.expr(node.message)])]
        return Group([*out, self.end()])

    def type(self, node: s.TypeExpr) -> Doc:
        return (
            self.tok() if isinstance(node, s.TypeName) else self.listed(node.items, self.type, trailing=False)
        )

    def fn_param(self, node: s.FnParam) -> Doc:
        return [*self.toks(2), " ", self.type(node.type)]

    # --- expressions -------------------------------------------------------------------------------------------------

    def listed(self, items: Sequence, build: Callable[..., Doc], trailing: bool = True) -> Doc:  # type: ignore[type-arg]
        """`[a, b]` or `(a, b)`: on one line if it fits and the author did not open it, else an item a line."""
        opening = self.tokens[self.at]
        first = self.tokens[self.at + 1].start
        out: list[Doc] = [self.tok()]
        body: list[Doc] = []
        for i, item in enumerate(items):
            behind, above, blank = self.lead()
            body += [*behind, Line(" " if i else "", blank and i > 0), *above]
            body.append(self.item(lambda node=item: build(node)))  # type: ignore[misc]
            if i + 1 < len(items):
                body.append(self.tok())
        if items and trailing:
            body += [IfBroken(","), self.drop(",")]
        behind, above, blank = self.lead()
        if above:
            above.pop()
            body += [*behind, Line("", blank and bool(items)), *above]
        else:
            body += behind
        opened = bool(items) and "\n" in self.text[opening.end : first]
        return Group(
            [*out, Nest(INDENT, body), Line("") if body else [], self.tok()], broken=opened or bool(above)
        )

    def expr(self, node: s.Expr) -> Doc:
        if isinstance(node, (s.Number, s.Text, s.Truth, s.Var, s.Missing)):
            return self.tok()
        if isinstance(node, s.Member):
            return [self.expr(node.base), *self.toks(2)]
        if isinstance(node, s.Binary):
            return self.chain(node)
        if isinstance(node, s.Compare):
            out: list[Doc] = [self.expr(node.operands[0])]
            for operand in node.operands[1:]:
                out += [Nest(GO_ON, [*self.line(), self.tok(), " ", self.expr(operand)])]
            return Group(out)
        if isinstance(node, s.Unary):
            return [self.tok(), *([" "] if node.op == "not" else []), self.expr(node.operand)]
        if isinstance(node, s.Group):
            out = [self.tok(), Nest(INDENT, [*self.line(""), self.expr(node.inner)]), *self.line("")]
            return Group([*out, self.tok()])
        if isinstance(node, s.ListExpr):
            return self.listed(node.items, self.expr)
        if isinstance(node, s.Call):
            return [self.expr(node.callee), self.listed(node.args, self.arg)]
        if isinstance(node, s.Index):
            base = self.expr(node.base)
            # `4[0]` would be read as a number with a unit.
            last = self.tokens[self.at - 1]
            apart = [" "] if last.type == "NUMBER" and last.text[-1].isdigit() else []
            out = [
                base,
                *apart,
                self.tok(),
                Nest(INDENT, [*self.line(""), self.expr(node.index)]),
                *self.line(""),
            ]
            return Group([*out, self.tok()])
        if isinstance(node, s.If):
            return self.if_(node)
        if isinstance(node, s.Comprehension):
            opening = self.tok()
            body: list[Doc] = []
            for i, clause in enumerate(node.clauses):
                body += [*self.line(" " if i else ""), self.for_(clause)]
            body += [self.tok(), *self.line(), self.expr(node.value)]
            return Group([opening, Nest(INDENT, body), *self.line(""), self.tok()])
        if isinstance(node, s.Construct):
            return [self.expr(node.head), " ", self.block(node.block)]
        if isinstance(node, s.Curve):
            out = [self.expr(node.head), *self.toks(2), " ", self.tok(), " "]
            out += [self.expr(node.low), self.tok(), self.expr(node.high), self.tok()]
            return Group(
                [*out, Nest(INDENT, [*self.line(), self.expr(node.value)]), *self.line(""), self.tok()]
            )
        assert isinstance(node, s.Record), type(node).__name__
        return self.block(node.block)

    def chain(self, node: s.Binary) -> Doc:
        """Operators of one rank in a row, broken all or none, each at the head of its line."""
        if node.op == "^":
            return [self.expr(node.left), self.tok(), self.expr(node.right)]
        links = [node]
        while isinstance(left := links[-1].left, s.Binary) and _RANK[left.op] == _RANK[node.op]:
            links.append(left)
        out: list[Doc] = [self.expr(links[-1].left)]
        out += [
            Nest(GO_ON, [*self.line(), self.tok(), " ", self.expr(link.right)]) for link in reversed(links)
        ]
        return Group(out)

    def if_(self, node: s.If) -> Doc:
        out: list[Doc] = []
        at: s.Expr = node
        while isinstance(at, s.If):
            out += [self.tok(), " ", self.expr(at.cond), *self.line(), self.tok(), " ", self.expr(at.then)]
            out += [*self.line(), self.tok(), " "]
            at = at.other
        return Group(Nest(GO_ON, [*out, self.expr(at)]))

    def for_(self, node: s.For) -> Doc:
        out = [self.tok(), " ", self.tok(), " ", self.tok(), " ", self.expr(node.low)]
        if node.high is not None:
            out += [self.tok(), self.expr(node.high)]
        if node.where is not None:
            out += [" ", self.tok(), " ", self.expr(node.where)]
        return out

    def arg(self, node: s.Arg) -> Doc:
        if node.name is None:
            return self.expr(node.value)
        return [self.expr(node.name), self.tok(), " ", self.expr(node.value)]


_RANK = {"or": 0, "and": 1, "+": 2, "-": 2, "*": 3, "/": 3, "mod": 3, "^": 4}
