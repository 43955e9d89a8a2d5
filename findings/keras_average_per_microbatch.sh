#!/usr/bin/env bash
# keras 3.15.1: with gradients accumulated over n batches, the moving average of the weights forgets n times as fast.
#
# An optimiser with gradient_accumulation_steps=n changes the weights at every n-th batch, with the mean of n gradients, and
# is meant to be what a batch n times as large is. With use_ema=True it also keeps a moving average of the weights. The
# average is taken at every batch, though, n - 1 times of n with weights that have not changed, so that a momentum of 0.9 is
# one of 0.9 ** n for each change: over 4 batches 0.66. Who splits a batch so that it fits into memory gets less of an
# average than was asked for, from the same gradients and through the same weights. With ema_overwrite_frequency the weights
# themselves differ: the average is put in their place n times around such a change, not once. Keras's manual says of
# accumulation that weights and the optimiser's variables are updated every n steps, and of its other settings that the
# frequency counts changes and a schedule of the learning rate counts batches; of the momentum it says nothing. The n-th
# root of the momentum comes close to the average that was meant.
#
# Seen with numpy 2.4.6, and with jax 0.10.2 as a backend, under Python 3.11 on Linux x86_64. About 150 MB are downloaded,
# it takes a minute. Fails if what it prints changes.
# To run it: bash findings/keras_average_per_microbatch.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import keras
import numpy as np
from keras import ops

CHANGES = 20

def run(batches, momentum=0.9, **settings):
    """Weight and average after 20 changes of the weight by 1, each from the gradients, all -1, of so many batches."""
    weight = keras.Variable(np.zeros(1, np.float32))
    optimiser = keras.optimizers.SGD(1.0, use_ema=True, ema_momentum=momentum, **settings,
                                     gradient_accumulation_steps=batches if batches > 1 else None)
    for _ in range(CHANGES * batches):
        optimiser.apply([ops.convert_to_tensor(np.float32([-1]))], [weight])
    before = ops.convert_to_numpy(weight).item()
    optimiser.finalize_variable_values([weight])                      # as fit does at its end
    return f"weight {before:5.2f}, average {ops.convert_to_numpy(weight).item():5.2f}"

def meant(momentum):
    """The average of the weights 1, 2, ... 20, which starts at the first of them."""
    average = 1.0
    for weight in range(2, CHANGES + 1):
        average = momentum * average + (1 - momentum) * weight
    return f"{average:.2f}"

print("keras", keras.__version__, "on", keras.backend.backend(), "meant", meant(0.9))
for batches in (1, 2, 4, 8):
    print(batches, "batches a change:", run(batches))
print("4 batches, the root of the momentum:", run(4, 0.9 ** (1 / 4)))
for batches in (1, 4):
    print(batches, "batches, average put in place at every 5th change:", run(batches, ema_overwrite_frequency=5))
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 keras==3.15.1 jax==0.10.2 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
for backend in numpy jax; do
    KERAS_BACKEND=$backend JAX_PLATFORMS=cpu KERAS_HOME=$folder "$folder/venv/bin/python" "$folder/try.py"
done | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
keras 3.15.1 on numpy meant 12.22
1 batches a change: weight 20.00, average 12.22
2 batches a change: weight 20.00, average 15.35
4 batches a change: weight 20.00, average 17.38
8 batches a change: weight 20.00, average 18.42
4 batches, the root of the momentum: weight 20.00, average 11.58
1 batches, average put in place at every 5th change: weight  5.85, average  5.85
4 batches, average put in place at every 5th change: weight  8.95, average  8.95
keras 3.15.1 on jax meant 12.22
1 batches a change: weight 20.00, average 12.22
2 batches a change: weight 20.00, average 15.35
4 batches a change: weight 20.00, average 17.38
8 batches a change: weight 20.00, average 18.42
4 batches, the root of the momentum: weight 20.00, average 11.58
1 batches, average put in place at every 5th change: weight  5.85, average  5.85
4 batches, average put in place at every 5th change: weight  8.95, average  8.95
WANTED
echo "as stated"
