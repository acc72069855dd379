"""Programs by chance: whatever the text, the language answers in time, in words, and with a place; what is sound is laid out."""

import random
import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import pytest
from wetprint.kernel.codes import CODES as OF_KERNEL
from wetprint.kernel.diagnostics import Diagnostic, Severity, Source
from wetprint.lang.codes import CODES
from wetprint.lang.fix import fix_source
from wetprint.lang.format import formatted, same_tree, style
from wetprint.lang.load import load
from wetprint.lang.parser import parse
from wetprint.lang.render import to_json, to_terminal

KNOWN = {c.code for c in (*CODES, *OF_KERNEL)}
#: Wall time that one program may take, on a machine that does other things too.
LIMIT_S = 10
SAMPLE = 110
SOAK = 10_000


@pytest.fixture(scope="module")
def designs(root: Path) -> list[str]:
    paths = [*sorted(root.glob("examples/*.wp")), *sorted(root.glob("lang/library/*.wp"))]
    return [p.read_text(encoding="utf-8") for p in paths]


@contextmanager
def in_time(what: str) -> Iterator[None]:
    def late(_signal: int, _frame: object) -> None:
        raise TimeoutError(what)

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, LIMIT_S)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def sound_spans(found: tuple[Diagnostic, ...] | list[Diagnostic]) -> None:
    for d in found:
        assert d.code in KNOWN, f"{d.code} is not registered: {d.message}"
        assert d.message.strip()
        spans = [d.primary, *(r.span for r in d.related), *(e.span for f in d.fixes for e in f.edits)]
        for span in spans:
            if span is not None:
                assert 0 <= span.start <= span.end <= len(span.source.text), d


def answers(text: str) -> bool:
    """Loads a program and holds the answer against the contract; whether it was accepted."""
    with in_time(text):
        loaded = load("fuzz.wp", text=text)
        errors = [d for d in loaded.diagnostics if d.severity is Severity.ERROR]
        sound_spans(loaded.diagnostics)
        assert (loaded.scene is None) == bool(errors)
        if errors:
            assert any(d.primary is not None and d.primary.source.name == "fuzz.wp" for d in errors), errors
            assert (
                to_terminal(loaded.diagnostics, width=80).isascii()
                or to_terminal(loaded.diagnostics).encode()
            )
            to_json(loaded.diagnostics)
    return not errors


def laid_out(text: str) -> bool:
    """Formats a program, if it parses: what it says stays, and a second run changes nothing."""
    source = Source("fuzz.wp", text)
    with in_time(text):
        module, said = parse(source)
        sound_spans(said)
        if said:
            assert formatted(source)[0] == text
            return False
        out = style(source, module)
        again = Source("fuzz.wp", out)
        module_again, said_again = parse(again)
        assert said_again == []
        assert same_tree(module, module_again)
        assert comment_words(module) == comment_words(module_again)
        assert style(again, module_again) == out
        assert formatted(source)[0] == out
    return True


def comment_words(module: object) -> list[str]:
    return sorted(word for c in module.comments for word in c.text.split())  # type: ignore[attr-defined]


def seeds(start: int, count: int) -> list[random.Random]:
    return [random.Random(f"wetprint {i}") for i in range(start, start + count)]


def run(kinds: ModuleType, designs: list[str], start: int, count: int, kind: str) -> tuple[int, int]:
    parsed = accepted = 0
    for i, rng in enumerate(seeds(start, count)):
        if kind == "grammatical":
            text = kinds.grammatical(rng)
        elif kind == "sensible":
            text = kinds.sensible(rng)
        elif kind == "patterned":
            text = kinds.patterned(rng)
        else:
            text = kinds.spoilt(rng, rng.choice([*designs, kinds.grammatical(rng), kinds.sensible(rng)]))
        try:
            accepted += answers(text)
            parsed += laid_out(text)
        except BaseException as e:
            e.add_note(f"{kind} program {start + i}:\n{text[:3000]}")
            raise
    return parsed, accepted


def test_grammatical_programs(programs: ModuleType, designs: list[str]) -> None:
    parsed, _ = run(programs, designs, 0, SAMPLE, "grammatical")
    assert parsed == SAMPLE


def test_sensible_programs(programs: ModuleType, designs: list[str]) -> None:
    parsed, accepted = run(programs, designs, 0, SAMPLE, "sensible")
    assert parsed > 0.9 * SAMPLE
    assert accepted > 0


def test_programs_of_films(programs: ModuleType, designs: list[str]) -> None:
    parsed, accepted = run(programs, designs, 0, SAMPLE // 2, "patterned")
    assert parsed == SAMPLE // 2
    assert accepted > SAMPLE / 20


def test_spoilt_programs(programs: ModuleType, designs: list[str]) -> None:
    parsed, _ = run(programs, designs, 0, SAMPLE, "spoilt")
    assert 0 < parsed < SAMPLE


def test_mending_ends(programs: ModuleType, designs: list[str]) -> None:
    for rng in seeds(0, 25):
        source = Source("fuzz.wp", programs.spoilt(rng, rng.choice(designs)))
        with in_time(source.text):
            before = parse(source)[1]
            fixed = fix_source(source, lambda s: parse(s)[1])
            assert len(fixed.diagnostics) <= len(before)


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["grammatical", "sensible", "patterned", "spoilt"])
def test_campaign(programs: ModuleType, designs: list[str], kind: str) -> None:
    """10,000 made and 10,000 spoilt programs (the made ones half from the grammar, half from the constructs)."""
    count = SOAK if kind == "spoilt" else SOAK // 2
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began = time.monotonic()
    for start in range(SAMPLE, SAMPLE + count, 500):
        run(programs, designs, start, 500, kind)
    grown = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024
    print(f"{kind}: {count} programs in {time.monotonic() - began:.0f} s, {grown:.0f} MiB more at the peak")
    assert grown < 600
