"""The skip network as published: where its numbers end, and faults that are what their names say."""
import numpy as np
import pytest
from mnist_files import needs_mnist
from sampled_gradients import sampled_errors

from helpers import data, models
from helpers import functional as F
from helpers.blas import one_thread
from helpers.published import cnn, skip

ALL = set(skip.FAULTS)
DIGITS = data.load_digits("bundled")
IMAGES, LABELS = cnn.pixels(DIGITS.x_train), DIGITS.y_train
NOISE, SOME = np.random.default_rng(1).random((4, 28, 28)), np.array([3, 0, 9, 3])


@pytest.fixture(autouse=True, scope="module")
def one_blas_thread():
    """Beside other programs, two threads of a product wait for each other, up to a hundred times as long as they compute."""
    with one_thread():
        yield


def gradient_errors(net, images=NOISE, labels=SOME):
    return sampled_errors(lambda: F.cross_entropy(net.forward(images)[1], labels)[0], net.params, net.gradients(images, labels))


@needs_mnist
def test_as_published_on_mnist():
    digits = data.load_digits("mnist")
    with np.errstate(all="ignore"):
        assert skip.train(skip.SkipNet(0), cnn.pixels(digits.x_train), digits.y_train, epochs=1) == 61


def test_as_published_on_the_bundled_digits():
    # The logits run away, and end where e to their power does.
    net = skip.SkipNet(0)
    with np.errstate(all="ignore"):
        stopped = skip.train(net, IMAGES, LABELS, epochs=20)
    assert stopped == 68
    assert not any(np.isfinite(g).all() for g in net.gradients(IMAGES[:100], LABELS[:100]).values())


def one_image_by_loops(net, image, label):
    """The article's computation of one image's gradients, in our names, one place at a time."""
    p, x = net.params, image[None]
    h1 = F.conv2d_loops(x[None], p["w1"], p["b1"])[0]
    a1 = np.maximum(h1, 0)
    h2 = F.conv2d_loops(a1[None], p["w2"], p["b2"], 2)[0]
    a2 = np.maximum(h2, 0)
    before = (p["w3"] * a2).sum(axis=(1, 2, 3)) + p["b3"]
    after = before + 0.001 * a1.sum()
    total = np.exp(after).sum()
    dz = np.exp(after) / total
    dz[label] = np.exp(before[label]) / total - 1
    dh2 = (dz[:, None, None, None] * p["w3"]).sum(axis=0) * (h2 > 0)
    dw2 = np.array([[[(dh2[f] * a1[:, i:i + 9, j:j + 9]).sum(axis=(1, 2)) for j in range(4)] for i in range(4)] for f in range(8)])
    da1, _, db2 = F.conv2d_backward_loops(dh2[None], a1[None], p["w2"], 2)
    dh1 = (da1[0] + 0.001 * dz.sum()) * (h1 > 0)
    _, dw1, db1 = F.conv2d_backward_loops(dh1[None], x[None], p["w1"])
    return {"w1": dw1, "b1": db1, "w2": dw2.transpose(0, 3, 1, 2), "b2": db2, "w3": dz[:, None, None, None] * a2, "b3": dz}


def test_a_batch_is_the_mean_of_its_images_one_place_at_a_time():
    net = skip.SkipNet(1)
    found = net.gradients(NOISE[:2], SOME[:2])
    one, two = (one_image_by_loops(net, image, label) for image, label in zip(NOISE[:2], SOME[:2]))
    for name, gradient in found.items():
        np.testing.assert_allclose(gradient, (one[name] + two[name]) / 2, rtol=0, atol=1e-12)


def test_weights_come_from_the_legacy_generator_in_the_articles_order():
    np.random.seed(2)
    variances = 2 / (16 * 8 * 8 + 16 * 21 * 21), 2 / (8 * 16 * 4 * 4 + 8 * 9 * 9), 2 / (8 * 9 * 9 + 10)
    drawn = [np.random.normal(0, variance**0.5, shape) for variance, shape in zip(variances, ((16, 8, 8), (8, 16, 4, 4), (10, 8, 9, 9)))]
    params = skip.SkipNet(2).params
    for name, wanted in zip(("w1", "w2", "w3"), drawn):
        assert np.array_equal(params[name].reshape(wanted.shape), wanted)
    assert not any(params[name].any() for name in ("b1", "b2", "b3"))


