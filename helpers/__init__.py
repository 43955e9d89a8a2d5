"""The code that the lessons share, from the ground floor up: a module imports only from floors below its own.

| module | holds |
|---|---|
| `blas` | matrix products held to one thread |
| `memory` | freed memory kept for the next arrays |
| `spread` | pieces of work on all cores |
| `files` | files written whole or not at all |
| `rounding` | numbers as text, to the digits that count |
| `progress` | progress bars |
| `functional` | every formula, forward and backward side by side |
| `data` | data sets, found or fetched, and verified |
| `logs` | what long trainings gave, with checksums |
| `tables` | tables of measured facts |
| `init` | initialisation: the weights before training |
| `layers` | the formulas as objects that remember, their parameters, and what is saved |
| `optim` | optimisers: how parameters move |
| `autograd` | the formulas put in order by themselves: automatic differentiation |
| `models` | the networks that the lessons name |
| `geometry` | what each part of a residual network sees, and how much it holds and computes |
| `parallel` | a mini-batch on all cores |
| `trial` | mistakes in layers, named before any work |
| `gradcheck` | gradients checked by finite differences and by the adjoint identity |
| `kept`, `sweep` | whole trainings, here or on a cluster, and the finished ones on disk |
| `training` | train, measure, predict |
| `published` | the networks of the articles, faults included |
| `handover` | networks and weights to and from PyTorch, Keras and ONNX |
| `analysis` | what figures show of networks and training runs, computed |
| `figures`, `live` | pictures, and pictures with sliders |
| `checks` | feedback on exercises |
| `machine` | what this machine has, and whether sliders answer |
"""
