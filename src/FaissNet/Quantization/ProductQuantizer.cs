using FaissNet.Interop;
using FaissNet.Managed;

namespace FaissNet;

/// <summary>
/// Splits vectors into M parts and replaces each part by the number of the nearest of 2^nbits centroids: M·nbits bits per vector. FAISS's
/// <c>ProductQuantizer</c> (<c>faiss/impl/ProductQuantizer.h</c>); Jégou, Douze, Schmid: Product quantization for nearest neighbor search, 2011.
/// </summary>
/// <remarks>Any number of threads may encode and decode at once; training and setting wait until they are through.</remarks>
public sealed class ProductQuantizer : Quantizer, IDisposable
{
    /// <summary>FAISS's limit for the bits per part.</summary>
    public const int MaxNBits = 16;

    private readonly ReaderWriterGate _gate = new();
    private readonly ProductQuantizerHandle _handle;
    private float[] _centroids;
    private float[]? _symmetric;
    private bool _isTrained;

    /// <summary>An untrained quantizer.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="m">Parts of a vector; must divide <paramref name="d"/>. FAISS's <c>M</c>.</param>
    /// <param name="nbits">Bits per part: each has 2^nbits centroids. 1 to 16.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range, or the centroids would not fit into one array.</exception>
    public ProductQuantizer(int d, int m, int nbits = 8)
        : base(d)
    {
        IndexArguments.RequireDimension(d);
        if (m < 1 || d % m != 0)
            throw new ArgumentOutOfRangeException(nameof(m), m, $"m is {m}: expected a divisor of d = {d}.");

        if (nbits is < 1 or > MaxNBits || (long)d << nbits > Array.MaxLength)
            throw new ArgumentOutOfRangeException(nameof(nbits), nbits, $"nbits is {nbits}: expected 1 to {MaxNBits}, and centroids that fit into an array.");

        (M, NBits) = (m, nbits);
        NativeMethods.faissnet_pq_new(d, m, nbits, out _handle).ThrowIfFailed();
        _centroids = new float[d << nbits];
    }

    /// <summary>The number of parts.</summary>
    public int M { get; }

    /// <summary>Bits per part.</summary>
    public int NBits { get; }

    /// <summary>Components per part: d / M. FAISS's <c>dsub</c>.</summary>
    public int SubDimension => Dimension / M;

    /// <summary>Centroids per part: 2^nbits. FAISS's <c>ksub</c>.</summary>
    public int KSub => 1 << NBits;

    /// <summary>Bytes per code: M·nbits bits, rounded up. FAISS's <c>code_size</c>.</summary>
    public override int CodeSize => BitPacking.ByteCount(M, NBits);

    /// <inheritdoc/>
    public override bool IsTrained => Volatile.Read(ref _isTrained);

    /// <summary>Floats of a distance table: M·ksub.</summary>
    public int TableSize => M << NBits;

    /// <summary>The settings of the k-means of each part. FAISS's <c>cp</c>.</summary>
    public ClusteringParameters ClusteringParameters { get; init; } = new();

    /// <summary>The centroids, [M][ksub][d / M]; zero before <see cref="Quantizer.Train"/>. <see cref="SetCentroids"/> replaces them.</summary>
    public ReadOnlySpan<float> Centroids => Volatile.Read(ref _centroids);

    /// <summary>Replaces the centroids, for instance by those of another quantizer of the same shape, of either engine.</summary>
    /// <param name="centroids">M·ksub·(d / M) floats, [M][ksub][d / M].</param>
    /// <exception cref="ArgumentException">The length is another one, or a component is not finite.</exception>
    /// <exception cref="ObjectDisposedException">The quantizer was disposed.</exception>
    public void SetCentroids(ReadOnlySpan<float> centroids)
    {
        if (centroids.Length != _centroids.Length)
            throw new ArgumentException($"centroids holds {centroids.Length} floats: expected d·ksub = {_centroids.Length}.", nameof(centroids));

        VectorArguments.RequireFinite(centroids, SubDimension, nameof(centroids));
        _gate.EnterWrite();
        try
        {
            NativeMethods.faissnet_pq_set_centroids(_handle, centroids.Length, centroids).ThrowIfFailed();
            Volatile.Write(ref _centroids, centroids.ToArray());
            Volatile.Write(ref _symmetric, null);
            Volatile.Write(ref _isTrained, true);
        }
        finally
        {
            _gate.ExitWrite();
        }
    }

    /// <summary>The squared distances of each part of a vector to each of the part's centroids; of several vectors, table after table.
    /// FAISS's <c>compute_distance_tables</c>.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="tables">Receives n·<see cref="TableSize"/> floats, [n][M][ksub].</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="InvalidOperationException">The quantizer is not trained.</exception>
    /// <exception cref="ObjectDisposedException">The quantizer was disposed.</exception>
    public void ComputeDistanceTable(ReadOnlySpan<float> vectors, Span<float> tables) => FillTables(vectors, tables, innerProduct: false);

