namespace FaissNet.Managed;

// Training, adding, removing, reconstructing.
public abstract unsafe partial class IndexIVF
{
    private readonly Lock _idTableLock = new();
    private IdTable? _idTable;

    /// <summary>Writes the codes of vectors.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="n">How many vectors.</param>
    /// <param name="lists">The list of each.</param>
    /// <param name="order">Which vector each code is of.</param>
    /// <param name="codes">Receives n codes, one after the other as in FAISS.</param>
    /// <param name="terms">Receives n terms, if the lists keep them.</param>
    private protected abstract void EncodeVectors(float* vectors, int n, int* lists, int* order, byte* codes, float* terms);

    /// <summary>Writes the vector that a code stands for.</summary>
    private protected abstract void DecodeVector(byte* code, int list, Span<float> vector);

    /// <summary>Trains what encodes vectors, once the coarse centroids are there. FAISS's <c>train_encoder</c>.</summary>
    private protected abstract void TrainEncoder(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken);

    /// <summary>Whether an index of the same class encodes as this one does, so that codes may move between the two.</summary>
    private protected abstract bool EncodesLike(IndexIVF other);

    /// <inheritdoc/>
    protected sealed override void TrainCore(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        // Of a training that fails nothing stays.
        SetTrained(false);
        Quantizer.ResetInner();
        DropCoarse();
        try
        {
            TrainCoarse(vectors, n, progress, cancellationToken);
            TrainEncoder(vectors, n, progress, cancellationToken);
        }
        catch
        {
            Quantizer.ResetInner();
            DropCoarse();
            throw;
        }

        SetTrained(true);
    }

    /// <inheritdoc/>
    protected override void AddCore(ReadOnlySpan<float> vectors, int n)
    {
        using var scratch = Scratch.Rent();
        var ids = scratch.Longs(n);
        for (var i = 0; i < n; i++)
            ids[i] = Count + i;

        AddWithIdsCore(vectors, new ReadOnlySpan<long>(ids, n), n);
    }

    /// <inheritdoc/>
    protected override void AddWithIdsCore(ReadOnlySpan<float> vectors, ReadOnlySpan<long> ids, int n)
    {
        var lists = Writable();
        _idTable = null;
        fixed (float* vector = vectors)
        fixed (long* id = ids)
        {
            for (var first = 0; first < n; first += VectorsPerStep)
                Append(lists, vector + (long)first * Dimension, id + first, Math.Min(VectorsPerStep, n - first));
        }
    }

    /// <inheritdoc/>
    protected override long RemoveCore(IdSelector selector)
    {
        var lists = Writable();
        _idTable = null;
        var removed = 0L;
        for (var list = 0; list < NList; list++)
        {
            var before = lists.Size(list);
            for (var i = 0; i < lists.Size(list);)
            {
                if (selector.Contains(lists.Ids(list)[i]))
                    lists.RemoveAt(list, i);
                else
                    i++;
            }

            if (lists.Size(list) < before)
                lists.Trim(list);

            removed += before - lists.Size(list);
        }

        SetCount(Count - removed);
        return removed;
    }

    /// <inheritdoc/>
    protected override void ResetCore()
    {
        var lists = Writable();
        _idTable = null;
        for (var list = 0; list < NList; list++)
            lists.Clear(list);

        SetCount(0);
    }

    /// <inheritdoc/>
    protected override void ReconstructCore(long id, Span<float> vector)
    {
        IdTable table;
        lock (_idTableLock)
            table = _idTable ??= new IdTable(Lists);

        if (!table.TryFind(id, out var list, out var index))
            throw IndexArguments.NoSuchId(id);

        using var scratch = Scratch.Rent();
        var code = scratch.Bytes(Lists.CodeSize);
        Lists.CopyCodes(list, index, 1, code);
        DecodeVector(code, list, vector);
    }

    /// <inheritdoc/>
    protected override void MergeFromCore(VectorIndex other, long addId)
    {
        var from = RequireSameType<IndexIVF>(other);
        RequireMergeable(from);
        var lists = Writable();
        var fromLists = from.Writable();
        _idTable = from._idTable = null;
        for (var list = 0; list < NList; list++)
        {
            using var scratch = Scratch.Rent();
            var count = fromLists.Size(list);
            var codes = scratch.Bytes((long)count * lists.CodeSize);
            var ids = scratch.Longs(count);
            fromLists.CopyCodes(list, 0, count, codes);
            for (var i = 0; i < count; i++)
                ids[i] = fromLists.Ids(list)[i] + addId;

            lists.Append(list, count, codes, ids, fromLists.Terms(list));
            SetCount(Count + count);
            fromLists.Clear(list);
            from.SetCount(from.Count - count);
        }
    }

