"""Nearest neighbours by other engines, on vectors in files.

    search.py JOB

JOB is a JSON file: gallery and probes (little-endian float32), dimension,
mated (the first so many probes show the people of the first rows), k, batch,
seconds of one measurement, threads, graphs (engines whose graphs are built),
efforts (how far a graph search looks, from quick to careful), checkpoints (a
folder for built graphs, or empty) and qdrant (its HTTP address, or empty).
Prints a JSON object: versions, and for each engine and setting the best number
of threads' median milliseconds of one probe, a probe's share of a batch, the
share of mated probes whose mate is found first, and the seconds of building.
"""
import http.client
import json
import sys
import time
import urllib.parse

import faiss
import hnswlib
import numpy
import orjson
import usearch
from usearch.index import Index, MetricKind, search as usearch_search

ENOUGH = 0.999
# As FAISS's and hnswlib's documentation advise for high recall.
LINKS, BUILD_EFFORT = 32, 200


class Bench:
    def __init__(self, job):
        self.job = job
        d = job["dimension"]
        self.gallery = numpy.memmap(job["gallery"], "<f4", "r").reshape(-1, d)
        self.probes = numpy.fromfile(job["probes"], "<f4").reshape(-1, d)
        self.k, self.batch = job["k"], job["batch"]
        # All processors may be half as many cores.
        self.some = sorted({max(1, job["threads"] // 2), job["threads"]})
        self.results = []

    def repeat(self, size, run):
        """Return the median milliseconds a probe of run(probes)."""
        times, at, begin = [], 0, time.perf_counter()
        strangers = self.probes[self.job["mated"]:]
        while time.perf_counter() - begin < self.job["seconds"] or len(times) < 3:
            some = strangers[at:at + size]
            at = (at + size) % (len(strangers) - size + 1)
            start = time.perf_counter()
            run(some)
            times.append((time.perf_counter() - start) * 1e3 / len(some))
        return float(numpy.median(times))

    def rank1(self, run):
        mated = self.job["mated"]
        first = [run(self.probes[i:min(i + self.batch, mated)]) for i in range(0, mated, self.batch)]
        return float(numpy.mean(numpy.concatenate(first) == numpy.arange(mated)))

    def measure(self, engine, setting, run, set_threads, exact, build=0.0):
        """Measure run(probes), which returns the first hit of every probe."""
        best = {}
        # One probe walks a graph in one thread.
        one = [1] if setting else sorted({1, *self.some})
        for name, size, counts in (("one_probe_ms", 1, one), ("batch_ms_per_probe", self.batch, self.some)):
            for threads in counts:
                set_threads(threads)
                ms = self.repeat(size, run)
                if name not in best or ms < best[name]:
                    best[name] = ms
                    best[name.split("_")[0] + "_threads"] = threads
        result = {"engine": engine, "setting": setting, "exact": exact, "build_seconds": build, "rank1": self.rank1(run), **best}
        self.results.append(result)
        print(json.dumps(result), file=sys.stderr)
        return result["rank1"]

    def sweep(self, engine, run, set_effort, set_threads, build):
        for effort in self.job["efforts"]:
            set_effort(effort)
            if self.measure(engine, effort, run, set_threads, False, build) >= ENOUGH:
                return

    def faiss(self):
        d, threads = self.job["dimension"], self.job["threads"]
        flat = faiss.IndexFlatIP(d)
        flat.add(self.gallery)
        self.measure("faiss flat", 0, lambda p: flat.search(p, self.k)[1][:, 0], faiss.omp_set_num_threads, True)
        del flat
        faiss.omp_set_num_threads(threads)
        codes = faiss.IndexScalarQuantizer(d, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT)
        codes.train(self.gallery[:100_000])
        codes.add(self.gallery)
        self.measure("faiss sq8", 0, lambda p: codes.search(p, self.k)[1][:, 0], faiss.omp_set_num_threads, False)
        del codes
        if "faiss" in self.job["graphs"]:
            graph, seconds = self.faiss_graph(d, threads)

            def effort(ef):
                graph.hnsw.efSearch = ef

            self.sweep("faiss hnsw", lambda p: graph.search(p, self.k)[1][:, 0], effort, faiss.omp_set_num_threads, seconds)

    def faiss_graph(self, d, threads):
        path = self.job["checkpoints"] and f"{self.job['checkpoints']}/faiss-{len(self.gallery)}-{d}.index"
        try:
            with open(path + ".seconds") as f:
                return faiss.read_index(path), float(f.read())
        except OSError:
            pass
        faiss.omp_set_num_threads(threads)
        graph = faiss.IndexHNSWFlat(d, LINKS, faiss.METRIC_INNER_PRODUCT)
        graph.hnsw.efConstruction = BUILD_EFFORT
        begin = time.perf_counter()
        graph.add(self.gallery)
        seconds = time.perf_counter() - begin
        if path:
            faiss.write_index(graph, path)
            with open(path + ".seconds", "w") as f:
                f.write(str(seconds))
        return graph, seconds

    def usearch(self):
        d, threads = self.job["dimension"], self.job["threads"]
        used = [1]

        def set_threads(n):
            used[0] = n

        codes = numpy.empty(self.gallery.shape, numpy.int8)
        largest, step = numpy.abs(self.gallery[:100_000]).max(), 100_000
        for first in range(0, len(codes), step):
            codes[first:first + step] = to_int8(self.gallery[first:first + step], largest)
        for name, gallery in (("usearch exact f32", self.gallery), ("usearch exact int8", codes)):
            def run(p):
                if gallery.dtype == numpy.int8:
                    p = to_int8(p, numpy.abs(p).max())
                kind = MetricKind.Cos if gallery.dtype == numpy.int8 else MetricKind.IP
                found = usearch_search(gallery, p, self.k, kind, exact=True, threads=used[0])
                return numpy.atleast_2d(found.keys)[:, 0]

            self.measure(name, 0, run, set_threads, name.endswith("f32"))
        if "usearch" in self.job["graphs"]:
            graph = Index(ndim=d, metric="ip", dtype="f32", connectivity=LINKS, expansion_add=BUILD_EFFORT)
            begin = time.perf_counter()
            graph.add(numpy.arange(len(self.gallery)), self.gallery, threads=threads)
            seconds = time.perf_counter() - begin

            def effort(ef):
                graph.expansion_search = ef

            self.sweep("usearch hnsw", lambda p: numpy.atleast_2d(graph.search(p, self.k, threads=used[0]).keys)[:, 0], effort, set_threads, seconds)

    def hnswlib(self):
        if "hnswlib" not in self.job["graphs"]:
            return
        graph = hnswlib.Index(space="ip", dim=self.job["dimension"])
        graph.init_index(max_elements=len(self.gallery), M=LINKS, ef_construction=BUILD_EFFORT)
        begin = time.perf_counter()
        graph.add_items(self.gallery, num_threads=self.job["threads"])
        seconds = time.perf_counter() - begin
        self.sweep("hnswlib", lambda p: graph.knn_query(p, self.k)[0][:, 0], graph.set_ef, graph.set_num_threads, seconds)

    def qdrant(self):
        if self.job["qdrant"]:
            server = Qdrant(self.job["qdrant"], self.k)
            self.some = [self.job["threads"]]
            seconds = server.fill(self.gallery)
            params = {"exact": True}

            def search(p):
                return server.search(p, params)

            def threads(_):
                pass

            self.measure("qdrant exact", 0, search, threads, True, seconds)
            # Without a graph, a search that need not be exact scans the codes.
            params = {"quantization": {"rescore": True, "oversampling": 4.0}}
            self.measure("qdrant int8", 0, search, threads, False, seconds)
            if "qdrant" in self.job["graphs"]:
                seconds = server.link()

                def effort(ef):
                    params["hnsw_ef"] = ef

                self.sweep("qdrant hnsw int8", search, effort, threads, seconds)
                params = {"quantization": {"ignore": True}}
                self.sweep("qdrant hnsw", search, effort, threads, seconds)
            server.drop()


def to_int8(vectors, largest):
    return numpy.clip(numpy.rint(vectors * 127 / largest), -127, 127).astype(numpy.int8)


class Qdrant:
    """A collection of a running server, over one HTTP connection."""

    path = "/collections/oneton-bench"

    def __init__(self, address, k):
        self.host = urllib.parse.urlsplit(address).netloc or address
        self.connection = http.client.HTTPConnection(self.host, timeout=3600)
        self.k = k

    def call(self, method, path, body=None):
        self.connection.request(method, path, orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY) if body is not None else None, {"Content-Type": "application/json"})
        response = self.connection.getresponse()
        answer = orjson.loads(response.read())
        if response.status >= 300:
            raise RuntimeError(f"{method} {path}: {answer}")
        return answer["result"]

    def drop(self):
        self.call("DELETE", self.path)

    def fill(self, gallery):
        """Fill the collection, without a graph, and return the seconds it took."""
        self.drop()
        self.call("PUT", self.path, {
            "vectors": {"size": gallery.shape[1], "distance": "Dot"},
            "hnsw_config": {"m": 0},
            "quantization_config": {"scalar": {"type": "int8", "always_ram": True}},
        })
        begin, step = time.perf_counter(), 2000
        for first in range(0, len(gallery), step):
            some = gallery[first:first + step]
            self.call("PUT", self.path + "/points?wait=true", {"batch": {
                "ids": list(range(first, first + len(some))), "vectors": numpy.array(some)}})
        self.settle()
        return time.perf_counter() - begin

    def link(self):
        """Build the graph and return the seconds it took."""
        begin = time.perf_counter()
        self.call("PATCH", self.path, {
            "hnsw_config": {"m": LINKS, "ef_construct": BUILD_EFFORT, "full_scan_threshold": 10},
            "optimizers_config": {"indexing_threshold": 1},
        })
        self.settle()
        return time.perf_counter() - begin

    def settle(self):
        """Wait until nothing has been left to optimise for a while."""
        green = 0
        while green < 3:
            time.sleep(1)
            green = green + 1 if self.call("GET", self.path)["status"] == "green" else 0

    def search(self, probes, params):
        searches = [{"query": numpy.array(p), "limit": self.k, "params": params} for p in probes]
        found = self.call("POST", self.path + "/points/query/batch", {"searches": searches})
        return numpy.array([f["points"][0]["id"] for f in found])


def main():
    with open(sys.argv[1]) as f:
        bench = Bench(json.load(f))
    bench.faiss()
    bench.usearch()
    bench.hnswlib()
    bench.qdrant()
    versions = {"faiss": faiss.__version__, "usearch": usearch.__version__, "hnswlib": getattr(hnswlib, "__version__", "")}
    json.dump({"versions": versions, "results": bench.results}, sys.stdout)


main()
