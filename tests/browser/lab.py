"""JupyterLab on this machine, and a lesson opened in it: what the browser tests and `screenshots.py` drive."""
import json
import os
import secrets
import shutil
import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import TimeoutError, sync_playwright

CHROMIUM_FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
                  "--disable-background-networking", "--disable-component-update", "--disable-sync"]

# All cells in the page at once (not only those in view), no prompts, and no saving behind our back.
SETTINGS = {
    "@jupyterlab/notebook-extension/tracker": {"windowingMode": "none"},
    "@jupyterlab/apputils-extension/notification": {"fetchNews": "false", "checkForUpdates": False, "doNotDisturbMode": True},
    "@jupyterlab/docmanager-extension/plugin": {"autosave": False},
}


class Lab:
    """A JupyterLab server for the notebooks in `root`, with settings and state of its own under `state`."""

    def __init__(self, root, state):
        self.token = secrets.token_hex(16)
        config, self.runtime, self.log = state / "config", state / "runtime", state / "lab.log"
        for plugin, values in SETTINGS.items():
            path = config / "lab" / "user-settings" / f"{plugin}.jupyterlab-settings"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(json.dumps(values))
        environment = os.environ | {
            "JUPYTER_CONFIG_DIR": str(config), "JUPYTER_DATA_DIR": str(state / "data"),
            "JUPYTER_RUNTIME_DIR": str(self.runtime), "IPYTHONDIR": str(state / "ipython")}
        command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1",
                   "--port=0", f"--IdentityProvider.token={self.token}", f"--ServerApp.root_dir={root}",
                   "--LabApp.expose_app_in_browser=True"]
        with open(self.log, "w") as log:
            self.process = subprocess.Popen(command, env=environment, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        try:
            self.url = self._wait_for_url()
        except BaseException:
            self.close()
            raise

    def _wait_for_url(self, seconds=60):
        # The server chooses a free port itself and writes it down here.
        note = self.runtime / f"jpserver-{self.process.pid}.json"
        give_up = time.monotonic() + seconds
        while time.monotonic() < give_up and self.process.poll() is None:
            try:
                return json.loads(note.read_text())["url"]
            except (FileNotFoundError, json.JSONDecodeError):
                time.sleep(0.1)
        raise RuntimeError(f"JupyterLab did not start:\n{self.log.read_text()}")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


@contextmanager
def copy_of(folder):
    """A copy of a folder of notebooks, to run and change at will."""
    with tempfile.TemporaryDirectory() as temporary:
        yield shutil.copytree(folder, Path(temporary) / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))


@contextmanager
def running_lab(root):
    with tempfile.TemporaryDirectory() as state:
        lab = Lab(root, Path(state))
        try:
            yield lab
        finally:
            lab.close()


@contextmanager
def new_page(width=1280, height=1400):
    """A page in Debian's Chromium; `.errors` collects what its console reports as errors."""
    executable = shutil.which("chromium")
    if executable is None:
        raise RuntimeError("No chromium on PATH: install it (on Debian: apt-get install chromium).")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=CHROMIUM_FLAGS)
        page = browser.new_page(viewport={"width": width, "height": height})
        page.errors = []
        page.on("pageerror", lambda error: page.errors.append(str(error)))
        page.on("console", lambda message: page.errors.append(message.text) if message.type == "error" else None)
        yield page
        browser.close()


class Lesson:
    """One notebook in JupyterLab."""

    def __init__(self, page, lab):
        self.page, self.lab = page, lab

    def open(self, name):
        self.page.goto(f"{self.lab.url}lab/workspaces/lesson/tree/{name}?reset&token={self.lab.token}")
        self._wait_until_idle(60)
        self.page.evaluate("""() => {
            jupyterapp.shell.collapseLeft();
            jupyterapp.shell.collapseRight();
            window.kernelErrors = [];
            jupyterapp.shell.currentWidget.context.sessionContext.iopubMessage.connect((_, { header, content }) => {
                if (header.msg_type === "error") kernelErrors.push(`${content.ename}: ${content.evalue}`);
                if (header.msg_type === "stream" && content.name === "stderr") kernelErrors.push(content.text);
            });
        }""")

    def _wait_until_idle(self, seconds):
        self.page.wait_for_function(
            "window.jupyterapp?.shell?.currentWidget?.context?.sessionContext?.session?.kernel?.status === 'idle'",
            timeout=seconds * 1000)

    def run_all(self, seconds=300):
        """Runs every cell; ends early at a cell that fails, so look at `errors` after it."""
        self.page.evaluate("""() => {
            window.allRun = false;
            jupyterapp.commands.execute("notebook:run-all-cells").finally(() => { window.allRun = true; });
        }""")
        self.page.wait_for_function("window.allRun", timeout=seconds * 1000)
        self._wait_until_idle(60)

    def code_cells(self):
        cells = self.page.evaluate("jupyterapp.shell.currentWidget.content.model.toJSON().cells")
        return [cell for cell in cells if cell["cell_type"] == "code" and "".join(cell["source"]).strip()]

    def errors(self):
        """Everything that went wrong so far: in cells, in sliders' callbacks and in the page."""
        self._wait_until_idle(60)
        return self.page.evaluate("kernelErrors") + self.page.errors + self.unexecuted()

    def unexecuted(self):
        return [f"not executed: {''.join(cell['source'])}" for cell in self.code_cells() if cell["execution_count"] is None]

    def live_outputs(self):
        """How many outputs of the notebook are live figures: a widget, and a picture for where none can be."""
        return sum({"application/vnd.jupyter.widget-view+json", "image/png"} <= output.get("data", {}).keys()
                   for cell in self.code_cells() for output in cell["outputs"])

    def figures(self):
        """The live figures on the page: outputs that hold a picture widget."""
        outputs = self.page.locator(".jp-OutputArea-output").filter(has=self.page.locator("img.widget-image"))
        return [Figure(self.page, output) for output in outputs.all()]

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


class Figure:
    """One live figure on the page: its slider handles and its picture."""

    def __init__(self, page, output):
        self.page = page
        self.handles = output.locator(".noUi-handle").all()
        self._image = output.locator("img.widget-image").first

    def frame(self):
        return self._image.get_attribute("src")

    def move(self, handle, seconds=10):
        """One step of the arrow keys along a slider (back, if it is at its end). Does a new picture come?"""
        before = self.frame()
        at_end = handle.get_attribute("aria-valuenow") == handle.get_attribute("aria-valuemax")
        handle.focus()
        handle.press("ArrowLeft" if at_end else "ArrowRight")
        try:
            self.page.wait_for_function("([image, before]) => image.src !== before",
                                        arg=[self._image.element_handle(), before], timeout=seconds * 1000)
        except TimeoutError:
            return False
        return True
