"""A class on the hub: who may log in, what a learner can do there, and what it cannot do to others. Run as root, with real accounts."""
import asyncio
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import pytest
import yaml
from classroom import PATIENCE, Hub, Learner, class_on_hub, missing, processes_of
from hand_out import ROOT
from lab import new_page

from teaching.server import accounts, ready
from teaching.server.accounts import LEARNERS, read_names
from teaching.server.copies import add_missing


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


# --- on a cluster


SERVER = ROOT / "teaching" / "server"


def number(name):
    """What the hub's configuration has at its top under this name."""
    value, = re.findall(rf"^{name} = ([^#\n]*)", (SERVER / "jupyterhub_config.py").read_text(), re.M)
    return eval(value, {})


def values():
    return yaml.safe_load((SERVER / "z2jh.yaml").read_text())


def test_limits_on_a_cluster_are_those_on_one_machine():
    learner = values()["singleuser"]
    kernels, = learner["extraFiles"].values()
    assert learner["memory"]["limit"] == number("MEMORY") and learner["cpu"]["limit"] == number("CORES")
    assert kernels["data"]["MappingKernelManager"]["cull_idle_timeout"] == number("IDLE_KERNEL")
    assert values()["cull"]["timeout"] == number("IDLE_SERVER")


def test_guarantees_on_a_cluster_add_up_to_the_sizes_of_the_readme():
    learner, readme = values()["singleuser"], (SERVER / "README.md").read_text(encoding="utf-8")

    def sizes(row):
        return [float(size.split()[0]) for size in re.search(rf"^\| {row}.* \| (.*) \| (.*) \| (.*) \|$", readme, re.M).groups()]

    memory = float(learner["memory"]["guarantee"].removesuffix("G"))
    assert sizes("memory if all do lesson 14") == [people * memory + 2 for people in (10, 40, 400)]
    assert sizes("cores if one learner of five trains") == [people * learner["cpu"]["guarantee"] for people in (10, 40, 400)]


@pytest.mark.hub
def test_nobody_gets_into_a_cluster_before_somebody_is_named():
    pytest.importorskip("jupyterhub", reason="the hub is missing: make .venv-hub/hub, and its own pytest")
    from jupyterhub.auth import DummyAuthenticator
    from traitlets.config import Config

    def gets_in(name, password, **settings):
        config = Config(values()["hub"]["config"])
        config.Authenticator.update(settings)
        login = DummyAuthenticator(config=config).get_authenticated_user(None, {"username": name, "password": password})
        return asyncio.run(login) is not None

    assert values()["hub"]["config"]["JupyterHub"]["authenticator_class"] == "dummy"
    assert not gets_in("ada", "") and not gets_in("ada", "any")
    assert gets_in("ada", "", allowed_users=["ada"]) and not gets_in("bob", "", allowed_users=["ada"])


def test_the_container_holds_what_it_copies_and_a_home_where_the_disk_goes():
    text = (SERVER / "Dockerfile").read_text()
    home = values()["singleuser"]["storage"]["homeMountPath"]
    assert f"WORKDIR {home}\n" in text and f"useradd --create-home --uid 1000 {Path(home).name}\n" in text
    copied = [place for line in re.findall(r"^COPY (.*) \S+$", text, re.M) for place in line.split()]
    assert all((ROOT / place).exists() for place in copied if not place.startswith("hand-out/") and not place.endswith("*"))


@pytest.mark.skipif(sys.platform != "linux", reason="containers are Linux")
def test_a_container_begins_with_the_lessons_and_the_cores_of_its_learner(tmp_path):
    course, home = tmp_path / "course", tmp_path / "home"
    (course / "notebooks").mkdir(parents=True)
    (course / "notebooks" / "00.ipynb").write_text("as handed out")
    for name in ("start.py", "copies.py"):
        shutil.copy(SERVER / name, course)
    home.mkdir()

    def started(**environment):
        command = [sys.executable, course / "start.py", sys.executable, "-c", "import os; print(len(os.sched_getaffinity(0)))"]
        return subprocess.run(command, env=os.environ | {"HOME": str(home)} | environment, capture_output=True, text=True, check=True)

    cores = len(os.sched_getaffinity(0))
    assert [int(started(CPU_LIMIT=limit).stdout) for limit in ("1.0", "0.5", "1000.0")] == [1, 1, cores]
    assert int(started().stdout) == cores
    assert (home / "lessons" / "00.ipynb").read_text() == "as handed out"
    shutil.rmtree(home / "lessons")
    (home / "lessons").write_text("in the way")
    after = started()
    assert int(after.stdout) == cores and "Not all lessons could be copied" in after.stderr


