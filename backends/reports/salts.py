"""Molar masses of linker salts, from their formulas."""

from __future__ import annotations

import re

#: Standard atomic weights, abridged (IUPAC 2021), g/mol. Elements that linker salts are made of; a formula with another has no mass here.
WEIGHTS = {
    "H": 1.008, "Li": 6.94, "B": 10.81, "C": 12.011, "N": 14.007, "O": 15.999, "F": 18.998, "Na": 22.990, "Mg": 24.305,
    "Al": 26.982, "Si": 28.085, "P": 30.974, "S": 32.06, "Cl": 35.45, "K": 39.098, "Ca": 40.078, "Ti": 47.867, "V": 50.942,
    "Cr": 51.996, "Mn": 54.938, "Fe": 55.845, "Co": 58.933, "Ni": 58.693, "Cu": 63.546, "Zn": 65.38, "Ga": 69.723, "Br": 79.904,
    "Sr": 87.62, "Y": 88.906, "Zr": 91.224, "Mo": 95.95, "Ru": 101.07, "Rh": 102.91, "Pd": 106.42, "Ag": 107.87, "Cd": 112.41,
    "In": 114.82, "Sn": 118.71, "Sb": 121.76, "I": 126.90, "Ba": 137.33, "La": 138.91, "Ce": 140.12, "Pt": 195.08, "Au": 196.97,
    "Pb": 207.2, "Bi": 208.98,
}  # fmt: skip

_ATOM = re.compile(r"([A-Z][a-z]?)(\d*)|\(|\)(\d*)")


def atoms(formula: str) -> dict[str, int] | None:
    """Atoms in a formula such as FeCl2.4H2O (a dot or a middle dot before bound water); None where it cannot be read."""
    total: dict[str, int] = {}
    for part in re.split(r"[.\u00b7*]", formula.replace(" ", "")):
        lead = re.match(r"\d+", part)
        times = int(lead.group()) if lead else 1
        counted = _count(part[lead.end() :] if lead else part)
        if counted is None:
            return None
        for element, n in counted.items():
            total[element] = total.get(element, 0) + n * times
    return total


def _count(part: str) -> dict[str, int] | None:
    stack: list[dict[str, int]] = [{}]
    at = 0
    while at < len(part):
        found = _ATOM.match(part, at)
        if found is None:
            return None
        if found.group() == "(":
            stack.append({})
        elif found.group().startswith(")"):
            if len(stack) < 2:
                return None
            for element, n in stack.pop().items():
                stack[-1][element] = stack[-1].get(element, 0) + n * int(found.group(3) or 1)
        else:
            element = found.group(1)
            stack[-1][element] = stack[-1].get(element, 0) + int(found.group(2) or 1)
        at = found.end()
    return stack[0] if len(stack) == 1 and stack[0] else None


def molar_mass(formula: str) -> float | None:
    """g/mol; None for a formula that cannot be read or holds an element that is not in the table."""
    found = atoms(formula)
    if found is None or not set(found) <= set(WEIGHTS):
        return None
    return sum(WEIGHTS[element] * n for element, n in found.items())


def ions_per_formula(ion: str, formula: str) -> int | None:
    """How many ions, such as "Au3+", one formula unit of the salt brings; None where that cannot be told."""
    element = re.match(r"[A-Z][a-z]?(?![a-z])", ion)
    found = atoms(formula)
    if element is None or found is None or not re.fullmatch(r"[A-Z][a-z]?\d*\+*", ion):
        return None
    return found.get(element.group()) or None
