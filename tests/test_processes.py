"""Worker processes: the numbers of one core, whatever cannot be sent, dies or is interrupted; and nothing left behind."""
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from functools import partial
from pathlib import Path
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

from helpers import functional as F
from helpers import sharding, training
from helpers.init import he_normal
from helpers.layers import Conv2d, Flatten, Identity, Linear, MaxPool2d, Parameter, Projection, ReLU, Residual, Sequential
from helpers.optim import SGD
from helpers.sharding import Worker, processes
from helpers.sharding.executors import on_executor
from helpers.sharding.processes import Crew

CORES, WORKERS, SHARD = 3, 2, Conv2d.shard_size  # this process has a core, too
posix = pytest.mark.skipif(os.name != "posix", reason="signals, and files that can be removed while they are open")

ODD = '''
"""Layers that misbehave in a worker, importable there."""
import os, signal, sys, time
from pathlib import Path
import numpy as np
from helpers.layers import Identity, Linear

class Odd(Identity):
    shard_size = 25
    def __init__(self, flag=None):
        self.home, self.flag = os.getpid(), flag
    def away(self):
        return os.getpid() != self.home
    def flagged(self):
        """Whether the file is there: for one call of one worker."""
        try:
            return self.away() and Path(self.flag).unlink() is None
        except OSError:
            return False

class Noisy(Odd):
    def forward(self, x):
        if self.away():
            print("noise", flush=True)
            os.write(1, b"noise")
            assert os.read(0, 1) == sys.stdin.read().encode() == b""
        return super().forward(x)

class Mortal(Odd):
    def forward(self, x):
        if self.flagged():
            os.kill(os.getpid(), signal.SIGKILL)
        return super().forward(x)

class Interrupting(Odd):
    def forward(self, x):
        if self.flagged():
            os.kill(self.home, signal.SIGINT)
            time.sleep(0.3)
        return super().forward(x)

class Failing(Odd):
    def forward(self, x):
        if self.flagged():
            raise RuntimeError("in a worker only")
        return super().forward(x)

class Mode(Odd):
    def forward(self, x):
        return super().forward(x) + (0 if self.training else np.eye(4, dtype=x.dtype)[0] * 1e6)

class Coarse(Linear):
    """Its gradients are of less precision than its weights."""
    shard_size = 25
    def backward(self, dy):
        dx = super().backward(dy)
        self.weight.grad = self.weight.grad.astype(np.float32)
        return dx
'''
GREEDY = '''
import os
from pathlib import Path
from helpers.sharding import processes
from helpers.layers import Identity
processes.pool(2, begin=True)
Path(__file__).with_name(f"greedy-{os.getpid()}").write_text(str(processes._pool.count))
class Layer(Identity):
    pass
'''


def poll(condition, seconds=60):
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.005)
    return found


def awake():
    return poll(partial(processes.pool, WORKERS, begin=True))


@pytest.fixture(scope="module", autouse=True)
def odd(tmp_path_factory):
    """The module of odd layers, in a folder where the workers of these tests find it too."""
    folder = tmp_path_factory.mktemp("odd")
    (folder / "odd.py").write_text(ODD)
    (folder / "greedy.py").write_text(GREEDY)
    if processes._pool is not None:
        processes.dismiss(processes._pool)
    sys.path.insert(0, str(folder))
    import odd
    yield odd
    sys.path.remove(str(folder))
    if processes._pool is not None:
        processes.dismiss(processes._pool)


@pytest.fixture(autouse=True)
def ready(monkeypatch, tmp_path):
    monkeypatch.setattr(sharding, "_cores", lambda: CORES)
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    yield awake()
    assert not list(temporary.iterdir())


def small(*more, dtype=np.float32):
    """Convolutions, a Projection with its axes in another order, and odd layers on top: (N, 1, 9, 8) -> (N, 4)."""
    rng = np.random.default_rng(0)
    body = Sequential(Conv2d(3, 4, (3, 2), rng, stride=2, padding=1), ReLU(), MaxPool2d(2), Flatten(), Linear(16, 4, rng))
    net = Sequential(Conv2d(1, 3, 3, rng), ReLU(), Residual(body, Projection(he_normal((4, 3, 7, 6), rng))), *more)
    return net.double() if dtype == np.float64 else net


