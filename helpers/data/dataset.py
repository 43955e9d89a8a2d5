"""What a network is trained on and tested with."""
from dataclasses import dataclass, replace

import numpy as np

_AT_ONCE = 1000  # images that are float64 at one time: all of MNIST would be 376 MB


@dataclass(frozen=True, eq=False)
class Dataset:
    """Images to train on and to test with, their labels, and what the labels mean.

    x_train, x_test: images (N, C, H, W), float32 (or float64, to check gradients); both alike but for N.
    y_train, y_test: labels (N,), whole numbers, each the place of an image's class in `classes`.
    classes: a tuple of names, such as ("airplane", "bird").
    name: such as "mnist".

    Raises TypeError or ValueError for arrays that do not fit together.
    """

    x_train: np.ndarray
    y_train: np.ndarray
    x_test: np.ndarray
    y_test: np.ndarray
    classes: tuple[str, ...]
    name: str

    def __post_init__(self):
        if not isinstance(self.classes, tuple) or not all(isinstance(name, str) for name in self.classes):
            raise TypeError('Dataset: classes must be a tuple of names, such as ("airplane", "bird"), '
                            f"but it is {self.classes!r}")
        for part in ("train", "test"):
            _check_part(part, getattr(self, f"x_{part}"), getattr(self, f"y_{part}"), self.classes)
        if self.x_train.shape[1:] != self.x_test.shape[1:] or self.x_train.dtype != self.x_test.dtype:
            raise ValueError("Dataset: images to train on and to test with must be alike, but x_train (N, C, H, W) is "
                             f"{self.x_train.dtype} {self.x_train.shape} and x_test {self.x_test.dtype} {self.x_test.shape}")

    def __repr__(self):
        return (f"Dataset({self.name!r}: {len(self.x_train):,} images to train on, {len(self.x_test):,} to test with, "
                f"each {'x'.join(map(str, self.x_train.shape[1:]))}, {len(self.classes)} classes)")

    def take(self, n, test=None):
        """The first `n` training images and the first `test` test images, or all of these: a `Dataset` of views.

        Where images are sorted by class, the first ones are of one class: see `every`. Raises ValueError for numbers that
        are not whole, less than one, or more than there are.
        """
        test = len(self.x_test) if test is None else test
        _check_count("take: n", n, len(self.x_train))
        _check_count("take: test", test, len(self.x_test))
        return self._part(slice(n), slice(test), f"first {n:,}")

    def every(self, k):
        """Every k-th image, of those to train on and of those to test with: a `Dataset` of views.

        Raises ValueError for a k that is not whole, less than one, or more than there are images in either.
        """
        _check_count("every: k", k, min(len(self.x_train), len(self.x_test)))
        return self._part(slice(None, None, k), slice(None, None, k), f"one in {k:,}")

    def normalised(self):
        """New images, of which every channel has mean 0 and standard deviation 1 over the training images.

        The test images are moved and scaled by the training images' numbers, so their own mean is near 0 and not 0: a network
        must see them as it saw those, and nothing may be learned from a test set. Sums are made in float64.

        Raises ValueError for a channel that never varies, or holds numbers that are not finite.
        """
        mean, std = _mean_and_std(self.x_train)
        return replace(self, x_train=_scaled(self.x_train, mean, std), x_test=_scaled(self.x_test, mean, std),
                       name=f"{self.name}, normalised")

    def _part(self, train, test, what):
        return replace(self, x_train=self.x_train[train], y_train=self.y_train[train],
                       x_test=self.x_test[test], y_test=self.y_test[test], name=f"{self.name}, {what}")


def _check_part(part, images, labels, classes):
    x, y = f"x_{part}", f"y_{part}"
    for name, array in ((x, images), (y, labels)):
        if not isinstance(array, np.ndarray):
            raise TypeError(f"Dataset: {name} must be a NumPy array, but it is a {type(array).__name__}")
    if images.dtype not in (np.float32, np.float64):
        raise TypeError(f"Dataset: {x} must be float32 or float64, but it is {images.dtype}; "
                        "bytes become numbers from 0 to 1 by (x / 255).astype(np.float32)")
    if images.ndim != 4 or images.size == 0:
        raise ValueError(f"Dataset: {x} must be (N, C, H, W), each 1 at least, but it is {images.shape}; "
                         "x[:, None] gives grey images (N, H, W) their channel")
    if labels.dtype.kind not in "iu":
        raise TypeError(f"Dataset: {y} must be whole numbers (int64), but it is {labels.dtype}")
    if labels.shape != images.shape[:1]:
        raise ValueError(f"Dataset: one label an image is wanted, but {x} (N, C, H, W) is {images.shape} "
                         f"and {y} (N,) is {labels.shape}")
    if labels.min() < 0 or labels.max() >= len(classes):
        raise ValueError(f"Dataset: {y} must lie in 0 to {len(classes) - 1}, for there are {len(classes)} classes, "
                         f"but it goes from {labels.min()} to {labels.max()}")


def _check_count(what, count, most):
    if not isinstance(count, (int, np.integer)) or isinstance(count, bool) or not 1 <= count <= most:
        raise ValueError(f"{what} must be a whole number from 1 to {most:,}, but it is {count!r}")


def _pieces(images):
    return [slice(start, start + _AT_ONCE) for start in range(0, len(images), _AT_ONCE)]


def _mean_and_std(images):
    """Mean and standard deviation of each channel, both (1, C, 1, 1) float64."""
    axes = 0, 2, 3
    still = images.min(axes) == images.max(axes)
    with np.errstate(over="ignore", invalid="ignore"):  # the message says more than NumPy's warnings
        mean = images.mean(axes, dtype=np.float64, keepdims=True)
        squares = sum(((images[piece] - mean) ** 2).sum(axes, keepdims=True) for piece in _pieces(images))
        std = np.sqrt(squares * (images.shape[1] / images.size))
    for channel, (constant, deviation) in enumerate(zip(still, std.flat)):
        if constant:
            raise ValueError(f"normalised: channel {channel} is the same number in every training image, so no factor gives it "
                             "a standard deviation of 1: leave the channel out, or the images as they are")
        if not np.isfinite(deviation):
            raise ValueError(f"normalised: channel {channel} of the training images holds nan or infinity")
    return mean, std


def _scaled(images, mean, std):
    """(images - mean) / std in the images' dtype, rounded once."""
    scaled = np.empty_like(images)
    for piece in _pieces(images):
        scaled[piece] = (images[piece] - mean) / std
    return scaled
