"""Draws the gallery: every example, wet and dried, or once where it does not dry. `gallery.py NAME ...` draws some of them only."""

import subprocess
import sys
from pathlib import Path

from PIL import Image

HERE = Path(__file__).parent
WP = Path(sys.executable).with_name("wp")

#: From where an example shows best, where that is not the usual direction.
VIEWS = {
    "mesh_letters": "-70,50", "interdigitated": "-62,38", "curves_and_letters": "-75,55", "phase_element": "-76,50", "dose_matrix": "-80,58",
}  # fmt: skip


def dries(path: Path) -> bool:
    """Whether a design prints with ink and nothing else: films are patterned dry, and light writes no gel."""
    text = path.read_text(encoding="utf-8")
    return "\npattern " not in text and "process: two_photon" not in text


def main(names: list[str]) -> None:
    for path in sorted((HERE.parent / "examples").glob("*.wp")):
        if names and path.stem not in names:
            continue
        for state in ("wet", "dried") if dries(path) else ("dried",):
            name = f"{path.stem}_{state}.png" if dries(path) else f"{path.stem}.png"
            out = HERE / "pictures" / name
            view = VIEWS.get(path.stem, "axonometric")
            subprocess.run(
                [WP, "preview", path, "--state", state, f"--view={view}", "--size", "1000x750", "--png", out],
                check=True,
            )
            # 256 colours are enough for a page, and a quarter of the bytes.
            Image.open(out).convert("RGB").quantize(256, kmeans=3, dither=Image.Dither.NONE).save(
                out, optimize=True
            )


if __name__ == "__main__":
    main(sys.argv[1:])