def toy(count, seed=0, dtype=np.float32):
    rng = np.random.default_rng(seed)
    return rng.standard_normal((count, 1, 9, 8)).astype(dtype), rng.integers(0, 4, count)


def digits(count=130):
    images, labels = toy(count + 60)
    return SimpleNamespace(x_train=images[:count], y_train=labels[:count], x_test=images[count:], y_test=labels[count:])


def on_one_core(net, images, labels, gradients=True):
    return on_executor(Worker(net), None, images, labels, gradients)


def nobody(*_):
    raise AssertionError("computed at home")


class Home:
    """Computes on one core and counts how often."""

    def __init__(self, net):
        self.net, self.calls = net, 0

    def __call__(self, images, labels, gradients):
        self.calls += 1
        return on_one_core(self.net, images, labels, gradients)


@pytest.fixture
def crew():
    """crew(net, at_home): a Crew that is closed after the test."""
    made = []

    def make(net, at_home=nobody):
        made.append(Crew(net, WORKERS, at_home))
        return made[-1]

    yield make
    for one in made:
        one.close()


def assert_same(found, wanted):
    assert found[:2] == wanted[:2] and len(found[2]) == len(wanted[2])
    for one, other in zip(found[2], wanted[2]):
        assert one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def assert_at_home(crew, net):
    """Both of two batches are computed at home, and right."""
    home = Home(net)
    crew = crew(net, home)
    for seed in (1, 2):
        batch = toy(60, seed, net.parameters()[0].value.dtype if net.parameters() else np.float32)
        assert_same(crew.compute(*batch, True), on_one_core(net, *batch))
    assert home.calls == 2
    return crew


def test_what_cannot_be_sent_is_tried_once(crew, monkeypatch):
    class Local(Identity):
        pass

    real, tried = processes.Job.__init__, []
    monkeypatch.setattr(processes.Job, "__init__", lambda job, *args: tried.append(1) or real(job, *args))
    assert_at_home(crew, small(Local()))
    assert tried == [1]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_results_are_those_of_one_core_bit_for_bit(crew, dtype):
    net = small(dtype=dtype)
    away = crew(net)
    for seed, count in enumerate([1, SHARD - 1, SHARD, SHARD + 1, 2 * SHARD, 2 * SHARD + 1, 5 * SHARD + 5, SHARD + 1]):
        batch = toy(count, seed, dtype)
        result = away.compute(*batch, True)
        assert_same(result, on_one_core(net, *batch))
        for gradient, parameter in zip(result[2], net.parameters(), strict=True):
            assert gradient.strides == parameter.value.strides
            parameter.value -= 0.1 * gradient  # seen by the next batch
        assert_same(away.compute(*batch, False), on_one_core(net, *batch, False))


def test_results_stay_as_they_are_when_the_next_batch_is_computed(crew):
    net = small()
    away, batch = crew(net), toy(20)
    first = away.compute(*batch, True)
    kept = [gradient.copy() for gradient in first[2]]
    away.compute(*toy(60, 1), True)
    assert all(map(np.array_equal, first[2], kept))


def test_fit_is_the_same_on_one_core_and_on_processes(monkeypatch):
    def run():
        net = small()
        history = training.fit(net, digits(), SGD(net.parameters(), 0.05), 2, 60)
        return history.step_losses + history.test_loss, list(net.state_dict().values())

    real, asked = processes.Job._ask, []
    monkeypatch.setattr(processes.Job, "_ask", lambda job, orders, own=(): asked.append(1) or real(job, orders, own))
    on_processes = run()
    assert len(asked) >= 8  # asked to open, tried once, and asked at each of six steps
    monkeypatch.setattr(sharding, "_cores", lambda: 1)
    on_one = run()
    assert on_processes[0] == on_one[0] and all(map(np.array_equal, on_processes[1], on_one[1]))