# --- the hub


@pytest.fixture(scope="module")
def hub_and_class():
    if reason := missing():
        pytest.skip(reason)
    with class_on_hub(["ada", "bob", "cyd", "dee"]) as found:
        yield found


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
    hub, (ada, _, cyd, _) = hub_and_class
    assert cyd.log_in()
    assert not Learner(hub, cyd.name, ada.password).log_in()
    assert not Learner(hub, "root", "").log_in()
    subprocess.run(["gpasswd", "--delete", cyd.name, LEARNERS], check=True, capture_output=True)  # has left the class
    assert not cyd.log_in()


@pytest.mark.hub
def test_a_learner_runs_a_lesson_in_a_browser_and_moves_a_slider(ada):
    if shutil.which("chromium") is None:
        pytest.skip("there is no chromium")

    with new_page() as page:
        lesson = ada.lesson_on(page)
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
    assert bob.get("api/contents/lessons").status_code == 200
    assert ada.get("api/contents/lessons", of=bob).status_code in (302, 403, 404)
    assert ada.get(f"api/kernels/{bob.kernel}", of=bob).status_code in (302, 403, 404)
    # Past the proxy, too: other learners sit on this machine.
    port = bob.run("import os; print(os.environ['JUPYTERHUB_SERVICE_URL'])")
    said = ada.run(f"import requests; print(requests.get('{port}api/contents/lessons', allow_redirects=False, "
                   f"headers={{'Authorization': 'token ' + os.environ['JUPYTERHUB_API_TOKEN']}}).status_code)")
    assert said in ("302", "403")
    assert bob.run("import json, ipykernel.connect; print(json.loads(ipykernel.connect.get_connection_info())['transport'])") == "ipc"
    for name in ("hub.sqlite", "cookie_secret"):
        assert (hub.state / name).exists() and ada.run(f"open('{hub.state / name}')").startswith("PermissionError")


@pytest.mark.hub
def test_the_data_and_the_course_are_read_and_not_written(hub, ada):
    assert ada.run("from helpers import data; print(data.load_digits().x_train.shape)").endswith("28, 28)")
    assert ada.run("print(os.environ['COURSE_DATA'])") == str(hub.course / "data")
    for attempt in ("open(os.environ['COURSE_DATA'] + '/digits.npz', 'ab')", "open(os.environ['COURSE_DATA'] + '/new.npz', 'w')",
                    "os.remove(os.environ['COURSE_DATA'] + '/digits.npz')", "open(data.__file__, 'a')",
                    f"open('{hub.course}/hand-out/learner/notebooks/00_start_here.ipynb', 'a')"):
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
def test_a_kernel_without_a_page_and_a_server_without_a_user_end_and_what_was_saved_stays(hub_and_class):
    hub, (*_, dee) = hub_and_class
    with closing(Hub(hub.course, hub.course.parent / "impatient", IDLE_KERNEL=5, IDLE_SERVER=15)) as impatient:
        dee = Learner(impatient, dee.name, dee.password)
        dee.start()
        kernel, lesson = f"api/kernels/{dee.kernel}", dee.address("api/contents/lessons/00_start_here.ipynb")
        with dee.socket():  # as a page that shows a lesson
            end = time.monotonic() + 10
            while time.monotonic() < end:
                assert dee.get(kernel).status_code == 200
                time.sleep(0.2)
            saved = dee.session.get(lesson, timeout=PATIENCE).json()
            saved["content"]["cells"][0]["source"] = "what dee has found"
            assert dee.session.put(lesson, json=saved, timeout=PATIENCE).ok
        dee.wait_for(lambda: dee.get(kernel).status_code == 404)
        assert f"Culling server {dee.name} " not in impatient.log.read_text()  # the questions above are use
        dee.wait_for(lambda: not processes_of(dee.name))
        assert f"Culling server {dee.name} " in impatient.log.read_text()
        dee.start()
        assert dee.session.get(lesson, timeout=PATIENCE).json()["content"]["cells"][0]["source"] == "what dee has found"
        assert dee.run("print(6 * 7)") == "42"


@pytest.mark.hub
def test_learners_spread_over_the_cores():
    pytest.importorskip("jupyterhub", reason="the hub is missing: make .venv-hub/hub, and its own pytest")
    from teaching.server.spawner import cores_of
    cores = [1, 4, 5, 8]
    assert [cores_of(number, cores, 2) for number in (1000, 1001, 1002)] == [{1, 4}, {5, 8}, {1, 4}]
    assert cores_of(7, cores, 8) == set(cores)
    assert cores_of(7, [3], 2) == {3}
