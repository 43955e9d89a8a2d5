"""Make digits.npz, the bundled digits, from the 8x8 handwritten digits in scikit-learn.

    pip install -e .[digits]
    python data/make_digits.py

Each image is resampled to MNIST's framing: the digit inside 20x20, its centre of mass at the
centre of 28x28. The file holds the four arrays of MNIST under the same keys as mndata.npz.
README.md beside this script names the source and the licence.
"""

from pathlib import Path

import numpy as np
from PIL import Image
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

from helpers.files import replacing

TARGET = Path(__file__).resolve().parent / "digits.npz"
TEST_SIZE = 360
MIDDLE, CONTRAST = 127.5, 2.0


def enlarge(small):
    """Resample one image (8, 8), values 0 to 16, to (20, 20), values 0 to 255."""
    smooth = Image.fromarray(small.astype(np.float32) * (255 / 16)).resize((20, 20), Image.LANCZOS)
    # Averaging down to 8x8 blurred the strokes; more contrast brings back edges one or two
    # pixels wide, as MNIST has them, and cuts off the ripples of the Lanczos filter.
    sharp = (np.asarray(smooth) - MIDDLE) * CONTRAST + MIDDLE
    return sharp.clip(0, 255).round().astype(np.uint8)


def centre(digit):
    """Place one digit (20, 20) in (28, 28), its centre of mass as near the middle as it goes."""
    mass = digit.sum()
    positions = np.arange(20)
    row = (digit.sum(axis=1) * positions).sum() / mass
    column = (digit.sum(axis=0) * positions).sum() / mass
    top, left = (int(np.clip(round(13.5 - middle), 0, 8)) for middle in (row, column))
    framed = np.zeros((28, 28), np.uint8)
    framed[top : top + 20, left : left + 20] = digit
    return framed


def main():
    source = load_digits()
    images = np.stack([centre(enlarge(small)) for small in source.images])
    labels = source.target.astype(np.uint8)
    # Shuffled, equal shares of each class: README.md says why not by writer.
    train_images, test_images, train_labels, test_labels = train_test_split(
        images, labels, test_size=TEST_SIZE, stratify=labels, random_state=0
    )
    with replacing(TARGET) as beside, open(beside, "wb") as file:
        np.savez_compressed(
            file,
            trainimages=train_images,
            trainlabels=train_labels,
            testimages=test_images,
            testlabels=test_labels,
        )


if __name__ == "__main__":
    main()
