import os

from hypothesis import Phase, settings

# No deadline: a shared machine stalls now and then. In CI the same examples every time, elsewhere new ones.
settings.register_profile("course", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("course")
# Mistakes planted on purpose (tests/mutants) want to be seen, not to be told by their smallest example.
settings.register_profile("mutants", parent=settings.get_profile("course"), derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])
