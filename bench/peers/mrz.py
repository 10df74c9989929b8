"""Reads the zones of a folder's photos (*.jpg, whole pages) with PassportEye, and
those of its cuts (*.png, the zone alone, upright) with Tesseract, and prints what
they read as JSON."""
import glob
import json
import subprocess
import sys
import time

import passporteye

FOLDER = sys.argv[1]
LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<"


def passport_eye(path):
    zone = passporteye.read_mrz(path)
    if zone is None:
        return [], False
    text = zone.aux.get("raw_text") or zone.aux.get("text") or ""
    return [line.replace(" ", "") for line in text.split("\n") if line.strip()], bool(zone.valid)


def tesseract(path):
    out = subprocess.run(
        ["tesseract", path, "-", "--psm", "6", "-c", "tessedit_char_whitelist=" + LETTERS],
        capture_output=True, text=True, check=False,
    ).stdout
    return [line.replace(" ", "") for line in out.split("\n") if line.strip()], False


def run(name, read, pattern):
    said = {"name": name, "read": [], "valid": [], "seconds": []}
    for path in sorted(glob.glob(FOLDER + "/" + pattern)):
        start = time.time()
        try:
            lines, valid = read(path)
        except Exception:  # a reader that fails has read nothing
            lines, valid = [], False
        said["seconds"].append(time.time() - start)
        said["read"].append(lines)
        said["valid"].append(valid)
    return said


version = subprocess.run(["tesseract", "--version"], capture_output=True, text=True, check=False).stdout.split("\n")[0]
json.dump([
    run("PassportEye " + passporteye.__version__ + ", the whole photo", passport_eye, "*.jpg"),
    run(version + ", whitelist, the zone cut out upright", tesseract, "*.png"),
], sys.stdout)
