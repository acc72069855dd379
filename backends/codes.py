"""Codes of rigs (R5xx), prints (M6xx) and files (X7xx), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from ..kernel.diagnostics import Code

CODES: tuple[Code, ...] = ()
