"""What every layer and network is: a forward and a backward pass, and what they remember. Names follow torch.nn."""
from .group import Group
from .state import State
from .tree import Tree


class Module(Tree, State):
    """What every layer and network can do. A new one defines `forward` and `backward`.

    Parameters, buffers and inner modules are found in attributes, in the order in which they were set, also inside lists,
    tuples and dictionaries. All other attributes are plain: not trained, not saved. An object remembers the last forward
    pass only, so it stands in one place of a network.
    """

    training = True        # the mode, as `train` and `eval` set it
    input_gradient = True  # if False, `backward` may leave out the gradient for the input and return None
    recording = True       # if False, what is put into `cache` is dropped: without a backward pass it is not needed

    # How `training.fit` may divide a batch among threads, each with a copy of the layer:
    shard_size = 250       # so many images at a time at most; None: the whole batch at once
    synchronised = False   # True for a layer that asks `group.sum` for sums over the whole batch
    group = Group()

    def forward(self, x):
        """The output for input x; puts what `backward` needs into `self.cache`."""
        raise NotImplementedError(f"{type(self).__name__} has no forward pass yet")

    def backward(self, dy):
        """The gradient for the last input, given dy = dL/d(output); sets every parameter's `.grad`."""
        raise NotImplementedError(f"{type(self).__name__} has no backward pass yet")

    def __call__(self, x):
        return self.forward(x)

    @property
    def cache(self):
        return vars(self).get("_cache")

    @cache.setter
    def cache(self, value):
        self._cache = value if self.recording else None

    def recall(self):
        """What the last forward pass left in `cache`; raises RuntimeError if there was none."""
        if self.cache is None:
            raise RuntimeError(f"{self}: backward was called before forward: run forward(x) first")
        return self.cache

    def train(self, mode=True):
        """Set training mode here and in all inner modules; returns the module."""
        for module in self.modules():
            module.training = mode
        return self

    def eval(self):
        """Set evaluation mode: the opposite of `train`."""
        return self.train(False)

    def drop_input_gradient(self):
        """Let `backward` return None where that saves work: no layer reads the gradient for the images."""
        self.input_gradient = False

    def __getstate__(self):  # a copy or a pickle takes along all but the traces of the last forward pass
        return dict(self.attributes())

    def __repr__(self):
        return f"{type(self).__name__}()"
