"""Codes of the language (E0xx-E3xx), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from ..kernel.diagnostics import Code

CODES: tuple[Code, ...] = ()
