"""Files as phones, cameras, editors and accidents make them, and what Pillow
and OpenCV see in them.

    decoders.py SEED COUNT SIDE PHOTO...

Makes COUNT files of parts of the photos, of at most SIDE pixels a side, with
every encoder and option at hand; most are then damaged or put together anew.
Writes for each a line of JSON, followed by the file, by the pixels that Pillow
shows and by those that OpenCV shows, upright, three bytes of red, green and
blue each; without pixels where a decoder refuses. Transparent parts are shown
on white, by Pillow; OpenCV leaves transparency out.
"""
import io
import json
import os
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import warnings
import zlib

LARGEST = 1 << 22
os.environ["OPENCV_IO_MAX_IMAGE_PIXELS"] = str(LARGEST)
os.environ["OPENCV_LOG_LEVEL"] = "OFF"

import cv2
import numpy as np
from PIL import Image, ImageCms, ImageOps, PngImagePlugin

Image.MAX_IMAGE_PIXELS = LARGEST // 2
warnings.simplefilter("ignore")
CJPEG = shutil.which("cjpeg")
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


# EXIF

def exif_block(rng):
    """A TIFF block with an orientation, as few or as odd as there may be."""
    order, mark = rng.choice((("<", b"II"), (">", b"MM")))
    value = rng.choice((1, 2, 3, 4, 5, 6, 7, 8, 6, 8, 3, 0, 9))
    kind, size = rng.choice((("SHORT", 3), ("SHORT", 3), ("SHORT", 3), ("LONG", 4), ("BYTE", 1), ("two SHORTs", 3)))
    count = 2 if kind == "two SHORTs" else 1
    packed = {3: lambda: struct.pack(order + "HH", value, 0), 4: lambda: struct.pack(order + "I", value),
              1: lambda: bytes([value, 0, 0, 0])}[size]()
    entries = [struct.pack(order + "HHI", 0x0112, size, count) + packed]
    before = rng.choice(("nothing", "nothing", "a text", "an unknown type", "a value outside"))
    if before == "a text":
        entries.insert(0, struct.pack(order + "HHI", 0x010F, 2, 4) + b"abc\0")
    elif before == "an unknown type":
        entries.insert(0, struct.pack(order + "HHI", 0x010E, rng.choice((0, 13, 129)), 1) + b"\0\0\0\0")
    elif before == "a value outside":
        entries.insert(0, struct.pack(order + "HHI", 0x010E, 2, 5000) + struct.pack(order + "I", 900000))
    gap = rng.choice((0, 0, 2, 30))
    block = mark + struct.pack(order + "HI", 42, 8 + gap) + bytes(gap)
    block += struct.pack(order + "H", len(entries)) + b"".join(entries) + bytes(4)
    return f"orientation {kind} after {before}", block


# JPEG

def jpeg(rng, image, exif):
    how = rng.choice(("pillow", "pillow", "pillow", "opencv", "grey", "cmyk", "rgb") + ("cjpeg",) * 2 * bool(CJPEG))
    if how == "cjpeg":
        return cjpeg(rng, image, exif)
    out = io.BytesIO()
    options = {"exif": b"Exif\0\0" + exif} if exif else {}
    quality = rng.choice((5, 30, 75, 90, 95, 100))
    if how == "opencv":
        factor = rng.choice(("411", "420", "422", "440", "444"))
        settings = [cv2.IMWRITE_JPEG_QUALITY, quality, cv2.IMWRITE_JPEG_SAMPLING_FACTOR,
                    getattr(cv2, f"IMWRITE_JPEG_SAMPLING_FACTOR_{factor}"),
                    cv2.IMWRITE_JPEG_PROGRESSIVE, rng.randrange(2), cv2.IMWRITE_JPEG_RST_INTERVAL, rng.choice((0, 0, 1, 7))]
        data = cv2.imencode(".jpg", np.asarray(image)[:, :, ::-1], settings)[1].tobytes()
        return f"jpeg {factor}" + (", progressive" if settings[5] else ""), with_exif(data, exif)
    if how == "grey":
        image = image.convert("L")
    elif how == "cmyk":
        image = image.convert("CMYK")
    elif how == "rgb":
        options["keep_rgb"] = True
    else:
        options["subsampling"] = rng.choice(("4:2:0", "4:2:2", "4:4:4"))
        if rng.random() < 0.2:
            options["icc_profile"] = SRGB
    progressive, optimise = rng.random() < 0.3, rng.random() < 0.3
    if rng.random() < 0.3:
        options["restart_marker_blocks"] = rng.choice((1, 4, 100))
    image.save(out, "JPEG", quality=quality, progressive=progressive, optimize=optimise, **options)
    data, name = out.getvalue(), f"jpeg {how}" + (", progressive" if progressive else "")
    if how == "pillow" and not progressive and not optimise and rng.random() < 0.2:
        segments = [s for s in jpeg_segments(data) if s[:2] != b"\xff\xc4"]
        return name + ", no tables", b"".join(segments)
    return name, data


