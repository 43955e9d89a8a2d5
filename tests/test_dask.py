"""Sweeps on a real Dask cluster of worker processes on this machine: the same results, also when a worker dies."""
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import sweep_runs

from helpers import logs
from helpers.training import sweep

distributed = pytest.importorskip("distributed")
pytestmark = pytest.mark.filterwarnings("default")  # a killed worker leaves sockets and streams open behind it
SETTINGS = [(rate, seed) for rate in (0.01, 0.1) for seed in range(4)]
ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def cluster():
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, processes=True, dashboard_address=None,
                                  worker_dashboard_address=None, silence_logs=50) as cluster:
        yield cluster


def plain(results):
    """Results of `toy` that can be compared, kept or not."""
    return [([*map(float, result["losses"])], float(result["accuracy"])) for result in results]


@pytest.fixture(scope="module")
def wanted():
    return plain(sweep(sweep_runs.toy, SETTINGS))


def test_a_cluster_gives_the_same_results(cluster, wanted, tmp_path):
    with logs.executor("A log.", ["--scheduler", cluster.scheduler_address]) as executor:
        assert plain(sweep(sweep_runs.toy, SETTINGS, executor, keep=tmp_path)) == wanted
        assert {pid for pid, _ in sweep(sweep_runs.place, range(8), executor)}.isdisjoint({os.getpid()})
    assert plain(sweep(sweep_runs.toy, SETTINGS, keep=tmp_path)) == wanted and len(list(tmp_path.iterdir())) == len(SETTINGS)


def test_a_setting_arrives_as_it_is(cluster):
    settings = [("a", 1), ["a", 2], {"rate": (0.1, None), "sizes": [1, 2]}, "seen-0", True, 3, 0.1]
    with distributed.Client(cluster) as client:
        assert sweep(sweep_runs.seen, settings, client.get_executor()) == [repr(setting) for setting in settings]


def test_a_worker_that_dies_loses_nothing_and_counts_nothing_twice(cluster, wanted, tmp_path):
    (tmp_path / "begun").touch()
    settings, killed = [(str(tmp_path), *setting) for setting in SETTINGS], []

    class Killing(distributed.cfexecutor.ClientExecutor):
        """Once all runs are submitted, kills the worker that has begun the third of them."""

        def submit(self, *task):
            run = super().submit(*task)
            if task[-1] == settings[-1]:
                while len(lines := (tmp_path / "begun").read_text().splitlines()) < 3:
                    time.sleep(0.01)
                killed.append(int(lines[2].split()[-1]))
                os.kill(killed[0], signal.SIGKILL)
            return run

    with distributed.Client(cluster) as client:
        found = sweep(sweep_runs.counted, settings, Killing(client), keep=tmp_path / "runs")
    assert plain(found) == wanted
    assert len(list((tmp_path / "runs").iterdir())) == len(SETTINGS)
    begun = [line.rpartition(" ") for line in (tmp_path / "begun").read_text().splitlines()]
    assert {setting for setting, _, _ in begun} == {str([*setting]) for setting in SETTINGS}
    assert int(begun[2][2]) == killed[0] and len([setting for setting, _, _ in begun if setting == begun[2][0]]) >= 2
    assert plain(sweep(sweep_runs.counted, settings, keep=tmp_path / "runs")) == wanted  # all are kept, and none is made again
    assert len((tmp_path / "begun").read_text().splitlines()) == len(begun)


def test_the_readmes_example_runs_as_pasted(tmp_path):
    section = (ROOT / "README.md").read_text(encoding="utf-8").partition("## Outgrow one machine")[2].partition("\n## ")[0]
    (tmp_path / "rates.py").write_text("\n".join(line[4:] for line in section.splitlines() if line.startswith("    ")))
    environment = os.environ | {"PYTHONPATH": str(ROOT), "COURSE_DIGITS": "bundled", "TQDM_DISABLE": "1"}
    run = subprocess.run([sys.executable, "rates.py"], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=300)
    assert run.returncode == 0, run.stderr
    assert len(list((tmp_path / "runs").iterdir())) == len(run.stdout.splitlines()) == 6
