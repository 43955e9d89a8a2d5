// The page's part of a drawing pad: strokes appear at once, and go to the kernel as whole numbers on the pad's grid.
// That one message at a time is under way, always with the newest strokes, is the work of ipywidgets' save_changes.

const INK = "#00243A", CURSOR = "#D55E00";

function render({ model, el }) {
    const grid = model.get("grid"), margin = model.get("margin"), side = grid + 2 * margin;
    let strokes = model.get("value");                // what the page shows: the kernel's, or newer
    let pointer = null;                              // the mouse, pen or finger that draws
    const cursor = { x: grid / 2, y: grid / 2, down: false };  // the keyboard's

    el.innerHTML = `<canvas tabindex="0" role="application" data-lm-suppress-shortcuts="true"></canvas>
        <div><button type="button">undo</button> <button type="button">clear</button></div><p aria-live="polite"></p>`;
    el.classList.add("live-pad");
    const canvas = el.querySelector("canvas"), [undo, clear] = el.querySelectorAll("button"), answer = el.querySelector("p");
    canvas.title = "Draw with mouse, pen or finger. Keys: arrows move, with Shift further; space puts the pen down and lifts it; "
        + "Backspace takes a stroke back; Delete clears.";
    canvas.setAttribute("aria-label", `Pad to draw a digit on. ${canvas.title}`);
    const paper = canvas.getContext("2d");

    function draw() {
        canvas.width = canvas.height = Math.max(1, Math.round(canvas.clientWidth * (window.devicePixelRatio || 1)));
        const scale = canvas.width / side;
        paper.setTransform(scale, 0, 0, scale, (margin + 0.5) * scale, (margin + 0.5) * scale);
        paper.strokeStyle = INK;
        paper.lineCap = paper.lineJoin = "round";
        paper.lineWidth = model.get("pen");
        for (const stroke of strokes) {
            paper.beginPath();
            paper.moveTo(...stroke[0]);
            for (const point of stroke) paper.lineTo(...point);
            paper.stroke();
        }
        if (document.activeElement === canvas && canvas.matches(":focus-visible")) {
            paper.strokeStyle = CURSOR;
            paper.lineWidth = cursor.down ? 6 : 3;
            paper.beginPath();
            paper.arc(cursor.x, cursor.y, 12, 0, 2 * Math.PI);
            paper.stroke();
        }
    }

    function change(newer) {
        strokes = newer;
        draw();
        model.set("value", strokes);
        model.save_changes();
    }

    function begin(points) {
        change([...strokes, points]);
    }

    function extend(points) {
        const last = strokes[strokes.length - 1], longer = [...last];
        for (const point of points) {
            const [x, y] = longer[longer.length - 1];
            if (point[0] !== x || point[1] !== y) longer.push(point);
        }
        if (longer.length > last.length) change([...strokes.slice(0, -1), longer]);
    }

    function place({ clientX, clientY }) {
        const { left, top } = canvas.getBoundingClientRect(), { clientLeft, clientTop, clientWidth } = canvas;  // inside its border
        return [clientX - left - clientLeft, clientY - top - clientTop].map(length =>
            Math.min(grid - 1, Math.max(0, Math.round(length / clientWidth * side - margin - 0.5))));
    }

    function lift() {
        pointer = null;
        cursor.down = false;
        draw();
    }

    function takeBack(newer) {
        lift();
        if (strokes.length) change(newer);
    }

    canvas.addEventListener("pointerdown", event => {
        if (pointer !== null || event.button !== 0) return;
        pointer = event.pointerId;
        canvas.setPointerCapture(pointer);
        cursor.down = false;
        begin([place(event)]);
    });
    canvas.addEventListener("pointermove", event => {
        if (event.pointerId !== pointer) return;
        const between = event.getCoalescedEvents?.() ?? [];  // all that happened since the last event
        extend((between.length ? between : [event]).map(place));
    });
    for (const end of ["pointerup", "pointercancel", "lostpointercapture"]) canvas.addEventListener(end, event => {
        if (event.pointerId !== pointer) return;
        if (end === "pointerup") extend([place(event)]);
        lift();
    });

    const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
    canvas.addEventListener("keydown", event => {
        const { key, ctrlKey, metaKey, altKey, shiftKey } = event, z = (ctrlKey || metaKey) && key.toLowerCase() === "z";
        if (!z && (ctrlKey || metaKey || altKey)) return;
        if (key in STEPS) {
            const [x, y] = STEPS[key].map(step => step * (shiftKey ? 24 : 6));
            cursor.x = Math.min(grid - 1, Math.max(0, cursor.x + x));
            cursor.y = Math.min(grid - 1, Math.max(0, cursor.y + y));
            if (cursor.down) extend([[cursor.x, cursor.y]]);
            draw();
        } else if (key === " ") {
            cursor.down = !cursor.down;
            if (cursor.down) begin([[cursor.x, cursor.y]]);
            draw();
        } else if (z || key === "Backspace") takeBack(strokes.slice(0, -1));
        else if (key === "Delete") takeBack([]);
        else return;
        event.preventDefault();
        event.stopPropagation();
    });
    canvas.addEventListener("focus", draw);
    canvas.addEventListener("blur", lift);
    undo.addEventListener("click", () => takeBack(strokes.slice(0, -1)));
    clear.addEventListener("click", () => takeBack([]));

    function follow() {
        if (pointer !== null || cursor.down) return;  // what is being drawn is newer
        strokes = model.get("value");
        draw();
    }
    function say() {
        answer.textContent = model.get("answer");
    }
    model.on("change:value", follow);
    model.on("change:pen", draw);
    model.on("change:answer", say);
    const resized = new ResizeObserver(draw);
    resized.observe(canvas);
    say();
    return () => {
        resized.disconnect();
        model.off("change:value", follow);
        model.off("change:pen", draw);
        model.off("change:answer", say);
    };
}

export default { render };
