"""What is saved of a network: every parameter and buffer, loaded all or none, and files that are whole or refused."""
import pickle
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from helpers import files, models
from helpers.layers import BatchNorm2d, Buffer, Conv2d, Flatten, Linear, Module, Parameter, Projection, ReLU, Residual, Sequential


def small(seed=0, sizes=(6, 5, 4, 3)):
    """A network in float64."""
    return models.mlp(seed, sizes).double()


def mixed(seed=0, dtype=np.float32):
    """A network with every kind of state: in lists and dictionaries, with buffers of several dtypes, a weight that is not trained."""
    rng = np.random.default_rng(seed)
    shortcut = Projection(rng.standard_normal((3, 2, 2, 3), np.float32), trained=False)
    net = Sequential(Conv2d(1, 2, 3, rng, bias=False), BatchNorm2d(2), ReLU(), Residual(Sequential(Flatten(), Linear(12, 3, rng)), shortcut))
    net.extra = [{"gain": Parameter(rng.random(2, np.float32))}, Buffer(rng.integers(0, 100, 3, np.int32)), Buffer(rng.random(2) > 0.5)]
    net.layers[1].running_mean.value[...] = rng.random(2)
    return net.double() if dtype == np.float64 else net


def same(first, second):
    """Two state_dicts hold the same names in the same order, and the same bytes."""
    return list(first) == list(second) and all(
        first[name].dtype == second[name].dtype and first[name].tobytes() == second[name].tobytes() for name in first)


# --- state_dict -----------------------------------------------------------------------------------

def test_state_dict_is_a_copy():
    net = mixed()
    state, kept = net.state_dict(), net.state_dict()
    for place in (*net.parameters(), *(buffer for _, buffer in net.named_buffers())):
        place.value[...] = 1 - place.value.astype(int)
    assert same(state, kept) and not any(np.array_equal(value, kept[name]) for name, value in net.state_dict().items())
    net.load_state_dict(state)
    assert same(net.state_dict(), kept)
    for value in state.values():  # nor does the network keep what it was given
        value[...] = 0
    assert same(net.state_dict(), kept)


def test_load_state_dict_keeps_the_arrays_and_their_dtype():
    """An optimiser may hold on to them."""
    net, wanted = mixed(), mixed(seed=9, dtype=np.float64).state_dict()
    places = dict(net.named_parameters() + net.named_buffers())
    arrays = {name: place.value for name, place in places.items()}
    net.load_state_dict(wanted)
    for name, array in arrays.items():
        assert array is places[name].value and np.array_equal(array, wanted[name].astype(array.dtype))


def test_what_is_not_trained_belongs_to_the_state():
    net, other = models.skip_cnn(0, "fixed"), models.skip_cnn(1, "fixed")
    images = np.random.default_rng(0).random((3, 1, 28, 28), np.float32)
    other.load_state_dict(net.state_dict())
    assert np.array_equal(other.forward(images), net.forward(images))
    with pytest.raises(KeyError, match=r"missing \['2.shortcut.weight'\]"):
        other.load_state_dict({name: parameter.value for name, parameter in net.named_parameters()})


STATE = mixed().state_dict()
BREAKS = {  # what is done to one entry, and what is raised
    "missing": (lambda state, name: state.pop(name), KeyError, r"missing \['{name}'\], unknown \[\]"),
    "unknown": (lambda state, name: state.update({f"{name}s": state[name]}), KeyError, r"missing \[\], unknown \['{name}s'\]"),
    "renamed": (lambda state, name: state.update({1: state.pop(name)}), KeyError, r"missing \['{name}'\], unknown \[1\]"),
    "an axis more": (lambda state, name: state.update({name: state[name][None]}), ValueError, r"{name} has shape \(1, .*expects"),
    "a row less": (lambda state, name: state.update({name: state[name][:-1]}), ValueError, "{name} has shape .*expects"),
    "one number for all": (lambda state, name: state.update({name: np.zeros(1)}), ValueError, r"{name} has shape \(1,\) but .*expects"),
    "text": (lambda state, name: state.update({name: state[name].astype(str)}), TypeError, "{name} has dtype <U.* but the network expects"),
    "complex": (lambda state, name: state.update({name: state[name].astype(complex)}), TypeError, "{name} has dtype complex128"),
    "objects": (lambda state, name: state.update({name: state[name].astype(object)}), TypeError, "{name} has dtype object"),
    "dates": (lambda state, name: state.update({name: state[name].astype("M8[s]")}), TypeError, "{name} has dtype datetime64"),
    "nothing": (lambda state, name: state.update({name: None}), ValueError, r"{name} has shape \(\)"),
    "a Parameter": (lambda state, name: state.update({name: Parameter(np.ones(2))}), ValueError, r"{name} has shape \(\)"),
}


