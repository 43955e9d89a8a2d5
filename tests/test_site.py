"""The site and the slides: everything that a lesson holds is on its page, no link is broken, and nothing is loaded from a network."""
import re
from functools import cache
from html import escape, unescape
from itertools import product
from math import prod
from urllib.parse import unquote

import nbformat
import numpy as np
import pytest

pytest.importorskip("myst_nb", reason="what makes the site is missing: pip install -e .[site]")

import draw_frames
import live_figures
import write_site
import write_slides
from draw_frames import NOTEBOOKS, frames_folder, is_live

from helpers.live.core import values_of

pytestmark = [pytest.mark.site, pytest.mark.usefixtures("site")]
STEMS = sorted(path.stem for path in NOTEBOOKS.glob("*.ipynb"))
LESSONS = [stem for stem in STEMS if stem[0].isdigit()]


@cache
def lesson(stem):
    return nbformat.read(NOTEBOOKS / f"{stem}.ipynb", as_version=4)


def page(stem):
    return (write_site.SITE / "notebooks" / f"{stem}.html").read_text(encoding="utf-8")


def deck(stem):
    return (write_slides.SLIDES / f"{stem}.html").read_text(encoding="utf-8")


def texts(stem, without=""):
    return "\n\n".join(cell.source for cell in lesson(stem).cells
                       if cell.cell_type == "markdown" and without not in cell.metadata.get("tags", []))


def words(code):
    """What is read of HTML, without spaces."""
    return re.sub(r"\s", "", unescape(re.sub(r"<[^>]+>", "", code)))


