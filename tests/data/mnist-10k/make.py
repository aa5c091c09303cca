#!/usr/bin/env python3
"""Splits MNIST's test images into a base and queries: make.py t10k-images-idx3-ubyte

Every tenth image is a query, so that both parts hold both halves of the test set, which come from different writers.
"""
import gzip
import pathlib
import struct
import sys

source = pathlib.Path(sys.argv[1]).read_bytes()
magic, count, rows, columns = struct.unpack(">4i", source[:16])
assert (magic, count, rows, columns) == (0x803, 10000, 28, 28), "this is not MNIST's t10k-images-idx3-ubyte"

size = rows * columns
images = [source[16 + i * size : 16 + (i + 1) * size] for i in range(count)]
parts = {
    "base.idx.gz": [image for i, image in enumerate(images) if i % 10 != 9],
    "queries.idx.gz": images[9::10],
}
for name, part in parts.items():
    content = struct.pack(">4i", magic, len(part), rows, columns) + b"".join(part)
    (pathlib.Path(__file__).parent / name).write_bytes(gzip.compress(content, 9, mtime=0))