@given(st.sampled_from(list(BREAKS)), st.sampled_from(list(STATE)), st.randoms())
def test_one_bad_entry_anywhere_and_nothing_is_loaded(how, name, random):
    spoil, kind, message = BREAKS[how]
    net, names = mixed(), list(STATE)
    random.shuffle(names)
    state = {key: mixed(1).state_dict()[key] for key in names}
    spoil(state, name)
    with pytest.raises(kind, match="load_state_dict: " + message.format(name=name.replace(".", r"\."))):
        net.load_state_dict(state)
    assert same(net.state_dict(), STATE)


@pytest.mark.parametrize("name", [name for name, value in STATE.items() if value.dtype != bool])
def test_numbers_too_large_for_the_networks_dtype(name):
    net, state = mixed(), mixed(1).state_dict()
    whole = state[name].dtype.kind == "i"
    state[name] = state[name].astype(np.int64 if whole else np.float64)
    state[name].flat[-1] = 2**40 if whole else -1e39
    with pytest.raises(ValueError, match=f"{name} holds numbers that are too large for the network's (int32|float32: .* 1e\\+39)"):
        net.load_state_dict(state)
    assert same(net.state_dict(), STATE)
    if not whole:  # infinite it may be, if it was so before
        state[name].flat[-1] = -np.inf
        net.load_state_dict(state)
        assert np.isneginf(net.state_dict()[name].flat[-1])


@pytest.mark.parametrize("wrong", [None, [1, 2], "net.npz", mixed(), list(STATE.items())], ids=lambda wrong: type(wrong).__name__)
def test_what_is_no_dictionary_is_named(wrong):
    with pytest.raises(TypeError, match=rf"load_state_dict: a dictionary \{{name: array\}} is wanted.*not a {type(wrong).__name__}"):
        mixed().load_state_dict(wrong)


# --- Files ----------------------------------------------------------------------------------------

@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_saved_and_loaded_bit_for_bit(tmp_path, dtype):
    net, other = mixed(0, dtype), mixed(1, dtype)
    net.parameters()[1].value.ravel()[:6] = [-0.0, np.inf, np.nan, np.finfo(dtype).tiny / 2, np.finfo(dtype).max, 1 / 3]
    path = tmp_path / "net.npz"
    net.save(path)
    assert not same(other.state_dict(), net.state_dict())
    other.load(path)
    assert same(other.state_dict(), net.state_dict())
    other.load(str(path))
    assert same(other.state_dict(), net.state_dict())
    with np.load(path, allow_pickle=False) as file:  # a plain .npz: no need of this package to read it
        assert same(dict(file), net.state_dict())
    other.save(str(path))  # over the first
    assert [file.name for file in tmp_path.iterdir()] == ["net.npz"]


def test_save_wants_the_ending_npz(tmp_path):
    for name in ("net", "net.npy", "net.npz.txt"):
        with pytest.raises(ValueError, match=f"must end in .npz, but it is {name}"):
            small().save(tmp_path / name)
    with pytest.raises(FileNotFoundError):
        small().save(tmp_path / "nowhere" / "net.npz")
    assert list(tmp_path.iterdir()) == []


def half_written(file, *_, **__):
    if hasattr(file, "write"):
        file.write(b"half")
    raise OSError(28, "No space left on device")


def interrupted(*_, **__):
    raise KeyboardInterrupt


def refused(*paths):
    raise PermissionError(13, "Permission denied")


class Odd(Module):
    """State by names that are arguments of np.savez, or no ASCII."""

    def __init__(self, seed):
        rng = np.random.default_rng(seed)
        self.file, self.allow_pickle, self.γ = Parameter(rng.random(2)), Buffer(rng.random(3)), Parameter(rng.random(4))
        self.args = {"a/b": Parameter(rng.random(1)), "with spaces": Buffer(rng.random(1)), "": Parameter(rng.random(2))}


def test_names_may_be_anything(tmp_path):
    net, other = Odd(0), Odd(1)
    assert set(net.state_dict()) == {"file", "allow_pickle", "γ", "args.a/b", "args.with spaces", "args."}
    net.save(tmp_path / "net.npz")
    other.load(tmp_path / "net.npz")
    assert same(other.state_dict(), net.state_dict())


FAILURES = [(np.lib.format, "write_array", half_written, OSError), (np.lib.format, "write_array", interrupted, KeyboardInterrupt),
            (files.os, "replace", refused, PermissionError)]


