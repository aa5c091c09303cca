using FaissNet.Evaluation;
using FaissNet.Interop;

namespace FaissNet;

/// <summary>
/// An index on one or more GPUs. FAISS's <c>GpuIndex</c> (<c>faiss/gpu/GpuIndex.h</c>), and its replicas, shards and wrappers around such.
/// </summary>
/// <remarks>
/// <para>It keeps the contract of every index; what FAISS has no GPU form of throws <see cref="NotSupportedException"/>: removal, range
/// search, id selectors, merging, encoding, and reconstruction other than from a flat index. <see cref="ToCpu"/> gives an
/// index that can.</para>
/// <para>Calls on indexes that share <see cref="GpuResources"/> take turns. Training and disposing wait for their turn too, and
/// a training that has begun cannot be cancelled.</para>
/// <para>An index on a GPU is not saved as such: saving writes the index that <see cref="ToCpu"/> gives, for which the host needs the memory.</para>
/// </remarks>
public class GpuIndex : FaissIndex
{
    internal GpuIndex(FaissIndexHandle handle)
        : base(handle)
    {
        NativeMethods.faissnet_gpu_index_max_k(handle, out var maxK).ThrowIfFailed();
        MaxK = (int)Math.Min(maxK, int.MaxValue);
    }

    /// <summary>The most neighbours per query, and the most lists, that FAISS's GPU code takes: 2048 (FAISS 1.7.3: 2047; with cuVS
    /// since 1.12: 16384).</summary>
    public int MaxK { get; }

    /// <summary>Copies the index to the CPU; replicas and shards become one index. FAISS's <c>index_gpu_to_cpu</c>.</summary>
    /// <returns>The index, as the class that fits its type.</returns>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="NotSupportedException">The index keeps no ids (<see cref="GpuIndices.Ivf"/>).</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public FaissIndex ToCpu() => Wrap(Reading(CopyToCpu));

    /// <summary>Makes the class that fits what is on the GPU. Owns the handle from here on, also when this fails.</summary>
    internal static GpuIndex WrapGpu(FaissIndexHandle handle)
    {
        try
        {
            NativeMethods.faissnet_gpu_index_kind(handle, out var kind).ThrowIfFailed();
            return kind switch
            {
                1 => new GpuIndexFlat(handle),
                2 => new GpuIndexIVFFlat(handle),
                3 => new GpuIndexIVFPQ(handle),
                _ => new GpuIndex(handle),
            };
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    /// <inheritdoc/>
    protected override void SearchCore(
        ReadOnlySpan<float> queries, int n, int k, Span<float> distances, Span<long> labels, SearchParameters? parameters)
    {
        if (parameters is { MaxCodes: not null } or { KFactor: not null } or { Selector: not null })
        {
            throw new NotSupportedException(
                $"FAISS searches on a GPU with {nameof(SearchParameters.NProbe)} and no other parameter per call: search the index that {nameof(ToCpu)} gives.");
        }

        NativeMethods.faissnet_gpu_index_search(Handle, n, queries, k, parameters?.NProbe ?? 0, distances, labels).ThrowIfFailed();
    }

    // A call on a GPU has no line to leave.
    private protected override void SearchCore(
        ReadOnlySpan<float> queries,
        int n,
        int k,
        Span<float> distances,
        Span<long> labels,
        SearchParameters? parameters,
        CancellationToken cancellationToken) =>
        SearchCore(queries, n, k, distances, labels, parameters);

    /// <inheritdoc/>
    protected override RangeSearchResult RangeSearchCore(ReadOnlySpan<float> queries, int n, float radius, SearchParameters? parameters) =>
        throw NotThere("range search");

    /// <inheritdoc/>
    protected override long RemoveCore(IdSelector selector) => throw NotThere("removal");

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId) => throw NotThere("merging");

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector) => throw NotThere("reconstruction other than from a flat index");

    /// <inheritdoc/>
    protected override int EncodedSizeCore() => throw NotThere("encoding");

    /// <inheritdoc/>
    protected override void EncodeCore(ReadOnlySpan<float> vectors, int n, Span<byte> codes) => throw NotThere("encoding");

    /// <inheritdoc/>
    protected override void DecodeCore(ReadOnlySpan<byte> codes, int n, Span<float> vectors) => throw NotThere("decoding");

    /// <inheritdoc/>
    protected override VectorIndex CloneCore()
    {
        NativeMethods.faissnet_gpu_index_clone(Handle, out var copy).ThrowIfFailed();
        return WrapGpu(copy);
    }

    /// <inheritdoc/>
    protected override void SetParameterCore(string name, double value)
    {
        RequireParameter(name);
        if (!(value is >= 1 and <= int.MaxValue && Math.Floor(value) == value))
            throw new ArgumentOutOfRangeException(nameof(value), value, $"{name} is {value}: expected a whole number from 1.");

        NativeMethods.faissnet_gpu_index_set_nprobe(Handle, (long)value).ThrowIfFailed();
    }

    /// <inheritdoc/>
    protected override double GetParameterCore(string name)
    {
        RequireParameter(name);
        NativeMethods.faissnet_gpu_index_get_nprobe(Handle, out var nprobe).ThrowIfFailed();
        return nprobe;
    }

    /// <inheritdoc/>
    protected override IndexDescription DescribeCore()
    {
        var hasLists = Has(NativeMethods.faissnet_gpu_index_nlist(Handle, out var nlist));
        _ = Has(NativeMethods.faissnet_gpu_index_get_nprobe(Handle, out var nprobe));
        var hasPq = Has(NativeMethods.faissnet_gpu_index_pq(Handle, out var m, out var nbits));
        var sizes = new long[hasLists ? nlist : 0];
        var hasSizes = hasLists && Has(NativeMethods.faissnet_gpu_index_list_sizes(Handle, nlist, sizes));
        return new IndexDescription(
            TypeName,
            Dimension,
            Count,
            Metric,
            IsTrained,
            hasLists ? nlist : null,
            hasLists ? nprobe : null,
            hasPq ? m : null,
            hasPq ? nbits : null,
            ListSizes: hasSizes ? ListSizeStatistics.Of(sizes) : null);

        static bool Has(NativeStatus status)
        {
            if (status != NativeStatus.Unsupported)
                status.ThrowIfFailed();

            return status == NativeStatus.Ok;
        }
    }

    /// <inheritdoc/>
    protected override void SaveCore(Stream stream)
    {
        using var cpu = CopyToCpu();
        StreamBridge.Write(cpu, stream);
    }

    private protected static NotSupportedException NotThere(string what) =>
        new($"FAISS has no {what} on a GPU: the index that {nameof(ToCpu)} gives has it.");

    private void RequireParameter(string name)
    {
        if (name != "nprobe" || !HasLists())
            throw new ArgumentException($"name is \"{name}\": this index on a GPU has {(HasLists() ? "\"nprobe\" alone" : "no parameters")}.", nameof(name));
    }

    private bool HasLists()
    {
        var status = NativeMethods.faissnet_gpu_index_nlist(Handle, out _);
        return status == NativeStatus.Ok;
    }

    private FaissIndexHandle CopyToCpu()
    {
        NativeMethods.faissnet_gpu_index_to_cpu(Handle, out var cpu).ThrowIfFailed();
        return cpu;
    }
}
