"""Ten learners on a hub at once, each in a browser: how fast a slider answers while the others run cells, and the memory they take.

    sudo .venv-hub/bin/python tests/benchmarks/hub.py [FILE]     # a table in Markdown, also written to FILE
"""
import os
import platform
import statistics
import sys
import tempfile
import time
from pathlib import Path

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "browser")]

from lab import Lesson, new_page  # noqa: E402
from test_hub import Hub, Learner, accounts_for, processes_of  # noqa: E402

LEARNERS, MOVES, NAME = 10, 60, "00_start_here.ipynb"

TEXT = """# Ten learners on a hub

Made by `tests/benchmarks/hub.py`: {learners} learners in ten windows of one headless Chromium, on the same machine as the hub, with lesson 00;
{cores} cores, {machine}. One moves a slider while the nine others run all cells of the lesson, again and again.
Before it began, {before:.1f} processes of other work kept the {cores} cores busy (the load of the minute before), and the trial itself ran
at the lowest but four of priorities; at its end the load was {after:.1f}.

| | |
|---|---|
| slider to picture, median of {moves} moves | {median:.0f} ms |
| 95 of 100 below | {slowest:.0f} ms |
| wanted: a median below 200 ms | {wanted} |
| memory of a learner with JupyterLab and one kernel, median | {memory:.0f} MB |
| memory of the hub and its proxy | {hub:.0f} MB |
| from log-in to a running JupyterLab, median | {start:.0f} s |
"""


class Place:
    """What a `Lesson` needs to know of a server."""

    def __init__(self, learner):
        self.learner = learner

    def address(self, name):
        return self.learner.address(f"lab/workspaces/lesson/tree/lessons/{name}?reset")


def log_in(page, learner):
    page.goto(f"{learner.hub.url}/hub/login")
    page.fill("#username_input", learner.name)
    page.fill("#password_input", learner.password)
    page.click("#login_submit")
    page.wait_for_url(f"**/user/{learner.name}/lab/**")


def memory(processes):
    """Megabytes of memory that these processes have for themselves, and their part of what they share."""
    return sum(process.memory_full_info().pss for process in processes) / 2**20


def go_on(page):
    """Runs all cells again and again, until the page is closed."""
    page.evaluate("""() => {
        const again = () => jupyterapp.commands.execute("notebook:run-all-cells").then(() => setTimeout(again, 500));
        again();
    }""")


def trial(hub, learners):
    import psutil
    starts, times, lessons = [], [], []
    before = os.getloadavg()[0]
    with new_page() as first:
        browser = first.context.browser
        for learner in learners:
            began = time.monotonic()
            page = browser.new_context(viewport={"width": 1280, "height": 1400}).new_page()
            page.set_default_timeout(300_000)
            page.errors = []
            log_in(page, learner)
            starts.append(time.monotonic() - began)
            lesson = Lesson(page, Place(learner))
            lesson.open(NAME)
            lesson.run_all()
            lessons.append(lesson)
            print(learner.name, "is there", flush=True)
        took = [memory(processes_of(learner.name)) for learner in learners]
        own = psutil.Process(hub.process.pid)
        of_hub = memory([own, *[child for child in own.children() if child.username() == own.username()]])
        slider = lessons[0].figures()[0].sliders[0]
        for lesson in lessons[1:]:
            go_on(lesson.page)
        for move in range(MOVES):
            times.append(slider.press("ArrowRight" if move % 2 else "ArrowLeft"))
    times = [one for one in times if one is not None]
    median = statistics.median(times)
    return TEXT.format(learners=len(learners), cores=os.cpu_count(), machine=platform.machine(), before=before, after=os.getloadavg()[0], moves=len(times),
                       median=median, slowest=statistics.quantiles(times, n=20)[-1], wanted="yes" if median < 200 else "no",
                       memory=statistics.median(took), hub=of_hub, start=statistics.median(starts))


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        os.chmod(temporary, 0o755)
        names = [f"trial-{number}" for number in range(LEARNERS)]
        with accounts_for(names, Path(temporary)) as passwords:
            (Path(temporary) / "course").mkdir(mode=0o755)
            hub = Hub(Path(temporary) / "course")
            try:
                hub.wait()
                text = trial(hub, [Learner(hub, *one) for one in passwords.items()])
            finally:
                hub.close()
    print(text)
    if sys.argv[1:]:
        Path(sys.argv[1]).write_text(text, encoding="utf-8")
