"""Optimisers: how parameters move, given their gradients; and schedules, how the learning rate changes with time."""
from .optimizers import SGD, Adam, AdamW, Momentum, Optimizer, RMSProp, decay_groups
from .schedules import constant_lr, cosine_lr, step_lr

__all__ = ["Adam", "AdamW", "Momentum", "Optimizer", "RMSProp", "SGD", "constant_lr", "cosine_lr", "decay_groups", "step_lr"]