def cjpeg(rng, image, exif):
    """Of factors that other encoders do not write, in one scan, in a scan for each
    component, or progressive."""
    chosen = rng.choice(("4x1,1x1,1x1", "4x2,1x1,1x1", "1x4,1x1,1x1", "2x4,1x1,1x1", "2x1,2x1,2x1", "2x2,2x1,2x1", "2x2,2x1,1x2",
                         "2x2,1x1,2x2", "1x1,2x2,2x2", "1x1,1x2,2x1", "3x1,1x1,1x1", "3x2,1x1,1x1", "1x3,1x3,1x1", "1x1,2x1,1x1"))
    options = ["-sample", chosen, "-quality", str(rng.choice((2, 30, 75, 95)))]
    name = "jpeg cjpeg " + chosen
    with tempfile.NamedTemporaryFile() as script:
        order = ["0;", "1;", "2;"]
        rng.shuffle(order)
        script.write("\n".join(order).encode())
        script.flush()
        way = rng.choice(("", "progressive", "apart"))
        options += {"": [], "progressive": ["-progressive"], "apart": ["-scans", script.name]}[way]
        if rng.random() < 0.3:
            options += ["-restart", rng.choice(("1", "3B", "20B"))]
        out = io.BytesIO()
        image.convert("RGB").save(out, "PPM")
        data = subprocess.run([CJPEG, *options], input=out.getvalue(), capture_output=True, check=True).stdout
    return name + (", " + way if way else ""), with_exif(data, exif)


def factors(rng, data):
    """Sampling factors that do not fit the data: decoders agree on what that
    shows, or on that it shows nothing."""
    data = bytearray(data)
    for marker in (b"\xff\xc0", b"\xff\xc2"):
        at = data.find(marker)
        if at > 0:
            for i in range(data[at + 9]):
                data[at + 11 + 3 * i] = rng.choice((0x11, 0x21, 0x12, 0x22, 0x41, 0x14, 0x31, 0x13, 0x42))
            break
    return bytes(data)


def jpeg_segments(data):
    """The file's segments, the last with all that follows a scan's header."""
    parts, at = [data[:2]], 2
    while at + 4 <= len(data) and data[at] == 0xFF:
        if data[at + 1] == 0xDA:
            break
        length = 2 + struct.unpack(">H", data[at + 2:at + 4])[0]
        parts.append(data[at:at + length])
        at += length
    return parts + [data[at:]]


