"""What Python's faiss finds in the cases of FaissCases: one start of Python for all of them.

cases.py JOBS.json, a list with one {"folder", "d", "k"}: reads train, base, asked, ids and "subset NAME" from the folder, and writes each
result into it as raw little-endian float32, int64 or bytes under the name that the tests ask for. Filters are never used here: what a
filtered search has to find is what an index with nothing but the selected vectors finds.
"""

import json
import os
import sys

import faiss
import numpy as np

with open(sys.argv[1], encoding="utf-8") as file:
    job = json.load(file)[0]
folder, d, k = job["folder"], job["d"], job["k"]
L2, IP = faiss.METRIC_L2, faiss.METRIC_INNER_PRODUCT


def floats(name):
    return np.fromfile(os.path.join(folder, name), dtype="<f4").reshape(-1, d)


def longs(name):
    return np.fromfile(os.path.join(folder, name), dtype="<i8")


def put(name, array, dtype=None):
    np.ascontiguousarray(array, dtype=dtype).tofile(os.path.join(folder, name))


def put_search(name, index, ids=None, count=k):
    distances, labels = index.search(asked, count)
    if ids is not None:
        labels = np.where(labels < 0, -1, ids[labels])
    put(f"{name} D", distances, "<f4")
    put(f"{name} I", labels, "<i8")


def put_range(name, index, radius, ids=None):
    limits, distances, labels = index.range_search(asked, radius)
    put(f"{name} limits", limits, "<i8")
    put(f"{name} D", distances, "<f4")
    put(f"{name} I", labels if ids is None else ids[labels], "<i8")


def trained(key, metric=L2):
    """A trained, empty index, whose file the tests load."""
    index = faiss.index_factory(d, key, metric)
    index.train(train)
    put(f"{key} {'L2' if metric == L2 else 'IP'}", faiss.serialize_index(index))
    return index


def copy(index):
    return faiss.deserialize_index(faiss.serialize_index(index))


train, base, asked, ids = floats("train"), floats("base"), floats("asked"), longs("ids")
subsets = {name[7:]: longs(name) for name in os.listdir(folder) if name.startswith("subset ")}


def selectors():
    for key, metric in [("Flat", L2), ("Flat", IP), ("IVF8,Flat", L2), ("IVF8,Flat", IP), ("IVF8,PQ8x4np", L2), ("IVF8,SQ8", L2),
                        ("SQ8", L2), ("PCA16,IVF8,SQ8", L2), ("PQ8x4np", L2), ("IDMap,SQ8", L2)]:
        name = f"{key} {'L2' if metric == L2 else 'IP'}"
        index = trained(key, metric)
        for subset, members in subsets.items():
            some = copy(index)
            if "IVF" in key:
                faiss.ParameterSpace().set_index_parameter(some, "nprobe", 4)
            if "IDMap" in key:
                some.add_with_ids(base[members], ids[members])
                put_search(f"{name} {subset}", some)
            else:
                some.add(base[members])
                put_search(f"{name} {subset}", some, members)
            if key in ("Flat", "IVF8,Flat", "IVF8,PQ8x4np", "IVF8,SQ8"):
                radius = float(np.median(some.search(asked, 5)[0][:, -1]))
                put(f"{name} {subset} radius", [radius], "<f4")
                put_range(f"{name} {subset} range", some, radius, members)


def whole_indexes():
    """Trained, then everything added at once: what merging and removing come out at, at two values of nprobe."""
    for key in ["IVF8,Flat", "IVF8,PQ8x4np", "IVF8,SQ8", "PCA16,IVF8,Flat", "Flat", "PQ8x4np", "SQ4", "PCA16,SQ4", "LSHr"]:
        index = trained(key)
        index.add(base)
        if "IVF" not in key:
            put_search(f"{key} whole", index)
            continue
        for nprobe in (2, 7):
            faiss.ParameterSpace().set_index_parameter(index, "nprobe", nprobe)
            put_search(f"{key} whole {nprobe}", index)
            if "PCA" not in key:
                put_range(f"{key} whole {nprobe} range", index, 4.0)
    for key in ["IDMap,Flat", "IDMap2,Flat", "IVF8,Flat"]:
        index = trained(key)
        index.add_with_ids(base, ids)
        put_search(f"{key} with ids", index)
        index = copy(trained(key))
        kept = np.arange(len(base)) % 3 == 0
        index.add_with_ids(base[kept], ids[kept])
        put_search(f"{key} thirds", index)


