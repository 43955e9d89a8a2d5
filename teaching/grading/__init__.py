"""Grades the notebooks that learners hand in: `python -m teaching.grading IN OUT`, or `make collect IN=... OUT=...`.

A notebook is read, never run from top to bottom: a lesson trains for minutes, and one cell that fails would take the rest with it.
Of each exercise only the answer runs, and what it needs of its notebook, in a process of its own.

| module | does |
|---|---|
| `copies` | finds the notebooks of each learner, and in each the answers, also where the copy is spoilt |
| `needs` | picks the statements that an answer needs |
| `hidden` | makes cases that no learner has seen |
| `child` | runs one answer, alone, and tells what came out |
| `grades` | starts that with limits, and compares what came out |
| `report` | writes the table and the pages |
| `for_nbgrader` | makes assignments for nbgrader of the lessons, with the same checks |
"""
