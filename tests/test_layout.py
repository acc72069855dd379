"""The repository's own rules: packages listed, registers loadable, documents true."""

import importlib
import re
import subprocess
import sys
import tomllib
from pathlib import Path

from wetprint.kernel.registry import Registry

ROOMS = ("lang", "kernel", "backends")


def packages_on_disk(root: Path) -> set[str]:
    found = {"wetprint"}
    for room in ROOMS:
        for init in (root / room).rglob("__init__.py"):
            found.add("wetprint." + ".".join(init.parent.relative_to(root).parts))
    return found


def modules(root: Path) -> list[str]:
    return [
        "wetprint." + ".".join(p.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
        for room in ROOMS
        for p in sorted((root / room).rglob("*.py"))
    ]


def test_every_folder_of_code_is_listed_as_a_package(root: Path) -> None:
    listed = tomllib.loads((root / "pyproject.toml").read_text())["tool"]["setuptools"]["packages"]
    assert set(listed) == packages_on_disk(root)


def test_rooms_are_at_most_one_folder_deep(root: Path) -> None:
    assert all(name.count(".") <= 2 for name in packages_on_disk(root))


def test_no_other_module_at_the_root(root: Path) -> None:
    assert sorted(p.name for p in root.glob("*.py")) == ["__init__.py", "cli.py"]


def test_every_register_loads_every_member(root: Path) -> None:
    seen = 0
    for name in modules(root):
        if (root / Path(*name.split(".")[1:])).is_dir():
            for value in list(vars(importlib.import_module(name)).values()):
                if isinstance(value, Registry):
                    for member in value:
                        assert value[member] is not None
                        seen += 1
    assert seen > 0


def test_specs_load_without_numpy(root: Path) -> None:
    """What the language reads of the kernel's families must stay light."""
    code = (
        "import sys\n"
        "from wetprint.kernel.lattices import LATTICES\n"
        "from wetprint.kernel.solids import SOLIDS\n"
        "[family[n].construct for family in (LATTICES, SOLIDS) for n in family]\n"
        "heavy = {'numpy', 'scipy', 'shapely', 'pyvista', 'vtkmodules', 'trimesh'} & set(sys.modules)\n"
        "sys.exit(f'loaded {sorted(heavy)}' if heavy else 0)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_files_stay_small(root: Path) -> None:
    long = {
        name: lines
        for room in ROOMS
        for p in (root / room).rglob("*.py")
        if (lines := p.read_text().count("\n")) > 480 and (name := str(p.relative_to(root)))
    }
    assert not long


def test_every_file_says_what_it_is_for(root: Path) -> None:
    for room in ROOMS:
        for p in (root / room).rglob("*.py"):
            assert p.read_text().startswith('"""'), p


def test_codes_are_unique_and_told_in_full() -> None:
    from wetprint.backends.codes import CODES as BACKENDS
    from wetprint.kernel.codes import CODES as KERNEL
    from wetprint.lang.codes import CODES as LANG

    codes = [*LANG, *KERNEL, *BACKENDS]
    assert len({c.code for c in codes}) == len(codes)
    for c in codes:
        assert re.fullmatch(r"[EWRMX]\d{3}", c.code), c.code
        assert c.title and len(c.text.split()) >= 6, c.code


def test_every_code_that_is_raised_is_registered(root: Path) -> None:
    from wetprint.backends.codes import CODES as BACKENDS
    from wetprint.kernel.codes import CODES as KERNEL
    from wetprint.lang.codes import CODES as LANG

    known = {c.code for c in (*LANG, *KERNEL, *BACKENDS)}
    used: dict[str, str] = {}
    for p in [*(q for room in ROOMS for q in (root / room).rglob("*.py")), root / "cli.py"]:
        for code in re.findall(r'\w\(\s*"([EWRMX]\d{3})",', p.read_text()):
            used.setdefault(code, str(p.relative_to(root)))
    assert {c: where for c, where in used.items() if c not in known} == {}


def test_links_in_documents_lead_somewhere(root: Path) -> None:
    for page in [root / "README.md", *(root / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.relative_to(root)} -> {target}"


def test_files_that_documents_name_are_there(root: Path) -> None:
    """A path such as `kernel/scene.py` in a page leads to a file or folder of ours; NAME stands for any."""
    rooms = "|".join((*ROOMS, "examples", "tests", "bench", "docs", "editors"))
    for page in [root / "README.md", *(root / "docs").rglob("*.md"), root / "editors" / "README.md"]:
        for name in re.findall(rf"`((?:{rooms})/[\w./-]+)`", page.read_text(encoding="utf-8")):
            if "NAME" not in name:
                assert (root / name).exists(), f"{page.relative_to(root)}: {name}"


def test_the_repository_stands_alone(root: Path) -> None:
    """No path of one machine and no package host in what is committed."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=root, capture_output=True, check=False)
    if listed.returncode:
        return  # an unpacked archive without history
    forbidden = re.compile(rb"/wo" rb"rk/|/ro" rb"ot/|\.\./sha" rb"red|files\.pythonhosted|/home/[a-z]+/")
    for name in listed.stdout.decode().split("\0"):
        p = root / name
        if name and p.is_file() and not p.is_symlink() and p.suffix not in (".png", ".gif", ".stl"):
            assert not forbidden.search(p.read_bytes()), name
