"""A print in a process of its own, for tests that kill it: print_child.py RIG RUNS SCALE CONTROLLER NAME=URL... ."""

import importlib.util
import sys
from dataclasses import replace
from pathlib import Path


def main() -> None:
    name, runs, scale, controller, *boxes = sys.argv[1:]
    spec = importlib.util.spec_from_file_location("prints", Path(__file__).with_name("prints.py"))
    assert spec is not None and spec.loader is not None
    prints = importlib.util.module_from_spec(spec)
    sys.modules["prints"] = prints
    spec.loader.exec_module(prints)
    machine = prints.rig(name, time_scale=float(scale))
    entries = dict(machine.dispensers)
    for text in boxes:
        box, _, url = text.partition("=")
        entries[box] = replace(entries[box], transport=url)
    live = replace(
        machine,
        controller=replace(machine.controller, transport=controller),
        dispensers=entries,
        simulated=True,
    )
    path = prints.toolpath(prints.long_lines(), live)
    print("ready", flush=True)
    result = prints.go(path, live, Path(runs))
    print(result.state.value, result.executed, flush=True)


if __name__ == "__main__":
    main()
