#!/usr/bin/env bash
# torch 2.13.0 on the CPU: in bfloat16, the gradients of layer norm's weight and bias stop growing at 256 for each thread.
#
# The gradient of the bias is the sum of dy over all rows (images, or places of a sentence). With dy = 1 and 4,096 rows it
# should be 4,096; it is 256 with one thread, 512 with two, 1,024 with four. 256 is where bfloat16, with 8 bits for a
# number's digits, has steps of 2, so that 256 + 1 is 256 again: it is what comes out where each thread adds up its rows in
# bfloat16, and then the threads' sums are added. So what a net learns depends on how many cores a machine has. Where
# the signs of dy are random nothing stops, but what is small is lost beside what has been summed: off by some 2 % with 512
# rows, 7 to 9 % with 4,096, 15 to 21 % with 32,768. GroupNorm(1, C) of the same rows is the same formula with the same
# parameters, and is right to 0.3 %; batch norm and a linear layer give 4,096, too. An embedding gives 256 with any number
# of threads, for a word that the batch has more often. No message is printed. Who trains a net in bfloat16 on the CPU
# (`net.to(torch.bfloat16)`, not autocast, which keeps parameters in float32) should keep layer norm and embeddings in
# float32, or compare their gradients with float32's.
#
# Seen with numpy 2.4.6 under Python 3.11 on Linux x86_64. Some 300 MB are downloaded, with a build of PyTorch for GPUs some
# GB; it takes a minute. Fails if what it prints changes.
# To run it: bash findings/torch_layer_norm_bfloat16_gradient.sh
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cat > "$folder/try.py" <<'PY'
import torch
from torch import nn

def gradients(layer, x, dy):
    """Of the weight and of the bias, if there is one."""
    layer = layer.to(torch.bfloat16)
    layer(x).backward(dy)
    return [parameter.grad.double() for parameter in layer.parameters()]

def off(found, wanted):
    return ((found - wanted).norm() / wanted.norm()).item()

print("torch", torch.__version__.partition("+")[0])
rows = 4096
for threads in 1, 2, 4:
    torch.set_num_threads(threads)
    for name, layer, x in (
        ("layer norm", nn.LayerNorm(8), torch.randn(rows, 8)),
        ("group norm, one group", nn.GroupNorm(1, 8), torch.randn(rows, 8)),
        ("batch norm", nn.BatchNorm1d(8), torch.randn(rows, 8)),
        ("linear", nn.Linear(2, 8), torch.randn(rows, 2)),
        ("embedding", nn.Embedding(4, 8), torch.zeros(rows, dtype=torch.long)),
    ):
        x = x if x.dtype == torch.long else x.bfloat16()
        last = gradients(layer, x, torch.ones(rows, 8, dtype=torch.bfloat16))[-1]
        print(f"{threads} threads, {name}: {last.flatten()[0].item():.0f} for {rows}")

torch.set_num_threads(1)
for rows in 512, 4096, 32768:
    found = {"layer norm": [], "group norm, one group": []}
    for seed in range(3):
        numbers = torch.Generator().manual_seed(seed)
        x, dy = (torch.randn(rows, 64, generator=numbers).bfloat16() for _ in range(2))
        exact = x.double()
        normal = (exact - exact.mean(1, keepdim=True)) / (exact.var(1, unbiased=False, keepdim=True) + 1e-5).sqrt()
        wanted = (dy.double() * normal).sum(0), dy.double().sum(0)
        for name, layer in ("layer norm", nn.LayerNorm(64)), ("group norm, one group", nn.GroupNorm(1, 64)):
            found[name] += [off(*both) for both in zip(gradients(layer, x, dy), wanted)]
    for name, errors in found.items():
        low, high = next(sizes for sizes in ((0, 0.01), (0.01, 0.05), (0.05, 0.1), (0.1, 0.3)) if sizes[0] <= min(errors) and max(errors) < sizes[1])
        print(f"{rows} rows, random dy, three seeds, {name}: weight and bias off by {low:.0%} to {high:.0%}")
PY
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet numpy==2.4.6 torch==2.13.0 2> "$folder/log" || { tail -n 1 "$folder/log" >&2; exit 1; }
"$folder/venv/bin/python" "$folder/try.py" | tee "$folder/found"
diff "$folder/found" - <<'WANTED'
torch 2.13.0
1 threads, layer norm: 256 for 4096
1 threads, group norm, one group: 4096 for 4096
1 threads, batch norm: 4096 for 4096
1 threads, linear: 4096 for 4096
1 threads, embedding: 256 for 4096
2 threads, layer norm: 512 for 4096
2 threads, group norm, one group: 4096 for 4096
2 threads, batch norm: 4096 for 4096
2 threads, linear: 4096 for 4096
2 threads, embedding: 256 for 4096
4 threads, layer norm: 1024 for 4096
4 threads, group norm, one group: 4096 for 4096
4 threads, batch norm: 4096 for 4096
4 threads, linear: 4096 for 4096
4 threads, embedding: 256 for 4096
512 rows, random dy, three seeds, layer norm: weight and bias off by 1% to 5%
512 rows, random dy, three seeds, group norm, one group: weight and bias off by 0% to 1%
4096 rows, random dy, three seeds, layer norm: weight and bias off by 5% to 10%
4096 rows, random dy, three seeds, group norm, one group: weight and bias off by 0% to 1%
32768 rows, random dy, three seeds, layer norm: weight and bias off by 10% to 30%
32768 rows, random dy, three seeds, group norm, one group: weight and bias off by 0% to 1%
WANTED
echo "as stated"
