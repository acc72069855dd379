"""The language server (`wp lsp`), as far as it can be without the optional extra `lsp`."""

from __future__ import annotations

import gc
from importlib.util import find_spec

from ..kernel.diagnostics import WetprintError, error
from .tables import tables


def serve() -> None:
    """Serves an editor on standard input and output until it says goodbye. Raises WetprintError where pygls is missing."""
    if find_spec("pygls") is None:
        raise WetprintError(
            error(
                "E007",
                "the language server needs pygls; `pip install 'wetprint[lsp]'` was expected before `wp lsp`",
            )
        )
    from .protocol import server

    tables()
    # What is loaded now stays; the server itself says when to look for garbage: not between an edit and its answer.
    gc.freeze()
    gc.disable()
    server.start_io()
