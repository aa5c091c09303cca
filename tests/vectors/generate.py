#!/usr/bin/env python3
"""Writes the golden index files and manifest.json beside this script.

Needs Python's own faiss, version 1.7.3 (Debian 12: apt install python3-faiss):

    /usr/bin/python3 tests/vectors/generate.py

Every expected value in the manifest is what faiss answers for the index it has just read back from the file,
so the tests compare the code under test with FAISS and not with itself.
"""

import hashlib
import json
import os
import struct
import sys
import tempfile

import faiss
import numpy as np

SEED = 20230415
D = 16
N = 150
HERE = os.path.dirname(os.path.abspath(__file__))
OUT = os.path.join(HERE, "indexes")

faiss.omp_set_num_threads(1)
rng = np.random.RandomState(SEED)
train = rng.rand(3000, D).astype("float32")
base = rng.rand(N, D).astype("float32")

files = {}      # name -> bytes
expected = {}   # name -> manifest entry


def serialize(index):
    if isinstance(index, faiss.IndexBinary):
        return faiss.serialize_index_binary(index).tobytes()
    return faiss.serialize_index(index).tobytes()


def bytes_to_index(data):
    array = np.frombuffer(data, dtype="uint8")
    if data[:2] == b"IB":
        return faiss.deserialize_index_binary(array)
    return faiss.deserialize_index(array)


def type_name(index):
    return type(faiss.downcast_index(index) if not isinstance(index, faiss.IndexBinary)
                else faiss.downcast_IndexBinary(index)).__name__


