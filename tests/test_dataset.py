"""`Dataset`: what it takes, what it refuses, and the smaller and the normalised ones that are made from it."""
import dataclasses
import pickle
import re

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers.data import Dataset


def made(seed=0, train=7, test=5, channels=2, dtype=np.float32, **changes):
    """A few random images of `channels` kinds of brightness, in three classes."""
    rng = np.random.default_rng(seed)
    level, contrast = rng.uniform(-3, 3, (2, 1, channels, 1, 1))
    x_train, x_test = (rng.standard_normal((count, channels, 3, 4)) * contrast + level for count in (train, test))
    parts = {"x_train": x_train.astype(dtype), "y_train": rng.integers(0, 3, train),
             "x_test": x_test.astype(dtype), "y_test": rng.integers(0, 3, test), "classes": ("a", "b", "c"), "name": "made"}
    return Dataset(**parts | changes)


def arrays(dataset):
    return dataset.x_train, dataset.y_train, dataset.x_test, dataset.y_test


def same(found, wanted):
    return all(np.array_equal(one, other) for one, other in zip(arrays(found), wanted, strict=True))


def test_it_says_what_it_holds_and_cannot_be_changed():
    dataset = made(train=1437, channels=3)
    assert repr(dataset) == "Dataset('made': 1,437 images to train on, 5 to test with, each 3x3x4, 3 classes)"
    with pytest.raises(dataclasses.FrozenInstanceError):
        dataset.x_train = None
    assert dataset != made(train=1437, channels=3)  # compared as objects, not array by array
    assert same(pickle.loads(pickle.dumps(dataset)), arrays(dataset))


