"""A class on a hub: the real hub with accounts of its own, and learners who log in and work. For Linux, as root."""
import csv
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
import uuid
from contextlib import closing, contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path

import psutil
import requests
import websocket
from hand_out import ROOT, make
from lab import Lesson, Server

from teaching.server import accounts, ready

PATIENCE = 120  # seconds that a busy machine may take for a step


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def course_with_hand_out(folder):
    """Into `folder` a copy of what the hub needs of the course."""
    for name in ("helpers", "data", "teaching"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "mndata.npz", "*ubyte*", "cifar-10*", "planes_birds.npz"))
    make(folder / "hand-out")


class Hub(Server):
    """The real hub, on ports of its own, for the copy `course`, with its state in `folder`; `numbers` are others than its configuration's."""

    def __init__(self, course, folder, **numbers):
        port, api, inside = free_ports(3)
        self.address, self.course, self.state = f"http://127.0.0.1:{port}", course, folder / "state"
        folder.mkdir()
        config = (course / "teaching" / "server" / "jupyterhub_config.py").read_text()
        for number, value in ({"STATE": f"Path({str(self.state)!r})"} | numbers).items():
            config, found = re.subn(rf"^{number} = .*", f"{number} = {value}", config, flags=re.M)
            assert found == 1, number
        own = course / "teaching" / "server" / f"{folder.name}_config.py"
        own.write_text(config + f"""
c.JupyterHub.bind_url = "{self.address}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.JupyterHub.hub_port = {inside}
c.JupyterHub.last_activity_interval = 1
c.Spawner.environment |= {{"COURSE_DIGITS": "bundled", "JUPYTERHUB_ACTIVITY_INTERVAL": "1"}}
c.Spawner.args += ["--LabApp.expose_app_in_browser=True", "--MappingKernelManager.cull_interval=1"]
c.Spawner.poll_interval = 1
c.Spawner.start_timeout = c.Spawner.http_timeout = {PATIENCE}
""")
        super().__init__(folder, "jupyterhub", "-f", str(own), COURSE_DATA="", PYTHONPATH=str(course))

    def find_url(self):
        with suppress(requests.ConnectionError):
            return self.address if requests.get(f"{self.address}/hub/health", timeout=PATIENCE).ok else None


class Learner:
    """Somebody who logs in with a name and a password, in `session`, and works in kernels."""

    def __init__(self, hub, name, password):
        self.hub, self.name, self.password = hub, name, password

    def log_in(self):
        """Whether the hub lets in."""
        self.session = requests.Session()
        self.session.get(f"{self.hub.url}/hub/login", timeout=PATIENCE)
        answer = self.session.post(f"{self.hub.url}/hub/login", params={"_xsrf": self.session.cookies["_xsrf"]}, timeout=PATIENCE,
                                   allow_redirects=False, data={"username": self.name, "password": self.password})
        return answer.status_code == 302

    def start(self):
        """Logs in and starts this learner's JupyterLab, if it does not run."""
        assert self.log_in(), f"{self.name} cannot log in"
        token = self.session.post(f"{self.hub.url}/hub/api/users/{self.name}/tokens", json={}, timeout=PATIENCE,
                                  headers={"X-XSRFToken": self.session.cookies["_xsrf"], "Referer": f"{self.hub.url}/hub/token"})
        self.session.headers["Authorization"] = f"token {token.json()['token']}"

        def answers():
            self.session.post(f"{self.hub.url}/hub/api/users/{self.name}/server", timeout=PATIENCE)  # refused while another stops
            return self.get("api/status").status_code == 200

        self.wait_for(answers)
        self.kernel = self.session.post(self.address("api/kernels"), json={}, timeout=PATIENCE).json()["id"]

    def lesson_on(self, page):
        """Logs in on a page of a browser, for a lesson to be opened there."""
        page.goto(f"{self.hub.url}/hub/login")
        page.fill("#username_input", self.name)
        page.fill("#password_input", self.password)
        page.click("#login_submit")
        page.wait_for_url(f"**/user/{self.name}/lab/tree/lessons/00_start_here.ipynb**")
        page.errors.clear()
        return Lesson(page, Desk(self))

    def wait_for(self, condition):
        give_up = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > give_up:
                raise AssertionError(f"it took too long; the hub's log:\n{self.hub.log.read_text()[-4000:]}")
            time.sleep(0.2)

    def address(self, place, of=None):
        return f"{self.hub.url}/user/{(of or self).name}/{place}"

    def get(self, place, of=None):
        return self.session.get(self.address(place, of), timeout=PATIENCE, allow_redirects=False)

    @contextmanager
    def socket(self):
        place = self.address(f"api/kernels/{self.kernel}/channels").replace("http", "ws", 1)
        connection = websocket.create_connection(place, timeout=PATIENCE, header=[f"Authorization: {self.session.headers['Authorization']}"])
        yield connection
        connection.close()

    def run(self, code):
        """What the code prints in the learner's kernel, or the last line of its error."""
        message = uuid.uuid4().hex
        with self.socket() as connection:
            connection.send(json.dumps({
                "header": {"msg_id": message, "msg_type": "execute_request", "username": "", "session": message, "version": "5.3"},
                "parent_header": {}, "metadata": {}, "channel": "shell",
                "content": {"code": code, "silent": False, "store_history": False, "user_expressions": {}, "allow_stdin": False}}))
            said = ""
            while True:
                answer = json.loads(connection.recv())
                if answer["parent_header"].get("msg_id") != message:
                    continue
                kind, content = answer["msg_type"], answer["content"]
                said += content["text"] if kind == "stream" else f"{content['ename']}: {content['evalue']}" if kind == "error" else ""
                if kind == "status" and content["execution_state"] == "idle":
                    return said.strip()