def codecs():
    for key in ["SQ8", "SQ6", "SQ4", "SQfp16", "PQ4np", "PQ8x6np", "PQ8x4np", "IVF8,SQ8", "IVF8,PQ8x4np", "PCA16,IVF8,SQ8", "L2norm,Flat", "LSHr", "LSHt"]:
        index = trained(key)
        codes = index.sa_encode(base)
        put(f"{key} codes", codes)
        put(f"{key} decoded", index.sa_decode(codes), "<f4")


def transforms():
    """A flat index behind a transform encodes to what the transform makes of a vector."""
    for key in ["PCA16,Flat", "PCAW16,Flat", "PCAR16,Flat", "OPQ4,Flat", "OPQ4_16,Flat", "RR16,Flat", "RR32,Flat", "ITQ16,Flat", "L2norm,PCA8,L2norm,Flat",
                "Pad40,Flat"]:
        index = trained(key)
        y = base
        for i in range(index.chain.size()):
            y = index.chain.at(i).apply_py(np.ascontiguousarray(y))
        put(f"{key} applied", y, "<f4")
        try:
            for i in reversed(range(index.chain.size())):
                y = index.chain.at(i).reverse_transform(np.ascontiguousarray(y))
            put(f"{key} reversed", y, "<f4")
        except RuntimeError:
            pass


def clustering():
    for name, parameters in {"k32": {"niter": 10}, "k64": {"niter": 10}, "redo": {"niter": 5, "nredo": 4},
                             "spherical": {"niter": 10, "spherical": True}}.items():
        kmeans = faiss.Kmeans(d, 64 if name == "k64" else 32, **parameters)
        kmeans.train(train)
        put(f"kmeans {name} objective", kmeans.obj, "<f8")
        put(f"kmeans {name} centroids", kmeans.centroids, "<f4")


def inverted_lists():
    for key in ["IVF8,Flat", "IVF8,PQ8x4np"]:
        index = faiss.index_factory(d, key)
        index.train(train)
        index.add_with_ids(base, ids)
        index.nprobe = 3
        put(f"{key} filled", faiss.serialize_index(index))
        lists = index.invlists
        for number in range(index.nlist):
            size = lists.list_size(number)
            put(f"{key} list {number} ids", faiss.rev_swig_ptr(lists.get_ids(number), size), "<i8")
            put(f"{key} list {number} codes", faiss.rev_swig_ptr(lists.get_codes(number), size * lists.code_size))
        distances, numbers = index.quantizer.search(asked, 3)
        put(f"{key} assigned", numbers, "<i8")
        put(f"{key} assigned D", distances, "<f4")
        put(f"{key} centroids", index.quantizer.reconstruct_n(0, index.nlist), "<f4")
        put(f"{key} nearest", index.quantizer.search(base, 1)[1], "<i8")
        put_search(f"{key} filled", index)
        for shift, limit in enumerate((1, 60, 120)):
            parameters = faiss.SearchParametersIVF(nprobe=8, max_codes=limit)
            found = index.search(asked, k, params=parameters)
            put(f"{key} max_codes {limit} D", found[0], "<f4")
            put(f"{key} max_codes {limit} I", found[1], "<i8")


def refined():
    for key in ["IVF8,PQ8x4np,RFlat", "SQ4,Refine(SQ8)"]:
        index = trained(key)
        index.add(base)
        for factor in (1, 2, 8):
            index.k_factor = factor
            put_search(f"{key} {factor}", index)


for part in (selectors, whole_indexes, codecs, transforms, clustering, inverted_lists, refined):
    part()
