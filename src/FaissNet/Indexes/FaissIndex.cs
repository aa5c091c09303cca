using FaissNet.Evaluation;
using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// An index of FAISS's own, of any type: what <see cref="IndexFactory"/> makes and <see cref="Load(string, bool)"/> reads. Types that this
/// library knows more of come as their own classes (<see cref="IndexFlatL2"/>, <see cref="IndexIVFPQ"/>, …).
/// </summary>
public partial class FaissIndex : VectorIndex
{
    private FaissIndexHandle _handle;
    private long _count;
    private bool _isTrained;

    internal FaissIndex(FaissIndexHandle handle)
        : base(ReadDimension(handle), ReadMetric(handle))
    {
        _handle = handle;
        Refresh();
    }

    /// <inheritdoc/>
    public override long Count => Volatile.Read(ref _count);

    /// <inheritdoc/>
    public override bool IsTrained => Volatile.Read(ref _isTrained);

    /// <summary>FAISS's class name, wrappers from the outside in: <c>IndexPreTransform(IndexIVFPQ)</c>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public string TypeName => NativeText.Read((buffer, capacity, out length) =>
        NativeMethods.faissnet_index_type_name(Handle, buffer, capacity, out length));

    /// <summary>Bytes of one vector's code, ids not counted. FAISS's <c>code_size</c>.</summary>
    /// <exception cref="NotSupportedException">The index type has no code of a fixed size.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public long CodeSize
    {
        get
        {
            NativeMethods.faissnet_index_code_size(Handle, out var size).ThrowIfFailed();
            return size;
        }
    }

    internal FaissIndexHandle Handle => _handle;

    /// <inheritdoc/>
    protected override void Dispose(bool disposing)
    {
        // A finalizer of ours would run beside the handle's own.
        if (disposing)
        {
            Handle.Dispose();
            DisposeParts();
        }
    }

    /// <inheritdoc/>
    protected override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            TrainingBridge.Train(Handle, vectors, n, progress, cancellationToken);
        }
        finally
        {
            RefreshAll();
        }
    }

    private protected override unsafe void MakeRoomCore(int n, bool withIds, CancellationToken cancellationToken)
    {
        using var monitor = new MonitorBridge(null, cancellationToken);
        monitor.Finish(NativeMethods.faissnet_index_make_room(Handle, n, withIds ? 1 : 0, monitor.Native));
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n)
    {
        var status = NativeMethods.faissnet_index_add(Handle, n, vectors);
        Finish(status);
    }

    /// <inheritdoc/>
    protected override void AddWithIdsCore(ReadOnlySpan<float> vectors, ReadOnlySpan<long> ids, int n)
    {
        var status = NativeMethods.faissnet_index_add_with_ids(Handle, n, vectors, ids);
        Finish(status);
    }

    /// <inheritdoc/>
    protected override unsafe long RemoveCore(IdSelector selector)
    {
        using var native = new SelectorBridge(selector);
        var status = NativeMethods.faissnet_index_remove_ids(Handle, native.Root, out var removed);
        Finish(status);
        native.ThrowIfFailed();
        return removed;
    }

    /// <inheritdoc/>
    protected override void ResetCore() => Finish(NativeMethods.faissnet_index_reset(Handle));

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId)
    {
        if (other is not FaissIndex from)
        {
            throw new ArgumentException(
                $"other is a {other.GetType().FullName}: expected an index of the native engine, as this one is. Save it and load it with {nameof(Load)}.",
                nameof(other));
        }

        try
        {
            Finish(NativeMethods.faissnet_index_merge_from(Handle, from.Handle, addId));
        }
        finally
        {
            from.RefreshAll();
        }
    }

    /// <inheritdoc/>
    protected override void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters) =>
        SearchCore(queries, n, k, distances, labels, parameters, CancellationToken.None);

    private protected override unsafe void SearchCore(
        ReadOnlySpan<float> queries,
        int n,
        int k,
        Span<float> distances,
        Span<long> labels,
        SearchParameters? parameters,
        CancellationToken cancellationToken)
    {
        if (parameters is null && !cancellationToken.CanBeCanceled)
        {
            NativeMethods.faissnet_index_search(Handle, n, queries, k, null, distances, labels).ThrowIfFailed();
            return;
        }

        using var selector = new SelectorBridge(parameters?.Selector);
        var native = parameters is null ? default : NativeSearchParameters.From(parameters, selector.Root);
        var cancelled = 0;
        native.Cancelled = cancellationToken.CanBeCanceled ? &cancelled : null;
        NativeStatus status;
        // Its end waits for a callback that runs, so that none writes behind the flag's life.
        using (native.Cancelled is null ? default : cancellationToken.UnsafeRegister(
            static flag => Volatile.Write(ref *(int*)(nint)flag!, 1), (nint)native.Cancelled))
            status = NativeMethods.faissnet_index_search(Handle, n, queries, k, &native, distances, labels);

        selector.ThrowIfFailed();
        if (status == NativeStatus.Cancelled)
            cancellationToken.ThrowIfCancellationRequested();

        status.ThrowIfFailed();
    }

    /// <inheritdoc/>
    protected override unsafe RangeSearchResult RangeSearchCore(
        ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters)
    {
        using var selector = new SelectorBridge(parameters?.Selector);
        var native = parameters is null ? default : NativeSearchParameters.From(parameters, selector.Root);
        var status = NativeMethods.faissnet_index_range_search(Handle, n, queries, radius, &native, out var result);
        using (result)
        {
            selector.ThrowIfFailed();
            status.ThrowIfFailed();
            result.View(n, out var limits, out var labels, out var distances);
            return new RangeSearchResult(limits.ToArray(), distances.ToArray(), labels.ToArray());
        }
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector) =>
        NativeMethods.faissnet_index_reconstruct(Handle, id, vector).ThrowIfFailed();

    /// <inheritdoc/>
    protected override int EncodedSizeCore()
    {
        NativeMethods.faissnet_index_encoded_size(Handle, out var size).ThrowIfFailed();
        return checked((int)size);
    }

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes) =>
        NativeMethods.faissnet_index_encode(Handle, n, vectors, codes).ThrowIfFailed();

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) =>
        NativeMethods.faissnet_index_decode(Handle, n, codes, vectors).ThrowIfFailed();

    /// <inheritdoc/>
    protected override void AddCodesCore(ReadOnlySpan<byte> codes, ReadOnlySpan<long> ids, int n) =>
        Finish(NativeMethods.faissnet_index_add_codes(Handle, n, codes, ids));

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value) =>
        Finish(NativeMethods.faissnet_index_set_parameter(Handle, name, value));

    /// <inheritdoc/>
    protected override double GetParameterCore(string name)
    {
        NativeMethods.faissnet_index_get_parameter(Handle, name, out var value).ThrowIfFailed();
        return value;
    }

    /// <inheritdoc/>
    protected override IReadOnlyList<ParameterRange> GetParameterRangesCore() =>
        [.. NativeText.Read((buffer, capacity, out length) => NativeMethods.faissnet_index_parameter_ranges(Handle, buffer, capacity, out length))
            .Split(';', StringSplitOptions.RemoveEmptyEntries)
            .Select(ParameterRange.Parse)];

    /// <inheritdoc/>
    protected override VectorIndex CloneCore()
    {
        NativeMethods.faissnet_index_clone(Handle, out var copy).ThrowIfFailed();
        return Wrap(copy);
    }

    /// <inheritdoc/>
    protected override void SaveCore(Stream stream) => StreamBridge.Write(Handle, stream);

    private protected override void Hold()
    {
        var held = false;
        Handle.DangerousAddRef(ref held);
    }

    private protected override void Release() => Handle.DangerousRelease();

    private protected (int M, int NBits) ReadPq()
    {
        NativeMethods.faissnet_index_pq_m(Handle, out var m).ThrowIfFailed();
        NativeMethods.faissnet_index_pq_nbits(Handle, out var nbits).ThrowIfFailed();
        return ((int)m, nbits);
    }

    private static int ReadDimension(FaissIndexHandle handle)
    {
        NativeMethods.faissnet_index_d(handle, out var d).ThrowIfFailed();
        return d;
    }

    private static MetricType ReadMetric(FaissIndexHandle handle)
    {
        NativeMethods.faissnet_index_metric(handle, out var metric).ThrowIfFailed();
        return (MetricType)metric;
    }

    // A call that failed half-way may have changed something: the state is read back before the error goes on.
    private void Finish(NativeStatus status)
    {
        var failure = status == NativeStatus.Ok ? null : NativeStatusExtensions.LastException(status);
        RefreshAll();
        if (failure is not null)
            throw failure;
    }

    /// <summary>Reads back what is kept on this side, so that Count, IsTrained and the like never wait behind an add.</summary>
    private protected virtual void Refresh()
    {
        NativeMethods.faissnet_index_ntotal(Handle, out var count).ThrowIfFailed();
        NativeMethods.faissnet_index_is_trained(Handle, out var isTrained).ThrowIfFailed();
        Volatile.Write(ref _count, count);
        Volatile.Write(ref _isTrained, isTrained != 0);
    }
}