def test_images_of_another_kind_are_opened_anew(crew, odd):
    net = Sequential(Flatten(), Linear(72, 4, np.random.default_rng(0)), odd.Odd())
    away, (images, labels) = crew(net), toy(60)
    for batch in [(images, labels), (images.reshape(60, 1, 8, 9), labels), (images, labels.astype(np.uint8)),
                  (images.reshape(60, 72), labels.astype(np.int32))]:
        assert_same(away.compute(*batch, True), on_one_core(net, *batch))


def test_evaluation_mode_reaches_the_workers(crew, odd):
    net, batch = small(odd.Mode()), toy(60)
    net.eval()
    assert_same(crew(net).compute(*batch, False), on_one_core(net, *batch, False))  # also where they are tried in it
    away, losses = crew(net.train()), []
    for mode in (True, False, True):
        net.train(mode)
        assert_same(away.compute(*batch, False), on_one_core(net, *batch, False))
        losses.append(away.compute(*batch, False)[0])
    assert losses[0] == losses[2] < 1000 < losses[1]


def test_a_class_that_only_this_process_knows_is_computed_at_home(crew, monkeypatch, ready):
    class Local(Identity):
        pass

    assert_at_home(crew, small(Local()))
    module = ModuleType("written_here")
    exec("from helpers.layers import Identity\nclass Layer(Identity): pass", module.__dict__)
    monkeypatch.setitem(sys.modules, "written_here", module)
    assert_at_home(crew, small(module.Layer()))
    assert processes._pool is ready
    assert_same(crew(small()).compute(*toy(60), True), on_one_core(small(), *toy(60)))


def test_a_formula_that_was_changed_here_is_heeded(crew, monkeypatch, ready):
    before = on_one_core(small(), *toy(60, 1))
    real = F.relu_backward
    monkeypatch.setattr(F, "relu_backward", lambda *args: 2 * real(*args))
    away = assert_at_home(crew, small())
    assert not np.array_equal(on_one_core(small(), *toy(60, 1))[2][0], before[2][0])
    assert not away.trusted and processes._pool is ready


@pytest.mark.parametrize("weights", ["of two dtypes", "none at all"])
def test_weights_that_fit_into_no_array_are_computed_at_home(crew, odd, weights):
    net = Sequential(Flatten(), odd.Odd())
    if weights == "of two dtypes":
        net = Sequential(Flatten(), Linear(72, 4, np.random.default_rng(0)).double(), odd.Odd())
        net.layers[2].spare = Parameter(np.zeros(4, np.float32))
    home, batch = Home(net), toy(60, 1, np.float64)
    assert_same(crew(net, home).compute(*batch, True), on_one_core(net, *batch))
    assert home.calls == 1


def test_gradients_of_another_dtype_than_their_weights_are_computed_at_home(crew, odd):
    assert_at_home(crew, Sequential(Flatten(), odd.Coarse(72, 4, np.random.default_rng(0))).double())


def test_a_layer_that_prints_and_reads_is_out_of_the_way(crew, odd):
    net = small(odd.Noisy())
    away = crew(net)
    for seed in range(3):
        assert_same(away.compute(*toy(60, seed), True), on_one_core(net, *toy(60, seed)))


def test_an_error_in_a_worker_sends_the_network_home(crew, odd, tmp_path, ready):
    flag = tmp_path / "flag"
    net = small(odd.Failing(flag))
    home = Home(net)
    away = crew(net, home)
    away.compute(*toy(60), True)
    assert home.calls == 0
    flag.touch()
    for seed in (1, 2):
        assert_same(away.compute(*toy(60, seed), True), on_one_core(net, *toy(60, seed)))
    assert home.calls == 2 and not flag.exists() and processes._pool is ready
    assert_same(crew(small()).compute(*toy(60, 3), True), on_one_core(small(), *toy(60, 3)))  # none is out of step


