"""Makes golden.json and crops/: what the default pack must find on the photos.

An implementation of its own on numpy, OpenCV's image functions and ONNX
Runtime's Python binding. It mends the models as published by other means than
package onnx does, runs the detector at 640x640 only, decodes JPEG with
libjpeg-turbo and aligns with a singular value decomposition.

    python golden.py MODELS PHOTOS

needs numpy, onnx, onnxruntime, opencv-python-headless and pillow.
"""

import json
import pathlib
import sys

import cv2
import numpy as np
import onnx
import onnxruntime
import PIL.Image

PHOTOS = [
    "32bit.png", "biden.jpg", "obama.jpg", "obama2.jpg", "obama_partial_face.jpg", "obama_partial_face2.jpg",
    "sample1.jpg", "sample2.jpg", "sample3.jpg", "sample4.jpg", "sample5.jpg", "sample6.jpg",
]
# Photos whose first face's crop is committed.
CROPS = ["biden.jpg", "obama.jpg", "obama_partial_face.jpg", "sample1.jpg", "sample6.jpg"]
FRAME = 640
SCORE, NMS = 0.6, 0.3
ARCFACE = np.array([
    (38.2946, 51.6963), (73.5318, 51.5014), (56.0252, 71.7366), (41.5493, 92.3655), (70.7299, 92.2041),
])


def load(path):
    """The photo as float32 blue, green and red, not rounded again after JPEG's
    colour conversion: the detector's landmarks move by tenths of a pixel with
    half a grey level."""
    if path.endswith(".png"):
        return cv2.imread(path, cv2.IMREAD_COLOR).astype(np.float32)
    image = PIL.Image.open(path)
    image.draft("YCbCr", None)
    y, cb, cr = np.moveaxis(np.asarray(image, np.float64), 2, 0)
    assert image.mode == "YCbCr"
    cb, cr = cb - 128, cr - 128
    bgr = np.stack([y + 1.772 * cb, y - 0.344136 * cb - 0.714136 * cr, y + 1.402 * cr], 2)
    return bgr.clip(0, 255).astype(np.float32)


def session(path, real_input, *shape):
    model = onnx.load(path)
    graph = model.graph
    del graph.input[:]
    graph.input.append(onnx.helper.make_tensor_value_info(real_input, onnx.TensorProto.FLOAT, shape))
    for output in graph.output:
        output.type.tensor_type.ClearField("shape")
    del graph.value_info[:]
    # The dequantisation of weights is done here, in numpy, so that neither
    # the runtime's operator nor the exporter's block_size matters.
    constants = {t.name: onnx.numpy_helper.to_array(t) for t in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type == "DequantizeLinear":
            q, scale, zero = (constants[name] for name in node.input)
            constants[node.output[0]] = dequantise(node, q, scale, zero)
            graph.initializer.append(onnx.numpy_helper.from_array(constants[node.output[0]], node.output[0]))
        else:
            nodes.append(node)
    del graph.node[:]
    graph.node.extend(nodes)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])


