"""drafts/lesson_10.md -> notebooks/10_depth.ipynb: python drafts/build.py [log]. To be removed when the lesson is done."""
import re, sys
import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook
sys.path.insert(0, "tests")
text = open("drafts/lesson_10.md", encoding="utf-8").read()
parts = re.split(r"^===(.*)\n", "===\n" + text, flags=re.M)[1:]
cells = []
TAGS = {"check": ["nbval-check-output"], "ignore": ["nbval-ignore-output"], "picture": ["opening-picture"], "": [], "picture2": [], "log": ["nbval-check-output"], "log2": ["nbval-check-output"]}
for kind, body in zip(parts[::2], parts[1::2]):
    kind, body = kind.strip(), body.strip("\n")
    if kind.startswith("code"):
        word = kind[4:].strip()
        if (word.startswith("log") or word=="picture2") and "log" not in sys.argv: continue
        cell = new_code_cell(body, metadata={"tags": TAGS.get(word, [])} if TAGS.get(word) else {})
    elif kind == "exercise":
        cell = new_code_cell(body, metadata={"tags": ["exercise", "nbval-check-output"]})
    elif kind == "solution":
        code, _, rest = body.partition("\n---\n")
        cell = new_markdown_cell(f"<details><summary>Solution</summary>\n\n```python\n{code}\n```" + (f"\n\n{rest}" if rest else "") + "\n</details>", metadata={"tags": ["solution"]})
    else:
        cell = new_markdown_cell(body)
    cell.id = f"depth-{len(cells):02}"
    cells.append(cell)
nb = new_notebook(cells=cells, metadata={"kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"}, "language_info": {"name": "python"}})
from lesson_form import head, minutes
count = minutes(nb)
nb.cells[0].source = nb.cells[0].source.replace("TIME", head(count))
print(len(cells), "cells", head(count), count)
for c in cells:
    if c.cell_type == "code":
        for l in c.source.splitlines():
            if len(l) > 67: print("LONG", len(l), l)
nbformat.write(nb, "notebooks/10_depth.ipynb")
