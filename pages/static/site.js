// A live figure without its kernel: every slider moves through pictures that were drawn beforehand.
for (const figure of document.querySelectorAll("figure.moving")) {
    const image = figure.querySelector("img"), sliders = [...figure.querySelectorAll("input")];
    const order = figure.dataset.order.split(" ");
    figure.addEventListener("input", () => {
        let place = 0;
        for (const slider of sliders) {
            const value = JSON.parse(slider.dataset.values)[slider.value];
            place = place * (Number(slider.max) + 1) + Number(slider.value);
            slider.nextElementSibling.value = value;
            slider.setAttribute("aria-valuetext", value);
        }
        image.src = `${figure.dataset.frames}${order[place]}.png`;
    });
}
