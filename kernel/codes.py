"""Codes of geometry errors (E4xx) and design rules (W2xx), each with the explanation that `wp explain` tells."""

from __future__ import annotations

from .diagnostics import Code

CODES: tuple[Code, ...] = ()