def test_the_fixed_initialisation_has_the_standard_deviation_of_glorot():
    params = skip.SkipNet(0, ["init"]).params
    for name, fans in (("w1", 64 + 16 * 64), ("w2", 16 * 16 + 8 * 16), ("w3", 648 + 10)):
        assert params[name].std() == pytest.approx(np.sqrt(2 / fans), rel=0.06)


@pytest.mark.parametrize("fault, arrays", [("mixed", {"w1", "b1", "w2", "b2", "w3", "b3"}), ("stride", {"w2"}), ("softmax", set()),
                                           ("test", set()), ("init", set())])
def test_the_gradient_check_finds_each_fault_where_it_is(fault, arrays):
    # A large scale, for at the article's the mixed exponentials are off by little until the maps have grown.
    errors = gradient_errors(skip.SkipNet(0, ALL - {fault}, scale=0.02))
    assert {name for name, error in errors.items() if error > 1e-6} == arrays


@pytest.mark.parametrize("logits", [[800.0, 0.0], [0.0, 800.0]])
def test_the_published_loss_fails_for_logits_far_apart(logits):
    z, label = np.array([logits]), np.array([0])
    with np.errstate(all="ignore"):
        assert not np.isfinite(skip.SkipNet().loss_backward(z, z, label)).all()
    fixed = skip.SkipNet(fixed=["softmax"]).loss_backward(z, z, label)
    np.testing.assert_allclose(fixed, [[0, 0] if logits[0] > 0 else [-1, 1]], atol=1e-12)


@pytest.mark.parametrize("fixed", [[], ["mixed"]])
def test_for_moderate_logits_both_ways_through_the_softmax_agree(fixed):
    before = np.random.default_rng(0).standard_normal((4, 10)) * 5
    after = before + 0.7
    np.testing.assert_allclose(skip.SkipNet(fixed=fixed).loss_backward(before, after, SOME),
                               skip.SkipNet(fixed=[*fixed, "softmax"]).loss_backward(before, after, SOME), atol=1e-12)


def test_with_all_fixed_it_is_the_network_of_the_course():
    net, ours = skip.SkipNet(0, ALL), models.skip_cnn(1).double()
    for parameter, array in zip(ours.parameters(), net.params.values(), strict=True):
        parameter.value[...] = array.reshape(parameter.value.shape)
    images, labels = IMAGES[:3], LABELS[:3]
    _, dz = F.cross_entropy(ours.forward(images[:, None]), labels)
    ours.backward(dz)
    np.testing.assert_allclose(net.forward(images)[1], ours.forward(images[:, None]), rtol=0, atol=1e-7)  # 0.001 in float32
    for found, parameter in zip(net.gradients(images, labels).values(), ours.parameters(), strict=True):
        np.testing.assert_allclose(found.ravel(), parameter.grad.ravel(), rtol=0, atol=1e-12)


def test_the_published_test_measures_another_network():
    net = skip.SkipNet(0, scale=0.02)
    skip.train(net, IMAGES[:500], LABELS[:500], epochs=1)
    images, labels = IMAGES[:600], LABELS[:600]  # `accuracy` takes 500 at a time
    published, fixed = net.accuracy(images, labels), net.faults.remove("test") or net.accuracy(images, labels)
    assert fixed == np.mean(net.forward(images)[1].argmax(axis=1) == labels) != published


def test_a_step_is_adam_with_its_corrections_folded_into_the_step_size():
    net = skip.SkipNet(0)
    m = v = 0
    w = net.params["w2"].copy()
    for t, (images, labels) in enumerate(skip.batches(IMAGES[:500], LABELS[:500], 0), start=1):
        g = net.gradients(images, labels)["w2"]
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g**2
        w = w - 0.001 * (1 - 0.999**t)**0.5 / (1 - 0.9**t) * m / (v**0.5 + 1e-7)
        net.step(images, labels)
        np.testing.assert_allclose(net.params["w2"], w, rtol=0, atol=1e-12)


def test_the_order_of_the_images_is_the_articles():
    np.random.seed(3)
    images = np.random.permutation(IMAGES[:350])
    np.random.seed(3)
    labels = np.random.permutation(LABELS[:350])
    for number, (part, its_labels) in enumerate(skip.batches(IMAGES[:350], LABELS[:350], 3)):
        assert np.array_equal(part, images[100 * number:100 * number + 100])
        assert np.array_equal(its_labels, labels[100 * number:100 * number + 100])
    assert number == 2


def test_an_unknown_fault_is_told_which_there_are():
    with pytest.raises(ValueError, match="no fault is named strides; the faults are softmax, mixed"):
        skip.SkipNet(fixed=["strides"])
