"""The table of how long live figures take from key to picture, and of how much of that is spent where."""
import os
import platform
import statistics

import numpy as np
from live_figures import MAKERS, parts

MEDIAN, SLOWEST = 60, 120  # milliseconds that are wanted, at most

HEAD = """# Live figures in the browser

Made by `make bench`: milliseconds from a key or a click on a slider to the new picture on the page, in JupyterLab in headless
Chromium; {cores} cores, {machine}. Wanted: a median below {median} and 95 of 100 below {slowest}. Of the median, in time of
the processor and without a browser: computing numbers, drawing what changed, and packing it. The rest is the page, the socket,
and what all of them lose by running at the same time.

| lesson | figure | moves | median | 95 of 100 below | as wanted | numbers | drawing | packing | rest |
|---|---|---|---|---|---|---|---|---|---|
"""


def table(latencies):
    """`latencies` {(lesson, figure): milliseconds of every move}, as a table in Markdown."""
    lines = [HEAD.format(cores=os.cpu_count(), machine=platform.machine(), median=MEDIAN, slowest=SLOWEST)]
    for (lesson, figure), times in latencies.items():
        median, slowest = statistics.median(times), statistics.quantiles(times, n=20)[-1]
        wanted = "yes" if median < MEDIAN and slowest < SLOWEST else "no"
        alone = np.median(parts(MAKERS[figure]())[:, :3], axis=0)
        spent = " | ".join(f"{share:.0f}" for share in (*alone, max(0, median - alone.sum())))
        lines.append(f"| {lesson[:2]} | {figure} | {len(times)} | {median:.0f} | {slowest:.0f} | {wanted} | {spent} |\n")
    return "".join(lines)
