"""`python -m teaching.grading IN OUT [--seed N]`"""
import argparse
from collections import Counter
from pathlib import Path

from .copies import fault
from .grades import ROOT, grade_all
from .report import write

parser = argparse.ArgumentParser(prog="python -m teaching.grading", description="Grade what learners handed in.")
parser.add_argument("folder", type=Path, metavar="IN", help="holds a folder, or a notebook, of each learner")
parser.add_argument("out", type=Path, metavar="OUT", help="where the table and the pages go")
parser.add_argument("--seed", type=int, default=1, help="a number of your own, which chooses the hidden cases")
options = parser.parse_args()
folder, out = options.folder.resolve(), options.out.resolve()
if not folder.is_dir():
    parser.error(f"there is no folder {options.folder}")
if out.is_relative_to(folder):
    parser.error("OUT lies in IN: what is written there would be graded the next time. Choose a folder beside it")
if ROOT.is_relative_to(folder) or ROOT.is_relative_to(out):
    parser.error("the course itself lies in IN or OUT, which are closed to learners' code: choose folders of their own")
if found := fault(folder):
    parser.error(found)

grades = grade_all(folder, out, options.seed)
write(grades, out)
counts, learners = Counter(grade.state for grade in grades), len({grade.learner for grade in grades})
print(f"{learners} {'learner' if learners == 1 else 'learners'}: {', '.join(f'{count} {state}' for state, count in counts.items())}")
for grade in grades:
    if grade.state == "refused":
        print(f"refused: {grade.file}: {grade.text}")
print(f"{out / 'grades.csv'}, {out / 'totals.csv'}, {out / 'index.html'}")