def with_exif(data, exif):
    if not exif:
        return data
    body = b"Exif\0\0" + exif
    return data[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + data[2:]


# PNG

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_chunks(data):
    """The file's chunks, whole."""
    chunks, at = [], 8
    while at + 12 <= len(data):
        length = struct.unpack(">I", data[at:at + 4])[0]
        chunks.append(data[at:at + 12 + length])
        at += 12 + length
    return chunks


def png_rows(samples):
    """Rows of an array of unsigned numbers, each behind its filter: none."""
    return b"".join(b"\0" + row.astype(">u2" if samples.dtype == np.uint16 else np.uint8).tobytes() for row in samples)


def own_png(samples, colour, interlaced, before=b""):
    height, width = samples.shape[:2]
    if interlaced:
        passes = [samples[y::dy, x::dx] for x, y, dx, dy in ADAM7]
        rows = b"".join(png_rows(p) for p in passes if p.size)
    else:
        rows = png_rows(samples)
    header = struct.pack(">IIBBBBB", width, height, 8 * samples.dtype.itemsize, colour, 0, 0, int(interlaced))
    packed = zlib.compress(rows)
    return SIGNATURE + chunk(b"IHDR", header) + before + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


def alpha_of(rng, image):
    width, height = image.size
    ramp = np.linspace(0, 255, width)[None, :] * np.ones((height, 1))
    if rng.random() < 0.5:
        ramp = np.where(ramp > 100, 255, 0)
    return Image.fromarray(ramp.astype(np.uint8))


def png(rng, image, exif):
    mode = rng.choice(("1", "L", "LA", "P", "PA", "RGB", "RGB", "RGBA", "I;16", "16 colour", "16 alpha", "16 grey alpha",
                       "interlaced", "interlaced alpha", "interlaced palette", "tRNS colour", "tRNS grey", "apng", "one frame"))
    options, out = {}, io.BytesIO()
    info = PngImagePlugin.PngInfo()
    extra = rng.choice(("", "", "", ", gAMA", ", cICP", ", iCCP", ", text"))
    if extra == ", gAMA":
        info.add(b"gAMA", struct.pack(">I", rng.choice((45455, 100000, 22727))))
    elif extra == ", cICP":
        info.add(b"cICP", bytes((12, 13, 0, 1)))
    elif extra == ", iCCP":
        options["icc_profile"] = SRGB
    elif extra == ", text":
        info.add_text("Comment", "a photo", zip=True)
    if exif:
        options["exif"] = exif
    rgb, grey, alpha = np.asarray(image), np.asarray(image.convert("L")), np.asarray(alpha_of(rng, image))
    wide = lambda *planes: np.dstack(planes).astype(np.uint16) * 257
    eXIf = chunk(b"eXIf", exif) if exif else b""
    name = f"png {mode}"
    if mode == "16 colour":
        return name, own_png(wide(rgb), 2, rng.random() < 0.3, eXIf)
    if mode == "16 alpha":
        return name, own_png(wide(rgb, alpha), 6, rng.random() < 0.3, eXIf)
    if mode == "16 grey alpha":
        return name, own_png(wide(grey, alpha), 4, rng.random() < 0.3, eXIf)
    if mode == "interlaced":
        return name, own_png(rgb, 2, True, eXIf)
    if mode == "interlaced alpha":
        return name, own_png(np.dstack((rgb, alpha)), 6, True, eXIf)
    if mode == "interlaced palette":
        p = image.quantize(200)
        return name, own_png(np.asarray(p), 3, True, chunk(b"PLTE", bytes(p.getpalette())) + eXIf)
    if mode == "apng":
        image.save(out, "PNG", save_all=True, append_images=[ImageOps.mirror(image)], **options)
        return name, out.getvalue()
    if mode == "one frame":
        image.save(out, "PNG", pnginfo=info, **options)
        chunks = png_chunks(out.getvalue())
        control = chunk(b"acTL", struct.pack(">II", 1, 0))
        control += chunk(b"fcTL", struct.pack(">IIIIIHHBB", 0, *image.size, 0, 0, 1, 10, 0, 0))
        return name, SIGNATURE + chunks[0] + control + b"".join(chunks[1:])
    if mode in ("1", "L"):
        image = image.convert(mode)
    elif mode == "tRNS grey":
        image, options["transparency"] = image.convert("L"), int(grey[0, 0])
    elif mode == "tRNS colour":
        options["transparency"] = tuple(int(v) for v in rgb[0, 0])
    elif mode == "LA":
        image = image.convert("L")
        image.putalpha(Image.fromarray(alpha))
    elif mode == "RGBA":
        image = image.copy()
        image.putalpha(Image.fromarray(alpha))
    elif mode == "P":
        image = image.quantize(rng.choice((2, 4, 16, 200)))
    elif mode == "PA":
        rgba = image.copy()
        rgba.putalpha(Image.fromarray(alpha))
        image = rgba.quantize(rng.choice((2, 4, 16, 200)))
    elif mode == "I;16":
        image = Image.fromarray(grey.astype(np.uint16) * 257)
    image.save(out, "PNG", optimize=rng.random() < 0.2, pnginfo=info, **options)
    return name + extra, out.getvalue()


# WebP

def riff_chunk(kind, data):
    return kind + struct.pack("<I", len(data)) + data + b"\0" * (len(data) & 1)


def riff(chunks):
    body = b"WEBP" + b"".join(chunks)
    return b"RIFF" + struct.pack("<I", len(body)) + body


def riff_chunks(data):
    chunks, at = [], 12
    while at + 8 <= len(data):
        length = struct.unpack("<I", data[at + 4:at + 8])[0]
        chunks.append(data[at:at + 8 + length + (length & 1)])
        at += 8 + length + (length & 1)
    return chunks


def extended(flags, width, height):
    return riff_chunk(b"VP8X", bytes((flags, 0, 0, 0)) + struct.pack("<I", width - 1)[:3] + struct.pack("<I", height - 1)[:3])


def webp(rng, image, exif):
    mode = rng.choice(("lossy", "lossy", "lossless", "alpha", "lossless alpha", "animated", "one frame", "one frame in part", "odd chunk", "profile"))
    options, out = {"quality": rng.choice((20, 75, 95)), "lossless": "lossless" in mode}, io.BytesIO()
    if exif:
        options["exif"] = exif
    width, height = image.size
    name = f"webp {mode}"
    if "alpha" in mode:
        image = image.copy()
        image.putalpha(alpha_of(rng, image))
    elif mode == "profile":
        options["icc_profile"] = SRGB
    elif mode == "animated":
        image.save(out, "WEBP", save_all=True, append_images=[ImageOps.mirror(image)], **options)
        return name, out.getvalue()
    elif mode.startswith("one frame"):
        image.save(out, "WEBP", quality=options["quality"])
        frames = [c for c in riff_chunks(out.getvalue()) if c[:4] in (b"VP8 ", b"VP8L")]
        x, y = (rng.randrange(9), rng.randrange(9)) if mode.endswith("part") else (0, 0)
        place = b"".join(struct.pack("<I", v)[:3] for v in (x, y, width - 1, height - 1, 100)) + b"\0"
        # Around a part the picture is transparent.
        chunks = [extended(2 | 16 | (8 if exif else 0), width + 2 * x, height + 2 * y), riff_chunk(b"ANIM", bytes(6)),
                  riff_chunk(b"ANMF", place + frames[0])]
        return name, riff(chunks + ([riff_chunk(b"EXIF", exif)] if exif else []))
    image.save(out, "WEBP", **options)
    data = out.getvalue()
    if mode == "odd chunk":
        chunks = [c for c in riff_chunks(data) if c[:4] not in (b"VP8X", b"EXIF")]
        odd = b"XTRA" + struct.pack("<I", 5) + b"12345" + (b"\0" if rng.random() < 0.5 else b"")
        chunks = [extended(8 if exif else 0, width, height), *chunks, odd]
        return name, riff(chunks + ([riff_chunk(b"EXIF", exif)] if exif else []))
    return name, data


def bmp(rng, image, exif):
    out = io.BytesIO()
    mode = rng.choice(("1", "L", "P", "RGB", "RGBA"))
    if mode == "RGBA":
        image = image.copy()
        image.putalpha(alpha_of(rng, image))
    elif mode == "P":
        image = image.quantize(200)
    else:
        image = image.convert(mode)
    image.save(out, "BMP")
    return f"bmp {mode}", out.getvalue()


def gif(rng, image, exif):
    out = io.BytesIO()
    more = [ImageOps.mirror(image)] if rng.random() < 0.3 else []
    image.save(out, "GIF", save_all=bool(more), append_images=more)
    return "gif, animated" if more else "gif", out.getvalue()


# Damage

def flipped(rng, data, start, stop):
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 2, 8))):
        data[rng.randrange(start, max(start + 1, min(stop, len(data))))] ^= 1 << rng.randrange(8)
    return bytes(data)


