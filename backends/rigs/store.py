"""Where rigs are found: beside the design, in the user's config folder, and the ones that come with the tool."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path

from ...kernel.diagnostics import Diagnostic, WetprintError, error
from ...kernel.rig import ANALOG, Rig
from ...kernel.rig_file import parse_rig

BUILT_IN = Path(__file__).parent


def user_folder() -> Path:
    """Folder of the user's own rigs."""
    from platformdirs import user_config_path

    return user_config_path("wetprint") / "rigs"


def _folders(search: Iterable[Path]) -> list[tuple[Path, str]]:
    """Folders in the order they are searched. A search folder holds rigs itself or in its `rigs` folder."""
    near = [(folder / sub, "beside the design") for folder in search for sub in ("rigs", ".")]
    return [*near, (user_folder(), "yours"), (BUILT_IN, "built in")]


def _known(search: Iterable[Path]) -> dict[str, tuple[Path, str]]:
    found: dict[str, tuple[Path, str]] = {}
    for folder, place in _folders(search):
        # A folder of designs may hold other TOML files: only those in a folder called `rigs` are rigs for sure.
        if folder.name == "rigs" and folder.is_dir():
            for path in sorted(folder.glob("*.toml")):
                found.setdefault(path.stem, (path, place))
    return found


def list_rigs(search: Iterable[Path] = ()) -> list[dict[str, str]]:
    """Every rig that can be had by name, sorted: its name, doc, path and place (beside the design, yours, built in). A nearer
    one hides another of its name; one that cannot be read says why in its doc."""
    entries = []
    for name, (path, place) in sorted(_known(search).items()):
        try:
            doc = _read(path).doc
        except WetprintError as e:
            doc = f"cannot be used: {e.diagnostics[0].message}"
        entries.append({"name": name, "doc": doc, "path": str(path), "place": place})
    return entries


def find_rig(name: str, search: Iterable[Path] = ()) -> Path:
    """Path of the rig called `name`, or of the file that it names. Raises WetprintError (R505)."""
    search = list(search)
    if name.endswith(".toml") or "/" in name:
        path = Path(name).expanduser()
        for folder in [Path(), *search]:
            if (folder / path).is_file():
                return folder / path
        raise WetprintError(error("R505", f"there is no rig file {name}"))
    if "." in name:
        raise WetprintError(
            error(
                "R505",
                f"`{name}` names no rig; a name such as `sim`, or a file that ends in .toml, was expected",
            )
        )
    for folder, _ in _folders(search):
        path = folder / f"{name}.toml"
        if path.is_file():
            return path
    known = sorted(_known(search))
    close = get_close_matches(name, known, 1, 0.6)
    raise WetprintError(
        error(
            "R505",
            f"there is no rig `{name}`" + (f"; did you mean `{close[0]}`?" if close else ""),
            notes=(
                f"rigs at hand: {', '.join(known)}",
                f"your own goes to rigs/{name}.toml beside the design, or to {user_folder()}",
            ),
        )
    )


def load_rig(name: str, search: Iterable[Path] = ()) -> Rig:
    """The rig called `name`: `rigs/NAME.toml` in a folder of `search`, then the user's, then the built-in ones; or a path
    to a rig file. Raises WetprintError (R501 ... R506)."""
    return _read(find_rig(name, search))


def _read(path: Path) -> Rig:
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as e:
        reason = e.strerror if isinstance(e, OSError) else "it is not UTF-8 text"
        raise WetprintError(error("R505", f"{path} cannot be read: {reason}")) from None
    rig = parse_rig(text, path.stem, str(path))
    wrong = [*_dialect(rig, path), *_transports(rig, path)]
    if wrong:
        raise WetprintError(*wrong)
    return rig


def _dialect(rig: Rig, path: Path) -> list[Diagnostic]:
    from ..dialects import DIALECTS

    name = rig.controller.dialect
    if name in DIALECTS:
        return []
    near = DIALECTS.nearest(name)
    meant = f"; did you mean `{near}`?" if near else ""
    known = ", ".join(DIALECTS.names())
    return [error("R503", f"{path}: `controller.dialect` is `{name}`; expected one of {known}{meant}")]


def _transports(rig: Rig, path: Path) -> list[Diagnostic]:
    """Addresses whose kind nobody knows; whether anything answers there is asked when it is used."""
    from ..transports import TRANSPORTS

    known = [f"{kind}:" for kind in ("emulated", *TRANSPORTS.names()) if kind != "descriptor"]
    places = {"controller.transport": rig.controller.transport}
    places |= {
        f"dispensers.{name}.transport": box.transport
        for name, box in rig.dispensers.items()
        if box.kind != ANALOG
    }
    return [
        error(
            "R503",
            f"{path}: `{key}` is `{url}`; expected an address that begins with one of {', '.join(known)}",
        )
        for key, url in places.items()
        if not any(url.startswith(kind) for kind in known)
    ]
