"""The site and the slides in Chromium, from their folders: without a server, without a kernel and without a network."""
import numpy as np
import pytest

pytest.importorskip("myst_nb", reason="what makes the site is missing: pip install -e .[site]")

import write_site
import write_slides
from lab import new_page

pytestmark = pytest.mark.site

# Texts whose colour is too near to what lies behind them: a contrast below 3, as the WCAG counts it.
PALE = """() => {
    const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
    const light = colour => {
        const [r, g, b] = numbers(colour).map(v => v / 255).map(v => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
        return 0.2126 * r + 0.7152 * g + 0.0722 * b;
    };
    const behind = element => {
        for (; element; element = element.parentElement) {
            const colour = getComputedStyle(element).backgroundColor;
            if ((numbers(colour)[3] ?? 1) > 0.5) return colour;
        }
        return "rgb(255, 255, 255)";
    };
    const found = [];
    for (const element of document.querySelectorAll("article *")) {
        const own = [...element.childNodes].some(node => node.nodeType === 3 && node.data.trim());
        if (!own || !element.checkVisibility() || element.closest("mjx-container, .headerlink, button")) continue;
        const [a, b] = [light(getComputedStyle(element).color), light(behind(element))];
        if ((Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05) < 3) found.push(element.textContent.slice(0, 40));
    }
    return found;
}"""

LOST = "[...document.images].filter(image => !image.complete || !image.naturalWidth).map(image => image.src)"

# What a telephone's reader cannot get at: it begins or ends outside the page, and nothing around it scrolls.
OUTSIDE = """() => [...document.querySelectorAll("article *")].filter(part => {
    if (!part.checkVisibility() || part.closest("mjx-assistive-mml, svg, .sr-only")) return false;
    const box = part.getBoundingClientRect();
    if (box.width === 0 || box.right <= innerWidth + 1 && box.left >= -1) return false;
    for (let around = part.parentElement; around.tagName !== "ARTICLE"; around = around.parentElement)
        if (["auto", "scroll"].includes(getComputedStyle(around).overflowX)) return false;
    return true;
}).map(part => `${part.tagName} ${part.className} ${part.textContent.slice(0, 40)}`)"""

# What a slide cuts off, or shows in letters too small for a projector.
CUT = """() => [...document.querySelectorAll("section")].flatMap((slide, number) => {
    const body = slide.querySelector(".body"), size = parseFloat(getComputedStyle(body).fontSize);
    const over = body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1 || slide.scrollHeight > 720;
    const out = [...slide.querySelectorAll("img, pre, table, mjx-container")].some(part => {
        const box = part.getBoundingClientRect();
        return box.width && (box.right > 1281 || box.bottom > 721 || box.left < -1 || box.top < -1);
    });
    const tiny = [...slide.querySelectorAll("p, li, figcaption, label")].some(part => parseFloat(getComputedStyle(part).fontSize) < 16);
    return over || out || tiny || size < 16 ? [`slide ${number + 1}: ${size} px: ${body.innerText.slice(0, 60)}`] : [];
})"""


@pytest.fixture(scope="module")
def page(site):
    with new_page(1280, 720) as page:
        page.requests = []
        page.on("request", lambda request: page.requests.append(request.url))
        yield page


def left(page):
    """Requests that are not for files of this machine."""
    return [url for url in page.requests if not url.startswith(("file:", "data:", "blob:"))]


def move(page, figure):
    """Each slider of a figure to its other end, by the keyboard: every move must show the picture of all their places."""
    image, sliders, order = figure.locator("img"), figure.locator("input").all(), figure.get_attribute("data-order").split()
    sizes = [int(slider.get_attribute("max")) + 1 for slider in sliders]
    for slider in sliders:
        slider.press("Home" if slider.input_value() == slider.get_attribute("max") else "End")
        page.wait_for_function("image => image.complete && image.naturalWidth > 0", arg=image.element_handle())
        assert slider.evaluate("slider => slider.nextElementSibling.value === JSON.parse(slider.dataset.values)[slider.value]")
        place = np.ravel_multi_index([int(slider.input_value()) for slider in sliders], sizes)
        assert image.get_attribute("src").endswith(f"/{order[place]}.png")


