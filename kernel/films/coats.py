"""Coats: a film from where it is spread to where it is developed, with all passes that expose it in between. No numpy."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from ..chemistry import Developer, Ligand, Stimulus
from ..film import Film
from ..process import patterns_of
from ..records import dataclass
from ..scene import Pattern, Print, Scene

#: Exposures that have a dose: energy per area of light, charge per area of electrons.
DosedBy = Literal["light", "electrons"]

NEGATIVE, POSITIVE = "negative", "positive"


@dataclass(frozen=True, slots=True)
class Coat:
    """One spreading of a film: its passes as (row of `scene.job`, pattern), in order. `developed`: the last one ends in a developer."""

    film: Film
    passes: tuple[tuple[int, Pattern], ...]

    @property
    def developed(self) -> bool:
        return self.passes[-1][1].develop

    @property
    def dosed_by(self) -> DosedBy | None:
        """By what dose all its passes expose it."""
        return dosed_by(p for _, p in self.passes)

    @property
    def last(self) -> tuple[int, Pattern]:
        return self.passes[-1]


def coats_of(scene: Scene) -> tuple[Coat, ...]:
    """All coats of a design, by the pass that ends them."""
    open_: dict[str, list[tuple[int, Pattern]]] = {}
    done: list[Coat] = []
    for row, pattern in patterns_of(scene):
        passes = open_.setdefault(pattern.film.name, [])
        passes.append((row, pattern))
        if pattern.develop:
            done.append(Coat(pattern.film, tuple(open_.pop(pattern.film.name))))
    done += [Coat(passes[-1][1].film, tuple(passes)) for passes in open_.values()]
    return tuple(sorted(done, key=lambda c: c.last[0]))


def stimulus_of(pattern: Pattern | Print) -> Stimulus | None:
    """What a pass, or a print with light, does the film with; None of a process that is not known to."""
    um = float(pattern.fields.get("wavelength") or 0.0)
    if pattern.process == "photopattern":
        return Stimulus("light", um)
    if pattern.process == "two_photon":
        return Stimulus("two-photon", um)
    kinds = {"ebeam": Stimulus("electrons"), "thermal_writing": Stimulus("heat")}
    return kinds.get(pattern.process)


def dosed_by(patterns: Iterable[Pattern]) -> DosedBy | None:
    """By what dose some passes expose their film: light or electrons; None where they mix both, or have no dose."""
    kinds = {_DOSED.get(p.process) for p in patterns}
    return kinds.pop() if len(kinds) == 1 else None


#: Processes that have a dose, and of what.
_DOSED: dict[str, DosedBy] = {"photopattern": "light", "ebeam": "electrons"}


def is_among(developer: Developer, words: tuple[str, ...]) -> bool:
    """Whether a list of developers, given by polarity or by name, has this one."""
    own = {developer.polarity.lower(), developer.liquid.lower(), developer.name.lower()}
    return any(w.lower() in own for w in words)


def tone_in(ligand: Ligand, developer: Developer | None) -> str:
    """Tone that a developer gives, "" where nobody says."""
    return _tone_by(ligand, developer) or ligand.tone


def _tone_by(ligand: Ligand, developer: Developer | None) -> str:
    """Tone that hangs on the developer, "" where it does not or nobody says."""
    if developer is not None:
        # A name says more than a polarity: N-methylformamide takes what other polar liquids may leave.
        named = Developer("", developer.liquid, "")
        for one in (named, developer):
            if is_among(one, ligand.removes_exposed_in):
                return POSITIVE
            if is_among(one, ligand.keeps_exposed_in):
                return NEGATIVE
    return ""


def tone_of(pattern: Pattern) -> tuple[str, str]:
    """Tone of a pattern, and where it comes from: the developer, the design, the mechanism, or an assumption."""
    by_developer = _tone_by(pattern.film.ligand, pattern.developer)
    if by_developer and pattern.developer is not None:
        return by_developer, f"developed in {pattern.developer.liquid}"
    if pattern.film.ligand.tone:
        return pattern.film.ligand.tone, "its ligand"
    said = str(pattern.fields.get("tone") or "")
    if said:
        return said, "the design"
    if pattern.film.ligand.mechanism == "cross-linking":
        return NEGATIVE, "cross-linking keeps what it joins"
    return NEGATIVE, "assumed: nobody says the tone"
