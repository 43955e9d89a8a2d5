"""Optimisers: how parameters move, given their gradients. Names and defaults follow torch.optim."""


class SGD:
    """Gradient descent on a batch at a time: value <- value - lr * grad (Robbins and Monro 1951).

    `parameters` is a list of objects with `.value` and `.grad`; values change in place.
    Raises ValueError for a step size that is not positive or no parameters at all.
    """

    def __init__(self, parameters, lr):
        self.parameters = list(parameters)
        if not self.parameters:
            raise ValueError("SGD: there are no parameters to train: pass net.parameters()")
        if not lr > 0:
            raise ValueError(f"SGD: lr must be above 0, but it is {lr}")
        self.lr = lr

    def step(self):
        """Move every parameter once, against its gradient."""
        for parameter in self.parameters:
            parameter.value -= self.lr * parameter.grad
