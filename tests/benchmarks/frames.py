"""How long Python takes to draw one frame of every live figure: the median over all its controls' ends and middles."""
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))
from live_figures import MAKERS, ends_and_middle


def frame_times(figure, rounds=7):
    """Milliseconds of each frame while one control after the other moves."""
    times = []
    for _ in range(rounds):
        for name, control in figure.controls.items():
            for value in ends_and_middle(control):
                began = time.perf_counter()
                figure.frame(**figure.values | {name: value})
                times.append((time.perf_counter() - began) * 1e3)
    return times


if __name__ == "__main__":
    print(f"{'live figure':<20} {'median':>9} {'slowest of 20':>15}   (ms a frame, Python's part)")
    for name, make in MAKERS.items():
        times = frame_times(make())
        print(f"{name:<20} {statistics.median(times):>9.1f} {statistics.quantiles(times, n=20)[-1]:>15.1f}")
