"""Makes the pictures that the tests of package picture and of its JPEG
decoder read. All pictures in this folder, except those that are refused, show
the same scene: four quarters in red, green, blue and white.

    python fixtures.py

needs numpy, opencv-python-headless and pillow, and cjpeg of libjpeg-turbo.
"""

import json
import pathlib
import struct
import subprocess
import tempfile
import zlib

import cv2
import numpy as np
from PIL import Image, ImageOps

HERE = pathlib.Path(__file__).parent
JPEGS = HERE.parent / "internal" / "jpeg" / "testdata"
WIDTH, HEIGHT = 61, 43
RED, GREEN, BLUE, WHITE = (220, 40, 30), (20, 160, 60), (40, 60, 200), (250, 250, 250)


def scene():
    pixels = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    y, x = HEIGHT // 2, WIDTH // 2
    pixels[:y, :x], pixels[:y, x:], pixels[y:, :x], pixels[y:, x:] = RED, GREEN, BLUE, WHITE
    return Image.fromarray(pixels)


def oriented(image, orientation):
    """The pixels and EXIF data of a file that shows the image when turned."""
    inverse = {
        1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
        4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE,
        6: Image.Transpose.ROTATE_90, 7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_270,
    }[orientation]
    stored = image if inverse is None else image.transpose(inverse)
    exif = Image.Exif()
    exif[0x0112] = orientation
    check = stored.copy()
    check.getexif()[0x0112] = orientation
    assert ImageOps.exif_transpose(check).tobytes() == image.tobytes()
    return stored, exif.tobytes()


def save(image, name, **options):
    image.save(HERE / name, **options)


