"""Learning rates that change with time: functions of the step, from 0, for `training.fit(..., schedule=...)`."""
from math import cos, pi

from . import check


def constant_lr(lr):
    """The same at every step."""
    lr = check.positive("constant_lr: lr", lr)
    return lambda step: lr


def step_lr(lr, step_size, gamma=0.1):
    """`gamma` times smaller after every `step_size` steps (torch.optim.lr_scheduler.StepLR)."""
    lr, gamma = check.positive("step_lr: lr", lr), check.positive("step_lr: gamma", gamma)
    step_size = check.whole("step_lr: step_size", step_size)
    return lambda step: lr * gamma ** (step // step_size)


def cosine_lr(lr, total_steps, warm_up=0):
    """Up along a line to `lr` over `warm_up` steps, then down to 0 along half a cosine (Loshchilov and Hutter 2017, equation 5).

    From step `total_steps` on it is 0. Raises ValueError unless 0 <= warm_up < total_steps.
    """
    lr, total_steps = check.positive("cosine_lr: lr", lr), check.whole("cosine_lr: total_steps", total_steps)
    warm_up = int(check.number("cosine_lr: warm_up", warm_up, lambda x: 0 <= x < total_steps and x == int(x),
                                f"from 0 to below total_steps ({total_steps}), a whole number"))

    def at(step):
        if step < warm_up:
            return lr * (step + 1) / (warm_up + 1)
        done = min(1, (step - warm_up) / (total_steps - warm_up))
        return lr * (1 + cos(pi * done)) / 2

    return at
