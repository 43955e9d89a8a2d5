"""JupyterLab on this machine, and a lesson opened in it: what the browser tests and `screenshots.py` drive."""
import json
import os
import re
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

import nbformat
from nbformat.sign import NotebookNotary
from playwright.sync_api import TimeoutError, sync_playwright

PATIENCE = 180  # seconds that a slow, busy machine may take for a step; nothing waits that long unless it is broken

CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                  "--disable-background-networking", "--disable-component-update", "--disable-sync"]

# All cells in the page at once (not only those in view), no prompts, and no saving behind our back.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}

# A page asks its kernel for widgets as soon as the two are connected, sometimes late. A kernel that has not imported ipywidgets
# yet answers with "No such comm target registered" on stderr, like an error of a lesson: let kernels know widgets from their start.
KERNELS = 'c.InteractiveShellApp.extensions = ["ipywidgets"]\n'


def write(path, text):
    """Writes a file, and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


class Server:
    """A server on this machine, the Python module in `command`; its output goes to a log in `folder`."""

    def __init__(self, folder, *command, **environment):
        self.log = folder / "server.log"
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([sys.executable, "-m", *command], env=os.environ | environment, cwd=folder,
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            self.url = self._wait_for_url()
        except BaseException:
            self.close()
            raise

    def find_url(self):
        """The address at which the server answers, or None if it does not say yet."""
        raise NotImplementedError

    def _wait_for_url(self):
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up and self.process.poll() is None:
            if url := self.find_url():
                return url
            time.sleep(0.1)
        raise RuntimeError(f"The server did not start:\n{self.log.read_text()}")

    def errors(self):
        """What the log, to which kernels write too, holds of errors."""
        return re.findall(r"^(?:\[E .*|Traceback .*|\w+(?:Error|Exception): .*)", self.log.read_text(), re.M)

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def settings_in(state):
    """What keeps Jupyter's settings and state, and those of its kernels, under the folder `state`."""
    write(state / "ipython" / "profile_default" / "ipython_kernel_config.py", KERNELS)
    return {"JUPYTER_CONFIG_DIR": str(state / "config"), "JUPYTER_DATA_DIR": str(state / "data"),
            "JUPYTER_RUNTIME_DIR": str(state / "runtime"), "IPYTHONDIR": str(state / "ipython")}


class Lab(Server):
    """JupyterLab or, with `module` "notebook", Notebook 7, for the notebooks in `root`."""

    MODULES = {"jupyterlab": ("LabApp", "lab/workspaces/lesson/tree/{}?reset&"), "notebook": ("JupyterNotebookApp", "notebooks/{}?")}

    def __init__(self, root, state, module="jupyterlab"):
        (application, self.place), self.token = self.MODULES[module], secrets.token_hex(16)
        self.root, self.data, self.runtime = Path(root), state / "data", state / "runtime"
        for plugin, values in SETTINGS.items():
            write(state / "config" / "lab" / "user-settings" / f"{plugin}.jupyterlab-settings", json.dumps(values))
        super().__init__(state, module, "--no-browser", "--allow-root", "--ip=127.0.0.1", "--port=0",
                         f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={root}",
                         f"--{application}.expose_app_in_browser=True", **settings_in(state))

    def find_url(self):
        # The server chooses a free port itself and writes it down here.
        try:
            return json.loads((self.runtime / f"jpserver-{self.process.pid}.json").read_text())["url"]
        except (FileNotFoundError, json.JSONDecodeError):
            return None

    def address(self, name):
        return f"{self.url}{self.place.format(name)}token={self.token}"

    def trust(self, name):
        """Signs a notebook as this server does when it saves one whose cells have all been run."""
        NotebookNotary(data_dir=str(self.data)).sign(nbformat.read(self.root / name, as_version=4))


class Voila(Server):
    """Voilà for the notebooks in `root`: a server of its own, for inside JupyterLab's it cannot show pictures of the text."""

    def __init__(self, root, state):
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        super().__init__(state, "voila", str(root), "--no-browser", "--Voila.ip=127.0.0.1", f"--port={port}", **settings_in(state))

    def find_url(self):
        found = re.search(r"^http://\S+", self.log.read_text(), re.M)
        return found and found[0]

    def address(self, name):
        return f"{self.url}voila/render/{name}"


@contextmanager
def copy_of(folder):
    """A copy of a folder of notebooks, to run and change at will."""
    with tempfile.TemporaryDirectory() as temporary:
        yield shutil.copytree(folder, Path(temporary) / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))


@contextmanager
def running(server, root, *options):
    """A `Lab` or a `Voila` for the notebooks in `root`, while the block runs."""
    with tempfile.TemporaryDirectory() as state:
        running = server(root, Path(state), *options)
        try:
            yield running
        finally:
            running.close()