@pytest.mark.parametrize("stem", STEMS)
def test_a_page_holds_every_output_formula_and_solution_of_its_lesson(stem):
    code = page(stem).split('<article role="main"')[1].split("</article>")[0]
    read = words(code)
    pictures = [output for cell in lesson(stem).cells for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    assert len(re.findall(r'<img [^>]*src="../_static/(?:outputs|frames)/', code)) == len(pictures)
    for output in pictures:
        assert f'alt="{escape(output.metadata["image/png"]["alt"])}"' in code
    for cell in lesson(stem).cells:
        if cell.cell_type == "code":
            assert words(escape(cell.source)) in read
            for output in cell.outputs:
                assert words(escape(output.get("text", ""))) in read
    prose = re.sub(r"```.*?```|`[^`\n]*`", "", texts(stem), flags=re.S)
    shown = re.findall(r"\$\$(.*?)\$\$", prose, re.S)
    inside = re.findall(r"\$(.+?)\$", re.sub(r"\$\$.*?\$\$", "", prose, flags=re.S), re.S)
    assert len(re.findall(r'class="math notranslate', code)) == len(shown) + len(inside)
    assert all(words(escape(formula)) in read for formula in shown + inside)
    solutions = [cell for cell in lesson(stem).cells if "solution" in cell.metadata.get("tags", [])]
    assert code.count("<details><summary>Solution</summary>") == code.count("</details>") == len(solutions)
    assert f"notebooks/{stem}.ipynb" in code


@pytest.mark.parametrize("stem", LESSONS)
def test_a_figure_that_moves_has_a_picture_for_every_place_of_its_sliders(stem):
    figures = re.findall(r'<figure class="moving" data-frames="\.\./([^"]*)" data-order="([\d ]*)">(.*?)</figure>', page(stem), re.S)
    assert len(figures) == len(list((frames_folder() / stem).glob("*/figure.json")))
    for folder, order, inside in figures:
        highest = [int(number) for number in re.findall(r'max="(\d+)"', inside)]
        pictures = [write_site.SITE / folder / f"{number}.png" for number in order.split()]
        at = [int(number) for number in re.findall(r' value="(\d+)"', inside)]
        first = np.ravel_multi_index(at, [number + 1 for number in highest])
        assert f'src="../{folder}{order.split()[first]}.png"' in inside, "the picture is not the one of the sliders' first values"
        assert len(pictures) == prod(number + 1 for number in highest)
        assert sum(picture.stat().st_size for picture in set(pictures)) <= draw_frames.MOST_BYTES


def addresses(code):
    """(attribute, address) of all that a page loads or leads to."""
    return [(found[1], unescape(found[2])) for found in re.finditer(r'<(?:[^>]*?\s)(href|src)="([^"]*)"', code)]


def files_of(folder, suffix):
    return sorted(folder.rglob(f"*.{suffix}"))


@pytest.mark.parametrize("folder", [write_site.SITE, write_site.TEACHER_SITE, write_slides.SLIDES], ids=lambda folder: folder.name)
def test_no_link_is_broken_and_nothing_is_loaded_from_a_network(folder):
    assert files_of(folder, "html")
    for path in files_of(folder, "html"):
        code = path.read_text(encoding="utf-8")
        for loaded in re.findall(r'<(?:script|img|source|iframe)[^>]*src="([^"]*)"|<link[^>]*href="([^"]*)"', code):
            assert not re.match(r"(https?:)?//", "".join(loaded)), f"{path} loads {loaded}"
        for _, address in addresses(code):
            if not re.match(r"\w+:|//", address):
                target, _, name = address.partition("#")
                there = (path.parent / unquote(target.split("?")[0])).resolve() if target else path
                assert there.exists(), f"{path}: {address}"
                if name and there.suffix == ".html":
                    assert f'id="{unquote(name)}"' in there.read_text(encoding="utf-8"), f"{path}: {address}"
    for path in files_of(folder, "css"):
        assert not re.search(r"(url\(|@import)\s*['\"]?(https?:)?//", path.read_text(encoding="utf-8")), path


def test_only_the_site_for_teachers_has_the_guide():
    guide = {path.stem for path in write_site.TEACHING.glob("*.md")}
    assert guide == {path.stem for path in files_of(write_site.TEACHER_SITE / "teaching", "html")}
    assert not (write_site.SITE / "teaching").exists()
    found = files_of(write_site.SITE, "html") + files_of(write_site.SITE, "js")
    assert [path for path in found if "teaching/" in path.read_text(encoding="utf-8")] == []


def test_links_to_what_is_not_a_page_are_words():
    pages = {NOTEBOOKS / "00_start_here.ipynb"}
    source = "[a](00_start_here.ipynb#map) [b](../README.md) [c](https://example.org) [d](#here) ![e](pictures/e.png)"
    assert write_site.inward(source, NOTEBOOKS, pages) == source.replace("[b](../README.md)", "b")


@pytest.mark.parametrize("name", ["how_many_pixels", "max_pooling", "vanishing", "cut_blocks"])
def test_frames_are_what_the_figure_shows(name):
    figure = live_figures.MAKERS[name]()
    controls, pictures, order = draw_frames.draw(figure)
    assert len(order) == prod(len(control["values"]) for control in controls) <= draw_frames.MOST_FRAMES
    assert len(set(pictures)) == len(pictures) > 1 and set(order) == set(range(len(pictures)))
    values = [values_of(control) for control in figure.controls.values()]
    said = [[draw_frames.said(control, value) for value in of] for control, of in zip(figure.controls.values(), values)]
    for number, told in zip(order, product(*(control["values"] for control in controls)), strict=True):
        settings = {key: of[names.index(word)] for key, of, names, word in zip(figure.controls, values, said, told)}
        assert pictures[number] == draw_frames.small(figure.frame(**settings))
    at = np.ravel_multi_index([control["at"] for control in controls], [len(control["values"]) for control in controls])
    assert pictures[order[at]] == draw_frames.small(figure.frame(**figure.values))


def test_a_figure_with_too_many_controls_stays_still():
    assert draw_frames.draw(live_figures.MAKERS["softmax"]()) is None


def test_a_drawing_pad_stays_still():
    assert draw_frames.draw(live_figures.MAKERS["draw_dense"]()) is None


@pytest.mark.parametrize("places, kept, most", [(28, 14, 10), (5, 2, 5), (145, 72, 4), (2, 1, 2), (30, 1, 4), (30, 28, 4)])
def test_few_places_keep_both_ends_and_the_one_that_is_shown(places, kept, most):
    few = draw_frames.thinned(places, kept, most)
    assert kept in few and few[0] == 0 and few[-1] == places - 1 and len(few) <= most
    assert few == sorted(set(few))


@pytest.mark.parametrize("stem", LESSONS)
def test_slides_have_every_question_and_picture_and_no_solution(stem):
    code, read = deck(stem), words(deck(stem))
    main = lesson(stem).cells[:next((place for place, cell in enumerate(lesson(stem).cells) if "## Appendix" in cell.source), None)]
    predictions = sum(cell.source.count("> **Predict.**") for cell in main)
    assert code.count("<strong>Predict.</strong>") == predictions
    pictures = [output for cell in main for output in cell.get("outputs", []) if "image/png" in output.get("data", {})]
    assert len(re.findall(r'<img src="(?:outputs|frames)/', code)) == len(pictures)
    for cell in main:
        if "solution" in cell.metadata.get("tags", []):
            solution = re.search(r"```python\n.*?\n(.*?)```", cell.source, re.S)[1]
            assert words(escape(solution)) not in read
    assert any(is_live(output) for output in pictures)


def plain(source):
    """The words of Markdown, in their order, without formulas and code."""
    return re.findall(r"[A-Za-z]+", re.sub(r"\$.*?\$|`.*?`|\]\(.*?\)", " ", source, flags=re.S))


@pytest.mark.parametrize("stem", LESSONS)
def test_every_exercise_stands_on_a_slide_with_the_words_of_its_task(stem):
    slides = [code for code in re.findall(r'<section class="exercise">.*?</section>', deck(stem), re.S)]
    task, found = "", 0
    for cell in lesson(stem).cells:
        if "solution" in cell.metadata.get("tags", []):
            task = ""
        elif cell.cell_type == "markdown":
            begins = re.search(r"^\*\*.*", cell.source, re.M | re.S)
            task = begins[0] if begins else task + cell.source
        elif "exercise" in cell.metadata.get("tags", []):
            slide, = [code for code in slides if words(escape(cell.source)) in words(code)]
            said = iter(re.findall(r"[A-Za-z]+", unescape(re.sub(r"<[^>]+>", " ", slide))))
            missing = [word for word in plain(task) if word not in said]
            assert len(plain(task)) >= 10 and missing == [], (cell.id, missing[:1])
            found += 1
    assert found


def test_above_a_question_stands_what_it_asks_about():
    asked = r'<div class="before"><p>([^<]*).*?</div><p><strong>Predict\.</strong>'
    assert "A neuron with" in re.search(asked, deck("03_convolution_forward"), re.S)[1]
    second = [before for before in re.findall(asked, deck("03_convolution_forward"), re.S) if "patterns of patterns" in before]
    assert second and second[0].startswith("A second layer"), "the words to the picture before it belong to that picture"


def test_what_only_a_notebook_can_do_is_not_on_a_slide():
    assert "has not been moved" in page("00_start_here") and "has not been moved" not in deck("00_start_here")
    captions = [code for stem in LESSONS for code in re.findall(r'<section class="picture">.*?</section>', deck(stem), re.S)]
    assert not [code[-80:] for code in captions if re.search(r":\s*</p>", code)], "it announces what is not there"
    assert f"drawn from {draw_frames.NAMES[frames_folder().name]}" in deck("index")
