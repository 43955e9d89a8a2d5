"""The shortcuts of He et al. (2016b, figure 2 and table 1), each around one and the same body."""
from ..layers import Carry, Conv2d, Dropout, Residual, Scale, Sequential, Sigmoid

# name: a block, for a body that keeps the shape of its input (N, channels, H, W); b is the gate's bias at the start
SHORTCUTS = {
    "identity": lambda body, channels, b, rng: Residual(body),
    "scale 0.5": lambda body, channels, b, rng: Residual(body, Scale(0.5)),
    "scale 0.5, body too": lambda body, channels, b, rng: Residual(Sequential(body, Scale(0.5)), Scale(0.5)),
    "exclusive gate": lambda body, channels, b, rng: Residual(body, gate=gate(channels, b, rng)),
    "shortcut-only gate": lambda body, channels, b, rng: Residual(body, Carry(gate(channels, b, rng))),
    "1 x 1 convolution": lambda body, channels, b, rng: Residual(body, Conv2d(channels, channels, 1, rng)),
    "dropout": lambda body, channels, b, rng: Residual(body, Dropout(0.5, rng)),
    "none": lambda body, channels, b, rng: Residual(body, Scale(0)),
}


def gate(channels, bias, rng):
    """Numbers between 0 and 1, one for each of x (N, channels, H, W): the sigmoid of a 1 × 1 convolution whose biases begin at `bias`."""
    conv = Conv2d(channels, channels, 1, rng)
    conv.bias.value[...] = bias
    return Sequential(conv, Sigmoid())


def with_shortcut(kind, body, channels, rng, bias=0.0):
    """A residual block around `body`, with the shortcut of SHORTCUTS named `kind`; raises ValueError for another name."""
    if kind not in SHORTCUTS:
        raise ValueError(f"with_shortcut: the kind must be one of {', '.join(map(repr, SHORTCUTS))}, but it is {kind!r}")
    return SHORTCUTS[kind](body, channels, bias, rng)