    /// <summary>The inner products of each part of a vector with each of the part's centroids; of several vectors, table after table.
    /// FAISS's <c>compute_inner_prod_tables</c>.</summary>
    /// <inheritdoc cref="ComputeDistanceTable"/>
    public void ComputeInnerProductTable(ReadOnlySpan<float> vectors, Span<float> tables) => FillTables(vectors, tables, innerProduct: true);

    /// <summary>The distance of the vector behind a table to what a code stands for: one addition per part.</summary>
    /// <param name="table"><see cref="TableSize"/> floats.</param>
    /// <param name="code"><see cref="CodeSize"/> bytes.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public float AsymmetricDistance(ReadOnlySpan<float> table, ReadOnlySpan<byte> code) => CodeDistances.Asymmetric(table, code, M, NBits);

    /// <summary>The squared distance between what two codes stand for, from a table of M·ksub² floats that the first call after training
    /// computes. FAISS's <c>compute_sdc_table</c>.</summary>
    /// <param name="a"><see cref="CodeSize"/> bytes.</param>
    /// <param name="b"><see cref="CodeSize"/> bytes.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="InvalidOperationException">The quantizer is not trained.</exception>
    /// <exception cref="NotSupportedException">The table would have more entries than an array holds.</exception>
    /// <exception cref="ObjectDisposedException">The quantizer was disposed before the table was computed.</exception>
    public float SymmetricDistance(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        VectorArguments.RequireLength(a.Length, CodeSize, nameof(a), nameof(CodeSize));
        VectorArguments.RequireLength(b.Length, CodeSize, nameof(b), nameof(CodeSize));
        return CodeDistances.Symmetric(Volatile.Read(ref _symmetric) ?? ComputeSymmetricTable(), a, b, M, NBits);
    }

    /// <inheritdoc/>
    public void Dispose() => _handle.Dispose();

    /// <inheritdoc/>
    private protected override void RequireEnough(int n, string name) => VectorArguments.RequireTrainable(n, KSub, "ksub = 2^nbits", name);

    /// <inheritdoc/>
    protected override unsafe void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        // One k-means per part, all from the same seed.
        _gate.EnterWrite();
        try
        {
            var native = ClusteringParameters.ToNative();
            using var monitor = new MonitorBridge(progress, cancellationToken);
            // A training that is stopped leaves the centroids of some parts.
            Volatile.Write(ref _isTrained, false);
            monitor.Finish(NativeMethods.faissnet_pq_train(_handle, n, vectors, &native, monitor.Native));
            var centroids = new float[_centroids.Length];
            NativeMethods.faissnet_pq_get_centroids(_handle, centroids.Length, centroids).ThrowIfFailed();
            Volatile.Write(ref _centroids, centroids);
            Volatile.Write(ref _symmetric, null);
            Volatile.Write(ref _isTrained, true);
        }
        finally
        {
            _gate.ExitWrite();
        }
    }

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes)
    {
        _gate.EnterRead();
        try
        {
            // Meanwhile a training may have been stopped.
            RequireTrained();
            NativeMethods.faissnet_pq_encode(_handle, n, vectors, codes).ThrowIfFailed();
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors)
    {
        _gate.EnterRead();
        try
        {
            // Meanwhile a training may have been stopped.
            RequireTrained();
            NativeMethods.faissnet_pq_decode(_handle, n, codes, vectors).ThrowIfFailed();
        }
        finally
        {
            _gate.ExitRead();
        }
    }

    // Two threads may both come here: the second finds the table of the first.
    private float[] ComputeSymmetricTable()
    {
        var length = CodeDistances.SymmetricTableLength(M, NBits);
        _gate.EnterWrite();
        try
        {
            if (_symmetric is { } ready)
                return ready;

            var table = new float[length];
            NativeMethods.faissnet_pq_symmetric_table(_handle, length, table).ThrowIfFailed();
            Volatile.Write(ref _symmetric, table);
            return table;
        }
        finally
        {
            _gate.ExitWrite();
        }
    }

    private void FillTables(ReadOnlySpan<float> vectors, Span<float> tables, bool innerProduct)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireLength(tables.Length, VectorArguments.CountOutputs(n, TableSize, nameof(tables)), nameof(tables), "n * TableSize");
        _gate.EnterRead();
        try
        {
            NativeMethods.faissnet_pq_tables(_handle, n, vectors, innerProduct ? 1 : 0, tables).ThrowIfFailed();
        }
        finally
        {
            _gate.ExitRead();
        }
    }
}
