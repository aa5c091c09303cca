namespace FaissNet.Evaluation;

/// <summary>What an index takes, beside its vectors as they are.</summary>
/// <param name="Vectors">The vectors in the index.</param>
/// <param name="Dimension">Components per vector.</param>
/// <param name="RawBytesPerVector">4·d: the vector as float32.</param>
/// <param name="CodeBytesPerVector">Bytes of a vector's code; null where the index type has no code of a fixed size.</param>
/// <param name="IdBytesPerVector">Bytes of a vector's stored id; 0 where ids are positions.</param>
/// <param name="SerializedBytes">Bytes of the whole index as a file, which is about its size in memory: codes, ids, centroids, codebooks,
/// graph. Tables that FAISS computes after loading are not in it.</param>
public sealed record MemoryReport(
    long Vectors, int Dimension, long RawBytesPerVector, long? CodeBytesPerVector, long IdBytesPerVector, long SerializedBytes)
{
    /// <summary><see cref="SerializedBytes"/> per vector; 0 for an empty index.</summary>
    public double BytesPerVector => Vectors == 0 ? 0 : (double)SerializedBytes / Vectors;

    /// <summary>How many times smaller than the raw vectors the whole index is; 0 for an empty index.</summary>
    public double Compression => Vectors == 0 ? 0 : RawBytesPerVector / BytesPerVector;

    /// <summary>Measures an index of either engine. It is serialized into nothing, which takes no memory.</summary>
    /// <param name="index">The index.</param>
    /// <param name="codeBytesPerVector">Bytes of a vector's code, where known.</param>
    /// <param name="idBytesPerVector">Bytes of a vector's stored id.</param>
    /// <exception cref="NotSupportedException">The index type cannot be serialized.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public static MemoryReport Measure(VectorIndex index, long? codeBytesPerVector, long idBytesPerVector)
    {
        ArgumentNullException.ThrowIfNull(index);
        using var counter = new CountingStream();
        index.Save(counter);
        return new MemoryReport(
            index.Count, index.Dimension, (long)index.Dimension * sizeof(float), codeBytesPerVector, idBytesPerVector, counter.Length);
    }

    private sealed class CountingStream : Stream
    {
        private long _length;

        public override bool CanRead => false;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => _length;

        public override long Position
        {
            get => _length;
            set => throw new NotSupportedException();
        }

        public override void Write(ReadOnlySpan<byte> buffer) => _length += buffer.Length;

        public override void Write(byte[] buffer, int offset, int count) => _length += count;

        public override void Flush()
        {
        }

        public override int Read(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