@pytest.mark.parametrize("module, function, fault, kind", FAILURES, ids=["disk full", "interrupted", "not renamed"])
@pytest.mark.parametrize("there", [True, False], ids=["over a file", "new"])
def test_a_failed_save_leaves_what_was_there(tmp_path, monkeypatch, module, function, fault, kind, there):
    path = tmp_path / "net.npz"
    if there:
        small().save(path)
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}
    with monkeypatch.context() as patch:
        patch.setattr(module, function, fault)
        with pytest.raises(kind):
            small(seed=1).save(path)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_full_disk_leaves_what_was_there(tmp_path):
    """The real thing: the system refuses to let the file grow."""
    resource = pytest.importorskip("resource")
    path = tmp_path / "net.npz"
    small().save(path)
    before = path.read_bytes()
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, limits[1]))
    try:
        with pytest.raises(OSError):
            small(sizes=(60, 50, 30)).save(path)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == {"net.npz": before}


def test_the_file_is_whole_before_it_takes_its_name(tmp_path, monkeypatch):
    path, seen = tmp_path / "net.npz", []

    def replace(source, target, really=files.os.replace):
        with np.load(source, allow_pickle=False) as file:
            seen.append((dict(file), Path(target), path.exists()))
        really(source, target)

    monkeypatch.setattr(files.os, "replace", replace)
    small().save(path)
    (state, target, already_there), = seen
    assert same(state, small().state_dict()) and target == path and not already_there


def assert_refused(net, path, kinds=ValueError):
    kept = net.state_dict()
    with pytest.raises(kinds) as error:
        net.load(path)
    assert same(net.state_dict(), kept)
    return str(error.value)


def test_a_file_cut_anywhere_is_refused(tmp_path):
    path = tmp_path / "net.npz"
    small(sizes=(2, 3)).save(path)
    whole, net = path.read_bytes(), small(seed=1, sizes=(2, 3))
    for length in range(len(whole)):
        path.write_bytes(whole[:length])
        message = assert_refused(net, path)
        assert str(path) in message and "save the network again" in message


def test_a_flipped_bit_never_gives_other_weights(tmp_path):
    """Refused, or of no consequence, such as one in a date."""
    path, net = tmp_path / "net.npz", small(seed=1, sizes=(2, 3))
    small(sizes=(2, 3)).save(path)
    wanted, untouched, whole = small(sizes=(2, 3)).state_dict(), net.state_dict(), path.read_bytes()
    refusals = 0
    for place, bit in enumerate(np.random.default_rng(0).integers(0, 8, len(whole))):
        damaged = bytearray(whole)
        damaged[place] ^= 1 << int(bit)
        path.write_bytes(damaged)
        try:
            net.load(path)
        except (ValueError, KeyError):
            refusals += 1
            assert same(net.state_dict(), untouched)
        else:
            assert same(net.state_dict(), wanted)
            net.load_state_dict(untouched)
    assert refusals > len(whole) / 2


class Trap:
    """Unpickling it leaves a mark."""

    sprung = False

    def __reduce__(self):
        return (setattr, (sys.modules[__name__].Trap, "sprung", True))


def test_nothing_is_ever_unpickled(tmp_path):
    path, net = tmp_path / "net.npz", small(sizes=(2, 3))
    path.write_bytes(pickle.dumps(Trap()))
    assert_refused(net, path)
    traps = np.array([Trap()] * 3, dtype=object)
    np.savez(path, **(net.state_dict() | {"1.bias": traps}))
    assert_refused(net, path)
    assert not Trap.sprung
    np.load(path, allow_pickle=True)["1.bias"]  # the trap does work
    assert Trap.sprung


def test_files_that_hold_something_else(tmp_path):
    path, net = tmp_path / "net.npz", small()
    path.write_text("<!DOCTYPE html><title>404 Not Found</title>")
    assert str(path) in assert_refused(net, path)
    with open(path, "wb") as file:
        np.save(file, np.ones((5, 6)))  # one array, no archive
    assert str(path) in assert_refused(net, path)
    small(sizes=(6, 5, 3)).save(path)
    assert "missing" in assert_refused(net, path, KeyError)
    small(sizes=(6, 4, 4, 3)).save(path)
    assert "1.weight has shape (4, 6) but the network expects (5, 6)" in assert_refused(net, path)
    assert "none.npz" in assert_refused(net, tmp_path / "none.npz", FileNotFoundError)
    (tmp_path / "folder.npz").mkdir()
    assert "folder.npz" in assert_refused(net, tmp_path / "folder.npz", (IsADirectoryError, PermissionError))