@pytest.mark.parametrize("labels", [toy(60)[1][:40], toy(60)[1].astype(float)], ids=["too few", "fractions"])
def test_labels_that_do_not_fit_are_refused_and_leave_nothing_out_of_step(crew, labels):
    net = small()
    away, images = crew(net, Home(net)), toy(60, 5)[0]
    away.compute(*toy(60), True)
    with pytest.raises((ValueError, TypeError)):
        away.compute(images, labels, True)
    awake()
    for seed in (1, 2):
        assert_same(crew(net).compute(*toy(60, seed), True), on_one_core(net, *toy(60, seed)))


@posix
@pytest.mark.parametrize("when", ["between", "during"])
def test_a_worker_that_is_killed_costs_nothing(crew, odd, tmp_path, ready, when):
    def run(act):
        net = small(odd.Mortal(tmp_path / "flag"))
        history = training.fit(net, digits(), SGD(net.parameters(), 0.05), 2, 60,
                               callback=lambda step, *_: act() if step == 1 else None)
        return history.step_losses + history.test_loss, list(net.state_dict().values())

    def kill():
        ready.processes[1].kill()
        ready.processes[1].wait()

    wanted = run(lambda: None)
    found = run(kill if when == "between" else (tmp_path / "flag").touch)
    assert found[0] == wanted[0] and all(map(np.array_equal, found[1], wanted[1]))
    assert not (tmp_path / "flag").exists() and not ready.ready
    assert all(process.returncode is not None for process in ready.processes)
    assert awake() is not ready
    assert_same(crew(small()).compute(*toy(60), True), on_one_core(small(), *toy(60)))


@posix
@pytest.mark.parametrize("first", [True, False], ids=["while it is tried", "later"])
def test_an_interrupt_leaves_nothing_out_of_step(crew, odd, tmp_path, ready, first):
    flag = tmp_path / "flag"
    net = small(odd.Interrupting(flag))
    home = Home(net)
    away = crew(net, home)
    if not first:
        away.compute(*toy(60), True)
    flag.touch()
    with pytest.raises(KeyboardInterrupt):
        away.compute(*toy(60, 1), True)
    assert not flag.exists() and home.calls == 0 and processes._pool is not ready
    assert_same(away.compute(*toy(60, 2), True), on_one_core(net, *toy(60, 2)))
    awake()
    calls = home.calls
    for seed in (3, 4):
        assert_same(away.compute(*toy(60, seed), True), on_one_core(net, *toy(60, seed)))
    assert home.calls == calls  # the same run is back on processes


def test_an_interrupted_trial_counts_for_nothing(crew, monkeypatch):
    """What was not found to be the same yet is not trusted with the next batch."""
    real = F.relu_backward
    monkeypatch.setattr(F, "relu_backward", lambda *args: 2 * real(*args))
    net = small()
    home = Home(net)
    away = crew(net, home)

    def interrupted(*_):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(processes, "_same", interrupted)
        with pytest.raises(KeyboardInterrupt):
            away.compute(*toy(60), True)
    awake()
    assert_same(away.compute(*toy(60), True), on_one_core(net, *toy(60)))
    assert home.calls == 1


@posix
def test_an_interrupt_does_not_reach_the_workers(crew, ready):
    for process in ready.processes:
        assert os.getsid(process.pid) != os.getsid(0)  # what a terminal sends is for the parent's session
        process.send_signal(signal.SIGINT)
    assert_same(crew(small()).compute(*toy(60), True), on_one_core(small(), *toy(60)))


def test_where_no_process_can_be_started_none_is_ever_ready(monkeypatch):
    monkeypatch.setattr(sys, "executable", os.path.join(tempfile.gettempdir(), "missing"))
    before = set(threading.enumerate())
    pool = processes.Pool(WORKERS)
    poll(lambda: set(threading.enumerate()) <= before)
    assert not pool.ready and not pool.processes


@posix
def test_the_file_is_gone_while_it_is_in_use(crew):
    net = small()
    away = crew(net)
    away.compute(*toy(60), True)
    assert not os.listdir(tempfile.gettempdir())
    assert_same(away.compute(*toy(60, 1), True), on_one_core(net, *toy(60, 1)))


