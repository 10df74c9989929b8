"""Write the mean and the covariances of SFace templates of LFW faces.

The file holds little-endian float32: the mean (128 numbers); the lower
triangles, row by row, of the covariance between people and of the covariance
within people (8,256 numbers each); and the eigenvalues of both, falling (128
each). The bench draws galleries and mated probes from them.

    python sface_statistics.py lfw-aligned-112.tar face_recognition_sface.onnx sface-lfw.f32
"""

import io
import sys
import tarfile

import numpy
import onnx
import onnxruntime
from PIL import Image


def templates(archive, model):
    """Return the unit templates of all faces and the names of their people."""
    graph = onnx.load(model)
    # The file lists its weights as inputs, which ONNX Runtime refuses.
    for extra in [i for i in graph.graph.input if i.name != "data"]:
        graph.graph.input.remove(extra)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    session = onnxruntime.InferenceSession(graph.SerializeToString(), options)
    names, found = [], []
    with tarfile.open(archive) as tar:
        for member in tar:
            if not member.name.endswith(".jpg"):
                continue
            image = Image.open(io.BytesIO(tar.extractfile(member).read())).convert("RGB")
            pixels = numpy.asarray(image, numpy.float32).transpose(2, 0, 1)[None]
            found.append(session.run(None, {"data": pixels})[0][0])
            names.append(member.name.split("/")[-2])
    found = numpy.array(found, numpy.float64)
    return found / numpy.linalg.norm(found, axis=1, keepdims=True), numpy.array(names)


def positive(matrix):
    """Return the nearest covariance, and its eigenvalues."""
    values, vectors = numpy.linalg.eigh(matrix)
    values = numpy.maximum(values, 1e-9)
    return (vectors * values) @ vectors.T, values[::-1]


def statistics(faces, names):
    mean = faces.mean(axis=0)
    within, free = numpy.zeros((len(mean), len(mean))), 0
    for name in numpy.unique(names):
        group = faces[names == name]
        if len(group) > 1:
            off = group - group.mean(axis=0)
            within += off.T @ off
            free += len(group) - 1
    between, people = positive(numpy.cov(faces.T) - within / free)
    within, photos = positive(within / free)
    triangle = numpy.tril_indices(len(mean))
    return numpy.concatenate([mean, between[triangle], within[triangle], people, photos])


if __name__ == "__main__":
    archive, model, out = sys.argv[1:]
    statistics(*templates(archive, model)).astype("<f4").tofile(out)
