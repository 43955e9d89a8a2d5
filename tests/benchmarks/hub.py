"""How fast sliders answer a class on a hub: learners in headless Chromium who work through a lesson at the same time.

    make test-hub                                      # once, for it installs what this needs too
    .venv-hub/bin/python tests/benchmarks/hub.py       # as root; --learners 10, --minutes 5, --lesson 04_convolution_backward

Each learner logs in and runs every cell of the lesson. Then one of five runs all cells again and again; the others move sliders by
their keys, each a move in one to two seconds, and the milliseconds from key to new picture are counted. Accounts are made for this
and removed. One browser on the machine of the hub shows all pages, so it takes time that a class's own computers would have.
"""
import argparse
import os
import statistics
import sys
import time
from pathlib import Path

import psutil

sys.path[:0] = [str(Path(__file__).parents[2]), str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "browser")]
from classroom import class_on_hub, missing, processes_of  # noqa: E402
from lab import live_outputs, new_pages  # noqa: E402

# Moves sliders at a learner's pace, for so many seconds. A key that changes no value is not counted, nor a move that the kernel answers
# without a picture. `times` has milliseconds; a move that has no answer in a minute counts as a minute.
MOVE = """async ([seconds, seed]) => {
    const random = () => (seed = (seed * 16807) % 2147483647) / 2147483647;
    const sleep = time => new Promise(resolve => setTimeout(resolve, time));
    const sliders = [...document.querySelectorAll(".jp-OutputArea-output")].flatMap(output => {
        const image = output.querySelector("img.widget-image");
        return image ? [...output.querySelectorAll(".noUi-handle")].map(handle => ({ image, handle })) : [];
    });
    const end = performance.now() + 1000 * seconds;
    window.times = [], window.sliders = sliders.length, window.moved = false;
    await sleep(2000 * random());
    while (performance.now() < end) {
        const { image, handle } = sliders[Math.floor(random() * sliders.length)];
        handle.scrollIntoView({ block: "center" });
        for (let move = 0; move < 8 && performance.now() < end; move++) {
            await sleep(1000 + 1000 * random());
            const value = handle.getAttribute("aria-valuetext"), before = window.answers;
            let shown = null;
            const note = () => { shown ??= performance.now(); };
            image.addEventListener("load", note);
            const pressed = performance.now();
            for (const key of ["ArrowRight", "ArrowLeft"])
                if (handle.getAttribute("aria-valuetext") === value)
                    handle.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
            if (handle.getAttribute("aria-valuetext") !== value) {
                let answered = null;
                while (shown === null && performance.now() < pressed + 60000 && (answered === null || performance.now() < answered + 2000)) {
                    await sleep(20);
                    if (window.answers > before) answered ??= performance.now();
                }
                if (shown !== null || answered === null) times.push((shown ?? performance.now()) - pressed);
            }
            image.removeEventListener("load", note);
        }
    }
    window.moved = true;
}"""

# Runs all cells again and again, for so many seconds.
RUN = """async seconds => {
    const end = performance.now() + 1000 * seconds;
    window.runs = 0, window.moved = false;
    while (performance.now() < end) {
        await jupyterapp.commands.execute("notebook:run-all-cells");
        runs++;
    }
    window.moved = true;
}"""


def used(learners):
    """Seconds of the processor that the learners' programs have taken, and bytes of memory that they hold, what is shared counted once."""
    found = [process for learner in learners for process in processes_of(learner.name)]
    return sum(sum(process.cpu_times()[:2]) for process in found), sum(process.memory_full_info().pss for process in found)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--learners", type=int, default=10)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--lesson", default="04_convolution_backward")
    options = parser.parse_args()
    if reason := missing():
        parser.error(reason)

    with class_on_hub([f"l{number}" for number in range(options.learners)]) as (_, learners), new_pages(options.learners) as pages:
        lessons = []
        for learner, page in zip(learners, pages, strict=True):
            lessons.append(learner.lesson_on(page))
            lessons[-1].open(f"{options.lesson}.ipynb")
            print(f"{learner.name} has the lesson", flush=True)
        began = time.monotonic()
        for lesson in lessons:
            lesson.begin_all()
        for lesson in lessons:
            lesson.wait_for_all()
            live_outputs(lesson.page)
        print(f"all cells ran for all in {time.monotonic() - began:.0f} s", flush=True)

        runners, movers = pages[1::5], [page for number, page in enumerate(pages) if number % 5 != 1]
        before, began = used(learners)[0], time.monotonic()
        psutil.cpu_percent()
        for page in runners:
            page.evaluate(f"seconds => {{ ({RUN})(seconds); }}", 60 * options.minutes)
        for number, page in enumerate(movers, start=1):
            page.evaluate(f"settings => {{ ({MOVE})(settings); }}", [60 * options.minutes, number])
        for page in pages:
            page.wait_for_function("window.moved", polling=1000, timeout=1000 * (60 * options.minutes + 900))
        took, busy, (after, memory) = time.monotonic() - began, psutil.cpu_percent(), used(learners)
        for lesson in lessons:
            for error in lesson.errors():
                print(f"error: {error}")
        times = [one for page in movers for one in page.evaluate("window.times")]
        runs = sum(page.evaluate("window.runs") for page in runners)

    print(f"{options.learners} learners on {os.cpu_count()} cores, {options.lesson}, {took / 60:.1f} minutes: "
          f"{len(movers)} moved sliders, {len(runners)} ran all cells, {runs} times in all")
    print(f"sliders, milliseconds: median {statistics.median(times):.0f}, 95 of 100 below {statistics.quantiles(times, n=20)[-1]:.0f}, "
          f"slowest {max(times):.0f}, of {len(times)} moves")
    print(f"the machine was busy for {busy:.0f} % of the time; learners' programs took {(after - before) / took:.2f} cores "
          f"and hold {memory / 1e9:.1f} GB; the rest is the browser and the hub")


if __name__ == "__main__":
    main()
