import os

import pytest
from hypothesis import Phase, settings

# No deadline: a shared machine stalls now and then. In CI the same examples every time, elsewhere new ones.
settings.register_profile("course", deadline=None, derandomize="CI" in os.environ)
settings.load_profile("course")
# Mistakes planted on purpose (tests/mutants) want to be seen, not to be told by their smallest example.
settings.register_profile("mutants", parent=settings.get_profile("course"), derandomize=True, database=None, phases=[Phase.explicit, Phase.generate])


@pytest.fixture(scope="session")
def site():
    """The site, the one for teachers and the slides, written anew."""
    import draw_frames
    import write_site
    import write_slides
    if not any(draw_frames.frames_folder().glob("00_start_here/*/figure.json")):  # whatever other lessons' figures move
        draw_frames.frames_folder().mkdir(parents=True, exist_ok=True)
        draw_frames.run(draw_frames.NOTEBOOKS / "00_start_here.ipynb")
    write_site.build(teacher=True)
    write_site.build()
    write_slides.build()
