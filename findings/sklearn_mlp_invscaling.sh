#!/usr/bin/env bash
# scikit-learn 1.9.1: with learning_rate="invscaling", an MLP's learning rate falls with the number of images, not of steps.
#
# The manual gives the rate at time step t as learning_rate_init / t ** power_t, power_t being 0.5. One expects a step to be
# a minibatch, or an epoch. In MLPClassifier and MLPRegressor t is the number of samples seen, plus one, and it is looked at
# once an epoch: the whole first epoch runs at learning_rate_init, and with the second the rate drops at once by the root of
# the size of the data set, by 32 for 1,000 images and by 245 for 60,000. Later it falls slowly, from the second epoch to
# the fifth by 2. So the same settings mean another schedule when images are added, and the same one when the batch is made
# larger. MLPRegressor's manual says what t is, though not where it gives the formula, but at its attribute t_;
# MLPClassifier's does not. Read as steps, at every one or once an epoch, or as epochs, the formula gives other weights;
# read as samples it gives those of the library to the last digits. On the digits that come with scikit-learn 20 epochs end
# 2 points lower than with the constant rate.
#
# Seen with numpy 2.4.6 and scipy 1.17.1 under Python 3.11 on Linux x86_64. About 70 MB are downloaded, it takes half a
# minute. Fails if what it prints changes.
# To run it: bash findings/sklearn_mlp_invscaling.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import numpy as np
import sklearn
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier, MLPRegressor

settings = dict(solver="sgd", learning_rate="invscaling", learning_rate_init=0.1, batch_size=20)
print("scikit-learn", sklearn.__version__)

# One linear unit, plain gradient descent: the first epoch is the library's, the second is done by hand in every reading.
rng = np.random.default_rng(0)
x = rng.standard_normal((400, 3))
y = x @ [1.0, 2.0, 3.0] + 0.5
unit = MLPRegressor(hidden_layer_sizes=(), momentum=0, alpha=0, shuffle=False, random_state=0, **settings)
unit.partial_fit(x, y)
start = unit.coefs_[0][:, 0].copy(), unit.intercepts_[0][0]
unit.partial_fit(x, y)
readings = {"steps, each": lambda step: 0.1 / (21 + step) ** 0.5, "steps, once an epoch": lambda step: 0.1 / 21 ** 0.5,
            "epochs": lambda step: 0.1 / 2 ** 0.5, "samples": lambda step: 0.1 / 401 ** 0.5}
for name, rate in readings.items():
    w, b = start
    for step in range(20):
        xs, ys = x[20 * step:20 * step + 20], y[20 * step:20 * step + 20]
        slope = (xs @ w + b - ys) / 20
        w, b = w - rate(step) * slope @ xs, b - rate(step) * slope.sum()
    off = np.abs(w - unit.coefs_[0][:, 0]).max()
    print(f"t counts {name}:", "the library's weights" if off < 1e-12 else "other weights" if off > 0.01 else off)

x, y = load_digits(return_X_y=True)
x = x / 16
right = {}
for kind in ("constant", "invscaling"):
    nets = [MLPClassifier(hidden_layer_sizes=(32,), max_iter=20, random_state=seed, tol=0, **{**settings, "learning_rate": kind})
            for seed in range(5)]
    right[kind] = np.array([net.fit(x[:1000], y[:1000]).score(x[1000:], y[1000:]) for net in nets])
print("seeds of 5 in which the constant rate ends higher:", (right["constant"] > right["invscaling"]).sum())
print(f"on average by {100 * (right['constant'] - right['invscaling']).mean():.0f} points")
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 scipy==1.17.1 scikit-learn==1.9.1 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
OPENBLAS_NUM_THREADS=1 "$folder/venv/bin/python" -W ignore "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
scikit-learn 1.9.1
t counts steps, each: other weights
t counts steps, once an epoch: other weights
t counts epochs: other weights
t counts samples: the library's weights
seeds of 5 in which the constant rate ends higher: 5
on average by 2 points
WANTED
echo "as stated"
