"""Make tests/data/photos from scikit-image's bundled public-domain photographs: `python tests/data/make_photos.py`."""

from __future__ import annotations

import csv
import io
import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import skimage.data
from PIL import Image, ImageDraw, ImageEnhance, ImageFont

HERE = Path(__file__).parent
SOURCES = Path(skimage.data.__file__).parent
LONGEST_SIDE = 420
SEED = 20
ORIENTATION = 0x0112

Box = tuple[int, int, int, int]


@dataclass(frozen=True)
class Photo:
    """One picture to make: where it goes, the scene it shows, how it differs from the scene's first picture."""

    path: str
    group: str
    transform: str
    source: str
    box: Box | None = None


@dataclass(frozen=True)
class Scene:
    """A distinct view: a bundled file, or a part of one that no other scene overlaps."""

    group: str
    folder: str
    source: str
    copies: str
    box: Box | None = None


SCENES = (
    Scene("astronaut", "people", "astronaut.png", "resized recompressed brightened cropped rotated grey watermarked"),
    Scene("cameraman", "people", "camera.png", "resized recompressed darkened cropped rotated watermarked"),
    Scene("cat", "animals", "chelsea.png", "resized recompressed brightened cropped rotated grey watermarked"),
    Scene("coffee", "things", "coffee.png", "resized recompressed darkened cropped rotated grey watermarked"),
    Scene("clock", "things", "clock_motion.png", "resized recompressed cropped watermarked"),
    Scene("handwriting", "things", "text.png", "resized recompressed brightened watermarked"),
    Scene("rocket", "space", "rocket.jpg", "resized recompressed brightened cropped rotated grey"),
    Scene("galaxies north west", "space", "hubble_deep_field.jpg", "resized recompressed grey", (0, 0, 500, 436)),
    Scene("galaxies north east", "space", "hubble_deep_field.jpg", "resized watermarked", (500, 0, 1000, 436)),
    Scene("galaxies south west", "space", "hubble_deep_field.jpg", "recompressed", (0, 436, 500, 872)),
    Scene("galaxies south east", "space", "hubble_deep_field.jpg", "", (500, 436, 1000, 872)),
    Scene("retina", "microscope", "retina.jpg", "resized recompressed darkened cropped rotated grey"),
    Scene("cell", "microscope", "cell.png", ""),
    Scene("aneurysms", "microscope", "microaneurysms.png", ""),
    Scene("bricks", "ground", "brick.png", ""),
    Scene("grass", "ground", "grass.png", ""),
    Scene("gravel", "ground", "gravel.png", ""),
)

# Copies as they lie about in people's folders: other names, other endings, turned by a camera, a name met twice.
ELSEWHERE = (
    ("favourites/Kätzchen.jpg", "cat", "recompressed"),
    ("favourites/coffee.jpg", "coffee", "cropped"),
    ("favourites/IMG_2041.JPG", "astronaut", "cropped"),
    ("favourites/my rocket, printed.jpg", "rocket", "watermarked"),
    ("phone/turned astronaut.jpg", "astronaut", "turned by EXIF"),
    ("phone/turned coffee.jpg", "coffee", "turned by EXIF"),
    ("phone/猫.webp", "cat", "brightened"),
    ("phone/cameraman.png", "cameraman", "resized"),
)


def planned() -> Iterator[Photo]:
    """Every picture to make, in the order of groundtruth.csv."""
    for scene in SCENES:
        name = scene.group.replace(" ", "_")
        yield Photo(f"{scene.folder}/{name}.jpg", scene.group, "original", scene.source, scene.box)
        for copy in scene.copies.split():
            yield Photo(f"{scene.folder}/{name}_{copy}.jpg", scene.group, copy, scene.source, scene.box)
    scenes = {scene.group: scene for scene in SCENES}
    for path, group, transform in ELSEWHERE:
        yield Photo(path, group, transform, scenes[group].source, scenes[group].box)


def encoded(photo: Photo) -> bytes:
    """The picture's file, by the same bytes each time (with the same Pillow)."""
    with Image.open(SOURCES / photo.source) as source:
        picture = source.convert("RGB").crop(photo.box or (0, 0, *source.size))
    picture.thumbnail((LONGEST_SIDE, LONGEST_SIDE), Image.Resampling.LANCZOS)
    chance = random.Random(f"{SEED} {photo.path}")
    options: dict = {"quality": chance.randint(25, 45) if photo.transform == "recompressed" else 80}
    if photo.transform == "turned by EXIF":
        options["exif"] = Image.Exif()
        options["exif"][ORIENTATION] = 6
        picture = picture.transpose(Image.Transpose.ROTATE_90)
    picture = changed(picture, photo.transform, chance)
    file = io.BytesIO()
    picture.save(file, {".png": "PNG", ".webp": "WEBP"}.get(Path(photo.path).suffix, "JPEG"), **options)
    return file.getvalue()


def changed(picture: Image.Image, transform: str, chance: random.Random) -> Image.Image:
    """The picture as a near copy of the named kind, by how much drawn from `chance`."""
    width, height = picture.size
    if transform == "resized":
        share = chance.uniform(0.5, 0.75)
        return picture.resize((round(width * share), round(height * share)), Image.Resampling.LANCZOS)
    if transform == "brightened":
        return ImageEnhance.Brightness(picture).enhance(chance.uniform(1.15, 1.3))
    if transform == "darkened":
        return ImageEnhance.Brightness(picture).enhance(chance.uniform(0.7, 0.85))
    if transform == "grey":
        return picture.convert("L")
    if transform == "watermarked":
        return watermarked(picture)
    if transform == "cropped":
        left, top, right, bottom = (chance.uniform(0.0, 0.04) for _ in range(4))
        return picture.crop(
            (round(left * width), round(top * height), round((1 - right) * width), round((1 - bottom) * height))
        )
    if transform == "rotated":
        turned = picture.rotate(chance.choice((-1, 1)) * chance.uniform(1, 2), Image.Resampling.BICUBIC)
        return turned.crop((width // 50, height // 50, width - width // 50, height - height // 50))
    return picture


def watermarked(picture: Image.Image) -> Image.Image:
    """The picture with a half-transparent line of text across its lower part."""
    width, height = picture.size
    layer = Image.new("RGBA", picture.size)
    font = ImageFont.load_default(size=width / 12)
    ImageDraw.Draw(layer).text((width * 0.3, height * 0.8), "© a friend 2024", font=font, fill=(255, 255, 255, 140))
    return Image.alpha_composite(picture.convert("RGBA"), layer).convert("RGB")


def main(folder: Path) -> None:
    """Write the pictures into `folder`/photos and their truth into `folder`/groundtruth.csv."""
    photos = list(planned())
    for photo in photos:
        path = folder / "photos" / photo.path
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(encoded(photo))
    with open(folder / "groundtruth.csv", "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(("path", "group", "transform", "source"))
        table.writerows((photo.path, photo.group, photo.transform, photo.source) for photo in photos)


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