def transparent(image):
    """The white quarter becomes transparent black, which is white on white."""
    rgba = np.asarray(image.convert("RGBA")).copy()
    rgba[HEIGHT // 2:, WIDTH // 2:] = (0, 0, 0, 0)
    return Image.fromarray(rgba, "RGBA")


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png16(image):
    pixels = np.asarray(image).astype(np.uint16) * 257
    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 16, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bmp32(image, header, alpha):
    """A BMP of 32 bits, whose fourth byte is the picture's alpha or a number."""
    pixels = np.asarray(image.convert("RGBA"))[::-1, :, [2, 1, 0, 3]].copy()
    if alpha is not None:
        pixels[:, :, 3] = alpha
    offset = 14 + header
    body = struct.pack("<IiiHHIIiiII", header, WIDTH, HEIGHT, 1, 32, 0, 0, 2835, 2835, 0, 0)
    body += struct.pack("<IIII", 0xFF0000, 0xFF00, 0xFF, 0xFF000000) if header > 40 else b""
    body = body.ljust(header, b"\0")
    return b"BM" + struct.pack("<IHHI", offset + pixels.size, 0, 0, offset) + body + pixels.tobytes()


def huge_png(side):
    """A grey PNG of side×side pixels whose data is never complete."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    data = zlib.compress(bytes(2_000_000))
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


def exif_blocks():
    """EXIF blocks and what Pillow takes for their orientation, in both byte
    orders: as Pillow writes them among other fields, and as nothing but
    Pillow's reader is likely to meet them."""
    blocks = []

    def add(name, block):
        exif = Image.Exif()
        try:
            exif.load(b"Exif\0\0" + block)
            value = exif.get(0x0112, 1)
        except Exception:
            value = 1
        if value not in range(1, 9):
            value = 1
        blocks.append({"name": name, "exif": block.hex(), "orientation": value})

    for order, mark in (("<", b"II"), (">", b"MM")):
        def directory(*entries, rest=0):
            packed = b"".join(struct.pack(order + "HHI", tag, kind, count) + value for tag, kind, count, value in entries)
            return struct.pack(order + "H", len(entries)) + packed + struct.pack(order + "I", rest)

        def header(at=8):
            return mark + struct.pack(order + "HI", 42, at)

        def short(v):
            return struct.pack(order + "HH", v, 0)

        name = mark.decode()
        for orientation in range(0, 10):
            exif = Image.Exif()
            exif.endian = order
            exif[0x0112] = orientation
            exif[0x010F] = "a maker with a name that does not fit into the entry"
            exif[0x0132] = "2026:01:02 03:04:05"
            exif[0x011A] = 72.5
            exif.get_ifd(0x8769)[0x9003] = "2026:01:02 03:04:05"
            block = exif.tobytes().removeprefix(b"Exif\0\0")
            assert block.startswith(mark), block[:8]
            add(f"{name}, {orientation}", block)
        six = (0x0112, 3, 1, short(6))
        three = (0x0112, 3, 1, short(3))
        make = (0x010F, 2, 4, b"abc\0")
        add(f"{name}, not in order", header() + directory((0x0132, 2, 4, b"abc\0"), six, make))
        add(f"{name}, directory further on", header(100) + bytes(92) + directory(make, six))
        add(f"{name}, thumbnail turned", header() + directory(make, rest=26) + directory(three))
        add(f"{name}, sub-directory turned", header() + directory((0x8769, 4, 1, struct.pack(order + "I", 26))) + directory(three))
        add(f"{name}, empty directory", header() + directory())
        add(f"{name}, no directory", header())
        add(f"{name}, directory beyond the end", header(10_000) + directory(six))
        add(f"{name}, cut in the header", header()[:6])
        for kind, value in {"LONG": (4, struct.pack(order + "I", 6)), "SLONG": (9, struct.pack(order + "i", 6)),
                            "SSHORT": (8, short(6)), "SBYTE": (6, bytes([6, 0, 0, 0]))}.items():
            add(f"{name}, {kind}", header() + directory((0x0112, value[0], 1, value[1])))
        add(f"{name}, two SHORTs", header() + directory((0x0112, 3, 2, struct.pack(order + "HH", 6, 3))))
        add(f"{name}, no SHORT", header() + directory((0x0112, 3, 0, short(6))))
        for unknown in (0, 13, 129, 65535):
            add(f"{name}, behind a type {unknown}", header() + directory((0x010F, unknown, 1, short(1)), six))
            add(f"{name}, behind a type {unknown} of many", header() + directory((0x010F, unknown, 2**32 - 1, short(1)), six))
        add(f"{name}, behind a text beyond the end", header() + directory((0x010F, 2, 100, struct.pack(order + "I", 99999)), six))
        add(f"{name}, twice", header() + directory(six, three))
        add(f"{name}, twice, first 0", header() + directory((0x0112, 3, 1, short(0)), six))
        add(f"{name}, behind 600 entries", header() + directory(*[(0xC000, 3, 1, short(1))] * 600, six))
        add(f"{name}, more entries announced", header() + struct.pack(order + "H", 500) + directory(six)[2:])
        add(f"{name}, directory at an odd place", header(9) + bytes(1) + directory(six))
        add(f"{name}, prefix twice", b"Exif\0\0" + header() + directory(six))
        add(f"{name}, another number", mark + struct.pack(order + "HI", 41, 8) + directory(six))
    add("neither order", b"IM\x2a\0\x08\0\0\0")
    add("nothing", b"")
    (HERE / "exif.json").write_text(json.dumps(blocks, indent=0) + "\n")


def textured():
    """A picture with coefficients of all frequencies."""
    rng = np.random.default_rng(7)
    y, x = np.mgrid[0:75, 0:101]
    waves = [128 + 90 * np.sin(x / a + y / b) for a, b in ((3, 5), (7, 2), (2, 9))]
    noise = rng.normal(0, 25, (75, 101, 3))
    return (np.stack(waves, 2) + noise).clip(0, 255).astype(np.uint8)


def jpegs():
    pixels = textured()
    cv = cv2.IMWRITE_JPEG_QUALITY, cv2.IMWRITE_JPEG_SAMPLING_FACTOR
    for name in ("411", "420", "422", "440", "444"):
        factor = getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{name}")
        for quality in (15, 95):
            cv2.imwrite(str(JPEGS / f"{name}-q{quality}.jpg"), pixels, [cv[0], quality, cv[1], factor])
    cv2.imwrite(str(JPEGS / "restarts.jpg"), pixels, [cv[0], 90, cv2.IMWRITE_JPEG_RST_INTERVAL, 3])
    cv2.imwrite(str(JPEGS / "optimised.jpg"), pixels, [cv[0], 98, cv2.IMWRITE_JPEG_OPTIMIZE, 1])
    cv2.imwrite(str(JPEGS / "q100.jpg"), pixels, [cv[0], 100])
    cv2.imwrite(str(JPEGS / "grey.jpg"), pixels[:, :, 0], [cv[0], 90])
    cv2.imwrite(str(JPEGS / "progressive.jpg"), pixels, [cv[0], 90, cv2.IMWRITE_JPEG_PROGRESSIVE, 1])
    Image.fromarray(pixels).convert("CMYK").save(JPEGS / "other-cmyk.jpg")
    Image.fromarray(pixels).save(JPEGS / "other-rgb.jpg", keep_rgb=True)


def smooth():
    """Waves that are wide against the pixels of every component."""
    y, x = np.mgrid[0:75, 0:101]
    waves = [128 + 60 * np.sin(x / a + y / b) for a, b in ((23, 31), (17, -29), (-31, 19))]
    return np.stack(waves, 2).round().astype(np.uint8)


def samplings():
    """The smooth picture in sampling factors that few encoders use, with cjpeg of
    libjpeg-turbo, whose decoder, in Pillow, reads all of them."""
    pixels = smooth()
    Image.fromarray(pixels).save(HERE / "smooth.png")
    with tempfile.TemporaryDirectory() as folder:
        source, script = pathlib.Path(folder, "source.ppm"), pathlib.Path(folder, "script")
        Image.fromarray(pixels).save(source)
        script.write_text("0;\n2;\n1;\n")
        apart = ["-scans", str(script)]

        def write(name, factors, *options):
            out = HERE / f"sampling-{name}.jpg"
            subprocess.run(["cjpeg", "-quality", "95", "-optimize", "-sample", factors, *options, "-outfile", str(out), str(source)], check=True)
            difference = np.abs(np.asarray(Image.open(out).convert("RGB")).astype(int) - pixels).mean()
            assert difference < 2, (name, difference)

        for factors in ("4x1,1x1,1x1", "4x2,1x1,1x1", "1x2,1x1,1x1", "1x4,1x1,1x1", "2x4,1x1,1x1", "2x1,2x1,2x1", "2x2,2x1,2x1",
                        "2x2,2x1,1x2", "2x2,1x1,2x2", "1x1,2x2,2x2", "1x1,1x2,2x1", "3x1,1x1,1x1", "3x2,1x1,1x1", "1x3,1x3,1x1"):
            write(factors, factors)
        for factors in ("1x4,1x1,1x1", "2x2,2x1,1x2", "1x1,2x2,2x2", "3x1,1x1,1x1", "2x1,1x1,1x1"):
            write(factors + "-progressive", factors, "-progressive")
            write(factors + "-apart", factors, *apart)
        write("2x2,1x1,1x1-apart-restarts", "2x2,1x1,1x1", *apart, "-restart", "3B")
        write("2x2,1x1,1x1-progressive-restarts", "2x2,1x1,1x1", "-progressive", "-restart", "1")
        subprocess.run(["cjpeg", "-quality", "95", "-arithmetic", "-outfile", str(HERE / "refused-arithmetic.jpg"), str(source)], check=True)


def main():
    image = scene()
    for orientation in range(1, 9):
        stored, exif = oriented(image, orientation)
        save(stored, f"orientation-{orientation}.jpg", quality=95, subsampling="4:2:0", exif=exif)
    stored, exif = oriented(image, 6)
    save(stored, "orientation-6.png", exif=exif)
    save(stored, "orientation-6.webp", exif=exif, quality=95)
    save(image, "progressive.jpg", quality=95, progressive=True)
    save(image, "progressive-444.jpg", quality=95, progressive=True, subsampling="4:4:4")
    save(image, "progressive-422.jpg", quality=95, progressive=True, subsampling="4:2:2")
    save(image.convert("CMYK"), "progressive-cmyk.jpg", quality=95, progressive=True)
    save(image.convert("L"), "progressive-grey.jpg", quality=95, progressive=True)
    for width, height in ((20, 20), (33, 17 + 8), (161, 97)):
        for progressive in (False, True):
            name = f"flat-{width}x{height}-{'progressive' if progressive else 'sequential'}.jpg"
            save(Image.new("RGB", (width, height), WHITE), name, quality=95, progressive=progressive, optimize=True)
    save(image.convert("CMYK"), "cmyk.jpg", quality=95)
    save(image, "rgb.jpg", quality=95, keep_rgb=True)
    save(image, "plain.png")
    save(image.quantize(16), "palette.png")
    save(transparent(image), "alpha.png")
    save(transparent(image).quantize(16), "palette-alpha.png")
    (HERE / "16-bit.png").write_bytes(png16(image))
    save(image, "lossy.webp", quality=95)
    save(image, "lossless.webp", lossless=True)
    save(transparent(image), "alpha-lossy.webp", quality=95)
    save(transparent(image), "alpha-lossless.webp", lossless=True)
    save(image.convert("L"), "grey.png")
    save(image.convert("L"), "grey.jpg", quality=95)
    Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257).save(HERE / "grey-16-bit.png")

    other = ImageOps.mirror(image)
    save(image, "refused-animation.png", save_all=True, append_images=[other])
    save(image, "refused-animation.webp", save_all=True, append_images=[other])
    save(image, "refused-animation.gif", save_all=True, append_images=[other])
    save(image, "plain.bmp")
    save(image.quantize(16), "palette.bmp")
    (HERE / "32-bit.bmp").write_bytes(bmp32(image, 40, 0))
    (HERE / "hidden.bmp").write_bytes(bmp32(image, 108, 0))
    (HERE / "alpha.bmp").write_bytes(bmp32(transparent(image), 108, None))
    (HERE / "huge.png").write_bytes(huge_png(30_000))
    exif_blocks()
    jpegs()
    samplings()


if __name__ == "__main__":
    main()