def put(name, data, **extra):
    """Stores a file after FAISS itself has read it, and notes what FAISS says it holds."""
    index = bytes_to_index(data)
    files[name] = data
    entry = {
        "file": f"indexes/{name}.faiss",
        "fourcc": data[:4].decode("ascii"),
        "type": type_name(index),
        "d": index.d,
        "ntotal": index.ntotal,
        "metric": index.metric_type,
        "isTrained": bool(index.is_trained),
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    entry.update(extra)
    expected[name] = entry


def save(name, index, **extra):
    put(name, serialize(index), **extra)


def filled(index, ids=None):
    index.train(train)
    if ids is None:
        index.add(base)
    else:
        index.add_with_ids(base, ids)
    return index


def trained(index):
    index.train(train)
    return index


def factory(spec, metric=faiss.METRIC_L2, d=D):
    return faiss.index_factory(d, spec, metric)


# ---- flat and codes -------------------------------------------------------------------------------------------------
save("flat-l2", filled(factory("Flat")))
save("flat-ip", filled(factory("Flat", faiss.METRIC_INNER_PRODUCT)))
save("flat-l1", filled(factory("Flat", faiss.METRIC_L1)))
lp = factory("Flat", faiss.METRIC_Lp)
lp.metric_arg = 3.0
save("flat-lp", filled(lp), metricArgument=3.0)
save("flat-empty", factory("Flat"))
save("lsh", filled(faiss.IndexLSH(D, 24, True, False)))
save("lsh-thresholds", filled(faiss.IndexLSH(D, 12, False, True)))
for name in ["SQ8", "SQ4", "SQ6", "SQfp16"]:
    save("sq-" + name[2:], filled(factory(name)))
for name in ["QT_8bit_uniform", "QT_4bit_uniform", "QT_8bit_direct"]:
    save("sq-" + name[3:].replace("_", "-"),
         filled(faiss.IndexScalarQuantizer(D, getattr(faiss.ScalarQuantizer, name), faiss.METRIC_L2)))
save("sq-untrained", factory("SQ8"))
save("pq-8", filled(factory("PQ4np")))
save("pq-polysemous", filled(factory("PQ4")))
save("pq-4", filled(factory("PQ8x4np", faiss.METRIC_INNER_PRODUCT)))
save("pq-6", filled(factory("PQ2x6np")))
save("pq-untrained", factory("PQ2x4np"))
save("pq-fastscan", filled(faiss.IndexPQFastScan(D, 4, 4)))
wide = filled(faiss.IndexPQFastScan(D, 4, 4, faiss.METRIC_L2, 64))
# Well formed, but this FAISS ends the process when it searches such an index with more than a few queries at once.
save("pq-fastscan-64-unsafe", wide, refused="qbs")
wide.qbs = 2
save("pq-fastscan-64", wide)
odd = faiss.IndexPQFastScan(15, 5, 4, faiss.METRIC_INNER_PRODUCT)
odd.train(train[:, :15].copy())
odd.add(base[:, :15].copy())
save("pq-fastscan-odd", odd)

# ---- IVF ------------------------------------------------------------------------------------------------------------
ids = (np.arange(N) * 7 + 1_000_000_007).astype("int64")
save("ivf-flat", filled(factory("IVF8,Flat")))
save("ivf-flat-ids", filled(factory("IVF8,Flat"), ids))
save("ivf-flat-ip", filled(factory("IVF8,Flat", faiss.METRIC_INNER_PRODUCT)))
sparse = factory("IVF64,Flat")
sparse.train(train)
sparse.add(np.repeat(base[:3], 5, axis=0))
save("ivf-flat-sparse", sparse)
for kind, name in [(faiss.DirectMap.Array, "array"), (faiss.DirectMap.Hashtable, "hashtable")]:
    index = factory("IVF8,Flat")
    index.train(train)
    index.set_direct_map_type(kind)
    if kind == faiss.DirectMap.Hashtable:
        index.add_with_ids(base, ids)
    else:
        index.add(base)
    save(f"ivf-flat-direct-map-{name}", index)
save("ivf-flat-untrained", factory("IVF8,Flat"))
save("ivf-flat-empty", trained(factory("IVF8,Flat")))
save("ivf-hnsw-flat", filled(factory("IVF8_HNSW4,Flat")))
save("ivf-sq8", filled(factory("IVF8,SQ8")))
save("ivf-sqfp16", filled(factory("IVF8,SQfp16", faiss.METRIC_INNER_PRODUCT)))
save("ivf-pq", filled(factory("IVF8,PQ4np")))
save("ivf-pq-4", filled(factory("IVF8,PQ8x4np")))
save("ivf-pq-ip", filled(factory("IVF8,PQ2x5np", faiss.METRIC_INNER_PRODUCT)))
direct = factory("IVF8,PQ2x4np")
direct.by_residual = False
save("ivf-pq-direct", filled(direct))
save("ivf-pq-untrained", factory("IVF8,PQ2x4np"))
save("ivf-pqr", filled(faiss.IndexIVFPQR(faiss.IndexFlatL2(D), D, 8, 2, 4, 4, 4)))
save("ivf-imi-pq", filled(factory("IMI2x3,PQ4x4np")))
save("ivf-pq-fastscan", filled(factory("IVF8,PQ4x4fs")))
save("ivf-pq-fastscan-residual", filled(factory("IVF8,PQ4x4fsr")))
save("ivf-pq-fastscan-64", filled(factory("IVF8,PQ4x4fs_64")))
dedup = faiss.IndexIVFFlatDedup(faiss.IndexFlatL2(D), D, 8, faiss.METRIC_L2)
dedup.train(train)
dedup.add(np.vstack([base[:60], base[:20]]))
save("ivf-flat-dedup", dedup)
save("ivf-spectral-hash", filled(faiss.IndexIVFSpectralHash(faiss.IndexFlatL2(D), D, 8, 20, 0.5)))
ivfsh = faiss.IndexIVFSpectralHash(faiss.IndexFlatL2(D), D, 8, 16, 0.5)
ivfsh.threshold_type = faiss.IndexIVFSpectralHash.Thresh_centroid
save("ivf-spectral-hash-centroid", filled(ivfsh))

with tempfile.TemporaryDirectory() as folder:
    here = os.getcwd()
    os.chdir(folder)    # so that the file holds a bare name, the same on every machine
    on_disk = filled(factory("IVF8,Flat"))
    lists = faiss.OnDiskInvertedLists(on_disk.nlist, on_disk.code_size, "lists.ivfdata")
    for i in range(on_disk.nlist):
        lists.add_entries(i, on_disk.invlists.list_size(i), on_disk.invlists.get_ids(i), on_disk.invlists.get_codes(i))
    on_disk.replace_invlists(lists, False)
    save("ivf-flat-on-disk", on_disk, externalFiles=["lists.ivfdata"])
    os.chdir(here)

# ---- graphs ---------------------------------------------------------------------------------------------------------
save("hnsw-flat", filled(factory("HNSW4,Flat")))
save("hnsw-flat-ip", filled(factory("HNSW8,Flat", faiss.METRIC_INNER_PRODUCT)))
save("hnsw-sq8", filled(factory("HNSW4,SQ8")))
save("hnsw-pq", filled(faiss.IndexHNSWPQ(D, 4, 4)))
coarse = faiss.IndexFlatL2(D)    # the wrapper does not hold a reference
save("hnsw-2level", filled(faiss.IndexHNSW2Level(coarse, 8, 4, 8)))
two_layer_coarse = faiss.IndexFlatL2(D)
save("2layer", filled(faiss.Index2Layer(two_layer_coarse, 8, 4)))
save("hnsw-empty", factory("HNSW4,Flat"))
one = factory("HNSW4,Flat")
one.add(base[:1])
save("hnsw-one", one)
nsg = faiss.IndexNSGFlat(D, 8, faiss.METRIC_L2)
nsg.GK = 16
save("nsg-flat", filled(nsg))
nsg_empty = faiss.IndexNSGFlat(D, 8, faiss.METRIC_L2)
nsg_empty.nsg.enterpoint = 0    # FAISS leaves it uninitialised until the graph is built
save("nsg-empty", nsg_empty)
nnd = faiss.IndexNNDescentFlat(D, 8, faiss.METRIC_L2)
save("nndescent-flat", filled(nnd))

# ---- wrappers -------------------------------------------------------------------------------------------------------
save("idmap-flat", filled(factory("IDMap,Flat"), ids))
save("idmap2-flat", filled(factory("IDMap2,Flat"), ids))
idmap_ivf = faiss.IndexIDMap(factory("IVF8,Flat"))
save("idmap-ivf", filled(idmap_ivf, ids))
save("pretransform-opq", filled(factory("OPQ4_8,PQ4x4np")))
save("pretransform-pca", filled(factory("PCA8,Flat")))
save("pretransform-pcar", filled(factory("PCAR8,Flat")))
save("pretransform-pcaw", filled(factory("PCAW8,Flat")))
save("pretransform-rr", filled(factory("RR12,Flat")))
save("pretransform-rr-up", filled(factory("RR24,Flat")))
save("pretransform-itq", filled(factory("ITQ8,LSH")))
save("pretransform-l2norm", filled(factory("L2norm,Flat")))
save("pretransform-pad", filled(factory("Pad24,Flat")))
centering = faiss.IndexPreTransform(faiss.CenteringTransform(D), faiss.IndexFlatL2(D))
save("pretransform-centering", filled(centering))
save("pretransform-chain", filled(factory("PCA12,L2norm,IVF8,SQ8")))
itq_matrix = faiss.IndexPreTransform(faiss.ITQMatrix(D), faiss.IndexFlatL2(D))
save("pretransform-itq-matrix", filled(itq_matrix))
save("refine-flat", filled(factory("IVF8,SQ4,RFlat")))
save("refine-sq", filled(factory("PQ2x4np,Refine(SQ8)")))
save("rowwise-minmax", trained(faiss.IndexRowwiseMinMax(factory("SQ8"))))
save("rowwise-minmax-fp16", trained(faiss.IndexRowwiseMinMaxFP16(factory("SQ8"))))
save("nested-deep", filled(factory("PCA12,OPQ4_8,IVF8_HNSW4,PQ4x4np,RFlat")))

# ---- additive quantizers --------------------------------------------------------------------------------------------
few = train[:800]


def few_filled(index):
    index.train(few)
    index.add(base[:60])
    return index


save("rq", few_filled(faiss.IndexResidualQuantizer(D, 2, 3)))
save("rq-norm-float", few_filled(factory("RQ2x3_Nfloat")))
save("rq-norm-qint8", few_filled(factory("RQ2x3_Nqint8")))
save("rq-ip", few_filled(factory("RQ3x4_Nnone", faiss.METRIC_INNER_PRODUCT)))
save("lsq", few_filled(faiss.IndexLocalSearchQuantizer(D, 2, 3)))
save("prq", few_filled(faiss.IndexProductResidualQuantizer(D, 2, 2, 3)))
save("plsq", few_filled(faiss.IndexProductLocalSearchQuantizer(D, 2, 2, 3)))
save("ivf-lsq", few_filled(factory("IVF8,LSQ2x3_Nqint4")))
save("ivf-plsq", few_filled(factory("IVF8,PLSQ2x2x3")))
save("ivf-rcq-flat", few_filled(factory("IVF16(RCQ2x2),Flat")))
save("ivf-rq", few_filled(factory("IVF8,RQ2x3")))
save("ivf-prq", few_filled(factory("IVF8,PRQ2x2x3")))

# ---- read by FAISS, not by the validator ----------------------------------------------------------------------------
unrecognised = {"recognised": False}
save("rq-fastscan", few_filled(factory("RQ2x4fs_Nrq2x4")), **unrecognised)
save("lattice", trained(faiss.IndexLattice(D, 4, 4, 10)), **unrecognised)
bits = rng.randint(256, size=(N, 8)).astype("uint8")


def binary(index):
    index.train(bits)
    index.add(bits)
    return index


save("binary-flat", binary(faiss.IndexBinaryFlat(64)))
save("binary-hnsw", binary(faiss.IndexBinaryHNSW(64, 4)))
save("binary-ivf", binary(faiss.IndexBinaryIVF(faiss.IndexBinaryFlat(64), 64, 4)))
save("binary-hash", binary(faiss.IndexBinaryHash(64, 8)))
save("binary-multihash", binary(faiss.IndexBinaryMultiHash(64, 3, 8)))
save("binary-ivf-hnsw", binary(faiss.index_binary_factory(64, "BIVF4_HNSW4")))
binary_map = faiss.IndexBinaryIDMap2(faiss.IndexBinaryFlat(64))
binary_map.add_with_ids(bits, np.arange(N) * 3 + (1 << 40))
save("binary-idmap2", binary_map)


# ---- legacy layouts: FAISS only reads these, so they are put together from the parts of current files ---------------
def header(index, metric=None):
    out = struct.pack("<iqqqBi", index.d, index.ntotal, 1 << 20, 1 << 20, index.is_trained,
                      index.metric_type if metric is None else metric)
    return out


def vec(array):
    array = np.ascontiguousarray(array)
    return struct.pack("<Q", array.size) + array.tobytes()


def pq_bytes(pq):
    return struct.pack("<QQQ", pq.d, pq.M, pq.nbits) + vec(faiss.vector_to_array(pq.centroids))


def sq_bytes(sq):
    return struct.pack("<iifQQ", sq.qtype, sq.rangestat, sq.rangestat_arg, sq.d, sq.code_size) \
        + vec(faiss.vector_to_array(sq.trained))


def legacy_ivf_header(fourcc, index):
    out = fourcc + header(index) + struct.pack("<QQ", index.nlist, index.nprobe) + serialize(index.quantizer)
    for i in range(index.nlist):
        n = index.invlists.list_size(i)
        out += vec(faiss.rev_swig_ptr(index.invlists.get_ids(i), n) if n else np.zeros(0, "int64"))
    return out + struct.pack("<B", 0) + vec(np.zeros(0, "int64"))


def list_codes(index, i, dtype="uint8"):
    n = index.invlists.list_size(i) * index.invlists.code_size
    codes = faiss.rev_swig_ptr(index.invlists.get_codes(i), n) if n else np.zeros(0, "uint8")
    return vec(np.frombuffer(codes.tobytes(), dtype=dtype))


def legacy(name, data, like):
    """Keeps the legacy bytes only if FAISS finds in them what it finds in the current file."""
    old, new = bytes_to_index(data), bytes_to_index(files[like])
    if hasattr(old, "search") and old.metric_type == new.metric_type:
        np.testing.assert_array_equal(old.search(base[:5], 3)[1], new.search(base[:5], 3)[1])
    put(name, data)


def load(name):
    owner = bytes_to_index(files[name])
    index = faiss.downcast_index(owner)
    index.owner = owner    # the downcast view does not keep the index alive
    return index


flat = load("ivf-flat-ids")
legacy("legacy-ivf-flat", legacy_ivf_header(b"IvFL", flat) + b"".join(list_codes(flat, i) for i in range(flat.nlist)),
       "ivf-flat-ids")
legacy("legacy-ivf-flat-floats",
       legacy_ivf_header(b"IvFl", flat) + b"".join(list_codes(flat, i, "float32") for i in range(flat.nlist)),
       "ivf-flat-ids")
ivfpq = load("ivf-pq")
legacy("legacy-ivf-pq", legacy_ivf_header(b"IvPQ", ivfpq) + struct.pack("<BQ", ivfpq.by_residual, ivfpq.code_size)
       + pq_bytes(ivfpq.pq) + b"".join(list_codes(ivfpq, i) for i in range(ivfpq.nlist)), "ivf-pq")
ivfpqr = load("ivf-pqr")
legacy("legacy-ivf-pqr", legacy_ivf_header(b"IvQR", ivfpqr) + struct.pack("<BQ", ivfpqr.by_residual, ivfpqr.code_size)
       + pq_bytes(ivfpqr.pq) + b"".join(list_codes(ivfpqr, i) for i in range(ivfpqr.nlist))
       + pq_bytes(ivfpqr.refine_pq) + vec(faiss.vector_to_array(ivfpqr.refine_codes))
       + struct.pack("<f", ivfpqr.k_factor), "ivf-pqr")
ivfsq = load("ivf-sq8")
legacy("legacy-ivf-sq", legacy_ivf_header(b"IvSQ", ivfsq) + sq_bytes(ivfsq.sq) + struct.pack("<Q", ivfsq.code_size)
       + b"".join(list_codes(ivfsq, i) for i in range(ivfsq.nlist)), "ivf-sq8")
current = files["ivf-sq8"]
residual_at = current.rindex(b"ilar") - 1    # IwSq carries by_residual just before its lists; IwSQ does not
legacy("legacy-ivf-sq-residual", b"IwSQ" + current[4:residual_at] + current[residual_at + 1:], "ivf-sq8")
pq = load("pq-8")
legacy("legacy-pq", b"IxPQ" + header(pq, 0) + pq_bytes(pq.pq) + vec(faiss.vector_to_array(pq.codes)), "pq-8")
legacy("legacy-pq-polysemous", b"IxPo" + files["pq-8"][4:], "pq-8")
lsh64 = filled(faiss.IndexLSH(D, 64, True, False))
save("lsh-64", lsh64)
data64 = files["lsh-64"]
at = data64.index(b"rrot")
legacy("legacy-lsh", b"IxHE" + data64[4:at - 4] + struct.pack("<i", 1) + data64[at:], "lsh-64")
pca = files["pretransform-pca"]
at = pca.index(b"Pcam")
# Pcam: eigen_power f32, epsilon f32, random_rotation u8, balanced_bins i32
legacy("legacy-pca-without-epsilon", pca[:at] + b"PcAm" + pca[at + 4:at + 8] + pca[at + 12:], "pretransform-pca")
legacy("legacy-pca-without-balance", pca[:at] + b"PCAm" + pca[at + 4:at + 8] + pca[at + 12:at + 13] + pca[at + 17:],
       "pretransform-pca")

# ---- write ----------------------------------------------------------------------------------------------------------
os.makedirs(OUT, exist_ok=True)
for stale in os.listdir(OUT):
    os.remove(os.path.join(OUT, stale))
for name, data in files.items():
    with open(os.path.join(OUT, name + ".faiss"), "wb") as f:
        f.write(data)
with open(os.path.join(HERE, "manifest.json"), "w") as f:
    json.dump({"generator": "tests/vectors/generate.py", "faiss": faiss.__version__, "numpy": np.__version__,
               "seed": SEED, "files": expected}, f, indent=2)
    f.write("\n")
print(f"{len(files)} files, {sum(map(len, files.values()))} bytes", file=sys.stderr)
