"""How the hub starts a learner's JupyterLab: as that learner, with limits that all its kernels inherit."""
import asyncio
import os
import pwd
import resource
import sys
from pathlib import Path

from jupyterhub.spawner import LocalProcessSpawner
from traitlets import Unicode

COPIES = Path(__file__).with_name("copies.py")
PROCESSES = 512  # of one learner, threads among them: JupyterLab has some 10, a kernel some 20


class LearnersServer(LocalProcessSpawner):
    """A `LocalProcessSpawner` that keeps to `mem_limit`, in each process, and to `cpu_limit`, in all of them."""

    hand_out = Unicode(help="The folder that holds the learner's copies of the lessons.", config=True)

    async def start(self):
        account = pwd.getpwnam(self.user.name)
        # As the learner, for what root writes in a home that is not its own can be led elsewhere by a link.
        copying = await asyncio.create_subprocess_exec(
            sys.executable, str(COPIES), self.hand_out, f"{account.pw_dir}/lessons", cwd="/",
            user=account.pw_uid, group=account.pw_gid, extra_groups=[], umask=0o077)
        if await copying.wait() != 0:  # a full disk must not keep anybody from their files
            self.log.error("%s: not all lessons could be copied into the home", self.user.name)
        return await super().start()

    def make_preexec_fn(self, name):
        become = super().make_preexec_fn(name)
        limits = [(resource.RLIMIT_AS, self.mem_limit), (resource.RLIMIT_NPROC, PROCESSES), (resource.RLIMIT_CORE, 0)]
        cores = cores_of(pwd.getpwnam(name).pw_uid, sorted(os.sched_getaffinity(0)), int(self.cpu_limit))

        def prepare():
            for kind, most in limits:
                resource.setrlimit(kind, (most, most))
            os.sched_setaffinity(0, cores)
            os.umask(0o077)
            become()

        return prepare


def cores_of(number, cores, share):
    """`share` of the cores, neighbours in turn, so that learners whose accounts were made one after the other spread over all."""
    return {cores[(number * share + place) % len(cores)] for place in range(share)}
