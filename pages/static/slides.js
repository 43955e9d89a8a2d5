// One slide at a time; a key shows what is still hidden on it, then goes on. The address ends in the slide's number.
const stage = document.querySelector("main"), slides = [...document.querySelectorAll("section")];
const LARGEST = 34, SMALLEST = 16;  // letters of a slide's text, in pixels
let current = 0;

const hidden = slide => [...slide.querySelectorAll(".later:not(.seen)")];

function go(number, whole) {
    current = Math.max(0, Math.min(slides.length - 1, number));
    slides.forEach((slide, place) => slide.classList.toggle("shown", place === current));
    for (const part of slides[current].querySelectorAll(".later")) part.classList.toggle("seen", whole);
    document.getElementById("number").textContent = current + 1;
    history.replaceState(null, "", `#${current + 1}`);
}

function next() {
    const [part] = hidden(slides[current]);
    if (part) part.classList.add("seen");
    else if (current < slides.length - 1) go(current + 1, false);
}

// Letters become smaller, and pictures after them, until all that a slide will show is within it.
function fit(slide) {
    const body = slide.querySelector(".body"), picture = slide.querySelector("img");
    const over = () => body.scrollHeight > body.clientHeight + 1 || body.scrollWidth > body.clientWidth + 1;
    let size = LARGEST;
    do body.style.fontSize = `${size}px`; while (over() && --size >= SMALLEST);
    for (let height = 520; picture && over() && height > 200; height -= 20) picture.style.maxHeight = `${height}px`;
}

function scale() {
    stage.style.transform = `scale(${Math.min(innerWidth / 1280, innerHeight / 720)})`;
}

const keys = {ArrowRight: next, ArrowDown: next, PageDown: next, " ": next, Enter: next, ArrowLeft: () => go(current - 1, true),
    ArrowUp: () => go(current - 1, true), PageUp: () => go(current - 1, true), Home: () => go(0, false), End: () => go(slides.length - 1, true)};
// A slider that was reached with Tab takes its keys, but for those that turn pages; one that was dragged lets them go.
const turns = ["PageDown", "PageUp", " "];
addEventListener("keydown", event => {
    const taken = event.target.matches("a") || event.target.matches("input") && !turns.includes(event.key);
    if (keys[event.key] && !taken) { event.preventDefault(); keys[event.key](); }
});
addEventListener("pointerup", () => document.activeElement?.matches("input") && document.activeElement.blur());
addEventListener("click", event => {
    if (event.target.closest("input, label, a")) return;
    if (event.clientX > innerWidth * 0.9) next();
    if (event.clientX < innerWidth * 0.1) go(current - 1, true);
});
addEventListener("resize", scale);
addEventListener("load", async () => {
    await MathJax.startup.promise;
    slides.forEach(fit);
    document.body.dataset.ready = "yes";
});
scale();
go(Number(location.hash.slice(1) || 1) - 1, false);