GOOD = made()
WRONG = {
    "a list for an array": ({"x_train": [[1.0]]}, TypeError, "x_train must be a NumPy array, but it is a list"),
    "bytes": ({"x_test": np.zeros((5, 2, 3, 4), np.uint8)}, TypeError, "x_test must be float32 or float64, .* uint8; .*255"),
    "half precision": ({"x_train": GOOD.x_train.astype(np.float16)}, TypeError, "x_train must be float32 .* float16"),
    "no channel": ({"x_train": GOOD.x_train[:, 0]}, ValueError, r"x_train must be \(N, C, H, W\).* \(7, 3, 4\); x\[:, None\]"),
    "no images": ({"x_test": GOOD.x_test[:0], "y_test": GOOD.y_test[:0]}, ValueError, r"x_test .*1 at least.* \(0, 2, 3, 4\)"),
    "labels with a fraction": ({"y_train": GOOD.y_train / 1}, TypeError, "y_train must be whole numbers .* float64"),
    "labels true and false": ({"y_test": GOOD.y_test > 0}, TypeError, "y_test must be whole numbers .* bool"),
    "a label too few": ({"y_train": GOOD.y_train[1:]}, ValueError, r"x_train .* \(7, 2, 3, 4\) and y_train \(N,\) is \(6,\)"),
    "a column of labels": ({"y_test": GOOD.y_test[:, None]}, ValueError, r"y_test \(N,\) is \(5, 1\)"),
    "one-hot labels": ({"y_train": np.eye(3, dtype=int)[GOOD.y_train]}, ValueError, r"y_train \(N,\) is \(7, 3\)"),
    "a label too large": ({"y_test": np.full(5, 3)}, ValueError, "y_test must lie in 0 to 2, .* 3 to 3"),
    "a label below zero": ({"y_train": np.full(7, -1)}, ValueError, "y_train must lie in 0 to 2, .* -1 to -1"),
    "other test images": ({"x_test": GOOD.x_test[:, :, :2]}, ValueError, r"alike.* float32 \(7, 2, 3, 4\) .* \(5, 2, 2, 4\)"),
    "finer test images": ({"x_test": GOOD.x_test.astype(np.float64)}, ValueError, "alike.* float32 .* float64"),
    "how many classes": ({"classes": 3}, TypeError, "classes must be a tuple of names.* it is 3"),
    "numbers for names": ({"classes": (0, 1, 2)}, TypeError, "classes must be a tuple of names"),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_does_not_fit_together_is_named(case):
    changes, error, words = WRONG[case]
    with pytest.raises(error, match=f"Dataset: .*{words}"):
        made(**changes)


@given(st.integers(1, 7), st.none() | st.integers(1, 5))
def test_take_gives_the_first_ones(n, test):
    whole = made()
    part = whole.take(n, test=test)
    assert same(part, (whole.x_train[:n], whole.y_train[:n], whole.x_test[:test], whole.y_test[:test]))
    assert (part.classes, part.name) == (whole.classes, f"made, first {n}")
    assert all(map(np.shares_memory, arrays(part), arrays(whole)))


@given(st.integers(1, 5))
def test_every_kth_is_taken_from_all_over(k):
    whole = made()
    part = whole.every(k)
    assert same(part, [array[::k] for array in arrays(whole)])
    assert (part.classes, part.name) == (whole.classes, f"made, one in {k}")
    assert all(map(np.shares_memory, arrays(part), arrays(whole)))


@pytest.mark.parametrize("number", [0, -1, 6, 8, 2.0, 2.5, True, None, "2"])
def test_a_number_that_cannot_be_taken_is_refused(number):
    whole, words = made(train=5, test=5), re.escape(f"must be a whole number from 1 to 5, but it is {number!r}")
    with pytest.raises(ValueError, match=f"take: n {words}"):
        whole.take(number)
    with pytest.raises(ValueError, match=f"every: k {words}"):
        whole.every(number)
    if number is not None:  # which means all of them
        with pytest.raises(ValueError, match=f"take: test {words}"):
            whole.take(1, test=number)


def test_each_of_the_two_numbers_has_its_own_limit():
    assert made(train=7, test=5).take(np.int64(7)).name == "made, first 7"
    with pytest.raises(ValueError, match="test must be a whole number from 1 to 5"):
        made(train=7, test=5).take(6, test=6)
    for sizes in ((7, 5), (5, 7)):
        with pytest.raises(ValueError, match="k must be a whole number from 1 to 5"):
            made(0, *sizes).every(6)


@given(st.integers(0, 1000), st.sampled_from([1, 3]), st.sampled_from([np.float32, np.float64]))
def test_normalised_channels_have_mean_0_and_deviation_1_over_the_training_images(seed, channels, dtype):
    whole = made(seed, 50, 20, channels, dtype)
    before = [array.copy() for array in arrays(whole)]
    found = whole.normalised()
    tolerance = 1e-6 if dtype == np.float32 else 1e-12
    images = found.x_train.astype(np.float64)
    assert np.allclose(images.mean((0, 2, 3)), 0, atol=tolerance)
    assert np.allclose(images.std((0, 2, 3)), 1, atol=tolerance)
    mean, std = (getattr(whole.x_train.astype(np.float64), kind)((0, 2, 3), keepdims=True) for kind in ("mean", "std"))
    # The test images are moved and scaled by the training images' numbers too.
    for images, given_ in ((found.x_train, whole.x_train), (found.x_test, whole.x_test)):
        assert images.dtype == dtype
        assert np.allclose(images * std + mean, given_, atol=20 * tolerance)
    assert found.y_train is whole.y_train and found.y_test is whole.y_test
    assert (found.classes, found.name) == (whole.classes, "made, normalised")
    assert same(whole, before)


def test_normalised_test_images_keep_what_sets_them_apart():
    whole = made(train=500, test=500)
    darker = dataclasses.replace(whole, x_test=whole.x_train - 2, y_test=whole.y_train)
    found = darker.normalised()
    assert np.allclose(found.x_train - found.x_test, 2 / whole.x_train.std((0, 2, 3), keepdims=True), atol=1e-5)
    assert np.array_equal(found.x_train, dataclasses.replace(whole).normalised().x_train)  # whatever the test images are


def test_many_images_far_from_zero_are_normalised_to_the_last_digits():
    """Summed in float32, or as a mean of squares less a square, these lose all digits."""
    rng = np.random.default_rng(0)
    images = (1000 + rng.integers(0, 2, (3001, 2, 28, 28)) / 8).astype(np.float32)  # exact; more than are worked on at once
    whole = Dataset(images, np.zeros(3001, int), images[:3], np.zeros(3, int), ("a",), "far")
    exact = images.astype(np.float64)
    exact = (exact - exact.mean((0, 2, 3), keepdims=True)) / exact.std((0, 2, 3), keepdims=True)
    assert np.abs(whole.normalised().x_train - exact).max() < 2e-7


@pytest.mark.parametrize("value", [0.1, 0, -7])
def test_a_channel_that_never_varies_is_refused(value):
    whole = made()
    whole.x_train[:, 1] = value
    with pytest.raises(ValueError, match="normalised: channel 1 is the same number in every training image"):
        whole.normalised()


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_channel_that_is_not_finite_is_named(value):
    whole = made()
    whole.x_train[3, 1, 2, 0] = value
    with pytest.raises(ValueError, match="normalised: channel 1 of the training images holds nan or infinity"):
        whole.normalised()