@contextmanager
def new_pages(count, width=1280, height=1400):
    """Pages in Debian's Chromium, each of another visitor; `.errors` collects what a page's console reports as errors."""
    executable = shutil.which("chromium")
    if executable is None:
        raise RuntimeError("No chromium on PATH: install it (on Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        pages = [browser.new_page(viewport={"width": width, "height": height}) for _ in range(count)]
        for page in pages:
            page.set_default_timeout(PATIENCE * 1000)
            page.errors = []
            page.on("pageerror", lambda error, errors=page.errors: errors.append(str(error)))
            page.on("console", lambda message, errors=page.errors: errors.append(message.text) if message.type == "error" else None)
        yield pages
        browser.close()


@contextmanager
def new_page(width=1280, height=1400):
    """One of `new_pages`."""
    with new_pages(1, width, height) as (page,):
        yield page


# Notes what a kernel reports as an error, and how often it was done with something. A page opens a comm, named like
# 01234567-89ab-..., and uses it at once: ipykernel may look for it before it has opened it, and says so on stderr. That has nothing
# to do with a lesson: the comms of its widgets are opened by the kernel, and have names without dashes.
LISTEN = r"""() => {
    const early = /^No such comm: [0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n/gm;
    window.kernelErrors = [];
    window.answers = 0;
    window.answered = 0;
    jupyterapp.shell.currentWidget.context.sessionContext.iopubMessage.connect((_, { header, content }) => {
        if (header.msg_type === "error") kernelErrors.push(`${content.ename}: ${content.evalue}`);
        if (header.msg_type === "stream" && content.name === "stderr") kernelErrors.push(...[content.text.replace(early, "")].filter(Boolean));
        if (header.msg_type === "status" && content.execution_state === "idle") {
            answers += 1;
            window.answered = performance.now();
        }
    });
}"""

# Notes when a key or a button went down, and when the first picture after that was there.
STOPWATCH = """() => {
    const down = () => { window.pressed = performance.now(); window.shown = null; };
    for (const event of ["keydown", "pointerdown"]) document.addEventListener(event, down, true);
    document.addEventListener("load", ({ target }) => {
        if (target.matches?.("img.widget-image")) window.shown ??= performance.now();
    }, true);
}"""


VIEW = "application/vnd.jupyter.widget-view+json"

# For the outputs of each cell that shows any: how many live figures and how many plain pictures a reader sees.
SEEN = """() => [...document.querySelectorAll(".jp-OutputArea")].map(area => {
    const seen = parts => [...area.querySelectorAll(parts)].filter(part => part.checkVisibility());
    return [seen(".live-figure").length, seen("img").filter(image => !image.closest(".live-figure")).length];
}).filter(([live, plain]) => live || plain)"""


def pictures_of(path):
    """[(live figures, plain pictures)] of every cell of a stored notebook that has any."""
    counts = []
    for cell in json.loads(Path(path).read_text(encoding="utf-8"))["cells"]:
        outputs = [output for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
        live = sum(map(is_live, outputs))
        counts += [(live, len(outputs) - live)] if outputs else []
    return counts


def is_live(output):
    """Whether an output of a cell is the picture of a live figure."""
    data = output.get("data", {})
    return "image/png" in data and "".join(data["text/plain"]).startswith("Live figure")


def seen(page):
    """What `pictures_of` a page shows; and that it says nowhere that a widget is lost."""
    for text in page.locator(".jp-OutputArea").all_inner_texts():
        assert not re.search("error displaying|model not found|loading widget", text, re.I), text
    return [tuple(counts) for counts in page.evaluate(SEEN)]


def as_pictures(counts):
    """The same where no live figure can be: each of them is a plain picture."""
    return [(0, live + plain) for live, plain in counts]


def live_outputs(page, wanted=1):
    """The outputs that show a picture widget and a slider, once there are as many as `wanted`: pages build them after the kernel is done."""
    outputs = page.locator(".jp-OutputArea-output")
    for part in "img.widget-image", ".slider-container":
        outputs = outputs.filter(has=page.locator(part))
    if wanted:
        outputs.nth(wanted - 1).wait_for(state="attached")
    return outputs.all()


class Lesson:
    """One notebook in JupyterLab or Notebook 7."""

    def __init__(self, page, lab):
        self.page, self.lab = page, lab

    def open(self, name):
        self.page.goto(self.lab.address(name))
        self._wait_until_idle()
        self.page.evaluate("""() => {
            jupyterapp.shell.collapseLeft?.();
            jupyterapp.shell.collapseRight?.();
        }""")
        self.page.evaluate(LISTEN)
        self.page.evaluate(STOPWATCH)

    def _wait_until_idle(self):
        self.page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session?.kernel?.status === 'idle'")

    def begin_all(self):
        """Begins to run every cell, and does not wait."""
        self.page.evaluate("""() => {
            window.allRun = false;
            jupyterapp.commands.execute("notebook:run-all-cells").finally(() => { window.allRun = true; });
        }""")

    def run_all(self, seconds=900):
        """Runs every cell; ends early at a cell that fails, so look at `errors` after it."""
        self.begin_all()
        self.wait_for_all(seconds)

    def wait_for_all(self, seconds=900):
        self.page.wait_for_function("window.allRun", timeout=seconds * 1000)
        self._wait_until_idle()

    def reopen(self, name):
        """Saves the notebook, ends its kernel, and opens it again with a new one: what a learner does the next day."""
        self.page.evaluate("""async () => {
            const { context } = jupyterapp.shell.currentWidget;
            await context.save();
            await context.sessionContext.shutdown();
        }""")
        self.open(name)

    def trusted(self):
        return self.page.evaluate("""() => jupyterapp.shell.currentWidget.content.widgets.every(
            cell => cell.model.type !== "code" || cell.model.trusted)""")

    def wait_for_lost_widgets(self):
        """Until the page has given up each stored widget, for none has a kernel any more. How many those are."""
        wanted = sum(VIEW in output.get("data", {}) for cell in self.code_cells() for output in cell["outputs"])
        self.page.wait_for_function("""wanted => {
            const places = [...document.querySelectorAll(".jp-OutputArea-output.jupyter-widgets")];
            return places.filter(place => place.textContent.includes("model not found")).length === wanted;
        }""", arg=wanted)
        return wanted

    def code_cells(self):
        cells = self.page.evaluate("jupyterapp.shell.currentWidget.content.model.toJSON().cells")
        return [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]

    def errors(self):
        """Everything that went wrong so far: in cells, in sliders' callbacks, in the page and on the server."""
        self._wait_until_idle()
        return self.page.evaluate("kernelErrors") + self.page.errors + self.unexecuted() + self.lab.errors()

    def unexecuted(self):
        return [f"not executed: {''.join(cell['source'])}" for cell in self.code_cells() if cell["execution_count"] is None]

    def figures(self):
        """The live figures on the page, in order, named as `live` has them. Progress bars are widgets, too, but have no picture."""
        names, last = [], None
        for cell in self.code_cells():
            last = (re.findall(r"live\.(\w+)\(", "".join(cell["source"])) or [last])[-1]
            names += [last for output in cell["outputs"] if is_live(output)]
        return [Figure(self.page, output, name) for output, name in zip(live_outputs(self.page, len(names)), names, strict=True)]

    def misfits(self):
        """What a projector's window of 1280 x 720 cannot show whole: figures with their controls, and cells that scroll inside."""
        self.page.set_viewport_size({"width": 1280, "height": 720})
        return self.page.evaluate("""() => {
            const pane = document.querySelector(".jp-Notebook .jp-WindowedPanel-outer"), found = [];
            for (const output of pane.querySelectorAll(".jp-OutputArea-output")) {
                const { height, width } = output.getBoundingClientRect();
                if (output.querySelector("img") && (height > pane.clientHeight || output.scrollWidth > output.clientWidth + 1))
                    found.push(`a figure is ${width} x ${height}, but the page shows ${pane.clientWidth} x ${pane.clientHeight}`);
            }
            for (const part of pane.querySelectorAll(".jp-Cell *")) {
                const { overflowX, overflowY } = getComputedStyle(part), bars = ["auto", "scroll"];
                if (bars.includes(overflowX) && part.scrollWidth > part.clientWidth + 1 || bars.includes(overflowY) && part.scrollHeight > part.clientHeight + 1)
                    found.push(`scrolls inside its cell: ${part.innerText.slice(0, 80)}`);
            }
            return found;
        }""")

    def screenshots(self, folder, stem):
        """The whole lesson as pictures; a cell that one picture cuts is whole on the next, if it fits at all."""
        pane = self.page.locator(".jp-Notebook .jp-WindowedPanel-outer")
        cells = pane.evaluate("""pane => {
            const zero = pane.getBoundingClientRect().top - pane.scrollTop;
            return [...pane.querySelectorAll(".jp-Cell")].map(cell => {
                const box = cell.getBoundingClientRect();
                return [box.top - zero, box.bottom - zero];
            });
        }""")
        height = pane.evaluate("pane => pane.clientHeight")
        top, paths = 0, []
        while top < cells[-1][1]:
            pane.evaluate("(pane, top) => { pane.scrollTop = top; }", top)
            self.page.wait_for_timeout(300)
            paths.append(folder / f"{stem}-{len(paths) + 1:02}.png")
            pane.screenshot(path=paths[-1])
            cut = next((start for start, end in cells if end > top + height), top + height)
            top = cut if cut > top else top + height - 60
        return paths


class VoilaPage:
    """One notebook as Voilà shows it: run, without its code."""

    def __init__(self, page, voila):
        self.page, self.voila = page, voila

    def open(self, name, figures):
        """Waits until this many live figures are there."""
        self.page.goto(self.voila.address(name))
        live_outputs(self.page, figures)
        self.page.evaluate(STOPWATCH)

    def figures(self):
        return [Figure(self.page, output, f"figure {number}") for number, output in enumerate(live_outputs(self.page), start=1)]

    def errors(self):
        red = self.page.locator("[data-mime-type*=stderr], [data-mime-type*=error]").all_inner_texts()
        return red + self.page.errors + self.voila.errors()


class Figure:
    """One live figure on the page: its sliders, the boxes to tick, and its picture."""

    def __init__(self, page, output, name):
        self.page, self.name = page, name
        self._image = output.locator("img.widget-image").first
        self.sliders = [Slider(self, box) for box in output.locator(".slider-container").all()]
        self.ticks = [Tick(self, box) for box in output.locator("input[type=checkbox]").all()]

    def frame(self):
        return self._image.get_attribute("src")


class Control:
    """What a figure's picture follows. Every move returns milliseconds from key or button to the new picture, None if there came none."""

    def _timed(self, act):
        before, answers = self.value(), self.page.evaluate("window.answers ?? 0")
        self.page.evaluate("window.shown = null")
        act()
        time.sleep(0.1)  # the stopwatch is in the page; looking into the page would slow what it measures
        if self.value() == before:
            return None
        try:
            # The kernel answers every move, with a picture or without; the page may take a while to show what came before the answer.
            # To ask at every frame, as playwright does unless told, would make the page draw frames.
            self.page.wait_for_function("""answers => window.shown !== null
                || window.answers > answers && performance.now() - window.answered > 1500""", arg=answers, polling=50, timeout=30_000)
        except TimeoutError:
            return None
        return self.page.evaluate("window.shown === null ? null : window.shown - window.pressed")


class Slider(Control):
    """One slider of a figure."""

    def __init__(self, figure, box):
        self.figure, self.page = figure, figure.page
        self.handle, self._track = box.locator(".noUi-handle"), box.locator(".noUi-base")

    def value(self):
        return self.handle.get_attribute("aria-valuetext")

    def share(self):
        """Where the handle stands on its track, from 0 to 1."""
        now, low, high = (float(self.handle.get_attribute(f"aria-value{name}")) for name in ("now", "min", "max"))
        return (now - low) / (high - low)

    def put_back(self, value, share):
        """By a click to where the slider stood; where that misses, step by step from the low end."""
        self.click(share)
        for _ in range(3):  # the kernel's echo of an earlier move may come late, and move the slider once more
            if self.value() != value:
                self.press("Home")
            while self.value() != value and self.handle.get_attribute("aria-valuenow") != self.handle.get_attribute("aria-valuemax"):
                self.press("ArrowRight")
            self.page.wait_for_timeout(100)
            if self.value() == value:
                return
        raise AssertionError(f"{self.figure.name}: a slider cannot be put back to {value}: it stands at {self.value()}")

    def press(self, key):
        self.handle.focus()
        return self._timed(lambda: self.handle.press(key))

    def click(self, share):
        """The mouse, at this share of the track's length."""
        box = self._track.bounding_box()
        return self._timed(lambda: self._track.click(position={"x": share * box["width"], "y": box["height"] / 2}, force=True))

    def drag(self, share):
        """The handle, by the mouse, to this share of the track's length, in one go; the picture counts from the button's release."""
        self.handle.scroll_into_view_if_needed()
        (start, track), mouse = (self.handle.bounding_box(), self._track.bounding_box()), self.page.mouse
        mouse.move(start["x"] + start["width"] / 2, start["y"] + start["height"] / 2)
        mouse.down()

        def rest():
            mouse.move(track["x"] + share * track["width"], track["y"] + track["height"] / 2)
            mouse.up()

        return self._timed(rest)


class Tick(Control):
    """One box to tick."""

    def __init__(self, figure, box):
        self.figure, self.page, self._box = figure, figure.page, box

    def value(self):
        return self._box.is_checked()

    def click(self):
        return self._timed(self._box.click)
