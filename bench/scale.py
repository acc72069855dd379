"""Ten million points: built, split into two regions and measured, in one process; prints figures as JSON.

usage: scale.py [LAYERS]   100 layers of 100 sine lines of 1,000 points (the default) are 10^7 points.
"""

import json
import resource
import sys
import time
from pathlib import Path

from wetprint.kernel.build import build
from wetprint.kernel.measure import bounding_box, sweep
from wetprint.lang.load import load

REGION = "region half in body where x > 10um { material: nc.gold; }\n"


def main(layers: int) -> dict[str, float]:
    text = (Path(__file__).parent / "designs" / "D7.wp").read_text(encoding="utf-8")
    text = text.replace("print body", REGION + "print body")
    loaded = load("scale.wp", text=text, sets={"layers": str(layers)})
    assert loaded.scene is not None, [d.message for d in loaded.diagnostics]
    before, began = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    jobs, _ = build(loaded.scene)
    built = time.process_time()
    part = jobs[0].filaments
    swept = sweep(part, "wet")
    bounding_box(part, "wet")
    done = time.process_time()
    s = part.state("wet")
    held = sum(a.nbytes for a in (s.points_um, s.width_um, s.height_um, part.offsets))
    held += sum(a.nbytes for a in (part.material, part.layer, part.origin))
    peak = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) * 1024
    by_ink = [float(swept.length_um[part.material == m].sum()) for m in range(len(part.inks))]
    return {
        "points": part.point_count,
        "filaments": len(part),
        "build_and_split_s": round(built - began, 3),
        "measure_s": round(done - built, 3),
        "output_mib": round(held / 2**20, 1),
        "peak_mib": round(peak / 2**20, 1),
        "peak_over_output": round(peak / held, 3),
        "length_um": float(swept.length_um.sum()),
        "length_of_inks_um": by_ink,
    }


if __name__ == "__main__":
    print(json.dumps(main(int(sys.argv[1]) if len(sys.argv) > 1 else 100)))
