#!/usr/bin/env bash
# keras 3.15.1: ScheduleFreeAdamW decays the wrong sequence: with weight_decay it runs away from where the paper's goes.
#
# The schedule-free method (Defazio et al. 2024) keeps three sequences: z takes the steps, x is the average of the z and is
# what is to be evaluated, y lies between them and is where gradients are taken. Decay is part of the step, so it belongs to
# z. Keras keeps y (the weights) and z, and gets x back from y = 0.1 z + 0.9 x. Its weight decay is that of all its
# optimisers, though: before the step it shrinks the weights, y, and leaves z as it is, so that what was taken from y comes
# out of x alone, and more of it. z is pulled back by nothing but the gradient, and gradients are taken at y. In a noisy
# parabola with its minimum at 1 and a decay of 0.5, z is past 7 after 1,000 steps and x is 0.0, where the paper's are near 1
# and 0.7; y, a tenth of the one and nine tenths of the other, is 0.7 as the paper's, so that nothing is to be seen in the
# weights or in the loss. With gradients of zero the paper's z has gone from 1 to 0.0 after 1,400 steps, Keras's has not
# moved. Without decay both agree. During a warm-up the paper's authors weigh the average by the squares of the learning
# rates, Keras weighs all steps alike: early steps, which hardly move, hold x back, at 2.3 on the way to 3 where it would be
# 2.9. What is left in the weights at the end is y, also after `finalize_variable_values`, which fit calls; x has to be worked
# out from y and z, and is the x above.
#
# Seen with numpy 2.4.6 and jax 0.10.2 under Python 3.11 on Linux x86_64, on the backend numpy. About 150 MB are downloaded,
# it takes two minutes. Fails if what it prints changes.
# To run it: bash findings/keras_schedule_free_decay.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import keras
import numpy as np

def paper(slope, steps, rate, decay=0.0, warmup=1):
    """Algorithm 1 of the paper, beta 0.9 and 0.999: the sequences x, y and z after so many steps from w = 1."""
    x = y = z = 1.0
    v = weights = 0.0
    for t in range(1, steps + 1):
        g, lr = slope(y, t), rate * min(1, t / warmup)
        v = 0.999 * v + 0.001 * g ** 2
        z = z - lr * (g / ((v / (1 - 0.999 ** t)) ** 0.5 + 1e-8) + decay * y)
        weights += lr ** 2
        x = x + (z - x) * lr ** 2 / weights
        y = 0.1 * z + 0.9 * x
    return x, y, z

def library(slope, steps, rate, decay=None, warmup=0):
    weight = keras.Variable(np.ones(1, np.float32))
    optimiser = keras.optimizers.ScheduleFreeAdamW(rate, weight_decay=decay, warmup_steps=warmup)
    for t in range(1, steps + 1):
        optimiser.apply([np.float32([slope(weight.value.item(), t)])], [weight])
    optimiser.finalize_variable_values([weight])                        # as fit does at its end
    y = weight.value.item()
    z = next(variable for variable in optimiser.variables if "momentum" in variable.path).value.item()
    return (y - 0.1 * z) / 0.9, y, z

def show(what, *settings, **more):
    for name, run in (("paper", paper), ("keras", library)):
        x, y, z = run(*settings, **more)
        print(f"{what}, {name}: x {x:.1f}, y {y:.1f}, z {z:.1f}".replace("-0.0", "0.0"))

print("keras", keras.__version__, "on", keras.backend.backend())
show("no gradient, decay 0.1", lambda y, t: 0.0, 1400, 0.01, decay=0.1)
for seed in range(2):
    noise = np.random.default_rng(seed).normal(size=1001)
    def slope(y, t):
        return y - 1 + noise[t]
    show(f"seed {seed}, no decay", slope, 1000, 0.02)
    show(f"seed {seed}, decay 0.5", slope, 1000, 0.02, decay=0.5)
show("minimum at 3, warm-up of 1,000", lambda y, t: y - 3, 1000, 0.01, warmup=1000)
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 keras==3.15.1 jax==0.10.2 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
KERAS_BACKEND=numpy JAX_PLATFORMS=cpu KERAS_HOME=$folder "$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
keras 3.15.1 on numpy
no gradient, decay 0.1, paper: x 0.5, y 0.4, z 0.0
no gradient, decay 0.1, keras: x 0.5, y 0.5, z 1.0
seed 0, no decay, paper: x 1.0, y 1.1, z 1.4
seed 0, no decay, keras: x 1.0, y 1.1, z 1.4
seed 0, decay 0.5, paper: x 0.7, y 0.7, z 1.1
seed 0, decay 0.5, keras: x 0.0, y 0.7, z 7.4
seed 1, no decay, paper: x 1.1, y 1.1, z 1.2
seed 1, no decay, keras: x 1.1, y 1.1, z 1.2
seed 1, decay 0.5, paper: x 0.7, y 0.7, z 0.7
seed 1, decay 0.5, keras: x 0.0, y 0.7, z 7.2
minimum at 3, warm-up of 1,000, paper: x 2.9, y 2.9, z 3.5
minimum at 3, warm-up of 1,000, keras: x 2.3, y 2.5, z 4.3
WANTED
echo "as stated"
