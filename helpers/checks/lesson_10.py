"""The exercises of lesson 10: leaky ReLUs, a fan-in, a uniform draw, layers that copy, and what degradation says."""
import numpy as np

from .core import Exercise

_LEAKY_STD = Exercise(
    cases=[(400, 0.0), (100, 0.5), (72, 1.0), (9, 0.1)],
    truth=lambda fan_in, a: np.sqrt(2 / ((1 + a**2) * fan_in)),
    mistakes={
        "That is the variance: return the standard deviation, its square root.": lambda fan_in, a: 2 / ((1 + a**2) * fan_in),
        "That is He's, for a ReLU that lets nothing through below 0: here a share of the squares comes through.":
            lambda fan_in, a: np.sqrt(2 / fan_in),
        "That is LeCun's, for a layer without any activation function: here half of the squares shrink.":
            lambda fan_in, a: np.sqrt(1 / fan_in),
        "The numbers below 0 are multiplied by a, so their squares by a².": lambda fan_in, a: np.sqrt(2 / ((1 + a) * fan_in)),
        "Half of the squares stay and half are multiplied by a²: the mean square is (1 + a²) / 2 of what it was, and not 1 + a².":
            lambda fan_in, a: np.sqrt(1 / ((1 + a**2) * fan_in)),
        "The weights must make up for what the activation function takes: divide by (1 + a²) / 2, do not multiply.":
            lambda fan_in, a: np.sqrt((1 + a**2) / (2 * fan_in)),
        "The larger a is, the more comes through, so the smaller the weights: divide by 1 + a².":
            lambda fan_in, a: np.sqrt(2 * (1 + a**2) / fan_in),
        "The more inputs an output sums, the smaller the weights: divide by the fan-in.":
            lambda fan_in, a: np.sqrt(2 * fan_in / (1 + a**2)),
        "The fan-in is missing: one output sums that many products.": lambda fan_in, a: np.sqrt(2 / (1 + a**2)),
        "You followed the variance of the activations: the next layer does not subtract their mean, so the mean square counts.":
            lambda fan_in, a: np.sqrt(1 / (((1 + a**2) / 2 - (1 - a) ** 2 / (2 * np.pi)) * fan_in)),
    },
    praise="With a = 0 it is He's, with a = 1 LeCun's.",
)

_FAN_IN = Exercise(
    cases=[((8, 16, 4, 3), (21, 25), 2), ((5, 1, 8, 8), (28, 28), 1), ((3, 7, 1, 2), (9, 10), 3)],
    truth=lambda shape, size, stride: shape[1] * shape[2] * shape[3],
    mistakes={
        "That is the fan-out: how many outputs one input feeds. Count how many inputs one output sums.":
            lambda shape, size, stride: shape[0] * shape[2] * shape[3],
        "Those are all weights, of all filters: one output belongs to one filter.":
            lambda shape, size, stride: shape[0] * shape[1] * shape[2] * shape[3],
        "The kernel's area is missing: one output sums a whole window.": lambda shape, size, stride: shape[1],
        "The channels are missing: one output sums its window in each of them.": lambda shape, size, stride: shape[2] * shape[3],
        "The kernel has two sides, and they can differ: KH times KW.": lambda shape, size, stride: shape[1] * shape[2] ** 2,
        "The stride says how far windows lie apart, and not how many numbers one of them holds.":
            lambda shape, size, stride: shape[1] * shape[2] * shape[3] / stride**2,
        "The stride says how far windows lie apart, not what one of them holds: // stride² is too much.":
            lambda shape, size, stride: shape[1] * shape[2] * shape[3] // stride**2,
        "The stride is no part of the fan-in.": lambda shape, size, stride: shape[1] * shape[2] * shape[3] / stride,
        "One output sees one window, not the whole image.": lambda shape, size, stride: shape[1] * size[0] * size[1],
        "At how many places the kernel stands does not matter: one output belongs to one place.":
            lambda shape, size, stride: shape[1] * shape[2] * shape[3]
            * ((size[0] - shape[2]) // stride + 1) * ((size[1] - shape[3]) // stride + 1),
    },
    praise="Neither the stride nor the size of the image changes it.",
    names=("shape", "size", "stride"),
)

_BOUND = Exercise(
    cases=[()],
    truth=lambda: 0.2,
    mistakes={
        "That is He's standard deviation: a uniform draw that has it reaches further, since b² / 3 is its variance.":
            lambda: np.sqrt(2 / 150),
        "That is the variance, 2 / 150.": lambda: 2 / 150,
        "That is b²: take its root.": lambda: 6 / 150,
        "That is LeCun's in place of He's: the 2 is missing.": lambda: np.sqrt(3 / 150),
        "Multiply the standard deviation by the root of 3, and not by 3.": lambda: 3 * np.sqrt(2 / 150),
        "The variance is b² / 3, so b² is three times the variance: you divided by 3.": lambda: np.sqrt(2 / 450),
        "The variance is b² / 3 for a draw between -b and b: b² / 12 is that of one between 0 and b, or of the whole width 2b.":
            lambda: np.sqrt(12 * 2 / 150),
        "That is PyTorch's own start of nn.Linear, 1 / sqrt(fan-in).": lambda: 1 / np.sqrt(150),
    },
    praise="b² / 3 = 2 / 150.",
    tolerance=0.01,
)


def _copying(below=1, second=-1):
    def weights(width):
        eye = np.eye(width)
        return np.vstack([eye, -below * eye]), np.hstack([eye, second * eye])
    return weights


_COPYING_LAYERS = Exercise(
    cases=[(3,), (1,), (4,)],
    truth=_copying(),
    mistakes={
        "max(0, x) + max(0, -x) is |x|: the second half must be subtracted.": _copying(second=1),
        "Both halves see x, so they cancel: the second is to see -x.": _copying(below=-1),
        "Both halves see x, and come out twice: the second is to see -x, and to be subtracted.": _copying(below=-1, second=1),
    },
    praise="Layers can copy, but training has to find such weights. A skip copies without any.",
    outputs=("w1", "w2"),
)

_WHAT_FOLLOWS = Exercise(
    cases=[()],
    truth=lambda: "D",
    mistakes={
        "A: a network that overfits has a good training accuracy. Here it is the training accuracy that falls.": lambda: "A",
        "B: then the first layer would have a much smaller gradient than the last. They were measured, and are of one size.": lambda: "B",
        "C: forty layers have more weights than five, and with copies in them they do what five do.": lambda: "C",
    },
    praise="Weights that do better exist, and can be written down. The trouble is to find them.",
    choices=("A", "B", "C", "D"),
)


EXERCISES = {
    "leaky_std": _LEAKY_STD,
    "fan_in": _FAN_IN,
    "bound": _BOUND,
    "copying_layers": _COPYING_LAYERS,
    "what_follows": _WHAT_FOLLOWS,
}
