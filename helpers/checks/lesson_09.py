"""The exercises of lesson 09: one step of Adam, what a factor changes, two epsilons, two decays, and Nesterov's look ahead."""
import numpy as np

from .core import Exercise, draws


def _adam(w, g, m, v, t, b1=0.9, b2=0.999, lr=0.001, eps=1e-8, correct=lambda b, t: 1 - b**t, correct_v=None, inside=False,
          square=np.square, after=lambda root, c: root / np.sqrt(c)):
    """One step of Adam, and what may go wrong in it: the correction `correct` of m, `correct_v` of v, `after` the root."""
    m, v = b1 * m + (1 - b1) * g, b2 * v + (1 - b2) * square(g)
    m, late = m / correct(b1, t), (correct_v or correct)(b2, t)
    root = np.sqrt(v / late + eps) if inside else after(np.sqrt(v), late) + eps
    return w - lr * m / root


def _once(b, t):
    return 1 - b * t


def _by_hand(w, g, m, v, t, m_used, v_used):
    return w - 0.001 * m_used / (1 - 0.9**t) / (np.sqrt(v_used / (1 - 0.999**t)) + 1e-8)


def _cases():
    w, g, m, v = draws((3, 4), (3, 4), (3, 4), (3, 4))
    return [(w, g, 0 * m, 0 * v, 1), (w, 1e-3 * g, 1e-3 * m, 1e-6 * v**2, 7), (w, g, m, v**2, 2000)]


def _wrong(**how):
    return lambda w, g, m, v, t: _adam(w, g, m, v, t, **how)


