#!/usr/bin/env bash
# matplotlib 3.11.2: a line of text takes over 2.5 times as long to draw as with 3.10.9.
#
# Since 3.11 text is laid out by a library for all scripts, and Agg's renderer then draws letter by letter: for each one it
# sets the font's size and transformation again, loads the letter's outline, renders it, and blends it into the picture.
# Until 3.10 a text was one picture, made and blended in one go. A title of 66 letters took 3 ms and takes 14 to 16, one of
# 6 letters 0.6 and 1.9, on a busy machine of two cores. For a picture in print that is nothing; for one that follows a
# slider, and draws little else than its title anew, it is much of the frame. Upstream knows, and has merged a change that
# draws runs of letters together (matplotlib/matplotlib, pull request 32120); it is not in 3.11.2.
# What to do until then: stay with 3.10 where frames count.
#
# Only the ratio of both, in turns on one machine, is looked at. Seen with numpy 2.4.6 under Python 3.11 on Linux x86_64.
# Some 60 MB are downloaded; it takes a minute. Fails if what it prints changes.
# To run it: bash findings/matplotlib_text_letter_by_letter.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/draw.py" <<'PY'
"""Milliseconds that matplotlib takes for drawing a new title of so many letters, of which none was drawn before; medians."""
import statistics
import time

import matplotlib

matplotlib.use("agg")
import matplotlib.pyplot as plt

fig = plt.figure(figsize=(10, 4), dpi=100)
title = fig.suptitle(" ", size=20)
fig.canvas.draw()
for letters in 6, 66:
    took = []
    for step in range(150):
        title.set_text((f"{step:03} step by step, its loss goes down and its gradient becomes small" * 2)[:letters])
        title.get_window_extent()  # laid out here, drawn below
        began = time.perf_counter()
        fig.draw_artist(title)
        took.append(1000 * (time.perf_counter() - began))
    print(statistics.median(took))
PY
cat > "$folder/compare.py" <<'PY'
import statistics
import subprocess
import sys

folder, *versions = sys.argv[1:]
rounds = {version: [] for version in versions}
for _ in range(7):
    for version in versions:  # in turns, so that a machine that is slow for a while is slow for both
        run = subprocess.run([f"{folder}/{version}/bin/python", f"{folder}/draw.py"], check=True, capture_output=True, text=True)
        rounds[version].append([float(line) for line in run.stdout.split()])
old, new = ([statistics.median(column) for column in zip(*rounds[version])] for version in versions)
for place, (letters, times) in enumerate(((6, 1.5), (66, 2.5))):
    print(f"{old[place]:.2f} ms and {new[place]:.2f} ms", file=sys.stderr)
    print(f"{letters} letters: 3.11.2 takes", "over" if new[place] > times * old[place] else "at most", times, "times as long as 3.10.9")
PY
for version in 3.10.9 3.11.2; do
    python3 -m venv "$folder/$version"
    "$folder/$version/bin/pip" install --quiet numpy==2.4.6 "matplotlib==$version" 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
done
python3 "$folder/compare.py" "$folder" 3.10.9 3.11.2 | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
6 letters: 3.11.2 takes over 1.5 times as long as 3.10.9
66 letters: 3.11.2 takes over 2.5 times as long as 3.10.9
WANTED
echo "as stated"
