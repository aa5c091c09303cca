namespace FaissNet.Data;

/// <summary>Representative rows of a vector file, to train an index with.</summary>
public static class TrainingSample
{
    /// <summary>k-means in FAISS uses at most this many vectors per centroid, and takes a sample of more
    /// (<c>faiss/Clustering.h</c>, <c>max_points_per_centroid</c>).</summary>
    public const int VectorsPerCentroid = 256;

    /// <summary>Below this many vectors per centroid FAISS warns of a poor training (<c>min_points_per_centroid</c>).</summary>
    public const int MinVectorsPerCentroid = 39;

    // What FAISS takes at most for the parts that state no number of centroids, such as OPQ's rotation.
    private const int CentroidsOfOtherParts = 256;

    /// <summary>
    /// As many vectors as FAISS makes use of: 256 for each centroid of the largest k-means, nlist or 2^nbits, and never less than
    /// 65,536; or fewer, if there are no more, or they would fill more than half of the memory or one array.
    /// </summary>
    /// <param name="count">The vectors that there are.</param>
    /// <param name="dimension">Components per vector.</param>
    /// <param name="nlist">The index's inverted lists; 0 if it has none.</param>
    /// <param name="nbits">Bits per sub-quantizer; 0 if it has none.</param>
    public static long DefaultSize(long count, int dimension, long nlist, int nbits)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfLessThan(dimension, 1);
        var centroids = Math.Max(Math.Max(nlist, 1L << Math.Clamp(nbits, 0, 24)), CentroidsOfOtherParts);
        var memory = GC.GetGCMemoryInfo().TotalAvailableMemoryBytes / 2 / sizeof(float) / dimension;
        return Math.Min(Math.Min(count, centroids * VectorsPerCentroid), Math.Min(memory, Array.MaxLength / dimension));
    }

    /// <summary>
    /// Reads a random sample that is spread over the whole file: one row out of each of <paramref name="size"/> equal parts, in the
    /// file's order. The same file, size and seed give the same sample.
    /// </summary>
    /// <param name="reader">The file. It is left behind the last row of the sample.</param>
    /// <param name="size">The rows to read; all rows if there are no more.</param>
    /// <param name="seed">What the choice depends on.</param>
    /// <param name="progress">Told the rows read.</param>
    /// <param name="cancellationToken">Stops between rows.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is less than 1.</exception>
    /// <exception cref="OperationCanceledException">The call was cancelled.</exception>
    /// <inheritdoc cref="VectorReader.ReadRows" path="/exception[@cref='T:System.IO.InvalidDataException' or @cref='T:System.IO.IOException']"/>
    public static VectorSet Read(
        VectorReader reader, long size, int seed = 1234, IProgress<long>? progress = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(reader);
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        size = Math.Min(size, reader.Count);
        var d = reader.Dimension;
        if (size > Array.MaxLength / d)
        {
            throw new ArgumentOutOfRangeException(
                nameof(size), size, $"size is {size}: expected at most {Array.MaxLength / d}, as many vectors of {d} floats as one array holds.");
        }

        var values = GC.AllocateUninitializedArray<float>((int)size * d);
        var random = new Random(seed);
        const int RowsPerReport = 4096;
        for (var i = 0; i < size; i++)
        {
            if (i % RowsPerReport == 0)
            {
                cancellationToken.ThrowIfCancellationRequested();
                progress?.Report(i);
            }

            // The product of two 63-bit numbers would overflow in files of billions of rows.
            var (first, end) = ((long)((Int128)i * reader.Count / size), (long)((Int128)(i + 1) * reader.Count / size));
            reader.Seek(random.NextInt64(first, end));
            reader.Read(values.AsSpan(i * d, d));
        }

        progress?.Report(size);
        return new VectorSet(values, (int)size, d);
    }
}
