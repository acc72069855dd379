"""Ways to look at a part: one file each, one line here each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel.registry import Registry

if TYPE_CHECKING:
    from ..preview import Preview

PREVIEWS: Registry[Preview] = Registry(
    "previews",
    __name__,
    {
        "gif": ".gif:GIF",
        "html": ".html:HTML",
        "mp4": ".mp4:MP4",
        "png": ".png:PNG",
        "window": ".window:WINDOW",
    },
)