def damage(rng, kind, data):
    """What was done, and the file after it."""
    n = len(data)
    ways = ["none"] * 6 + ["bits anywhere", "bits in the first bytes", "cut", "cut near the end", "trailing bytes", "zeros for the rest"]
    if kind.startswith("jpeg"):
        ways += ["fill bytes", "segments in another order", "an empty segment", "no end", "a second file behind", "other factors",
                 "stray bytes", "bits in the scan", "a restart's number", "a restart left out", "height behind the scan"]
    if kind.startswith("png"):
        ways += ["checksum of an ancillary chunk", "checksum of a critical chunk", "checksum of data", "no end", "chunks in another order",
                 "an unknown chunk", "data in small chunks", "a chunk twice", "checksum of the compressed data", "a chunk left out"]
    if kind.startswith("webp"):
        ways += ["flags", "chunks in another order", "an unknown chunk", "length of all", "a chunk left out", "a chunk twice"]
    way = rng.choice(ways)
    if way == "bits anywhere":
        data = flipped(rng, data, 0, n)
    elif way == "bits in the first bytes":
        data = flipped(rng, data, 8, 400)
    elif way == "cut":
        data = data[:rng.randrange(20, n)]
    elif way == "cut near the end":
        data = data[:n - rng.randrange(1, min(64, n - 20))]
    elif way == "trailing bytes":
        data += rng.choice((b"\0", b"\n", b"\0" * 4096, rng.randbytes(100)))
    elif way == "zeros for the rest":
        at = rng.randrange(20, n)
        data = data[:at] + bytes(n - at)
    elif way == "a second file behind":
        data += data
    elif way == "other factors":
        data = factors(rng, data)
    elif kind.startswith("jpeg"):
        parts = jpeg_segments(data)
        if way == "fill bytes":
            i = rng.randrange(1, len(parts))
            parts[i] = b"\xff" * rng.choice((1, 3)) + parts[i]
        elif way == "segments in another order":
            middle = parts[1:-1]
            rng.shuffle(middle)
            parts[1:-1] = middle
        elif way == "an empty segment":
            parts.insert(rng.randrange(1, len(parts)), b"\xff" + bytes([rng.choice((0xE0, 0xE5, 0xFE))]) + b"\0\x02")
        elif way == "stray bytes":
            parts.insert(rng.randrange(1, len(parts)), rng.choice((b"\0", b"stray", b"\xff\0")))
        elif way == "bits in the scan":
            parts[-1] = flipped(rng, parts[-1], 14, len(parts[-1]))
        elif way in ("a restart's number", "a restart left out"):
            scan = parts[-1]
            restarts = [i for i in range(len(scan) - 1) if scan[i] == 0xFF and 0xD0 <= scan[i + 1] <= 0xD7]
            if restarts:
                at = rng.choice(restarts)
                number = b"\xff" + bytes([0xD0 + rng.randrange(8)])
                parts[-1] = scan[:at] + (number if way == "a restart's number" else b"") + scan[at + 2:]
        elif way == "height behind the scan":
            for i, p in enumerate(parts):
                if p[:1] == b"\xff" and p[1] in (0xC0, 0xC1) and parts[-1].endswith(b"\xff\xd9"):
                    parts[i] = p[:5] + b"\0\0" + p[7:]
                    parts[-1] = parts[-1][:-2] + b"\xff\xdc\0\x04" + p[5:7] + b"\xff\xd9"
        elif way == "no end" and parts[-1].endswith(b"\xff\xd9"):
            parts[-1] = parts[-1][:-2]
        data = b"".join(parts)
    elif kind.startswith("png"):
        data = damaged_png(rng, way, data)
    elif kind.startswith("webp"):
        data = damaged_webp(rng, way, data)
    return way, data


