"""`make bench`: run every benchmark, one after another."""

import runpy
from pathlib import Path

SCRIPTS = sorted(
    path.stem
    for path in Path(__file__).parent.glob("*.py")
    if path.stem not in {"__init__", "__main__", "client", "tuning"}
    and not path.stem.startswith("calibrate")  # these fit what ships, and measure nothing
)

for name in SCRIPTS:
    print(f"## {name}", flush=True)
    runpy.run_module(f"benchmarks.{name}", run_name="__main__")