class Desk:
    """A learner's JupyterLab, for a `Lesson`."""

    def __init__(self, learner):
        self.learner, self.errors = learner, learner.hub.errors

    def address(self, name):
        return self.learner.address(f"lab/workspaces/lesson/tree/lessons/{name}?reset")


def processes_of(name):
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.NoSuchProcess):
            found += [process] if process.username() == name and process.status() != psutil.STATUS_ZOMBIE else []
    return found


@contextmanager
def accounts_for(names, folder):
    """{name: password} of accounts made as for a class, and removed with all that they run."""
    old_groups = accounts.members()
    had_groups = [group for group in accounts.GROUPS if subprocess.run(["getent", "group", group], capture_output=True).returncode == 0]
    try:
        accounts.make_all(names, folder / "passwords.csv")
        assert (folder / "passwords.csv").stat().st_mode & 0o777 == 0o600
        with open(folder / "passwords.csv", encoding="utf-8") as file:
            yield dict(csv.reader(file))
    finally:
        for name in names:
            for process in processes_of(name):
                process.kill()
            subprocess.run(["userdel", "--remove", name], capture_output=True)
        for group in set(accounts.GROUPS) - set(had_groups):
            subprocess.run(["groupdel", group], check=True)
        assert accounts.members() == old_groups


def missing():
    """Why there can be no class on a hub here, or None if there can."""
    if sys.platform != "linux" or os.geteuid() != 0:
        return "a hub needs Linux, and root"
    if find_spec("jupyterhub") is None or not ready.PROXY.exists():
        return "the hub is missing: make .venv-hub/hub, and its own Python"
    if place := ready.closed(Path(sys.executable).resolve()) or ready.closed(sys.prefix):
        return f"learners cannot start {sys.executable}, for {place} is closed to them"
    return None


@contextmanager
def class_on_hub(names):
    """The hub and a learner for each name, while the block runs."""
    stem = f"t{secrets.token_hex(3)}"
    with tempfile.TemporaryDirectory() as temporary:
        os.chmod(temporary, 0o755)
        with accounts_for([f"{stem}-{name}" for name in names], Path(temporary)) as passwords:
            course = Path(temporary) / "course"
            course.mkdir(mode=0o755)
            course_with_hand_out(course)
            with closing(Hub(course, course.parent / "hub")) as hub:
                yield hub, [Learner(hub, *one) for one in passwords.items()]
