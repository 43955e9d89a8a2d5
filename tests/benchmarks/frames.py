"""What one frame of every live figure takes of the processor in Python, in milliseconds, dearest first, and the kB to send."""
import sys
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from live_figures import MAKERS, parts

if __name__ == "__main__":
    rows = {}
    for name, make in MAKERS.items():
        took = parts(make())
        frames = took[:, :3].sum(axis=1)
        rows[name] = np.median(frames), np.quantile(frames, 0.95), *np.median(took, axis=0)
    print(f"{'live figure':<20}" + "".join(f"{head:>16}" for head in ("frame, median", "95 of 100", "numbers", "drawing", "packing", "kB")))
    for name, row in sorted(rows.items(), key=lambda of: of[1], reverse=True):
        print(f"{name:<20}" + "".join(f"{value:>16.1f}" for value in row))
