using FaissNet.Interop;

namespace FaissNet;

// Content and search.
public partial class FaissBinaryIndex
{
    /// <inheritdoc/>
    protected override unsafe void TrainCore(
        ReadOnlySpan<byte> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        try
        {
            using var monitor = new MonitorBridge(progress, cancellationToken);
            monitor.Finish(NativeMethods.faissnet_binary_train(Handle, n, vectors, monitor.Native));
        }
        finally
        {
            Refresh();
        }
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<byte> vectors, int n)
    {
        var status = NativeMethods.faissnet_binary_add(Handle, n, vectors);
        Finish(status);
    }

    /// <inheritdoc/>
    protected override void AddWithIdsCore(ReadOnlySpan<byte> vectors, ReadOnlySpan<long> ids, int n)
    {
        var status = NativeMethods.faissnet_binary_add_with_ids(Handle, n, vectors, ids);
        Finish(status);
    }

    /// <inheritdoc/>
    protected override unsafe long RemoveCore(IdSelector selector)
    {
        using var native = new SelectorBridge(selector);
        var status = NativeMethods.faissnet_binary_remove_ids(Handle, native.Root, out var removed);
        Finish(status);
        native.ThrowIfFailed();
        return removed;
    }

    /// <inheritdoc/>
    protected override void ResetCore() => Finish(NativeMethods.faissnet_binary_reset(Handle));

    /// <inheritdoc/>
    protected override void MergeFromCore(BinaryIndex other, long addId)
    {
        if (other is not FaissBinaryIndex from)
            throw new ArgumentException($"other is a {other.GetType().FullName}: expected an index of the native engine, as this one is.", nameof(other));

        try
        {
            Finish(NativeMethods.faissnet_binary_merge_from(Handle, from.Handle, addId));
        }
        finally
        {
            from.Refresh();
        }
    }

    /// <inheritdoc/>
    protected override unsafe void SearchCore(
        ReadOnlySpan<byte> queries, int n, int k, Span<int> distances, Span<long> labels, SearchParameters? parameters)
    {
        if (parameters is null)
        {
            NativeMethods.faissnet_binary_search(Handle, n, queries, k, null, distances, labels).ThrowIfFailed();
            return;
        }

        using var selector = new SelectorBridge(parameters.Selector);
        var native = ToNative(parameters, selector.Root);
        var status = NativeMethods.faissnet_binary_search(Handle, n, queries, k, &native, distances, labels);
        selector.ThrowIfFailed();
        status.ThrowIfFailed();
    }

    /// <inheritdoc/>
    protected override unsafe BinaryRangeSearchResult RangeSearchCore(
        ReadOnlySpan<byte> queries, int n, int radius, SearchParameters? parameters)
    {
        using var selector = new SelectorBridge(parameters?.Selector);
        var native = parameters is null ? default : ToNative(parameters, selector.Root);
        var status = NativeMethods.faissnet_binary_range_search(Handle, n, queries, radius, &native, out var result);
        using (result)
        {
            selector.ThrowIfFailed();
            status.ThrowIfFailed();
            NativeMethods.faissnet_range_result_view(result, out var limits, out var labels, out var distances).ThrowIfFailed();
            var hits = limits[n];
            if (hits > Array.MaxLength)
            {
                throw new InvalidOperationException(
                    $"The range search found {hits} vectors, more than an array holds: search with fewer queries or a smaller radius.");
            }

            // FAISS's result has float distances for every kind of index.
            var bits = new int[hits];
            for (var i = 0; i < bits.Length; i++)
                bits[i] = (int)distances[i];

            return new BinaryRangeSearchResult(
                new ReadOnlySpan<long>(limits, n + 1).ToArray(), bits, new ReadOnlySpan<long>(labels, (int)hits).ToArray());
        }
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<byte> vector) =>
        NativeMethods.faissnet_binary_reconstruct(Handle, id, vector).ThrowIfFailed();

    private static unsafe NativeSearchParameters ToNative(SearchParameters parameters, NativeSelector* selector) => new()
    {
        NProbe = parameters.NProbe ?? 0,
        MaxCodes = parameters.MaxCodes ?? 0,
        KFactor = parameters.KFactor ?? 0,
        Selector = selector,
    };
}