def damaged_png(rng, way, data):
    chunks = png_chunks(data)
    ancillary = [i for i, c in enumerate(chunks) if c[4] & 32]
    spoil = lambda c: c[:-1] + bytes([c[-1] ^ 1])
    first = next((i for i, c in enumerate(chunks) if c[4:8] == b"IDAT"), 1)
    if way == "checksum of an ancillary chunk":
        if not ancillary:
            chunks.insert(1, chunk(b"pHYs", struct.pack(">IIB", 2835, 2835, 1)))
            ancillary = [1]
        i = rng.choice(ancillary)
        chunks[i] = spoil(chunks[i])
    elif way == "checksum of a critical chunk":
        i = rng.choice([i for i, c in enumerate(chunks) if not c[4] & 32 and c[4:8] != b"IDAT"])
        chunks[i] = spoil(chunks[i])
    elif way == "checksum of data":
        chunks[first] = spoil(chunks[first])
    elif way == "no end":
        chunks = chunks[:-1]
    elif way == "chunks in another order":
        middle = chunks[1:-1]
        rng.shuffle(middle)
        chunks[1:-1] = middle
    elif way == "an unknown chunk":
        chunks.insert(rng.randrange(1, len(chunks)), chunk(rng.choice((b"prVt", b"teSt", b"CRIT")), b"12345"))
    elif way == "data in small chunks":
        rest = chunks[first][8:-4]
        size = rng.choice((1, 100, 1000))
        if size == 1:
            rest, tail = rest[:200], rest[200:]
            pieces = [chunk(b"IDAT", rest[i:i + 1]) for i in range(len(rest))] + ([chunk(b"IDAT", tail)] if tail else [])
        else:
            pieces = [chunk(b"IDAT", rest[i:i + size]) for i in range(0, len(rest), size)]
        chunks[first:first + 1] = pieces
    elif way == "a chunk twice":
        i = rng.randrange(len(chunks))
        chunks.insert(i, chunks[i])
    elif way == "a chunk left out":
        del chunks[rng.randrange(len(chunks))]
    elif way == "checksum of the compressed data":
        last = max(i for i, c in enumerate(chunks) if c[4:8] == b"IDAT") if any(c[4:8] == b"IDAT" for c in chunks) else 1
        body = bytearray(chunks[last][8:-4])
        body[-1] ^= 1
        chunks[last] = chunk(chunks[last][4:8], bytes(body))
    return SIGNATURE + b"".join(chunks)


