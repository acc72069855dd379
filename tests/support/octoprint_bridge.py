"""OctoPrint's virtual printer on a pseudo-terminal: octoprint_bridge.py FOLDER SETTINGS, run by the Python that has OctoPrint.

OctoPrint is AGPL: nothing of ours imports it, and this script imports nothing of ours. SETTINGS is JSON that changes the plugin's own
defaults; its key `eeprom` changes what the printer's memory holds. Prints the terminal's name, then every command in the order in which the printer carries it out.
"""

import json
import logging
import os
import pty
import re
import sys
import threading
import tty
from pathlib import Path

logging.disable(logging.CRITICAL)

from octoprint.plugins import virtual_printer  # noqa: E402
from octoprint.plugins.virtual_printer import virtual  # noqa: E402


class Settings:
    """What the plugin asks of OctoPrint's settings, without a server."""

    def __init__(self, folder, changes):
        self._folder = folder
        self._values = {**virtual_printer.VirtualPrinterPlugin().get_settings_defaults(), **changes}

    def get(self, path, **_):
        value = self._values
        for name in path:
            value = value[name]
        return value

    def get_int(self, path):
        return int(self.get(path))

    def get_float(self, path):
        return float(self.get(path))

    def get_boolean(self, path):
        return bool(self.get(path))

    def global_get_basefolder(self, name):
        return self._folder


class NoPlugins:
    def get_hooks(self, _):
        return {}


class Heard:
    """In place of the pattern of commands: it is asked once for every command that is carried out."""

    pattern = virtual.VirtualPrinter.command_regex

    def match(self, text):
        print(text, flush=True)
        return self.pattern.match(text)


def main():
    folder, changes = Path(sys.argv[1]), json.loads(sys.argv[2])
    kept = virtual.VirtualEEPROM.get_default_settings()
    for name, params in changes.pop("eeprom", {}).items():
        kept[name]["params"].update(params)
    (folder / "eeprom.json").write_text(json.dumps(kept))
    virtual.plugin_manager = NoPlugins
    virtual.VirtualPrinter.command_regex = Heard()
    main_end, far_end = pty.openpty()
    tty.setraw(far_end)
    print(os.ttyname(far_end), flush=True)
    printer = virtual.VirtualPrinter(Settings(str(folder), changes), None, str(folder), read_timeout=0.2)

    def answers():
        while True:
            line = printer.readline()
            if line:
                os.write(main_end, line.rstrip(b"\n") + b"\n")

    threading.Thread(target=answers, daemon=True).start()
    rest = b""
    while True:
        try:
            rest += os.read(main_end, 4096)
        except OSError:
            os._exit(0)
        *lines, rest = re.split(rb"(?<=\n)", rest)
        for line in lines:
            if line:
                printer.write(line)


if __name__ == "__main__":
    main()