_ADAM_STEP = Exercise(
    cases=_cases(),
    truth=_adam,
    mistakes={
        "The correction is missing: m and v start at zero, so divide them by 1 - β^t.":
            _wrong(correct=lambda b, t: 1),
        "The step count is one too large: at the first step t is 1 already.":
            _wrong(correct=lambda b, t: 1 - b ** (t + 1)),
        "The step count is one too small: at the first step t is 1, and 1 - β^0 would be 0.":
            _wrong(correct=lambda b, t: 1 - b ** (t - 1)),
        "You multiplied β by t; it is raised to the power t: 1 - β**t.":
            _wrong(correct=_once),
        "In the correction of m you multiplied β1 by t; it is raised to the power t: 1 - β1**t.":
            _wrong(correct=_once, correct_v=lambda b, t: 1 - b**t),
        "The power t is missing in the corrections: after t steps they are 1 - β**t.":
            _wrong(correct=lambda b, t: 1 - b),
        "You divided the root by 1 - β2^t: divide v by it first, then take the root.":
            _wrong(after=lambda root, c: root / c),
        "The corrections are upside down: divide m and v by 1 - β^t, which makes them larger.":
            _wrong(correct=lambda b, t: 1 / (1 - b**t)),
        "Epsilon stands inside the root: it is added to the root, beside it.":
            _wrong(inside=True),
        "The betas are swapped: m forgets fast (0.9), v slowly (0.999).":
            _wrong(b1=0.999, b2=0.9),
        "v is a running mean of g², not of |g|.":
            _wrong(square=np.abs),
        "v is a running mean of g², not of g.":
            _wrong(square=lambda g: g),
        "The root is missing: divide by √v̂, not by v̂.":
            _wrong(after=lambda root, c: root**2 / c),
        "Only v is corrected: m begins at zero, too.":
            _wrong(correct=lambda b, t: 1, correct_v=lambda b, t: 1 - b**t),
        "Only m is corrected: v begins at zero, too.":
            _wrong(correct_v=lambda b, t: 1),
        "You went uphill: a step goes against the gradient.":
            lambda w, g, m, v, t: 2 * w - _adam(w, g, m, v, t),
        "You returned the step alone: subtract it from w.":
            lambda w, g, m, v, t: w - _adam(w, g, m, v, t),
        "That epsilon stands beside √v, as in Keras; here it stands beside √v̂, after the correction.":
            lambda w, g, m, v, t: w - (_adam(0, g, m, v, t, correct=lambda b, t: 1)
                                       * -np.sqrt(1 - 0.999**t) / (1 - 0.9**t)),
        "You used the v that came in: first mix g² into it.":
            lambda w, g, m, v, t: _by_hand(w, g, m, v, t, 0.9 * m + 0.1 * g, v),
        "You used the m that came in: first mix the new gradient into it.":
            lambda w, g, m, v, t: _by_hand(w, g, m, v, t, m, 0.999 * v + 0.001 * g**2),
        "The new gradient counts with 1 - β, here 0.1 and 0.001: you added it whole.":
            lambda w, g, m, v, t: _by_hand(w, g, m, v, t, 0.9 * m + g, 0.999 * v + g**2),
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
        "The new velocity takes in the gradient with a plus: u = β u + g, and the step is taken away later.":
            lambda g, velocity, momentum: g + momentum * (momentum * velocity - g),
        "You took the velocity away: it is added to the gradient.":
            lambda g, velocity, momentum: g - momentum * (momentum * velocity + g),
        "Your velocity is a running mean: here it takes in the gradient whole, not times 1 - momentum.":
            lambda g, velocity, momentum: g + momentum * (momentum * velocity + (1 - momentum) * g),
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
        "That is Keras's epsilon unchanged: but √v is smaller than √v̂, so the same epsilon weighs more beside it.":
            lambda eps, beta, t: np.float64(eps),
        "Turn it round: √v is smaller than √v̂, so an epsilon beside it weighs more.":
            lambda eps, beta, t: np.float64(eps * np.sqrt(1 - beta**t)),
        "Turn it round, and take the root: √v is smaller than √v̂ by the root of 1 - β^t.":
            lambda eps, beta, t: np.float64(eps * (1 - beta**t)),
        "The root is missing: v is divided by 1 - β^t, and √v by its root.":
            lambda eps, beta, t: np.float64(eps / (1 - beta**t)),
        "You multiplied β by t; it is raised to the power t: 1 - β**t.":
            lambda eps, beta, t: np.float64(eps) / np.sqrt(1 - np.float64(beta) * t),
        "You squared the correction: v is divided by 1 - β^t, so √v is divided by its root.":
            lambda eps, beta, t: np.float64(eps / (1 - beta**t) ** 2),
        "You added the root of 1 - β^t: multiply the fraction by it above and below, and see what becomes of epsilon.":
            lambda eps, beta, t: np.float64(eps + np.sqrt(1 - beta**t)),
        "The power is missing: after t steps the correction is 1 - β^t.":
            lambda eps, beta, t: np.float64(eps / np.sqrt(1 - beta)),
        "The step is one too large: at the first step t is 1 already.":
            lambda eps, beta, t: np.float64(eps / np.sqrt(1 - beta ** (t + 1))),
        "The step is one too small: at the first step t is 1.":
            lambda eps, beta, t: np.float64(eps) / np.sqrt(1 - np.float64(beta) ** (t - 1)),
        "Only the epsilon moves: the correction of m has no part in it.":
            lambda eps, beta, t: np.float64(eps * np.sqrt(1 - beta**t) / (1 - 0.9**t)),
    },
    praise="At the first step it is 32 times what it looks like; after some thousands, what it looks like.",
)

_SAME_PATH = Exercise(
    cases=[()],
    truth=lambda: "C",
    mistakes={
        "The lowest point stays, but a path depends on the steps too: how long is SGD's first step after the change?":
            lambda: "A",
        "They move by η times the gradients, and these are 1000 times as large now.":
            lambda: "B",
    },
    praise="Above and below the fraction stands the same factor. For SGD and momentum, it is as if η were 1000 times as large.",
)

_WEIGHT_AFTER_L2 = Exercise(
    cases=[()],
    truth=lambda: "C",
    mistakes={
        "The loss gives no gradient, but L2 regularisation adds λ w to it.":
            lambda: "A",
        "That is AdamW, which multiplies w by 1 - η λ. With L2, λ w is a gradient: what does Adam divide it by?":
            lambda: "B",
    },
    praise="Adam sees no size: λ w alone, divided by its own usual size, is 1, whatever λ is.",
)

EXERCISES = {
    "adam_step": _ADAM_STEP,
    "nesterov_direction": _NESTEROV_DIRECTION,
    "real_epsilon": _REAL_EPSILON,
    "same_path": _SAME_PATH,
    "weight_after_l2": _WEIGHT_AFTER_L2,
}
