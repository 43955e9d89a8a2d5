"""What the picture of lesson 15 draws, computed a second way."""
import pytest
from picture_facts import Facts

facts = Facts()


@facts.picture(lambda: [([2.5, 1.25, 0.5], [2.5, 1.2501, 0.5003]), ([1.0, 0.5], [1.5, 0.5])])
def two_trainings(ours, theirs):
    steps = list(range(1, len(ours) + 1))
    apart = [abs(one - other) for one, other in zip(ours, theirs)]
    return {"0 line PyTorch": (steps, theirs), "0 line this course": (steps, ours), "0 ylabel": ["loss"],
            "1 line 0": (steps, [max(one, 1e-9) for one in apart]), "1 logarithmic": "y", "1 ylabel": ["difference"],
            "suptitle": [max(apart)], "alt": [len(ours), max(apart)]}


@pytest.mark.parametrize("name", facts.names)
def test_what_is_drawn_is_so(name):
    facts.check(name)
