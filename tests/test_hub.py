"""A class on the hub: who may log in, what a learner can do there, and what it cannot do to others. Run as root, with real accounts."""
import csv
import json
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import uuid
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hand_out import FOLDER, make

from teaching.server import accounts, ready
from teaching.server.accounts import LEARNERS, read_names
from teaching.server.copies import add_missing

ROOT = FOLDER.parent
PATIENCE = 120  # seconds that a busy machine may take for a step


# --- names


def test_names_are_read_one_a_line(tmp_path):
    (tmp_path / "names.txt").write_text("ada\n\n  bob-2 \nl" + 19 * "o" + "\n")
    assert read_names(tmp_path / "names.txt") == ["ada", "bob-2", "l" + 19 * "o"]


@pytest.mark.parametrize("name", ["Ada", "ada l", "-ada", "2ada", "ada/../bob", "ada:0", "ada,", "ädä", "a" * 21])
def test_what_cannot_be_a_name_is_refused_with_its_line(tmp_path, name):
    (tmp_path / "names.txt").write_text(f"bob\n{name}\n", encoding="utf-8")
    with pytest.raises(ValueError, match=rf"line 2: '{name}' cannot be a name"):
        read_names(tmp_path / "names.txt")


def test_a_name_that_is_there_twice_is_refused(tmp_path):
    (tmp_path / "names.txt").write_text("ada\nbob\nada\n")
    with pytest.raises(ValueError, match="line 3: ada is there twice"):
        read_names(tmp_path / "names.txt")


def test_a_name_of_the_machines_own_is_refused():
    with pytest.raises(ValueError, match="no learner's: root, daemon"):
        accounts.new_names(["root", "ada-who-is-new", "daemon"])
    assert accounts.new_names(["ada-who-is-new"]) == ["ada-who-is-new"]


# --- copies


def test_what_a_learner_has_is_never_overwritten_and_what_is_missing_comes(tmp_path):
    source, home = tmp_path / "source", tmp_path / "home"
    (source / "pictures").mkdir(parents=True)
    for name in ("00.ipynb", "01.ipynb", "02.ipynb", "pictures/00.png"):
        (source / name).write_text(f"{name} as handed out")
    home.mkdir()
    (home / "00.ipynb").write_text("edited")
    (home / "02.ipynb").symlink_to(tmp_path / "elsewhere")
    for _ in range(2):
        add_missing(source, home)
        assert (home / "00.ipynb").read_text() == "edited"
        assert (home / "01.ipynb").read_text() == "01.ipynb as handed out"
        assert (home / "pictures" / "00.png").read_text() == "pictures/00.png as handed out"
        assert not (tmp_path / "elsewhere").exists()
        assert {path.name for path in home.iterdir()} == {"00.ipynb", "01.ipynb", "02.ipynb", "pictures"}


def test_a_copy_that_was_cut_short_gets_no_name(tmp_path, monkeypatch):
    source, home = tmp_path / "source", tmp_path / "home"
    source.mkdir()
    (source / "00.ipynb").write_text("whole")

    def full_disk(path, place):
        Path(place).write_text("wh")
        raise OSError("No space left on device")

    with monkeypatch.context() as patched, pytest.raises(OSError):
        patched.setattr(shutil, "copyfile", full_disk)
        add_missing(source, home)
    assert list(home.iterdir()) == []
    add_missing(source, home)
    assert (home / "00.ipynb").read_text() == "whole"


# --- before it starts


@pytest.fixture
def open_folder():
    """A folder that everybody can read; pytest's own are closed."""
    with tempfile.TemporaryDirectory() as folder:
        os.chmod(folder, 0o755)
        yield Path(folder)


def test_what_is_missing_is_said_with_what_to_do(open_folder):
    said = "\n".join(ready.faults(open_folder, open_folder / "hand-out", open_folder))
    assert "make hand-out" in said and f"cannot read {open_folder}" not in said and "can write" not in said
    (open_folder / "digits.npz").touch(mode=0o666)
    os.chmod(open_folder / "digits.npz", 0o666)
    assert f"chmod -R o-w {open_folder}" in "\n".join(ready.faults(open_folder, open_folder, open_folder))
    os.chmod(open_folder / "digits.npz", 0o600)
    said = "\n".join(ready.faults(open_folder, open_folder, open_folder))
    assert f"cannot read digits.npz in {open_folder}" in said and "can write" not in said


