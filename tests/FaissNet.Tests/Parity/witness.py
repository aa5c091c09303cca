"""Does with Python's faiss what the parity tests ask for: the independent witness.

witness.py JOBS.json, a list of
  {"do": "search", "index", "queries", "k", "ids", "distances", "copy"}
      reads an index file, searches it as it is set, writes the results and the index again
  {"do": "make", "kind", "metric", "nlist", "m", "nbits", "nprobe", "vectors", "given_ids", "index"}
      makes an index of a kind (a class or a description of the factory's), trains it, adds the vectors (under given_ids, unless that is null), writes it
  {"do": "merge_on_disk", "trained", "parts", "lists", "index"}
      merges the lists of index files into a file of their own, as faiss.contrib.ondisk does, and writes the index that names it
  {"do": "script", "code", "folder"}
      runs Python code that reads and writes files of the folder
Arrays are files of raw little-endian float32 or int64; "d" belongs to every job but the last.
"""

import json
import sys

import faiss
import numpy as np


def vectors(path, d):
    return np.fromfile(path, dtype="<f4").reshape(-1, d)


def make(job):
    d = job["d"]
    metric = {"L2": faiss.METRIC_L2, "InnerProduct": faiss.METRIC_INNER_PRODUCT}[job["metric"]]
    flat = {"L2": faiss.IndexFlatL2, "InnerProduct": faiss.IndexFlatIP}[job["metric"]]
    coarse = flat(d)
    if job["kind"] == "Flat":
        index = flat(d)
    elif job["kind"] == "IDMap,Flat":
        index = faiss.IndexIDMap(coarse)
    elif job["kind"] == "IVFFlat":
        index = faiss.IndexIVFFlat(coarse, d, job["nlist"], metric)
    elif job["kind"] == "IVFPQ":
        index = faiss.IndexIVFPQ(coarse, d, job["nlist"], job["m"], job["nbits"], metric)
    else:
        index = faiss.index_factory(d, job["kind"], metric)

    x = vectors(job["vectors"], d)
    index.train(x)
    if job["given_ids"] is None:
        index.add(x)
    else:
        index.add_with_ids(x, np.fromfile(job["given_ids"], dtype="<i8"))
    if "IVF" in job["kind"]:
        faiss.ParameterSpace().set_index_parameter(index, "nprobe", job["nprobe"])
    if "k_factor" in job:
        faiss.ParameterSpace().set_index_parameter(index, "k_factor_rf", job["k_factor"])
    faiss.write_index(index, job["index"])


def search(job):
    index = faiss.read_index(job["index"])
    distances, ids = index.search(vectors(job["queries"], job["d"]), job["k"])
    distances.astype("<f4").tofile(job["distances"])
    ids.astype("<i8").tofile(job["ids"])
    faiss.write_index(index, job["copy"])


def script(job):
    exec(job["code"], {"faiss": faiss, "np": np, "folder": job["folder"]})


def merge_on_disk(job):
    from faiss.contrib.ondisk import merge_ondisk

    index = faiss.read_index(job["trained"])
    merge_ondisk(index, job["parts"], job["lists"])
    faiss.write_index(index, job["index"])


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        jobs = json.load(file)
    for job in jobs:
        {"make": make, "search": search, "script": script, "merge_on_disk": merge_on_disk}[job["do"]](job)
    print(faiss.__version__)


main()
