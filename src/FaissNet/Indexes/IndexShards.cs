using FaissNet.Interop;

namespace FaissNet;

/// <summary>Several indexes, each with a part of the vectors, searched as one. FAISS's <c>IndexShards</c> (<c>faiss/IndexShards.h</c>).</summary>
/// <remarks>
/// <para>Searches of few queries ask the shards at the same time, those of many one after the other with all threads. Parameters per call
/// and selectors go to every shard. FAISS writes no such index to a file: save the shards.</para>
/// <para>With successive ids the vectors of all shards are numbered through, and vectors added later all go to the last shard, so that no id
/// changes: add all at once, or fill the shards before. Without, the shards store ids (IVF, IDMap).</para>
/// </remarks>
public sealed class IndexShards : FaissIndex
{
    /// <summary>An index without shards.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="metric">How vectors are compared.</param>
    /// <param name="successiveIds">Whether the ids of a shard go on where those of the one before end. FAISS's <c>successive_ids</c>.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexShards(int d, MetricType metric = MetricType.L2, bool successiveIds = true)
        : this(Create(d, metric, successiveIds))
    {
    }

    internal IndexShards(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <summary>Whether the ids of a shard go on where those of the one before end.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public bool SuccessiveIds => GetOption("successive_ids") != 0;

    /// <summary>The shards. See <see cref="FaissIndex.Parts"/>: they may be added to.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public IReadOnlyList<FaissIndex> Shards => Parts;

    /// <summary>Takes a shard in. FAISS's <c>add_shard</c>.</summary>
    /// <param name="shard">An index of the same dimension, metric and state of training, with or without vectors. It becomes a part of this
    /// index: see <see cref="FaissIndex.Parts"/>.</param>
    /// <exception cref="ArgumentException">The shard does not fit, or is a part of another index.</exception>
    /// <exception cref="ObjectDisposedException">One of the two was disposed.</exception>
    public void AddShard(FaissIndex shard) => AddMember(shard);

    /// <inheritdoc/>
    protected override void SaveCore(Stream stream) => throw new NotSupportedException(
        $"FAISS writes no {nameof(IndexShards)} to a file: save each of {nameof(Shards)}, and put them together again after loading.");

    private static FaissIndexHandle Create(int d, MetricType metric, bool successiveIds)
    {
        IndexArguments.RequireDimension(d);
        IndexArguments.RequireMetric(metric);
        NativeMethods.faissnet_index_shards_new(d, (int)metric, successiveIds ? 1 : 0, out var handle).ThrowIfFailed();
        return handle;
    }
}

/// <summary>Several indexes, each with all vectors, which share the queries. FAISS's <c>IndexReplicas</c> (<c>faiss/IndexReplicas.h</c>).</summary>
/// <remarks>On one machine without GPUs one index already uses all cores: replicas then cost memory alone. FAISS writes no such index to a
/// file: save one of the replicas.</remarks>
public sealed class IndexReplicas : FaissIndex
{
    /// <summary>An index without replicas.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="metric">How vectors are compared.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexReplicas(int d, MetricType metric = MetricType.L2)
        : this(Create(d, metric))
    {
    }

    internal IndexReplicas(FaissIndexHandle handle)
        : base(handle)
    {
    }

    /// <summary>The replicas. See <see cref="FaissIndex.Parts"/>.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public IReadOnlyList<FaissIndex> Replicas => Parts;

    /// <summary>Takes a replica in. FAISS's <c>add_replica</c>.</summary>
    /// <param name="replica">An index of the same dimension, metric, state of training and number of vectors. It becomes a part of this index:
    /// see <see cref="FaissIndex.Parts"/>.</param>
    /// <exception cref="ArgumentException">The replica does not fit, or is a part of another index.</exception>
    /// <exception cref="ObjectDisposedException">One of the two was disposed.</exception>
    public void AddReplica(FaissIndex replica) => AddMember(replica);

    /// <inheritdoc/>
    protected override void SaveCore(Stream stream) => throw new NotSupportedException(
        $"FAISS writes no {nameof(IndexReplicas)} to a file: save one of {nameof(Replicas)}.");

    private static FaissIndexHandle Create(int d, MetricType metric)
    {
        IndexArguments.RequireDimension(d);
        IndexArguments.RequireMetric(metric);
        NativeMethods.faissnet_index_replicas_new(d, (int)metric, out var handle).ThrowIfFailed();
        return handle;
    }
}
