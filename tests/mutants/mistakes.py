"""Realistic mistakes, each a small change to `helpers` that some test must notice: see `run.py`."""
from typing import NamedTuple


class Mistake(NamedTuple):
    name: str
    file: str
    right: str   # what stands there, once
    wrong: str   # what is planted
    tests: str   # files in tests/ that must notice


def _in(file, tests, *mistakes):
    return [Mistake(name, f"helpers/{file}", right, wrong, tests) for name, right, wrong in mistakes]


MISTAKES = _in(
    "functional/dense.py", "test_functional test_models",
    ("linear: the bias forgotten", "x @ w.T + b, (x, w)", "x @ w.T, (x, w)"),
    ("linear: a transpose dropped on the way back", "dy.T @ x, dy.sum(axis=0)", "x.T @ dy, dy.sum(axis=0)"),
    ("linear: the bias's gradient a mean, not a sum", "dy.sum(axis=0)", "dy.mean(axis=0)"),
    ("project: height and width exchanged", "image = -1, height, width, channels", "image = -1, width, height, channels"),
    ("relu: writes into the gradient that it is handed", "np.multiply(dy, x > 0, out=out)", "np.multiply(dy, x > 0, out=dy)"),
    ("relu: slope 1 at zero", "np.multiply(dy, x > 0, out=out)", "np.multiply(dy, x >= 0, out=out)"),
    ("clip: the gradient passes below the lower end", "dy * ((x >= low) & (x <= high))", "dy * (x <= high)"),
    ("clip: the gradient is clipped instead of the input", "dy * ((x >= low) & (x <= high))", "np.clip(dy, low, high)"),
    ("sigmoid: slope computed from the output's sigmoid", "return dy * y * (1 - y)", "return dy * sigmoid(y)[0] * (1 - sigmoid(y)[0])"),
    ("sigmoid: overflows for large negative inputs", "np.where(x >= 0, 1, small) / (1 + small)", "1 / (1 + np.exp(-x))"),
    ("tanh: slope 1 - y for 1 - y²", "dy * (1 - y * y)", "dy * (1 - y)"),
    ("softmax: the largest logit not taken off", "powers = np.exp(_below_largest(logits))\n", "powers = np.exp(logits)\n"),
    ("softmax: the way back along the diagonal only", "p * (dp - (dp * p).sum(axis=1, keepdims=True))", "dp * p * (1 - p)"),
    ("cross-entropy: gradient not divided by the batch", "dlogits / count", "dlogits"),
    ("cross-entropy: logarithm of a probability that may be 0", "np.log(sums) - shifted[rows, labels]",
     "-np.log(powers[rows, labels] / sums)"),
    ("mse: the 2 of the square forgotten", "dtype.type(2 / y.size)", "dtype.type(1 / y.size)"),
) + _in(
    "functional/common.py", "test_functional test_convolution",
    ("a gradient of a shape that broadcasts is accepted", "if dy.shape != shape:", "if dy.size != int(np.prod(shape)):"),
    ("cross-entropy: labels out of range accepted", "labels.min() < 0 or labels.max() >= classes", "labels.min() < 0"),
) + _in(
    "functional/convolution.py", "test_convolution test_pooling",
    ("convolution: one row too many where some are left over", "(size - window) // step + 1 for", "-(-(size - window) // step) + 1 for"),
    ("convolution: one row and column too few", "(size - window) // step + 1 for", "max(1, (size - window) // step) for"),
    ("plain loops: the stride forgotten on the way forward",
     "padded[n, c, step_h * row + i, step_w * column + j] * w", "padded[n, c, row + i, column + j] * w"),
    ("plain loops: the stride forgotten on the way back", "place = n, c, step_h * row + i, step_w * column + j",
     "place = n, c, row + i, column + j"),
    ("plain loops: pixels keep only the last window's gradient", "dpadded[place] +=", "dpadded[place] ="),
    ("col2im: overlapping windows overwrite each other", "padded[:, :, rows, cols] +=", "padded[:, :, rows, cols] ="),
    ("max pooling: padding of zeros wins over negative pixels", "_windows(_padded(x, padding, -np.inf), kernel", "_windows(_padded(x, padding), kernel"),
    ("max pooling: of two equal pixels the last wins", "windows.argmax(axis=4)", "windows.shape[4] - 1 - windows[..., ::-1].argmax(axis=4)"),
    ("average pooling: the sum, divided by one side only", "y /= y.dtype.type(kernel[0] * kernel[1])", "y /= y.dtype.type(kernel[0])"),
    ("average pooling: every pixel receives the whole gradient", "share = dy / dy.dtype.type(kernel[0] * kernel[1])", "share = dy"),
) + _in(
    "functional/plan.py", "test_plan test_convolution test_layers",
    ("fast convolution: strides of height and width exchanged", "step_h * row, step_w * channels, row, 1)",
     "step_w * row, step_h * channels, row, 1)"),
    ("fast convolution: the bias not renewed", "self.weights[-1] = b\n", "self.weights[-1] = 0\n"),
    ("fast convolution: a plan for another batch reused", "x.shape == self.x_shape and ", ""),
    ("fast convolution: the bias's gradient a mean", "dweights[-1].copy()", "dweights[-1] / self.places"),
    ("fast convolution: scattered gradients overwrite each other", "step_w] += dwindows", "step_w] = dwindows"),
    ("fast convolution: the last call's gradient not cleared", "        dx[...] = 0\n", ""),
    ("fast convolution: the filter not turned round", "[::-1, :, ::-1].transpose", ".transpose"),
    ("fast convolution: the rim cut off at the wrong side", "+ target.shape[1], left:left + width]", "+ target.shape[1], :width]"),
    ("fast convolution: results shared where nobody asked for it", "            if self.reuse:\n", "            if True:\n"),
) + _in(
    "layers.py", "test_layers test_models",
    ("layers: a stale cache", "y, self.cache = F.linear(x, self.weight.value, self.bias.value)\n",
     "y, cache = F.linear(x, self.weight.value, self.bias.value)\n        self.cache = self.cache or cache\n"),
    ("layers: gradients of the weights add up from call to call",
     "dx, self.weight.grad, self.bias.grad = F.linear_backward(dy, self.recall(), self.input_gradient)\n",
     "dx, dw, self.bias.grad = F.linear_backward(dy, self.recall(), self.input_gradient)\n        self.weight.grad = self.weight.grad + dw\n"),
    ("skip: the gradient returns along the body only", "np.add(straight, around, out", "np.add(straight, 0 * around, out"),
    ("sequential: the way back in the order of the way forward", "for layer in reversed(self.layers):", "for layer in self.layers:"),
    ("evaluation mode does not reach inner layers", "child.train(mode)", "child.train()"),
    ("state_dict: hands out the arrays themselves", "{name: array.copy() for name", "{name: array for name"),
    ("load: some weights in place before the last is checked",
     "        for name, array in own.items():\n            if values[name].shape",
     "        for name, array in own.items():\n            array.flat[0] = values[name].flat[0]\n            if values[name].shape"),
    ("save: weights that are not trained are forgotten", " | dict(self.named_buffers())", ""),
    ("one layer in two places", "        if id(module) in seen:", "        if False:"),
    ("flatten: images and features mixed", "y = x.reshape(len(x), -1)", "y = x.reshape(-1, len(x)).T"),
) + _in(
    "init.py", "test_init",
    ("init: He's 2 forgotten", "_normal(shape, rng, np.sqrt(2 / fans(shape)[0]), dtype)", "_normal(shape, rng, np.sqrt(1 / fans(shape)[0]), dtype)"),
    ("init: the variance for the standard deviation", "rng.standard_normal(shape) * std", "rng.standard_normal(shape) * std**2"),
    ("init: the taps of a filter forgotten in the fan-in", "return shape[1] * taps, shape[0] * taps", "return shape[1], shape[0]"),
    ("init: uniform between plus and minus the deviation", "bound = np.sqrt(3.0) * std", "bound = std"),
) + _in(
    "optim.py", "test_optim",
    ("adam: betas exchanged", "(b1, b2), m, v = self.betas", "(b2, b1), m, v = self.betas"),
    ("adam: no correction of the mean", "work *= self.lr / (1 - b1 ** self.t)", "work *= self.lr"),
    ("adam: no correction of the mean square", "        work /= sqrt(1 - b2 ** self.t)\n", ""),
    ("adam: corrected for one step too many", "(1 - b1 ** self.t)", "(1 - b1 ** (self.t + 1))"),
    ("adam: epsilon inside the root",
     "        np.sqrt(v, out=work)\n        work /= sqrt(1 - b2 ** self.t)\n        work += self.eps\n",
     "        np.add(v / (1 - b2 ** self.t), self.eps, out=work)\n        np.sqrt(work, out=work)\n"),
    ("adam: moments shared between parameters",
     "self.state = [{name: np.zeros_like(parameter.value) for name in self.arrays} for parameter in self.parameters]",
     "shared = {}\n        self.state = [{name: shared.setdefault((name, parameter.value.shape), np.zeros_like(parameter.value))"
     " for name in self.arrays} for parameter in self.parameters]"),
    ("rmsprop: the mean of the gradient for that of its square", "_running_mean(v, g, g, self.alpha, work)", "_running_mean(v, g, 1, self.alpha, work)"),
    ("momentum: the new gradient weighed down", "velocity += g\n", "velocity += (1 - self.momentum) * g\n"),
    ("weight decay: writes into the gradient", "return parameter.grad + self.weight_decay * parameter.value",
     "parameter.grad += self.weight_decay * parameter.value\n        return parameter.grad"),
    ("adamw: decay without the step size", "1 - self.lr * self.weight_decay", "1 - self.weight_decay"),
    ("optimiser: its state does not come back", 'array[...] = state[f"{number}.{name}"]', "pass"),
    ("schedule: the cosine begins during the warm-up", "min(1, (step - warm_up) /", "min(1, step /"),
    ("schedule: the step size climbs again after the last step", "min(1, (step - warm_up) / (total_steps - warm_up))",
     "(step - warm_up) / (total_steps - warm_up)"),
) + _in(
    "training.py", "test_training",
    ("training: the seed ignored", "default_rng((seed, epoch))", "default_rng((0, epoch))"),
    ("training: labels looked at only when their turn comes", 'check_labels(f"fit: {name}", labels, (len(labels), logits.shape[1]))', "pass"),
    ("training: measuring leaves every layer in training mode", "module.training = training", "module.training = True"),
    ("training: predicts in one piece", "for part in cut(net, len(images))])", "for part in [slice(None)]])"),
    ("training: a step that does not end cannot be stopped", "if held[-1] - held[0] > _PATIENCE:", "if False:"),
    ("training: an optimiser of another network is accepted", "if not {*map(id, parameters)} & {*map(id, moved)}:", "if not moved:"),
    ("training: the cause of a bad loss looked for in all images at once", "images[part]) for part in cut(net, len(images)))",
     "images[part]) for part in [slice(None)])"),
    ("training: the same order in each epoch", "default_rng((seed, epoch))", "default_rng((seed, 0))"),
    ("training: the left-over batch dropped", "range(0, count, batch_size), net", "range(0, count - batch_size + 1, batch_size), net"),
    ("training: tested on the training images", "_measure(net, digits.x_test, digits.y_test, batch)", "_measure(net, digits.x_train, digits.y_train, batch)"),
    ("training: measured in training mode", "    net.eval()\n", "    net.train()\n"),
    ("training: a run that goes on repeats its first epochs", "for epoch in range(done, done + epochs):", "for epoch in range(epochs):"),
    ("training: the schedule stands still", "schedule(len(history.step_losses))", "schedule(0)"),
    ("training: goes on when the loss is not finite", "if not np.isfinite(loss):", "if False:"),
    ("training: the stop button stays dead after the run", "signal.signal(signal.SIGINT, before)", "pass"),
) + _in(
    "sharding/executors.py", "test_training test_sharding",
    ("executors: copies keep weights that the optimiser has replaced", "own.value = given.value", "pass"),
    ("executors: a copy trains on in the mode of its making", "net.train(self.net.training)", "net"),
    ("executors: as many BLAS threads as the process likes", "with one_thread():  # in another process", "if True:  # in another process"),
    ("executors: added up in the order of arrival", "[executor.submit(worker, *task) for task in shards]",
     "[executor.submit(worker, *task) for task in shards][::-1]"),
) + _in(
    "sharding/__init__.py", "test_training test_sharding",
    ("shards: a layer with a state is copied all the same", "if shard_size(net) is None:", "if False:"),
) + _in(
    "sharding/processes.py", "test_processes",
    ("processes: weights sent once and never again", "            place[...] = value\n        shards", "            pass\n        shards"),
    ("processes: a worker's gradient overwritten by its next shard", "[place.copy()] if found", "[place] if found"),
    ("processes: this process's own shard goes twice to the workers", "for place, task in enumerate(theirs)), own)", "for place, task in enumerate(theirs)), theirs[:len(own)])"),
    ("processes: trusted without a comparison", "or not _same(self.job.compute(images[part], labels[part], True), here):", "or False:"),
    ("processes: a forked process talks to its parent's workers", "        _pool.ready = False\n    _pool, _pool_lock", "        pass\n    _pool_lock"),
    ("processes: a file left behind", "self._unlink()  # all have it open by now", "pass  # all have it open by now"),
    ("processes: workers in the reach of Ctrl-C", "start_new_session=True", "start_new_session=False"),
) + _in(
    "sharding/shards.py", "test_sharding test_training",
    ("shards: a gradient overwritten by the next one", "parameter.grad.copy() if parameter.grad is old else parameter.grad", "parameter.grad"),
    ("shards: each counts as a whole batch", "        dlogits *= dlogits.dtype.type(share)\n", ""),
    ("shards: losses added up without their shares", "return loss * share, right, [parameter", "return loss, right, [parameter"),
    ("shards: the last images of a batch left out", "for start in range(0, count, step)]", "for start in range(0, count - step + 1, step)]"),
) + _in(
    "blas.py", "test_sharding test_machine test_training",
    ("blas: threads as many as it likes", "limits=1", "limits=4"),
    ("blas: let go by the first of two runs that ends", "            if _users == 0:\n                _limit", "            if True:\n                _limit"),
) + _in(
    "data.py", "test_data",
    ("data: the checksum not checked", "if digest.hexdigest() != part.sha256:", "if False:"),
    ("data: pixels divided by 256", "np.float32(255)", "np.float32(256)"),
    ("data: COURSE_DIGITS ignored", 'override = os.environ.get("COURSE_DIGITS")', "override = None"),
    ("data: the first mirror's failure ends it", 'reasons.append(f"{mirror} failed ({type(error).__name__})")', "raise"),
    ("data: waits for the network in every cell", "if _no_download and not retry:", "if False:"),
    ("data: a file that may run code when it is read", "with np.load(file, allow_pickle=False) as archive:", "with np.load(file, allow_pickle=True) as archive:"),
) + _in(
    "logs.py", "test_logs",
    ("logs: the checksum not checked", "if hashlib.sha256(raw).hexdigest() != noted[name]:", "if False:"),
) + _in(
    "files.py", "test_files test_layers test_logs",
    ("files: renamed before it is written", "        yield beside\n        os.replace(beside, path)\n",
     "        beside.touch()\n        os.replace(beside, path)\n        yield path\n"),
    ("files: what was begun is left behind", "        beside.unlink(missing_ok=True)", "        pass"),
) + _in(
    "gradcheck.py", "test_gradcheck",
    ("gradient check: one side only", "gradient[place] = (above - below) / (2 * eps)", "gradient[place] = (above - loss()) / eps"),
    ("gradient check: the mean error for the largest", "np.abs(found - wanted).max(initial=0) / scale", "np.abs(found - wanted).mean() / scale"),
    ("gradient check: an upstream gradient of ones", "dy = rng.standard_normal(net.forward(x).shape)", "dy = np.ones(net.forward(x).shape)"),
) + _in(
    "models.py", "test_layers test_models",
    ("models: a bend after the last layer", "return Sequential(*layers[:-1])", "return Sequential(*layers)"),
    ("models: the constant skip is trained", 'trained=skip == "trained"', 'trained=skip != "fixed"'),
    ("models: the residual block without its skip", "Sequential(Residual(Conv2d(channels, channels, 3, rng, padding=1)), ReLU())",
     "Sequential(Conv2d(channels, channels, 3, rng, padding=1), ReLU())"),
) + _in(
    "published/cnn.py", "test_published",
    ("published CNN: weights move after the gradient has passed", 'if "order" in self.faults else self.params[name]\n', "if False else self.params[name]\n"),
    ("published CNN: the stride mended in both versions", '1 if "stride" in self.faults else STRIDE', "STRIDE"),
) + _in(
    "published/skip.py", "test_published_skip",
    ("published skip: exponentials never mixed", 'mixed = before if "mixed" in self.faults else after', "mixed = after"),
    ("published skip: the skip's gradient a mean", "self.scale * dz.sum(axis=1)", "self.scale * dz.mean(axis=1)"),
    ("published skip: the trained network is tested", 'self._tested(part) if "test" in self.faults else self.forward(part)[1]', "self.forward(part)[1]"),
) + _in(
    "checks/core.py", "test_checks",
    ("exercises: anything of the right shape is right", "rtol=1e-6, atol=1e-9", "rtol=1e9, atol=1e9"),
    ("exercises: a changed argument not noticed", "if not np.array_equal(before, after):", "if False:"),
    ("exercises: numbers handed over as arrays", "given = copy.deepcopy(case)", "given = [np.copy(argument) for argument in case]"),
) + _in(
    "figures.py", "test_projector",
    ("figures: numbers on the axes too small", '"xtick.labelsize": 14', '"xtick.labelsize": 12'),
    ("figures: axes too thin for a projector", '"axes.linewidth": 2', '"axes.linewidth": 1'),
    ("figures: two colours that some cannot tell apart", '"#1E5B1E", "#A3C76D", "#FFFFFF"', '"#00543D", "#7CCBB2", "#FFFFFF"'),
    ("figures: a colour from elsewhere", "ax.axhline(0.1, color=INK, lw=2", 'ax.axhline(0.1, color="red", lw=2'),
    ("figures: no title", '    ax.set_title("Every row is one digit, by many hands")\n', ""),
) + _in(
    "live/core.py", "test_live",
    ("live figures: a moved control changes nothing", "        self.image.value = self.frame(**self.values)\n\n    def _repr", "        pass\n\n    def _repr"),
    ("live figures: nothing is cleared between frames", "        canvas.restore_region(self._background)\n", ""),
) + _in(
    "live/lesson_02.py", "test_live_content",
    ("live figures: the rows that a window touches", "along[start:start + kernel] += 1", "along[start:start + kernel] = 1"),
) + _in(
    "live/lesson_03.py", "test_live_content",
    ("live figures: gradients overwritten where windows overlap", "dx[start:start + taps] += arriving * w", "dx[start:start + taps] = arriving * w"),
    ("live figures: a tap's gradient without the stride", "padded[starts + k]", "padded[np.arange(count) + k]"),
) + _in(
    "live/lesson_05.py", "test_live_content",
    ("live figures: a skip that hands no gradient back", "dy = dy + through if skip else through", "dy = through"),
    ("live figures: the skip's own gradient left out", "        da1 = da1 + (scale * dz @ rows[kind]).reshape(a1.shape)\n", ""),
) + _in(
    "live/lesson_06.py", "test_live_content",
    ("live figures: paths that go uphill", "place.grad = np.array(slopes)", "place.grad = -np.array(slopes)"),
    ("live figures: the two betas exchanged", "(b1, b2))}", "(b2, b1))}"),
    ("live figures: a slope of a surface", "return (u * u / k + v * v) / 2, u / k + v, u / k - v", "return (u * u / k + v * v) / 2, u / k + v, u / k + v"),
    ("live figures: a correction of the wrong step", "np.array(means) / (1 - beta**t)", "np.array(means) / (1 - beta**(t + 1))"),
)
