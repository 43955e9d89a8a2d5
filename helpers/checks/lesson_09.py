"""The exercises of lesson 09: one step of Adam, Nesterov's look ahead, and where the article's epsilon stands."""
import numpy as np

from .core import Exercise, draws


def _adam(w, g, m, v, t, b1=0.9, b2=0.999, lr=0.001, eps=1e-8, correct=lambda t: t, inside=False, square=np.square):
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * square(g)
    late = correct(t)
    if late is not None:
        m, v = m / (1 - b1**late), v / (1 - b2**late)
    return w - lr * m / (np.sqrt(v + eps) if inside else np.sqrt(v) + eps)


def _cases():
    w, g, m, v = draws((3, 4), (3, 4), (3, 4), (3, 4))
    return [(w, g, 0 * m, 0 * v, 1), (w, 1e-3 * g, 1e-3 * m, 1e-6 * v**2, 7), (w, g, m, v**2, 2000)]


_ADAM_STEP = Exercise(
    cases=_cases(),
    truth=_adam,
    mistakes={
        "The correction is missing: m and v start at zero, so divide them by 1 - β^t.":
            lambda w, g, m, v, t: _adam(w, g, m, v, t, correct=lambda t: None),
        "The step count is one too large: at the first step t is 1 already.":
            lambda w, g, m, v, t: _adam(w, g, m, v, t, correct=lambda t: t + 1),
        "Epsilon stands inside the root: it is added to the root, beside it.":
            lambda w, g, m, v, t: _adam(w, g, m, v, t, inside=True),
        "The betas are swapped: m forgets fast (0.9), v slowly (0.999).":
            lambda w, g, m, v, t: _adam(w, g, m, v, t, 0.999, 0.9),
        "v is a running mean of g², not of |g|.":
            lambda w, g, m, v, t: _adam(w, g, m, v, t, square=np.abs),
        "You went uphill: a step goes against the gradient.":
            lambda w, g, m, v, t: 2 * w - _adam(w, g, m, v, t),
        "That epsilon stands beside √v, as in the article; here it stands beside √v̂, after the correction.":
            lambda w, g, m, v, t: w - _adam(0, g, m, v, t, correct=lambda t: None, eps=1e-8) * -np.sqrt(1 - 0.999**t) / (1 - 0.9**t),
        "v begins at zero, too: correct both.":
            lambda w, g, m, v, t: w - 0.001 * (0.9 * m + 0.1 * g) / (1 - 0.9**t) / (np.sqrt(0.999 * v + 0.001 * g**2) + 1e-8),
        "You used the v that came in: first mix g² into it.":
            lambda w, g, m, v, t: w - 0.001 * (0.9 * m + 0.1 * g) / (1 - 0.9**t) / (np.sqrt(v / (1 - 0.999**t)) + 1e-8),
        "You used the m that came in: first mix the new gradient into it.":
            lambda w, g, m, v, t: w - 0.001 * (m / (1 - 0.9**t)) / (np.sqrt((0.999 * v + 0.001 * g**2) / (1 - 0.999**t)) + 1e-8),
    },
    praise="That is all of it: two running means, two corrections, one step.",
    names=("w", "g", "m", "v"),
)


def _nesterov(g, velocity, momentum):
    return g + momentum * (momentum * velocity + g)


_NESTEROV_DIRECTION = Exercise(
    cases=[(*draws((5,), (5,)), 0.9), (*draws((2, 3), (2, 3)), 0.5)],
    truth=_nesterov,
    mistakes={
        "That is the plain ball: Nesterov's adds momentum times the new velocity to the gradient.":
            lambda g, velocity, momentum: momentum * velocity + g,
        "You used the old velocity: it must have this gradient in it before you look ahead.":
            lambda g, velocity, momentum: g + momentum * velocity * momentum,
        "The momentum in front of the new velocity is missing.":
            lambda g, velocity, momentum: g + (momentum * velocity + g),
        "That is a running mean: here the gradient is added whole, not times 1 - momentum.":
            lambda g, velocity, momentum: (1 - momentum) * g + momentum * (momentum * velocity + (1 - momentum) * g),
    },
    praise="PyTorch's SGD(nesterov=True) moves by lr times this.",
    names=("g", "velocity"),
)

_REAL_EPSILON = Exercise(
    cases=[(1e-7, 0.999, 1), (1e-7, 0.999, 100), (1e-8, 0.9, 3)],
    truth=lambda eps, beta, t: np.float64(eps / np.sqrt(1 - beta**t)),
    mistakes={
        "Turn it round: the article's root is smaller than the corrected one, so its epsilon weighs more.":
            lambda eps, beta, t: np.float64(eps * np.sqrt(1 - beta**t)),
        "The root is missing: v is divided by 1 - β^t, and sqrt(v) by its root.":
            lambda eps, beta, t: np.float64(eps / (1 - beta**t)),
        "The power is missing: after t steps the correction is 1 - β^t.":
            lambda eps, beta, t: np.float64(eps / np.sqrt(1 - beta)),
    },
    praise="At the first step it is 32 times what it looks like; after some thousands, what it looks like.",
    names=(),
)

EXERCISES = {
    "adam_step": _ADAM_STEP,
    "nesterov_direction": _NESTEROV_DIRECTION,
    "real_epsilon": _REAL_EPSILON,
}