    /// <summary>The lists, if they can be changed.</summary>
    private protected ArrayInvertedLists Writable()
    {
        var lists = Lists as ArrayInvertedLists ?? throw UnmanagedBuffer.ReadOnly();
        StoredDirectMap?.Drop();
        return lists;
    }

    private protected void TrainCoarse(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        VectorArguments.RequireTrainable(n, NList, "nlist", nameof(vectors));

        var clustering = new Clustering(Dimension, NList, ClusteringParameters, Metric);
        var iterations = Iterations.Report(progress, IndexStage.TrainingCoarse, ClusteringParameters.NIter);
        clustering.Train(vectors, iterations, cancellationToken);
        Iterations.Complete(iterations);
        Quantizer.AddInner(clustering.Centroids, NList);
    }

    private void Append(ArrayInvertedLists lists, float* vectors, long* ids, int n)
    {
        using var scratch = Scratch.Rent();
        var list = scratch.Ints(n);
        Assign(vectors, n, list);
        // A vector whose distances to all centroids are no numbers counts, but is in no list; as in FAISS.
        for (int first = 0, end; first < n; first = end)
        {
            for (end = first; end < n && list[end] >= 0; end++)
            {
            }

            if (first == end)
                end++;
            else
                Append(lists, vectors + (long)first * Dimension, ids + first, list + first, end - first);
        }

        SetCount(Count + n);
    }

    private void Append(ArrayInvertedLists lists, float* vectors, long* ids, int* list, int n) =>
        AppendCodes(lists, ids, list, n, (order, codes, terms) => EncodeVectors(vectors, n, list, order, codes, terms));

    // Codes and their terms, if the lists keep them, in this order of what is added.
    private delegate void CodeWriter(int* order, byte* codes, float* terms);

    // What is added, each with its list and id.
    private void AppendCodes(ArrayInvertedLists lists, long* ids, int* list, int n, CodeWriter write)
    {
        // One pass per list would be slow and one append per vector too: sort by list, stably, so that the order is that of FAISS.
        using var scratch = Scratch.Rent();
        var starts = scratch.Ints(NList + 1);
        var order = scratch.Ints(n);
        SortByList(list, n, starts, order);
        var sortedIds = scratch.Longs(n);
        for (var i = 0; i < n; i++)
            sortedIds[i] = ids[order[i]];

        var codeSize = lists.CodeSize;
        var codes = scratch.Bytes((long)n * codeSize);
        var terms = KeepsTerms ? scratch.Floats(n) : null;
        write(order, codes, terms);
        for (var l = 0; l < NList; l++)
        {
            var (first, count) = (starts[l], starts[l + 1] - starts[l]);
            lists.Append(l, count, codes + (long)first * codeSize, sortedIds + first, terms is null ? null : terms + first);
        }
    }

    /// <summary>Whether the lists keep a term beside each code.</summary>
    private protected virtual bool KeepsTerms => false;

    private void SortByList(int* list, int n, int* starts, int* order)
    {
        new Span<int>(starts, NList + 1).Clear();
        for (var i = 0; i < n; i++)
            starts[list[i] + 1]++;

        for (var l = 0; l < NList; l++)
            starts[l + 1] += starts[l];

        using var scratch = Scratch.Rent();
        var next = scratch.Ints(NList);
        new ReadOnlySpan<int>(starts, NList).CopyTo(new Span<int>(next, NList));
        for (var i = 0; i < n; i++)
            order[next[list[i]]++] = i;
    }

    private void RequireMergeable(IndexIVF from)
    {
        var difference =
            from.NList != NList ? $"its nlist is {from.NList}, not {NList}"
            : !IsTrained || !from.IsTrained ? "one of the two is not trained"
            : !HasSameCentroids(from) ? "its coarse centroids are others: train one, and clone it before adding"
            : !EncodesLike(from) ? "it encodes vectors differently: train one, and clone it before adding"
            : null;
        if (difference is not null)
            throw new ArgumentException($"other cannot be merged: {difference}.", nameof(from));
    }

    private bool HasSameCentroids(IndexIVF from) =>
        new ReadOnlySpan<float>(Quantizer.Vectors, NList * Dimension).SequenceEqual(
            new ReadOnlySpan<float>(from.Quantizer.Vectors, NList * Dimension));
}
