import os

from hypothesis import settings

# No deadline: a shared machine stalls now and then. In CI the same examples every time, elsewhere new ones.
settings.register_profile("course", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("course")
