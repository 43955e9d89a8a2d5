"""Makes a Unix account for each name of a class: `sudo python3 teaching/server/accounts.py names.txt passwords.csv`

The file of names has one on a line. New accounts get a password each, which is written to the second file, for handing out;
accounts that a class has already stay as they are. So names may be added later, and the command run again.
"""
import argparse
import csv
import grp
import os
import pwd
import re
import secrets
import subprocess
from pathlib import Path

GROUPS = LEARNERS, TEACHERS = "course-learners", "course-teachers"
# What useradd takes everywhere. Not longer, for the path of a kernel's socket in a home may have 107 letters, and all else in it is 85.
NAME = re.compile(r"[a-z][a-z0-9-]{0,19}")
LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"  # none that are taken for another when read from paper


def read_names(path):
    """The names in a file, one a line; empty lines do not count. ValueError, with the line, for what cannot be a name."""
    names = []
    for number, line in enumerate(Path(path).read_text(encoding="utf-8").splitlines(), start=1):
        if not (name := line.strip()):
            continue
        if not NAME.fullmatch(name):
            raise ValueError(f"{path}, line {number}: {name!r} cannot be a name. Use a small letter first, then at most "
                             "nineteen small letters, digits and hyphens, such as ada or ada-l.")
        if name in names:
            raise ValueError(f"{path}, line {number}: {name} is there twice. Two learners need two names.")
        names.append(name)
    return names


def new_names(names):
    """Those that have no account yet. ValueError for a name that belongs to somebody else on this machine, such as mail."""
    learners = members()
    accounts = {account.pw_name for account in pwd.getpwall()} | {group.gr_name for group in grp.getgrall()}
    if taken := [name for name in names if name in accounts and name not in learners]:
        raise ValueError(f"This machine has accounts or groups of these names, which are no learner's: {', '.join(taken)}. "
                         "Give those learners other names.")
    return [name for name in names if name not in learners]


def members():
    """Every learner with an account."""
    try:
        return set(grp.getgrnam(LEARNERS).gr_mem)
    except KeyError:
        return set()


def make(name):
    """An account with a home that nobody else can look into. Its password."""
    password = "-".join("".join(secrets.choice(LETTERS) for _ in range(4)) for _ in range(3))
    subprocess.run(["useradd", "--create-home", "--key", "HOME_MODE=0700", "--user-group", "--shell", "/bin/bash", name], check=True)
    subprocess.run(["chpasswd"], input=f"{name}:{password}\n", text=True, check=True)
    subprocess.run(["gpasswd", "--add", name, LEARNERS], check=True, stdout=subprocess.DEVNULL)  # last: from now on the hub lets in
    return password


def make_all(names, passwords):
    """Accounts for those of `names` that have none; each name and password is a line at the end of the file `passwords`."""
    new = new_names(names)
    for group in GROUPS:
        subprocess.run(["groupadd", "--force", group], check=True)
    with open(passwords, "a", newline="", encoding="utf-8", opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        for name in new:
            csv.writer(file).writerow([name, make(name)])
            file.flush()
    return new


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description="Make accounts for a class.")
    parser.add_argument("names", type=Path, help="a file with a name on each line")
    parser.add_argument("passwords", type=Path, help="where the new accounts' passwords are written")
    options = parser.parse_args()
    if os.geteuid() != 0:
        parser.error("only root can make accounts: use sudo")
    try:
        new = make_all(read_names(options.names), options.passwords)
    except (OSError, ValueError) as fault:
        parser.error(str(fault))
    print(f"{len(new)} new accounts: {', '.join(new) or 'none'}.", f"Their passwords are in {options.passwords}." if new else "")