def damaged_webp(rng, way, data):
    chunks = riff_chunks(data)
    if way == "flags":
        width, height = 1, 1
        if chunks[0][:4] == b"VP8X":
            flags = bytearray(chunks[0])
            flags[8] = rng.randrange(64)
            chunks[0] = bytes(flags)
        else:
            with Image.open(io.BytesIO(data)) as image:
                width, height = image.size
            chunks.insert(0, extended(rng.randrange(64), width, height))
    elif way == "chunks in another order":
        rng.shuffle(chunks)
    elif way == "an unknown chunk":
        chunks.insert(rng.randrange(len(chunks) + 1), riff_chunk(b"XTRA", rng.randbytes(rng.randrange(9))))
    elif way == "a chunk left out":
        del chunks[rng.randrange(len(chunks))]
    elif way == "a chunk twice":
        i = rng.randrange(len(chunks))
        chunks.insert(i, chunks[i])
    out = riff(chunks)
    if way == "length of all":
        size = struct.unpack("<I", out[4:8])[0]
        out = out[:4] + struct.pack("<I", max(0, size + rng.choice((-8, -2, -1, 1, 2, 8, 1 << 20)))) + out[8:]
    return out


# Decoders

def pillow(data):
    try:
        with Image.open(io.BytesIO(data), formats=("JPEG", "PNG", "WEBP", "BMP", "GIF")) as image:
            if image.size[0] * image.size[1] > LARGEST:
                raise ValueError("too large")
            image.load()
            image = ImageOps.exif_transpose(image)
            if image.mode.startswith("I;16"):
                image = Image.fromarray((np.asarray(image) >> 8).astype(np.uint8))
            elif image.mode == "I":
                image = Image.fromarray((np.asarray(image) >> 8).clip(0, 255).astype(np.uint8))
            if image.has_transparency_data:
                image = image.convert("RGBA")
                white = Image.new("RGBA", image.size, (255, 255, 255, 255))
                image = Image.alpha_composite(white, image)
            return np.asarray(image.convert("RGB")), ""
    except Exception as e:
        return None, f"{type(e).__name__}: {e}"[:120]


def opencv(data):
    try:
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        return (None, "no picture") if image is None else (np.ascontiguousarray(image[:, :, ::-1]), "")
    except Exception as e:
        return None, f"{type(e).__name__}: {e}"[:120]


def seen(pixels, why):
    if pixels is None:
        return {"error": why, "width": 0, "height": 0}, b""
    return {"error": "", "width": pixels.shape[1], "height": pixels.shape[0]}, pixels.tobytes()


def main():
    seed, count, side, photos = int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:]
    images = [Image.open(p).convert("RGB") for p in photos]
    for image in images:
        image.thumbnail((2 * side, 2 * side))
    out = sys.stdout.buffer
    encoders = (jpeg, jpeg, jpeg, png, png, png, webp, webp, bmp, gif)
    for i in range(count):
        rng = random.Random(f"{seed} {i}")
        image = rng.choice(images)
        width, height = (rng.randrange(24, min(side, s)) for s in image.size)
        x, y = rng.randrange(image.size[0] - width), rng.randrange(image.size[1] - height)
        exif_kind, exif = exif_block(rng) if rng.random() < 0.4 else ("", b"")
        kind, data = rng.choice(encoders)(rng, image.crop((x, y, x + width, y + height)), exif)
        way, data = damage(rng, kind, data)
        (p, p_pixels), (c, c_pixels) = seen(*pillow(data)), seen(*opencv(data))
        line = {"number": i, "kind": kind, "exif": exif_kind, "damage": way, "bytes": len(data), "pillow": p, "opencv": c}
        out.write(json.dumps(line).encode() + b"\n" + data + p_pixels + c_pixels)
    out.write(json.dumps({"versions": {"pillow": Image.__version__, "opencv": cv2.__version__}}).encode() + b"\n")


if __name__ == "__main__":
    main()
