"""Makes golden.json: identity tokens as numpy, scipy, hashlib, argon2-cffi 25.1 and
PyCryptodome 4.4 make them, by the same description and none of the same code.

    pip install numpy scipy argon2-cffi pycryptodome && python golden.py
"""

import base64
import hashlib
import hmac
import json
import math
import struct
import unicodedata
import uuid

import numpy as np
from argon2.low_level import Type, hash_secret_raw
from Crypto.Cipher import ChaCha20_Poly1305
from scipy.linalg import hadamard


def hkdf(key, salt, info, size):
    """RFC 5869 with SHA-256."""
    prk = hmac.new(salt or bytes(32), key, hashlib.sha256).digest()
    out, block, n = b"", b"", 1
    while len(out) < size:
        block = hmac.new(prk, block + b"oneton " + info + bytes([n]), hashlib.sha256).digest()
        out, n = out + block, n + 1
    return out[:size]


def rotation(key, n):
    """The mask and the orthogonal matrix of a key."""
    stream, at = hashlib.shake_256(key).digest(200000), 19
    mask, whole = stream[:19], np.eye(n)
    block = 2 ** int(math.log2(n))
    mix = hadamard(block) / math.sqrt(block)
    for _ in range(3):
        size = (n + 7) // 8
        bits = np.unpackbits(np.frombuffer(stream[at:at + size], np.uint8), bitorder="little")[:n]
        at += size
        order = list(range(n))
        for i in range(n - 1, 0, -1):
            while True:
                draw, = struct.unpack("<I", stream[at:at + 4])
                at += 4
                if draw < 2**32 // (i + 1) * (i + 1):
                    break
            j = draw % (i + 1)
            order[i], order[j] = order[j], order[i]
        permuted = (np.diag(1.0 - 2.0 * bits))[order]
        first, last = np.eye(n), np.eye(n)
        first[:block, :block] = mix
        if block < n:
            last[n - block:, n - block:] = mix
        whole = last @ first @ permuted @ whole
    return mask, whole


def xor(a, b):
    return bytes(x ^ y for x, y in zip(a, b))


def token(c, template):
    seal, transform = bytes.fromhex(c["seal"]), bytes.fromhex(c["transform"])
    key_id = hkdf(seal, b"", b"identity token key id", 8)
    tenant = c["tenant"].encode()
    seal = hkdf(seal, tenant, b"identity token seal of a tenant", 32)
    transform = hkdf(transform, tenant, b"identity token transform of a tenant", 32)
    name = uuid.UUID(c["id"]).bytes
    n = len(template)

    salt = bytes.fromhex(c["salt"])
    beside = salt + bytes([c["photos"] - 1]) + struct.pack(">H", round(c["score"] * 65535))
    v = template.astype(np.float64)
    if c["secret"]:
        stretched = hash_secret_raw(unicodedata.normalize("NFC", c["secret"]).encode(), salt, 3, 65536, 4, 32, Type.ID)
        mask, turn = rotation(hkdf(stretched, b"", b"identity token rotation of a secret", 32), n)
        v = turn @ v
        beside = salt + xor(beside[16:], mask[16:])
    mask, turn = rotation(hkdf(transform, name, b"identity token rotation", 32), n)
    v = turn @ v
    beside = xor(beside, mask)
    steps = np.rint(v / np.abs(v).max() * 127).astype(np.int8)

    pack, version = c["pack"].encode(), c["version"].encode()
    header = (bytes([1]) + key_id + name + struct.pack(">QB", c["expires"], c["accuracy"])
              + bytes([len(pack)]) + pack + bytes([len(version)]) + version)
    context = c["context"].encode()
    associated = header + struct.pack(">I", len(tenant)) + tenant + struct.pack(">I", len(context)) + context
    nonce = bytes.fromhex(c["nonce"])
    cipher = ChaCha20_Poly1305.new(key=seal, nonce=nonce)
    cipher.update(associated)
    box, tag = cipher.encrypt_and_digest(beside + steps.tobytes())
    return "oti_" + base64.urlsafe_b64encode(header + nonce + box + tag).decode().rstrip("=")


def main():
    rng = np.random.default_rng(17)
    cases = []
    for n, secret, context, expires in (
        (1, "", "", 0), (2, "", "", 1), (3, "s", "", 0), (128, "", "door 7", 1795780800),
        (128, "Cafe\u0301 am See", "door 7", 0), (320, "pass phrase", "\u00fcber", 253402300799), (320, "", "", 0),
    ):
        template = rng.normal(size=n)
        template /= np.linalg.norm(template)
        probe = template + rng.normal(size=n) / math.sqrt(n)
        probe /= np.linalg.norm(probe)
        c = {
            "seal": rng.bytes(32).hex(), "transform": rng.bytes(32).hex(), "tenant": "acme", "context": context,
            "secret": secret, "id": str(uuid.UUID(bytes=rng.bytes(16))), "expires": expires, "accuracy": int(rng.integers(1, 9)),
            "pack": "default", "version": "3", "photos": int(rng.integers(1, 6)), "score": round(float(rng.uniform()), 3),
            "salt": rng.bytes(16).hex(), "nonce": rng.bytes(24).hex(),
        }
        template, probe = template.astype(np.float32), probe.astype(np.float32)
        c["token"] = token(c, template)
        c["template"] = [float(x) for x in template]
        c["probe"] = [float(x) for x in probe]
        c["cosine"] = float(template.astype(np.float64) @ probe.astype(np.float64))
        cases.append(c)
    with open("golden.json", "w") as f:
        json.dump(cases, f, indent=1, ensure_ascii=False)
        f.write("\n")


main()