def test_a_place_that_others_cannot_reach_is_named(open_folder):
    (open_folder / "closed" / "inside").mkdir(parents=True)
    assert ready.closed(open_folder / "closed" / "inside") is None
    (open_folder / "closed").chmod(0o700)
    assert ready.closed(open_folder / "closed" / "inside") == open_folder / "closed"
    assert ready.closed(open_folder / "closed") == open_folder / "closed"
    (open_folder / "closed").chmod(0o711)
    assert ready.closed(open_folder / "closed" / "inside") is None
    assert ready.closed(open_folder / "closed") == open_folder / "closed"


# --- the hub


def free_ports(count):
    sockets = [socket.socket() for _ in range(count)]
    for one in sockets:
        one.bind(("127.0.0.1", 0))
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


class Hub:
    """The real hub, on ports of its own, for a copy of the course in `folder` with its hand-out."""

    def __init__(self, folder):
        for name in ("helpers", "data", "teaching"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__", "mndata.npz", "*ubyte*", "cifar-10*", "planes_birds.npz"))
        make(folder / "hand-out")
        port, api, inside = free_ports(3)
        self.url, self.folder, self.log = f"http://127.0.0.1:{port}", folder, folder / "log"
        config = folder / "teaching" / "server" / "jupyterhub_config.py"
        config.write_text(config.read_text() + f"""
c.JupyterHub.bind_url = "{self.url}"
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api}"
c.JupyterHub.hub_port = {inside}
c.Spawner.environment["COURSE_DIGITS"] = "bundled"
c.Spawner.args.append("--LabApp.expose_app_in_browser=True")
c.Spawner.poll_interval = 1
c.Spawner.start_timeout = c.Spawner.http_timeout = {PATIENCE}
""")
        environment = {name: value for name, value in os.environ.items() if name != "COURSE_DATA"} | {"PYTHONPATH": str(folder)}
        with open(self.log, "w") as log:
            self.process = subprocess.Popen([sys.executable, "-m", "jupyterhub", "-f", str(config)], env=environment, cwd=folder,
                                            stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def wait(self):
        """Until it answers."""
        import requests
        give_up = time.monotonic() + PATIENCE
        while time.monotonic() < give_up and self.process.poll() is None:
            with suppress(requests.ConnectionError):
                if requests.get(f"{self.url}/hub/health", timeout=PATIENCE).ok:
                    return
            time.sleep(0.2)
        raise RuntimeError(f"The hub did not start:\n{self.log.read_text()}")

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(60)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


class Learner:
    """Somebody who logs in with a name and a password, in `session`, and works in kernels."""

    def __init__(self, hub, name, password):
        self.hub, self.name, self.password = hub, name, password

    def log_in(self):
        """Whether the hub lets in."""
        import requests
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
        self.session.post(f"{self.hub.url}/hub/api/users/{self.name}/server", timeout=PATIENCE)
        self.wait_for(lambda: self.get("api/status").status_code == 200)
        self.kernel = self.session.post(self.address("api/kernels"), json={}, timeout=PATIENCE).json()["id"]

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
        import websocket
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


def processes_of(name):
    import psutil
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


@pytest.fixture(scope="module")
def hub_and_class():
    pytest.importorskip("jupyterhub", reason="the hub is missing: make .venv-hub/hub, and its own pytest")
    if sys.platform != "linux" or os.geteuid() != 0:
        pytest.skip("a hub needs Linux, and root")
    if not ready.PROXY.exists():
        pytest.skip(f"the hub's proxy is missing: {ready.PROXY}")
    if place := ready.closed(Path(sys.executable).resolve()) or ready.closed(sys.prefix):
        pytest.skip(f"learners cannot start {sys.executable}, for {place} is closed to them")
    stem = f"t{secrets.token_hex(3)}"
    with tempfile.TemporaryDirectory() as temporary:
        os.chmod(temporary, 0o755)
        with accounts_for([f"{stem}-{name}" for name in ("ada", "bob", "cyd")], Path(temporary)) as passwords:
            (Path(temporary) / "course").mkdir(mode=0o755)
            hub = Hub(Path(temporary) / "course")
            try:
                hub.wait()
                yield hub, [Learner(hub, *one) for one in passwords.items()]
            finally:
                hub.close()


@pytest.fixture(scope="module")
def hub(hub_and_class):
    return hub_and_class[0]


@pytest.fixture(scope="module")
def ada(hub_and_class):
    learner = hub_and_class[1][0]
    learner.start()
    return learner


@pytest.fixture(scope="module")
def bob(hub_and_class):
    learner = hub_and_class[1][1]
    learner.start()
    return learner


@pytest.mark.hub
def test_only_the_class_gets_in_each_with_the_own_password(hub_and_class):
    hub, (ada, bob, cyd) = hub_and_class
    assert cyd.log_in()
    assert not Learner(hub, cyd.name, ada.password).log_in()
    assert not Learner(hub, "root", "").log_in()
    subprocess.run(["gpasswd", "--delete", cyd.name, LEARNERS], check=True, capture_output=True)  # has left the class
    assert not cyd.log_in()


@pytest.mark.hub
def test_a_learner_runs_a_lesson_in_a_browser_and_moves_a_slider(hub, ada, monkeypatch):
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium")
    monkeypatch.syspath_prepend(Path(__file__).parent / "browser")
    from lab import Lesson, new_page

    class Place:
        def address(self, name):
            return ada.address(f"lab/workspaces/lesson/tree/lessons/{name}?reset")

        def errors(self):
            return re.findall(r"^(?:\[E .*|Traceback .*|\w+(?:Error|Exception): .*)", hub.log.read_text(), re.M)

    with new_page() as page:
        page.goto(f"{hub.url}/hub/login")
        page.fill("#username_input", ada.name)
        page.fill("#password_input", ada.password)
        page.click("#login_submit")
        page.wait_for_url(f"**/user/{ada.name}/lab/tree/lessons/00_start_here.ipynb**")
        page.errors.clear()
        lesson = Lesson(page, Place())
        lesson.open("00_start_here.ipynb")
        lesson.run_all()
        assert lesson.errors() == []
        figure = lesson.figures()[0]
        before = figure.frame()
        assert figure.sliders[0].press("ArrowRight") is not None and figure.frame() != before
        lesson.page.evaluate("jupyterapp.commands.execute('docmanager:save')")


@pytest.mark.hub
def test_nobody_reads_or_writes_anothers_files(ada, bob):
    assert bob.run("from pathlib import Path; Path.home().joinpath('answer.txt').write_text('42'); print(Path.home())") == f"/home/{bob.name}"
    assert "lessons" in ada.run("import os; print(os.listdir(os.path.expanduser('~')))")
    for attempt in (f"open('/home/{bob.name}/answer.txt').read()", f"open('/home/{bob.name}/new.txt', 'w')",
                    f"os.listdir('/home/{bob.name}')", f"os.listdir('/home/{bob.name}/lessons')", "os.setuid(0)"):
        assert ada.run(attempt).startswith("PermissionError"), attempt
    ada.run("open('/tmp/' + os.environ['USER'], 'w').write('a secret')")
    assert bob.run(f"open('/tmp/{ada.name}').read()").startswith("PermissionError")
    ada.run("os.remove('/tmp/' + os.environ['USER'])")


@pytest.mark.hub
def test_nobody_reaches_anothers_server_or_kernel(hub, ada, bob):
    assert bob.get("api/contents/answer.txt").status_code == 200
    assert ada.get("api/contents/answer.txt", of=bob).status_code in (302, 403, 404)
    assert ada.get(f"api/kernels/{bob.kernel}", of=bob).status_code in (302, 403, 404)
    # Past the proxy, too: other learners sit on this machine.
    port = bob.run("import os; print(os.environ['JUPYTERHUB_SERVICE_URL'])")
    said = ada.run(f"import requests; print(requests.get('{port}api/contents/answer.txt', allow_redirects=False, "
                   f"headers={{'Authorization': 'token ' + os.environ['JUPYTERHUB_API_TOKEN']}}).status_code)")
    assert said in ("302", "403")
    assert bob.run("import json, ipykernel.connect; print(json.loads(ipykernel.connect.get_connection_info())['transport'])") == "ipc"
    for place in ("hub/hub.sqlite", "hub/cookie_secret"):
        assert (hub.folder / place).exists() and ada.run(f"open('{hub.folder}/{place}')").startswith("PermissionError")


@pytest.mark.hub
def test_the_data_and_the_course_are_read_and_not_written(hub, ada):
    assert ada.run("from helpers import data; print(data.load_digits().x_train.shape)").endswith("28, 28)")
    assert ada.run("print(os.environ['COURSE_DATA'])") == str(hub.folder / "data")
    for attempt in ("open(os.environ['COURSE_DATA'] + '/digits.npz', 'ab')", "open(os.environ['COURSE_DATA'] + '/new.npz', 'w')",
                    "os.remove(os.environ['COURSE_DATA'] + '/digits.npz')", "open(data.__file__, 'a')",
                    f"open('{hub.folder}/hand-out/learner/notebooks/00_start_here.ipynb', 'a')"):
        assert ada.run(attempt).startswith("PermissionError"), attempt


@pytest.mark.hub
def test_memory_above_the_limit_is_refused_and_the_kernel_goes_on(hub, ada, bob):
    limit = int(ada.run("print(os.environ['MEM_LIMIT'])"))
    assert ada.run(f"room = bytearray({limit})").startswith("MemoryError")
    assert ada.run(f"import numpy as np; room = np.empty({limit}, np.uint8)").startswith("MemoryError")
    assert ada.run("import resource; resource.setrlimit(resource.RLIMIT_AS, (-1, -1))").startswith("ValueError: not allowed to raise")
    assert ada.run(f"room = bytearray({limit} // 3); print(len(room))") == str(limit // 3)
    assert ada.run("del room; print(len(os.sched_getaffinity(0)))") == str(min(2, len(os.sched_getaffinity(0))))
    assert hub.process.poll() is None and bob.run("print(1)") == "1"


@pytest.mark.hub
def test_a_killed_server_comes_back_with_its_files_and_none_of_it_is_overwritten(hub, ada):
    ada.run("from pathlib import Path; lessons = Path.home() / 'lessons'; (lessons / '01_one_layer.ipynb').write_text('mine')\n"
            "(lessons / '02_dense_nets.ipynb').unlink()")
    servers = [process for process in processes_of(ada.name) if "jupyterhub.singleuser" in process.cmdline()]
    assert len(servers) == 1
    servers[0].send_signal(signal.SIGKILL)
    ada.wait_for(lambda: ada.get("api/status").status_code != 200)
    ada.wait_for(lambda: not processes_of(ada.name))  # its kernels do not stay behind
    ada.start()
    assert ada.run("from pathlib import Path; lessons = Path.home() / 'lessons'; print((lessons / '01_one_layer.ipynb').read_text())") == "mine"
    assert ada.run("print((lessons / '02_dense_nets.ipynb').stat().st_size > 1000)") == "True"


@pytest.mark.hub
def test_the_culler_may_do_its_work(hub, ada):
    ada.wait_for(lambda: "jupyterhub_idle_culler" in hub.log.read_text())
    assert not re.search(r"40[13] (GET|DELETE) .*\(culler@", hub.log.read_text())


@pytest.mark.hub
def test_learners_spread_over_the_cores():
    pytest.importorskip("jupyterhub", reason="the hub is missing: make .venv-hub/hub, and its own pytest")
    from teaching.server.spawner import cores_of
    cores = [1, 4, 5, 8]
    assert [cores_of(number, cores, 2) for number in (1000, 1001, 1002)] == [{1, 4}, {5, 8}, {1, 4}]
    assert cores_of(7, cores, 8) == set(cores)
    assert cores_of(7, [3], 2) == {3}
