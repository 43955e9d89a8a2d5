"""The shared NumPy code of the course: every formula, layer and tool that a later lesson builds on."""
