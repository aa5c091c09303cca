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
        var native = NativeSearchParameters.From(parameters, selector.Root);
        var status = NativeMethods.faissnet_binary_search(Handle, n, queries, k, &native, distances, labels);
        selector.ThrowIfFailed();
        status.ThrowIfFailed();
    }

    /// <inheritdoc/>
    protected override unsafe BinaryRangeSearchResult RangeSearchCore(
        ReadOnlySpan<byte> queries, int n, int radius, SearchParameters? parameters)
    {
        using var selector = new SelectorBridge(parameters?.Selector);
        var native = parameters is null ? default : NativeSearchParameters.From(parameters, selector.Root);
        var status = NativeMethods.faissnet_binary_range_search(Handle, n, queries, radius, &native, out var result);
        using (result)
        {
            selector.ThrowIfFailed();
            status.ThrowIfFailed();
            result.View(n, out var limits, out var labels, out var distances);
            var bits = new int[distances.Length];
            for (var i = 0; i < bits.Length; i++)
                bits[i] = (int)distances[i];

            return new BinaryRangeSearchResult(limits.ToArray(), bits, labels.ToArray());
        }
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<byte> vector) =>
        NativeMethods.faissnet_binary_reconstruct(Handle, id, vector).ThrowIfFailed();
}
