"""Photos to templates with OpenCV's own FaceDetectorYN and FaceRecognizerSF.

    opencv.py MODELS SECONDS PROCESSES THREADS PHOTO...

Every process decodes, detects and embeds the largest face of each photo, over
and over for SECONDS. The photo is scaled to at most 640 pixels a side before
detection. OpenCV 5 refuses the recogniser's file as published, because it
lists weights as inputs; it is given the same graph without them. Prints one
JSON line: photos a second over all processes, what a photo takes of the
processors, and the templates of the first pass.
"""
import json
import multiprocessing as mp
import os
import sys
import tempfile
import time

import cv2
import numpy as np
import onnx

DETECTOR = "face_detection_yunet_2023mar_int8bq.onnx"
RECOGNISER = "face_recognition_sface_2021dec_int8bq.onnx"
FRAME = 640


def loadable(path, folder):
    model = onnx.load(path)
    weights = {w.name for w in model.graph.initializer}
    read = {name for n in model.graph.node for name in n.input}
    inputs = [i for i in model.graph.input if i.name in read - weights]
    del model.graph.input[:]
    model.graph.input.extend(inputs)
    out = os.path.join(folder, os.path.basename(path))
    onnx.save(model, out)
    return out


class Pipeline:
    def __init__(self, models):
        self.detector = cv2.FaceDetectorYN.create(f"{models}/{DETECTOR}", "", (FRAME, FRAME), 0.6, 0.3)
        with tempfile.TemporaryDirectory() as folder:
            self.recogniser = cv2.FaceRecognizerSF.create(loadable(f"{models}/{RECOGNISER}", folder), "")

    def template(self, data):
        image = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        height, width = image.shape[:2]
        scale = min(1.0, FRAME / max(height, width))
        frame = cv2.resize(image, (round(width * scale), round(height * scale))) if scale < 1 else image
        self.detector.setInputSize((frame.shape[1], frame.shape[0]))
        faces = self.detector.detect(frame)[1]
        if faces is None:
            return None
        largest = max(faces, key=lambda f: f[2] * f[3]).copy()
        largest[:14] /= scale
        feature = self.recogniser.feature(self.recogniser.alignCrop(image, largest))[0]
        return feature / np.linalg.norm(feature)


def work(*args):
    try:
        measure(*args)
    except Exception as e:
        args[-1].put(e)
        args[-2].abort()


def measure(models, threads, seconds, photos, start, out):
    cv2.setNumThreads(threads)
    pipeline = Pipeline(models)
    first = [pipeline.template(p) for p in photos]
    start.wait()
    done, begin, cpu = 0, time.perf_counter(), time.process_time()
    while time.perf_counter() - begin < seconds:
        pipeline.template(photos[done % len(photos)])
        done += 1
    out.put((done / (time.perf_counter() - begin), done, time.process_time() - cpu, [None if t is None else t.tolist() for t in first]))


def main():
    models, seconds, processes, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
    photos = [open(p, "rb").read() for p in sys.argv[5:]]
    mp.set_start_method("spawn")
    start, out = mp.Barrier(processes), mp.Queue()
    workers = [mp.Process(target=work, args=(models, threads, seconds, photos, start, out)) for _ in range(processes)]
    for w in workers:
        w.start()
    results = [out.get() for _ in workers]
    for w in workers:
        w.join()
    for r in results:
        if isinstance(r, Exception):
            raise r
    print(json.dumps({
        "photos_per_second": sum(r[0] for r in results),
        "cpu_seconds_per_photo": sum(r[2] for r in results) / sum(r[1] for r in results),
        "templates": results[0][3],
        "version": cv2.__version__,
    }))


if __name__ == "__main__":
    main()
