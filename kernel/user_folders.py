"""Where this user's machine keeps what can be made anew: grammar tables, dried parts."""

from __future__ import annotations

import os
import sys
from pathlib import Path

#: `off` keeps nothing; a path keeps it there.
SWITCH = "WETPRINT_CACHE"


def cache_folder() -> Path | None:
    """The folder for caches (it may not be there yet), None where the user wants none. Safe to delete at any time."""
    said = os.environ.get(SWITCH, "")
    if said.lower() in ("off", "0", "no", "false"):
        return None
    if said:
        return Path(said).expanduser()
    platform: str = sys.platform
    if platform.startswith("linux"):
        # What platformdirs says, without the 4 ms that it takes to load.
        base = os.environ.get("XDG_CACHE_HOME", "")
        return Path(base if base.startswith("/") else "~/.cache").expanduser() / "wetprint"
    from platformdirs import user_cache_path

    return user_cache_path("wetprint", appauthor=False)
