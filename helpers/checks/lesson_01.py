"""The exercises of lesson 01: softmax in logarithms, weight decay."""
import numpy as np
from .core import Exercise, draws


def _log_softmax(z, axis=1, largest=lambda z: z.max(axis=1, keepdims=True)):
    shifted = z - largest(z)
    return shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True))


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
        "Those are the probabilities: their logarithm is wanted.":
            lambda z: np.exp(_log_softmax(z)),
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
    },
    praise="Every step now shrinks each weight a little, too.",
    names=("w", "dw"),
)


EXERCISES = {
    "log_softmax": _LOG_SOFTMAX,
    "decayed_step": _DECAYED_STEP,
}