def test_a_full_disk_sends_the_network_home(crew, monkeypatch, ready):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(processes, "_shared", full)
    assert_at_home(crew, small())
    assert processes._pool is ready


def test_workers_forget_a_network_when_its_run_ends(crew):
    away = crew(small())
    away.compute(*toy(60), True)
    job = away.job
    orders = [("compute", id(job), 5, 1.0, False, True)] * WORKERS
    assert None not in job._ask(orders)
    away.close()
    assert job._ask(orders) == [None] * WORKERS


def test_runs_in_two_threads_are_both_right():
    def run(seed, into):
        net = small()
        net.parameters()[0].value *= seed
        history = training.fit(net, digits(), SGD(net.parameters(), 0.05), 3, 60)
        into[seed] = history.step_losses + history.test_loss

    alone, together = {}, {}
    for seed in (1, 2, 3):
        run(seed, alone)
    threads = [threading.Thread(target=run, args=(seed, together)) for seed in (1, 2, 3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert together == alone


def test_who_finds_the_processes_busy_computes_at_home_and_says_goodbye_later(crew, ready):
    net = small()
    home, done = Home(net), []
    away = crew(net, home)
    away.compute(*toy(60), True)

    def other():
        done.append(away.compute(*toy(60, 1), True))
        away.close()
        done.append("closed")

    thread = threading.Thread(target=other)
    with ready.lock:
        thread.start()
        poll(lambda: done)
        thread.join(0.1)
        assert len(done) == 1 and home.calls == 1
    thread.join()
    assert done[1:] == ["closed"]
    assert_same(done[0], on_one_core(net, *toy(60, 1)))


def test_processes_that_another_run_has_dismissed_are_left_alone(crew, ready, monkeypatch):
    net = small()
    home = Home(net)
    away = crew(net, home)
    processes.dismiss(ready)
    newer = awake()
    monkeypatch.setattr(processes, "pool", lambda *_, **__: ready)
    away.compute(*toy(60), True)
    assert home.calls == 1 and away.trusted
    processes.dismiss(ready)
    assert processes._pool is newer and newer.ready


def test_a_run_inside_a_callback_is_right():
    def run(cores):
        sharding._cores = lambda: cores
        net = small()
        looks = training.Snapshots([0, 2], ["0.weight"], *toy(60, 7))
        history = training.fit(net, digits(), SGD(net.parameters(), 0.05), 1, 60, callback=looks)
        return history.step_losses + looks.test_loss

    assert run(CORES) == run(1)


def test_a_loss_that_is_not_finite_in_one_shard_gives_no_gradients(crew):
    net, (images, labels) = small(), toy(60)
    away = crew(net)
    away.compute(images, labels, True)
    images[55] = np.nan
    loss, _, gradients = away.compute(images, labels, True)
    assert np.isnan(loss) and gradients == []
    data = digits()
    data.x_train[7] = np.nan
    with pytest.raises(FloatingPointError, match="the images of this batch"):
        training.fit(net, data, SGD(net.parameters(), 0.1), 1, 60)


def test_only_training_on_several_shards_begins_processes(monkeypatch):
    begun = []
    monkeypatch.setattr(processes, "_pool", None)
    monkeypatch.setattr(processes.Pool, "__init__", lambda pool, count: begun.append(count))
    monkeypatch.setattr(processes.Pool, "ready", False, raising=False)
    monkeypatch.setattr(processes.atexit, "register", lambda *_: None)
    net, images = small(), digits()
    training.evaluate(net, images.x_train, images.y_train)
    images.x_test, images.y_test = toy(SHARD)
    training.fit(net, images, SGD(net.parameters(), 0.1), 1, SHARD)
    assert not begun
    training.fit(net, images, SGD(net.parameters(), 0.1), 1, SHARD + 1)
    assert begun == [WORKERS]


def test_workers_begin_no_workers(crew, odd):
    """Not even if a module trains something when it is imported: each of its workers would import it again."""
    import greedy
    net = small(greedy.Layer())
    assert_same(crew(net).compute(*toy(60), True), on_one_core(net, *toy(60)))
    counts = {int(file.name.split("-")[1]): file.read_text() for file in Path(odd.__file__).parent.glob("greedy-*")}
    assert counts.pop(os.getpid()) == str(WORKERS)
    assert list(counts.values()) == ["0"] * WORKERS


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning")
def test_a_forked_process_leaves_its_parents_workers_alone(crew):
    net = small()
    away = crew(net)
    away.compute(*toy(60), True)
    child = os.fork()
    if child == 0:
        fine = False
        try:
            home = Home(net)
            away.at_home = home
            away.compute(*toy(60, 1), False)
            away.close()
            fine = home.calls == 1
        finally:
            os._exit(0 if fine else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert_same(away.compute(*toy(60, 2), True), on_one_core(net, *toy(60, 2)))


# --- Whole programs -------------------------------------------------------------------------------

PROGRAM = '''
import atexit, os, signal, sys, time
from types import SimpleNamespace
import numpy as np
from helpers import layers, optim, sharding, training
from helpers.sharding import processes

atexit.register(lambda: print("ended", [process.returncode for process in pool.processes]))  # runs after later ones
cores, end = int(sys.argv[1]), sys.argv[2]
sharding._cores = lambda: cores
rng = np.random.default_rng(0)
x, y = rng.random((70, 1, 6, 6), np.float32), rng.integers(0, 4, 70)
digits = SimpleNamespace(x_train=x, y_train=y, x_test=x, y_test=y)
net = layers.Sequential(layers.Conv2d(1, 2, 3, rng), layers.Flatten(), layers.Linear(32, 4, rng))
training.evaluate(net, x, y)
assert processes._pool is None

def callback(step, net, loss):
    global pool
    while cores > 1 and step == 0 and processes.pool(cores, begin=True) is None:
        time.sleep(0.005)
    pool = processes._pool
    if step == 2:
        print("workers", *[process.pid for process in pool.processes] if pool else [], flush=True)
        if end == "exit":
            os._exit(0)
        if end == "kill":
            os.kill(os.getpid(), signal.SIGKILL)

history = training.fit(net, digits, optim.SGD(net.parameters(), 0.1), 2, 60, callback=callback)
print("losses", history.step_losses)
'''


def program(folder, cores, end):
    """Run it, without a guard for its main part; what it printed, {first word: rest of the line}."""
    folder.mkdir()
    (folder / "temporary").mkdir()
    (folder / "program.py").write_text(PROGRAM)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(folder / "temporary"), "TQDM_DISABLE": "1"}
    with open(folder / "errors", "w") as errors:  # no pipe, whose end would have to be waited for
        done = subprocess.run([sys.executable, "-W", "error", "program.py", str(cores), end], cwd=folder, env=environment,
                              stdout=subprocess.PIPE, stderr=errors, text=True, timeout=120)
    assert done.returncode == (-signal.SIGKILL if end == "kill" else 0), (folder / "errors").read_text()
    return dict(line.split(maxsplit=1) for line in done.stdout.splitlines() if " " in line)


def alive(pid):
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"  # it is for others to bury it
    except (ProcessLookupError, FileNotFoundError):
        return False


@posix
@pytest.mark.parametrize("end", ["normal", "exit", "kill"])
def test_nothing_is_left_however_a_program_ends(tmp_path, end):
    found = program(tmp_path / "program", CORES, end)
    pids = list(map(int, found["workers"].split()))
    assert len(pids) == WORKERS
    poll(lambda: not any(map(alive, pids)))
    assert not list((tmp_path / "program" / "temporary").iterdir())
    errors = (tmp_path / "program" / "errors").read_text()
    assert "Traceback" not in errors and "Warning" not in errors and "Exception" not in errors
    if end == "normal":
        assert found["ended"] == str([-signal.SIGKILL] * WORKERS)
