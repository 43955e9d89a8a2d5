"""The code that the lessons share, from the ground floor up: a module imports only from floors below its own.

| module | holds |
|---|---|
| `blas` | matrix products held to one thread |
| `files` | files written whole or not at all |
| `kept`, `sweep` | whole trainings, here or on a cluster, and the finished ones on disk |
| `functional` | every formula, forward and backward side by side |
| `data` | the digits: bundled, or MNIST fetched and verified |
| `logs` | what long trainings gave, with checksums |
| `init` | weights to begin with |
| `layers` | the formulas as objects that remember |
| `optim` | how parameters move |
| `models` | the networks that the lessons name |
| `sharding` | a batch on all cores |
| `training` | train, measure, predict |
| `published` | the networks of the articles, faults included |
| `gradcheck` | proof by finite differences and by the adjoint |
| `figures`, `live` | pictures, and pictures with sliders |
| `checks` | feedback on exercises |
| `machine` | what this machine has, and whether sliders answer |
"""
