"""The exercises of lesson 01: softmax in logarithms, which gradient is correct, a first loss, weights pulled towards zero."""
import numpy as np

from .core import Exercise, draws


def _log_softmax(z, axis=1, largest=lambda z: z.max(axis=1, keepdims=True)):
    shifted = z - largest(z)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


def _with_a_floor(floor):
    """The hint to ln(p + floor), and the function."""
    return (f"Where p is 0 you return ln({floor:g}) = {np.log(floor):.1f}, a floor of your own, which is not ln p. "
            "Never form p: shifted − log(sum(exp(shifted))).", lambda z: np.log(np.exp(_log_softmax(z)) + floor))


def _not_below(floor):
    """The hint to ln(max(p, floor)), and the function."""
    return (f"Where p is below {floor:g} you return ln({floor:g}) = {np.log(floor):.1f} instead, which is not ln p. "
            "Never form p: shifted − log(sum(exp(shifted))).", lambda z: np.log(np.maximum(np.exp(_log_softmax(z)), floor)))


_LOG_SOFTMAX = Exercise(
    cases=[(draws((3, 4))[0],), (np.array([[1000.0, 0.0, -1000.0], [2.0, 1.0, -999.0]]),)],
    truth=_log_softmax,
    mistakes={
        "It overflows: exp(1000) is infinite. Subtract the largest logit of each row first.":
            lambda z: np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)),
        "It overflows in the sum: subtract the largest logit of each row before exp.":
            lambda z: z - np.log(np.exp(z).sum(axis=1, keepdims=True)),
        "A probability too small for a float became log(0). Never form it: shifted − log(sum(exp(shifted))).":
            lambda z: np.log(np.exp(_log_softmax(z))),
        "You took the largest and the sum over the batch, axis=0: each row, axis=1, is one image.":
            lambda z: _log_softmax(z, axis=0, largest=lambda z: z.max(axis=0, keepdims=True)),
        "You summed over the batch: each row, axis=1, is one image.":
            lambda z: _log_softmax(z, axis=0),
        "You took the largest logit of the whole batch; a row far below it underflows. Each row has its own.":
            lambda z: _log_softmax(z, largest=np.max),
        "You subtracted the largest logit inside the sum only: subtract it from the logits as well.":
            lambda z: z - np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)),
        "You summed over the whole batch: each row has a sum of its own, axis=1.":
            lambda z: _log_softmax(z, axis=(0, 1)),
        "Those are the probabilities: their logarithm is wanted.":
            lambda z: np.exp(_log_softmax(z)),
        "That is −ln p, the loss of each class: ln p is wanted.":
            lambda z: -_log_softmax(z),
        "The logarithm of the sum is missing: you only subtracted the largest logit.":
            lambda z: z - z.max(axis=1, keepdims=True),
        "The logarithm of the sum is missing: you subtracted the sum itself.":
            lambda z: z - z.max(axis=1, keepdims=True) - np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True),
        "The logarithm of a fraction is a difference: subtract the logarithm of the sum, do not divide by it.":
            lambda z: (z - z.max(axis=1, keepdims=True))
            / np.log(np.exp(z - z.max(axis=1, keepdims=True)).sum(axis=1, keepdims=True)),
        "That has the logarithm to base 10 or 2 in it: np.log is the natural one.":
            lambda z: _log_softmax(z) / np.log(10),
        "It overflows: exp(1000) is infinite, and a small number added to p does not help. Subtract each row's largest logit first.":
            lambda z: np.log(np.exp(z) / np.exp(z).sum(axis=1, keepdims=True) + 1e-12),
        "You took the mean of the powers: a row is divided by their sum.":
            lambda z: _log_softmax(z) + np.log(z.shape[1]),
        **dict(_with_a_floor(floor) for floor in (1e-6, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15, 1e-16)),
        **dict(_not_below(floor) for floor in (1e-5, 1e-6, 1e-7, 1e-8)),
    },
    praise="No logits are too large for it now.",
    names=("logits",),
)


