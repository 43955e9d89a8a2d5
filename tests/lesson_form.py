"""The form of a lesson: how long it takes, where it may be left, and which of the field's words it introduces.

    python tests/lesson_form.py    # a line for each lesson

Time is counted, not felt: 130 words a minute, 10 seconds a line of code, one minute a formula that stands by itself or a
prediction, two and a half a live figure, four an exercise. Appendices are not counted: no later lesson needs them.
"""
import re
from dataclasses import dataclass
from pathlib import Path

import nbformat

FOLDER = Path(__file__).parent.parent / "notebooks"
LESSONS = sorted(FOLDER.glob("[0-9]*.ipynb"))
STOP = "> **A place to stop.**"

# The field's words, in the lesson that introduces each of them: emphasised at its first use, and never used before.
TERMS = {
    "00": ["parameter", "gradient", "baseline", "training set", "test set", "accuracy"],
    "01": ["logits", "cross-entropy", "one-hot", "broadcasting", "computational graph", "local gradient", "upstream gradient",
           "backward pass", "gradient descent", "learning rate"],
    "02": ["nonlinearity", "activation function", "hidden layer", "element-wise", "backpropagation",
           "initialisation", "mini-batch", "stochastic gradient descent", "epoch", "overfitting", "confusion matrix",
           "multilayer perceptron"],
    "03": ["kernel", "feature map", "weight sharing", "translation", "stride", "padding", "max pooling", "fully connected"],
    "04": ["Jacobian", "vector–Jacobian product", "adjoint", "transposed convolution", "subgradient"],
    "05": ["receptive field", "dead ReLU", "validation set", "schedule", "saliency map", "data augmentation",
           "adversarial example", "fan-in"],
    "06": ["ablation study", "hyperparameter"],
    "07": ["vanishing gradient", "exploding gradient", "residual block", "identity mapping", "projection shortcut", "degradation"],
    "08": [],
    "09": ["momentum", "exponential moving average", "first moment", "bias correction", "weight decay", "L2 regularisation",
           "Hessian", "condition number"],
    "10": ["fan-out", "truncated normal", "histogram", "update-to-weight ratio", "shattered gradient"],
    "11": ["training mode", "running statistics", "evaluation mode", "unbiased", "dropout", "inverted dropout",
           "local response normalisation", "parameter group"],
    "12": ["basic block", "exclusive gate", "lesion study", "ensemble"],
    "13": ["multiply–accumulate", "global average pooling", "Winograd convolution"],
    "14": ["pre-activation", "post-activation", "stream", "bottleneck"],
    "15": ["topological order", "reverse mode", "forward mode"],
}


@dataclass
class Minutes:
    """How long a lesson takes without and with its exercises, and to the place where it may be left."""

    without: float = 0
    exercises: float = 0
    stop: float = 0


def minutes(notebook):
    """The time of a lesson by the count above."""
    count, section = Minutes(), ""
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            headings = re.findall(r"^## (.*)", cell.source, re.M)
            section = headings[-1] if headings else section
            if cell.source.startswith(STOP):
                count.stop = count.without
        if section.startswith("Exercises"):
            count.exercises += cell_minutes(cell, section)
        else:
            count.without += cell_minutes(cell, section)
    return count


def cell_minutes(cell, section):
    """The time of a cell in this section: none in an appendix, and none for a solution."""
    if section.startswith("Appendix") or "solution" in cell.metadata.get("tags", []):
        return 0.0
    if cell.cell_type == "markdown":
        return _reading(cell)
    return 4.0 if section.startswith("Exercises") else _coding(cell)


def _reading(cell):
    formulas = re.findall(r"\$\$.*?\$\$", cell.source, re.S)
    text = re.sub(r"\$\$.*?\$\$|```.*?```|<[^>]*>|!\[.*?\]\(.*?\)|\]\(.*?\)|\$.*?\$", " ", cell.source, flags=re.S)
    return len(re.findall(r"[\w'’-]+", text)) / 130 + len(formulas) + cell.source.count("**Predict.**")


def _coding(cell):
    lines = [line for line in cell.source.splitlines() if line.strip() and not line.strip().startswith("#")]
    return len(lines) / 6 + 2.5 * len(re.findall(r"\blive\.\w+\(", cell.source))


def to_five(number):
    return 5 * round(number / 5)


def head(count):
    """The words with which a lesson says its time."""
    words = f"{to_five(count.without)} minutes"
    if count.exercises:
        words += f", {to_five(count.without + count.exercises)} with the exercises"
    return words + (f"; a place to stop after {to_five(count.stop)}" if count.stop else "")


if __name__ == "__main__":
    for path in LESSONS:
        notebook = nbformat.read(path, as_version=4)
        count = minutes(notebook)
        print(f"{path.stem:24} {len(notebook.cells):3} cells  {head(count)}"
              f"   ({count.without:.0f}, {count.exercises:.0f}, {count.stop:.0f})")
