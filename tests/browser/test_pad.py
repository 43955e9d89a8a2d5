"""The drawing pad in a browser: digits drawn by a real mouse, and strokes of a finger, arrive whole, give the stored image, and are read."""
import hashlib

import nbformat
import pytest
from lab import Lab, Lesson, Voila, running

from helpers import data
from helpers.data import drawing

pytestmark = pytest.mark.browser

NAME = "pad.ipynb"
DRAWINGS, LABELS = data.load_drawings()

# The figure of lesson 05 with a trained CNN, and below it what the kernel has: the number of points, and the image's checksum.
CELLS = '''
import hashlib, ipywidgets
from helpers import live, logs, models
from helpers.data import drawing

cnn, best = models.two_layer_cnn(), logs.load("two_layer_cnn")
cnn.load_state_dict({name: best[name] for name in cnn.state_dict()})
figure, heard = live.draw_cnn(cnn, models.mlp()), ipywidgets.Label()
heard.add_class("heard")

def hear(_):
    strokes = figure.pad.value
    image = hashlib.sha256(drawing.digit(strokes).tobytes()).hexdigest()
    heard.value = f"{sum(map(len, strokes))} {image}"

figure.pad.observe(hear, "value")
hear(None)
----
figure
----
heard
'''.split("----")


@pytest.fixture
def folder(tmp_path):
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell.strip()) for cell in CELLS])
    notebook.metadata.kernelspec = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, tmp_path / NAME)
    return tmp_path


class Board:
    """A pad on the page."""

    def __init__(self, page):
        self.page, self.canvas = page, page.locator(".live-pad canvas").last
        self.canvas.wait_for()
        self.canvas.scroll_into_view_if_needed()

    def places(self, points):
        """Where on the page points of the pad's grid lie."""
        left, top, width = self.canvas.evaluate("""canvas => {
            const { left, top } = canvas.getBoundingClientRect();
            return [left + canvas.clientLeft, top + canvas.clientTop, canvas.clientWidth];
        }""")
        scale, rim = width / drawing.SIDE, drawing.MARGIN + 0.5
        return [(left + (x + rim) * scale, top + (y + rim) * scale) for x, y in points]

    def clear(self):
        self.page.locator(".live-pad button", has_text="clear").last.click()
        self.wait_for(())

    def draw(self, strokes):
        for stroke in strokes:
            first, *others = self.places(stroke)
            self.page.mouse.move(*first)
            self.page.mouse.down()
            for place in others:
                self.page.mouse.move(*place)
            self.page.mouse.up()

    def wait_for(self, strokes):
        """Until the kernel has all points of these strokes, and makes of them the image that they make here."""
        image = hashlib.sha256(drawing.digit(strokes).tobytes()).hexdigest()
        self.page.wait_for_function("wanted => document.querySelector('.heard').textContent.trim() === wanted",
                                    arg=f"{sum(map(len, strokes))} {image}", timeout=20_000)

    def answer(self):
        return self.page.locator(".live-pad p").last.inner_text()


def read_by_the_cnn(board, begin):
    """How many of ten drawings the CNN reads rightly, drawn by a mouse; each must arrive whole and give the stored image.

    One of each digit, in all five styles, of which the first begins with the style `begin`.
    """
    right = 0
    for place in [(10 * begin + 11 * digit) % len(DRAWINGS) for digit in range(10)]:
        board.clear()
        board.draw(DRAWINGS[place])
        board.wait_for(DRAWINGS[place])
        right += f"The CNN reads a {LABELS[place]}," in board.answer()
    return right


def draw_with_keys(board):
    """A seven by the keyboard, then a stroke too many that is taken back."""
    board.clear()
    board.canvas.focus()
    press = board.page.keyboard.press
    for key, times in (("Shift+ArrowUp", 3), ("Shift+ArrowLeft", 2), (" ", 1), ("Shift+ArrowRight", 4), ("Shift+ArrowDown", 6), (" ", 1),
                       ("ArrowLeft", 2), (" ", 2), ("Control+z", 1)):
        for _ in range(times):
            press(key)
    stroke = [(92 + 24 * step, 68) for step in range(5)] + [(188, 68 + 24 * step) for step in range(1, 7)]
    board.wait_for((stroke,))
    press("Delete")
    board.wait_for(())


def draw_with_a_finger(board):
    """Two strokes down the pad, as a touch screen reports them: the page must not scroll, and no point may be lost."""
    board.clear()
    strokes = tuple(tuple((x, 20 + 24 * step) for step in range(11)) for x in (80, 200))
    touch = board.page.context.new_cdp_session(board.page).send
    touch("Emulation.setTouchEmulationEnabled", {"enabled": True})
    stands = board.canvas.bounding_box()
    for stroke in strokes:
        for number, (x, y) in enumerate(board.places(stroke)):
            touch("Input.dispatchTouchEvent", {"type": "touchMove" if number else "touchStart", "touchPoints": [{"x": x, "y": y}]})
        touch("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    board.wait_for(strokes)
    assert board.canvas.bounding_box() == stands
    touch("Emulation.setTouchEmulationEnabled", {"enabled": False})
    board.clear()


def test_in_jupyterlab_by_mouse_finger_and_keys_in_a_second_tab_and_after_a_restart(page, folder):
    with running(Lab, folder) as server:
        lesson = Lesson(page, server)
        lesson.open(NAME)
        lesson.run_all()
        board = Board(page)
        assert read_by_the_cnn(board, 0) >= 9
        draw_with_keys(board)
        draw_with_a_finger(board)
        assert not lesson.errors()

        lesson.page.evaluate("jupyterapp.shell.currentWidget.context.save()")
        assert "points" not in (folder / NAME).read_text() and '"state"' not in (folder / NAME).read_text()
        other = page.context.browser.new_page()
        other.goto(server.address(NAME))
        second = Board(other)
        second.draw(DRAWINGS[7])
        second.wait_for(DRAWINGS[7])
        board.wait_for(DRAWINGS[7])
        other.close()
        board.draw(DRAWINGS[1])
        board.wait_for(DRAWINGS[7] + DRAWINGS[1])

        page.evaluate("jupyterapp.shell.currentWidget.context.sessionContext.session.kernel.restart()")
        lesson._wait_until_idle()
        board.draw(DRAWINGS[2])  # nobody hears it, and nothing breaks
        lesson.run_all()
        again = Board(page)
        again.clear()
        again.draw(DRAWINGS[3])
        again.wait_for(DRAWINGS[3])
        assert not page.errors and not lesson.unexecuted() and not server.errors()  # the new kernel's debugger may write to stderr


def test_in_notebook_7(page, folder):
    with running(Lab, folder, "notebook") as server:
        lesson = Lesson(page, server)
        lesson.open(NAME)
        lesson.page.errors.clear()
        lesson.run_all()
        board = Board(page)
        assert read_by_the_cnn(board, 2) >= 9
        draw_with_keys(board)
        assert not lesson.errors()


def test_in_voila(page, folder):
    with running(Voila, folder) as server:
        page.goto(server.address(NAME))
        board = Board(page)
        page.errors.clear()
        assert read_by_the_cnn(board, 3) >= 9
        draw_with_keys(board)
        assert not page.errors and not server.errors()
