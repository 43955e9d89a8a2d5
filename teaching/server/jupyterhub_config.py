"""JupyterHub for a class on one Linux machine. It runs as root, for each learner's JupyterLab runs as that learner.

Numbers that another machine may want otherwise stand at the top; README.md, beside this file, says how to choose them.
"""
import os
import sys
from pathlib import Path

COURSE = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(COURSE))

from teaching.server.accounts import LEARNERS, TEACHERS  # noqa: E402
from teaching.server.ready import NODE, PROXY, faults  # noqa: E402
from teaching.server.spawner import LearnersServer  # noqa: E402

MEMORY = "4G"           # of each process of a learner
CORES = 2               # of each learner
IDLE_KERNEL = 30 * 60   # seconds after which a kernel ends whose page is closed
IDLE_SERVER = 2 * 3600  # seconds after which a learner's JupyterLab ends that nobody uses
STATE = COURSE / "hub"  # the hub's own files, for root only
HAND_OUT = COURSE / "hand-out" / "learner" / "notebooks"
DATA = Path(os.environ.get("COURSE_DATA") or COURSE / "data")

if found := faults(COURSE, HAND_OUT, DATA):
    sys.exit("\n".join(found))
STATE.mkdir(mode=0o700, exist_ok=True)

c = get_config()  # noqa: F821

# Only this machine can reach it: what the world sees, and what brings TLS, stands before it.
c.JupyterHub.bind_url = "http://127.0.0.1:8000"
c.ConfigurableHTTPProxy.command = [str(NODE), str(PROXY)]
c.ConfigurableHTTPProxy.pid_file = str(STATE / "proxy.pid")
c.JupyterHub.db_url = f"sqlite:///{STATE / 'hub.sqlite'}"
c.JupyterHub.cookie_secret_file = str(STATE / "cookie_secret")

# A learner is a Unix account, and its password that account's. Who is in one of the groups may log in, and nobody else.
c.JupyterHub.authenticator_class = "pam"
c.PAMAuthenticator.allowed_groups = {LEARNERS, TEACHERS}
c.PAMAuthenticator.admin_groups = {TEACHERS}

c.JupyterHub.spawner_class = LearnersServer
c.LearnersServer.hand_out = str(HAND_OUT)
c.Spawner.mem_limit = MEMORY
c.Spawner.cpu_limit = CORES
c.Spawner.cmd = [sys.executable, "-m", "jupyterhub.singleuser"]
c.Spawner.default_url = "/lab/tree/lessons/00_start_here.ipynb"
c.Spawner.environment = {"COURSE_DATA": str(DATA), "OPENBLAS_NUM_THREADS": "1"}
c.Spawner.args = [
    # Sockets in the learner's home, for what goes through a port can be read by everybody on this machine.
    "--KernelManager.transport=ipc",
    f"--MappingKernelManager.cull_idle_timeout={IDLE_KERNEL}",
    "--LabApp.news_url=",
]

c.JupyterHub.load_roles = [{
    "name": "culler", "services": ["culler"],
    "scopes": ["list:users", "read:users:activity", "read:servers", "delete:servers"],
}]
c.JupyterHub.services = [{"name": "culler", "command": [sys.executable, "-m", "jupyterhub_idle_culler", f"--timeout={IDLE_SERVER}"]}]