def test_every_page_opens_whole_on_a_screen_and_on_a_telephone(page):
    moved = 0
    for path in sorted(write_site.SITE.rglob("*.html")):
        if path.stem in ("genindex", "search"):
            continue
        page.set_viewport_size({"width": 1280, "height": 720})
        page.emulate_media(color_scheme="light")
        page.goto(path.as_uri())
        page.wait_for_function("!window.MathJax || window.MathJax.startup?.promise")
        page.evaluate("window.MathJax?.startup.promise")
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0, path
        assert page.evaluate(LOST) == [], path
        assert page.locator("mjx-container").count() == page.locator(".math.notranslate").count(), path
        for figure in page.locator("figure.moving").all():
            move(page, figure)
            moved += 1
        assert all(not fold for fold in page.locator("details").evaluate_all("folds => folds.map(fold => fold.open)"))
        page.evaluate("for (const fold of document.querySelectorAll('details')) fold.open = true")
        page.set_viewport_size({"width": 390, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth") <= 390, path
        assert page.evaluate(OUTSIDE) == [], path
        for scheme in "light", "dark":
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate(PALE) == [], (path, scheme)
    assert moved
    assert left(page) == [] and page.errors == []


@pytest.mark.parametrize("stem", ["03_convolution_forward", "05_two_layer_cnn"])
def test_a_page_is_as_wide_as_its_window(page, stem):
    page.goto((write_site.SITE / "notebooks" / f"{stem}.html").as_uri())
    page.wait_for_function("window.MathJax?.startup?.promise")
    page.evaluate("window.MathJax.startup.promise")
    for width in 1320, 1366, 1440:
        page.set_viewport_size({"width": width, "height": 768})
        assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_keys_turn_slides_after_a_slider_was_dragged(page):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.goto((write_slides.SLIDES / "00_start_here.html").as_uri())
    page.wait_for_function("document.body.dataset.ready")
    number = page.evaluate("slides.findIndex(slide => slide.querySelector('input'))")
    page.evaluate("number => go(number, true)", number)
    slider = page.locator("section").nth(number).locator("input").first
    box = slider.bounding_box()
    for key, step in ("ArrowRight", 1), ("PageDown", 1), (" ", 1), ("PageUp", -1):
        page.evaluate("number => go(number, true)", number)
        page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        page.mouse.down()
        page.mouse.move(box["x"] + box["width"] - 2, box["y"] + box["height"] / 2)
        page.mouse.up()
        assert slider.input_value() == slider.get_attribute("max")
        page.keyboard.press(key)
        assert page.url.endswith(f"#{number + 1 + step}") and slider.input_value() == slider.get_attribute("max"), key
    page.evaluate("number => go(number, true)", number)
    slider.focus()
    page.keyboard.press("ArrowLeft")
    assert page.url.endswith(f"#{number + 1}") and slider.input_value() != slider.get_attribute("max"), "a slider reached with Tab"
    page.keyboard.press("PageDown")
    assert page.url.endswith(f"#{number + 2}")


def test_no_slide_is_cut_off_and_keys_turn_them(page):
    page.set_viewport_size({"width": 1280, "height": 720})
    page.emulate_media(color_scheme="light")
    for path in sorted(write_slides.SLIDES.glob("[0-9]*.html")):
        page.goto(path.as_uri())
        page.wait_for_function("document.body.dataset.ready")
        assert page.evaluate(CUT) == [], path
        assert page.evaluate(LOST) == [], path
        assert page.locator("mjx-merror, [data-mjx-error]").count() == 0, path
    slides, hidden = page.locator("section").count(), page.locator(".later").count()
    for _ in range(slides + hidden - 1):
        page.keyboard.press("ArrowRight")
    assert page.locator("section.shown").count() == 1 and page.url.endswith(f"#{slides}")
    assert page.locator("section.shown .later:not(.seen)").count() == 0
    page.keyboard.press("ArrowLeft")
    assert page.url.endswith(f"#{slides - 1}")
    assert left(page) == [] and page.errors == []
