"""Forms of the process sheet: one file each, one line here each."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...kernel.registry import Registry

if TYPE_CHECKING:
    from ..report import Form

REPORTS: Registry[Form] = Registry(
    "reports",
    __name__,
    {
        "html": ".html:HTML",
        "md": ".markdown:MARKDOWN",
    },
)
