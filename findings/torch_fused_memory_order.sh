#!/usr/bin/env bash
# torch 2.13.0 on the CPU: with fused=True, optimisers give weights the moments of other weights where a net runs channels last
# and its moments were made channels first.
#
# Memory formats are said to change how a tensor lies in memory and none of its values. A net is trained, saved with the state of
# its optimiser, and goes on as a net in channels last: in a copy that loads both, or as it is, with
# `model.to(memory_format=torch.channels_last)`. The weights and their gradients then lie channels last, the moments as they lay:
# `load_state_dict` brings them to the dtype and the device of the weights, not to their memory format. With fused=False nothing
# changes, as the step is made of operations on whole tensors. With fused=True the step walks through weights, gradients and
# moments as they lie, so each weight meets another weight's moment, and nothing says so. Ten steps on, the weights of a 3 x 3
# convolution are further from where they should be than a third of the way that these steps should go, for Adam, AdamW and Adagrad
# further than the whole way. If the moments are read in the order of the weights' memory on purpose, fused=False ends in the same
# place: so that is what happens. What helps is to move the net before its optimiser is made, or to load into a net as the one
# that was saved.
#
# Seen with numpy 2.4.6 under Python 3.11 on Linux x86_64. Some 300 MB are downloaded, with a build of PyTorch for
# GPUs some GB; then it takes half a minute. Fails if what it prints changes.
# To run it: bash findings/torch_fused_memory_order.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import functools
import io

import torch
from torch import nn, optim
from torch.nn import functional as F

FIRST, LAST = torch.contiguous_format, torch.channels_last

def net(layout):
    layers = nn.Conv2d(3, 8, 3), nn.ReLU(), nn.Conv2d(8, 8, 3), nn.ReLU(), nn.Flatten(), nn.Linear(128, 3)
    return nn.Sequential(*layers).to(memory_format=layout)

def train(model, optimiser, steps, seed):
    """Towards the deviation of each colour of random images; the weights of the second convolution."""
    generator = torch.Generator().manual_seed(seed)
    for _ in range(steps):
        x = torch.rand(16, 3, 8, 8, generator=generator)
        optimiser.zero_grad()
        F.mse_loss(model(x), x.std((2, 3))).backward()
        optimiser.step()
    return model[2].weight.detach().clone()

def loaded(file, make, fused, layout):
    file.seek(0)
    weights, state = torch.load(file)
    model = net(layout)
    model.load_state_dict(weights)
    optimiser = make(model.parameters())
    for group in state["param_groups"]:
        group["fused"] = fused
    optimiser.load_state_dict(state)
    return model, optimiser

def in_the_weights_order(optimiser):
    """The moments as one would see them who takes their memory for laid out as the weights'."""
    for weight, kept in optimiser.state.items():
        for name, value in kept.items():
            if value.shape == weight.shape:
                kept[name] = value.as_strided(weight.shape, weight.stride())

def said(shares):
    for word, least, most in (("as it should be", 0, 1e-3), ("off by more than the way", 1, 10), ("off by a third of the way or more", 1 / 3, 1)):
        if least <= min(shares) <= max(shares) < most:
            return word
    return f"off by {shares}"

torch.set_num_threads(1)
print("torch", torch.__version__.partition("+")[0])
for kind, options in ((optim.Adam, {}), (optim.AdamW, {}), (optim.Adagrad, {}), (optim.SGD, {"momentum": 0.9})):
    make, off = functools.partial(kind, lr=0.001, **options), {}
    for seed in range(3):
        torch.manual_seed(seed)
        model = net(FIRST)
        optimiser = make(model.parameters(), fused=True)
        train(model, optimiser, 100, seed)
        file, before = io.BytesIO(), model[2].weight.detach().clone()
        torch.save((model.state_dict(), optimiser.state_dict()), file)
        right = train(*loaded(file, make, False, FIRST), 10, seed + 10)

        def share(found, wanted=right):
            return ((found - wanted).norm() / (right - before).norm()).item()

        for name, fused, layout in (("plain, loaded channels last", False, LAST), ("fused, loaded channels first", True, FIRST),
                                    ("fused, loaded channels last", True, LAST)):
            off.setdefault(name, []).append(share(found := train(*loaded(file, make, fused, layout), 10, seed + 10)))
        model.to(memory_format=LAST)
        off.setdefault("fused, moved to channels last", []).append(share(train(model, optimiser, 10, seed + 10)))
        model, optimiser = loaded(file, make, False, LAST)
        in_the_weights_order(optimiser)
        off.setdefault("plain, on moments in the order of memory, beside fused", []).append(share(train(model, optimiser, 10, seed + 10), found))
    for name, shares in off.items():
        print(f"{kind.__name__}, {name}: {said(shares)}")
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 torch==2.13.0 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
"$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
{
    echo "torch 2.13.0"
    for kind in Adam AdamW Adagrad SGD; do
        off="off by more than the way"
        [ $kind != SGD ] || off="off by a third of the way or more"
        cat << EXPECTED
$kind, plain, loaded channels last: as it should be
$kind, fused, loaded channels first: as it should be
$kind, fused, loaded channels last: $off
$kind, fused, moved to channels last: $off
$kind, plain, on moments in the order of memory, beside fused: as it should be
EXPECTED
    done
} | diff - "$folder/found" || { echo "It no longer behaves as described." >&2; exit 1; }
echo "as stated"
