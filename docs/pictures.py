"""Draws the pictures of the tutorial: each design that a picture follows, in the state that the picture's words begin with."""

import io
import re
from pathlib import Path

import wetprint as wp
from PIL import Image

HERE = Path(__file__).parent
SHOWN = re.compile(r"```wp\n(.*?)```\n\n!\[(\w+): [^\]]*\]\((pictures/\w+\.png)\)", re.DOTALL)


def main() -> None:
    for text, word, name in SHOWN.findall((HERE / "tutorial.md").read_text(encoding="utf-8")):
        state = word.lower()
        picture = wp.loads(text).plot(state, size=(1200, 600) if state == "both" else (900, 675))
        # 128 colours are enough for a page, and a quarter of the bytes.
        image = Image.open(io.BytesIO(picture.data)).convert("RGB").quantize(128, dither=Image.Dither.NONE)
        (HERE / name).parent.mkdir(exist_ok=True)
        image.save(HERE / name, optimize=True)
        print(f"picture: docs/{name}")


if __name__ == "__main__":
    main()
