"""The stored form of every lesson: whole, clean, and readable where no kernel runs."""
import re
import runpy
from pathlib import Path

import nbformat
import pytest
from run_lessons import run

FOLDER = Path(__file__).parent.parent / "notebooks"
PATHS = sorted(FOLDER.glob("*.ipynb"))
LESSONS = sorted(FOLDER.glob("[0-9]*.ipynb"))
EXACT = "nbval-check-output"  # cells whose text must be the same on any digits and any machine


@pytest.fixture(params=PATHS, ids=lambda path: path.stem)
def path(request):
    return request.param


@pytest.fixture
def notebook(path):
    notebook = nbformat.read(path, as_version=4)
    nbformat.validate(notebook)
    return notebook


def code_cells(notebook):
    return [cell for cell in notebook.cells if cell.cell_type == "code"]


def outputs(notebook):
    return [output for cell in code_cells(notebook) for output in cell.outputs]


def test_there_are_notebooks():
    assert PATHS, f"no notebook in {FOLDER}"


def test_executed_top_to_bottom(notebook, path):
    counts = [cell.execution_count for cell in code_cells(notebook)]
    assert counts == list(range(1, len(counts) + 1)), f"make notebooks NAME={path.stem} runs it and stores its outputs"


def test_no_errors_and_no_warnings(notebook):
    for output in outputs(notebook):
        assert output.output_type != "error", output.evalue
        assert output.get("name") != "stderr", output.text


def test_kernel_is_the_one_everybody_has(notebook):
    assert notebook.metadata.kernelspec.name == "python3"


def test_no_trace_of_one_run_in_the_metadata(notebook):
    assert set(notebook.metadata) == {"kernelspec", "language_info"}  # so no widget state
    for cell in notebook.cells:
        assert "execution" not in cell.metadata, f"times are stored: {cell.source}"


def test_of_a_live_figure_only_its_picture_is_stored(notebook):
    # A widget needs the kernel that made it, and has a name that is new in every run: `make notebooks` leaves it out.
    for cell in code_cells(notebook):
        kinds = [set(output.get("data", {})) for output in cell.outputs]
        assert not any("application/vnd.jupyter.widget-view+json" in kind for kind in kinds), cell.source
        for number, output in enumerate(cell.outputs):
            if "live-style" in output.get("data", {}).get("text/html", ""):
                assert "image/png" in kinds[number + 1], cell.source


def test_run_again_a_lesson_changes_only_where_its_outputs_do(tmp_path):
    path, mark = tmp_path / "lesson.ipynb", tmp_path / "mark"
    sources = ["import time\nfrom pathlib import Path\nfrom helpers import figures, live, machine\nbegan = time.perf_counter()",
               "first = live.softmax()\nfirst", "machine.check_slider(first)",
               "took = time.perf_counter() - began\nprint('one line')\nprint(f'{took:.6f} s')",
               "figures.durations({'one': 1.0, 'another': took}, f'{1 / took:.3f} times faster')", "Path('mark').is_file()"]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    nbformat.write(notebook, path)
    run(path)
    once = path.read_bytes()
    figure = nbformat.read(path, as_version=4).cells[1]
    assert [set(output.data) for output in figure.outputs] == [{"text/html"}, {"image/png", "text/plain"}]
    run(path)
    assert path.read_bytes() == once
    mark.touch()
    run(path)
    assert path.read_text(encoding="utf-8") == once.decode().replace('"False"', '"True"') != once.decode()


def texts(node):
    """Every string in a notebook but the pictures, whose base64 may spell anything."""
    if isinstance(node, str):
        yield node
    elif isinstance(node, dict):
        for key, value in node.items():
            if key not in ("image/png", "image/jpeg"):
                yield from texts(value)
    elif isinstance(node, list):
        for value in node:
            yield from texts(value)


def test_no_path_of_any_machine(notebook):
    for text in texts(notebook):
        found = re.search(r"(?<![\w.])/(home|root|work|tmp|Users)\b.*|\\Users\\.*", text)
        assert not found, found.group()


def test_small_enough_to_clone(path):
    assert path.stat().st_size < 1_500_000


def test_pictures_in_the_text_exist_and_say_what_they_show(notebook):
    for cell in notebook.cells:
        if cell.cell_type != "markdown":
            continue
        pictures = re.findall(r"!\[(.*?)\]\(\s*([^)\s]*)", cell.source)
        for tag in re.findall(r"<img\b[^>]*>", cell.source):
            found = dict(re.findall(r'\b(alt|src)="(.*?)"', tag))
            pictures.append((found.get("alt", ""), found.get("src", "")))
        for alt, target in pictures:
            assert alt.strip(), f"no alt text: {target}"
            attached = target.removeprefix("attachment:") in cell.get("attachments", {})
            assert attached or (FOLDER / target).is_file(), f"no such picture: {target}"


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_key_facts_are_compared(notebook):
    facts = [cell for cell in code_cells(notebook) if EXACT in cell.metadata.get("tags", [])]
    count = len(facts)
    assert count >= 3
    for cell in facts:
        printed = [output for output in cell.outputs if output.output_type == "stream" or set(output.data) == {"text/plain"}]
        assert printed, f"tagged {EXACT}, but prints nothing that could be compared:\n{cell.source}"


def test_opening_pictures_are_taken_from_the_stored_outputs():
    pictures = runpy.run_path(FOLDER / "pictures" / "take.py")["opening_pictures"]()
    assert pictures
    for path, png in pictures.items():
        same = path.read_bytes() == png  # outside the assert: pytest would print both pictures
        assert same, f"{path.name} is not what its lesson shows: python notebooks/pictures/take.py"