def dequantise(node, q, scale, zero):
    attributes = {a.name: a.i for a in node.attribute}
    axis, block = attributes.get("axis", 1), attributes.get("block_size", 0)
    q = q.astype(np.float32)
    if scale.size == 1:
        return (q - zero.astype(np.float32).reshape(())) * scale.reshape(())
    if scale.ndim == q.ndim:
        index = np.minimum(np.arange(q.shape[axis]) // max(block, 1), scale.shape[axis] - 1)
        scale, zero = np.take(scale, index, axis), np.take(zero, index, axis)
    else:
        shape = [1] * q.ndim
        shape[axis] = -1
        scale, zero = scale.reshape(shape), zero.reshape(shape)
    return (q - zero.astype(np.float32)) * scale


def detect(net, bgr):
    height, width = bgr.shape[:2]
    scale = min(1, FRAME / max(width, height))
    w, h = round(width * scale), round(height * scale)
    rows, columns = -(-h // 32), -(-w // 32)
    frame = np.zeros((32 * rows, 32 * columns, 3), np.float32)
    frame[:h, :w] = cv2.resize(bgr, (w, h), interpolation=cv2.INTER_AREA)
    names = [o.name for o in net.get_outputs()]
    outputs = dict(zip(names, net.run(None, {"input": frame.transpose(2, 0, 1)[None]})))
    faces = []
    for stride in (8, 16, 32):
        cls, obj, bbox, kps = (outputs[f"{kind}_{stride}"][0] for kind in ("cls", "obj", "bbox", "kps"))
        across, down = 32 * columns // stride, 32 * rows // stride
        column, row = np.tile(np.arange(across), down), np.repeat(np.arange(down), across)
        score = np.sqrt(np.clip(cls[:, 0], 0, 1) * np.clip(obj[:, 0], 0, 1))
        for i in np.flatnonzero(score >= SCORE):
            cell = np.array([column[i], row[i]])
            size = np.exp(bbox[i, 2:]) * stride
            corner = (cell + bbox[i, :2]) * stride - size / 2
            points = (kps[i].reshape(5, 2) + cell) * stride
            faces.append((float(score[i]), corner, size, points))
    faces.sort(key=lambda f: -f[0])
    kept = []
    for face in faces:
        if all(iou(face, other) <= NMS for other in kept):
            kept.append(face)
    kept.sort(key=lambda f: -f[2].prod())
    return (w, h), [(s, c, z, p, p * (width / w, height / h)) for s, c, z, p in kept]


def iou(a, b):
    low, high = np.maximum(a[1], b[1]), np.minimum(a[1] + a[2], b[1] + b[2])
    inter = np.maximum(high - low, 0).prod()
    return inter / (a[2].prod() + b[2].prod() - inter)


def similarity(points):
    """Umeyama, 1991, equations 34 to 43."""
    source, target = points - points.mean(0), ARCFACE - ARCFACE.mean(0)
    u, d, vt = np.linalg.svd(target.T @ source / 5)
    s = np.diag([1, np.sign(np.linalg.det(u) * np.linalg.det(vt))])
    rotation = u @ s @ vt
    scale = np.trace(np.diag(d) @ s) / (source**2).sum(1).mean()
    shift = ARCFACE.mean(0) - scale * rotation @ points.mean(0)
    return np.hstack([scale * rotation, shift[:, None]])


def recognise(net, crop):
    rgb = crop[:, :, ::-1].astype(np.float32)
    vector = net.run(None, {"data": rgb.transpose(2, 0, 1)[None]})[0][0]
    return vector / np.linalg.norm(vector)


def numbers(array):
    return [round(float(v), 6) for v in np.ravel(array)]


def main(models, photos):
    here = pathlib.Path(__file__).parent
    detector = session(f"{models}/face_detection_yunet_2023mar_int8bq.onnx", "input", 1, 3, "h", "w")
    recogniser = session(f"{models}/face_recognition_sface_2021dec_int8bq.onnx", "data", 1, 3, 112, 112)
    golden, crops = {}, {}
    for name in PHOTOS:
        bgr = load(f"{photos}/{name}")
        shrunk, found = detect(detector, bgr)
        faces = []
        for i, (score, corner, size, points, in_photo) in enumerate(found):
            crop = cv2.warpAffine(bgr, similarity(in_photo), (112, 112))
            if i == 0 and name in CROPS:
                rounded = crop.round().astype(np.uint8)
                cv2.imwrite(str(here / "crops" / f"{name}.png"), rounded, [cv2.IMWRITE_PNG_COMPRESSION, 9])
                crops[name] = numbers(recognise(recogniser, rounded))
            faces.append({
                "confidence": round(score, 6),
                "box": numbers([corner, size]),
                "landmarks": numbers(points),
                "template": numbers(recognise(recogniser, crop)),
            })
        golden[name] = {"size": bgr.shape[1::-1], "shrunk": shrunk, "faces": faces}
        print(name, len(faces))
    lines = json.dumps({"photos": golden, "crops": crops}, separators=(",", ":"))
    lines = lines.replace('{"confidence"', '\n{"confidence"').replace('"crops"', '\n"crops"')
    (here / "golden.json").write_text(lines + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