_DECAYED_STEP = Exercise(
    cases=[(*draws((3, 4), (3, 4)), 0.1, 0.01)],
    truth=lambda w, dw, lr, decay: w - lr * (dw + decay * w),
    mistakes={
        "The weights climb: a step goes against the gradient.":
            lambda w, dw, lr, decay: w + lr * (dw + decay * w),
        "The decay is missing: add decay × w to the gradient.":
            lambda w, dw, lr, decay: w - lr * dw,
        "The decay skips the learning rate: it is part of the gradient, so lr multiplies it too.":
            lambda w, dw, lr, decay: w - lr * dw - decay * w,
        "The decay has the wrong sign: it must pull the weights towards zero.":
            lambda w, dw, lr, decay: w - lr * (dw - decay * w),
        "The slope of w² is 2w: with the half in front, the added term's gradient is decay × w.":
            lambda w, dw, lr, decay: w - lr * (dw + decay * w ** 2),
        "The half is gone once you differentiate: (decay / 2) w² has the slope decay × w.":
            lambda w, dw, lr, decay: w - lr * (dw + decay / 2 * w),
        "That is the added loss itself, (decay / 2) w²: its slope is wanted, decay × w.":
            lambda w, dw, lr, decay: w - lr * (dw + decay / 2 * w**2),
        "The half in front of the square is gone: (decay / 2) w² has the slope decay × w.":
            lambda w, dw, lr, decay: w - lr * (dw + 2 * decay * w),
        "You moved by the gradient of the decay only: dw is missing.":
            lambda w, dw, lr, decay: w - lr * decay * w,
        "You added decay itself: the slope of (decay / 2) w² is decay × w, another number for each weight.":
            lambda w, dw, lr, decay: w - lr * (dw + decay),
        "You added one number, the new term of the loss, to every gradient: its slope is wanted, decay × w.":
            lambda w, dw, lr, decay: w - lr * (dw + decay / 2 * np.sum(w**2)),
        "That is the step alone: add it to w.":
            lambda w, dw, lr, decay: -lr * (dw + decay * w),
        "That is learning rate × gradient: subtract it from w.":
            lambda w, dw, lr, decay: lr * (dw + decay * w),
        "That is the gradient: the weights after a step are w minus lr times it.":
            lambda w, dw, lr, decay: dw + decay * w,
        "You multiplied dw by decay: the new term has a gradient of its own, decay × w, which is added to dw.":
            lambda w, dw, lr, decay: w - lr * dw * decay,
        "You multiplied the two gradients: the gradient of a sum is the sum, dw + decay × w.":
            lambda w, dw, lr, decay: w - lr * dw * decay * w,
        "The new term knows nothing of dw: its gradient is decay × w, not decay × dw.":
            lambda w, dw, lr, decay: w - lr * (dw + decay * dw),
        "The decay is multiplied by lr twice: lr multiplies the sum dw + decay × w once.":
            lambda w, dw, lr, decay: w - lr * (dw + lr * decay * w),
        "That is the slope of |w|: the slope of (decay / 2) w² is decay × w.":
            lambda w, dw, lr, decay: w - lr * (dw + decay * np.sign(w)),
        "You exchanged lr and decay.":
            lambda w, dw, lr, decay: w - decay * (dw + lr * w),
        "The learning rate is missing: multiply the gradient by lr before you subtract it.":
            lambda w, dw, lr, decay: w - (dw + decay * w),
    },
    praise="Every step now shrinks each weight a little, too.",
    names=("w", "dw"),
)


_CORRECT_GRADIENT = Exercise(
    cases=[()],
    truth=lambda: "D",
    choices=("A", "B", "C", "D"),
    mistakes={
        "A is 3.2 times the finite difference: it divides by the 10 classes, where the mean over 32 images is wanted.":
            lambda: "A",
        "B does not agree with the finite difference: t[::-1] gives each image the label of another.":
            lambda: "B",
        "C is the transpose of the finite difference: it fits only because there are ten neurons and ten pixels.":
            lambda: "C",
    },
    praise="Its numbers are those of the finite differences.",
)


_FIRST_LOSS = Exercise(
    cases=[()],
    truth=lambda: np.log(100),
    tolerance=0.002,
    mistakes={
        "That is the first loss for ten classes: here are 100.":
            lambda: np.log(10),
        "That is the probability of each kind: the loss is minus its logarithm.":
            lambda: 0.01,
        "The sign is wrong: the logarithm of 1/100 is negative, and the loss is minus it.":
            lambda: -np.log(100),
        "That is the logarithm to base 10: np.log is the natural one.":
            lambda: 2.0,
        "That is the logarithm to base 2: np.log is the natural one.":
            lambda: np.log2(100),
        "The loss looks at the true class only: do not average over the 100 classes.":
            lambda: np.log(100) / 100,
        "The loss looks at the true class only: do not sum over the 100 classes.":
            lambda: np.log(100) * 100,
    },
    praise="Compare it with the first loss of every training.",
)


EXERCISES = {
    "log_softmax": _LOG_SOFTMAX,
    "correct_gradient": _CORRECT_GRADIENT,
    "first_loss": _FIRST_LOSS,
    "decayed_step": _DECAYED_STEP,
}
