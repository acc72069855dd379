"""Draws the pictures of README and tutorial: each design that a picture follows, in the state that the picture's words begin with."""

import io
import re
from pathlib import Path

import wetprint as wp
from PIL import Image

HERE = Path(__file__).parent
SHOWN = re.compile(r"```wp\n(.*?)```\n\n!\[(\w+): [^\]]*\]\(([\w/]+\.png)\)", re.DOTALL)


def main() -> None:
    pages = (HERE.parent / "README.md", HERE / "tutorial.md")
    for page, (text, word, name) in [
        (p, m) for p in pages for m in SHOWN.findall(p.read_text(encoding="utf-8"))
    ]:
        state = word.lower()
        picture = wp.loads(text).plot(state, size=(1200, 600) if state == "both" else (900, 675))
        # 128 colours are enough for a page, and a quarter of the bytes.
        image = Image.open(io.BytesIO(picture.data)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
        path = page.parent / name
        path.parent.mkdir(exist_ok=True)
        image.save(path, optimize=True)
        print(f"picture: {path.relative_to(HERE.parent)}")


if __name__ == "__main__":
    main()
