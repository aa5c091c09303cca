using System.Numerics.Tensors;

namespace FaissNet.Managed;

// The lists by themselves.
public abstract unsafe partial class IndexIVF
{
    /// <inheritdoc/>
    protected override int ListCountCore() => NList;

    /// <inheritdoc/>
    protected override long[] GetListIdsCore(int list) => new ReadOnlySpan<long>(Lists.Ids(list), Lists.Size(list)).ToArray();

    /// <inheritdoc/>
    protected override byte[] GetListCodesCore(int list)
    {
        var codes = new byte[checked(Lists.Size(list) * Lists.CodeSize)];
        fixed (byte* to = codes)
        {
            if (codes.Length > 0)
                Lists.CopyCodes(list, 0, Lists.Size(list), to);
        }

        return codes;
    }

    /// <inheritdoc/>
    protected override void ChooseListsCore(ReadOnlySpan<float> queries, int n, int nprobe, Span<long> lists, Span<float> distances)
    {
        using var scratch = Scratch.Rent();
        var chosen = scratch.Ints((long)n * nprobe);
        fixed (float* query = queries, distance = distances)
            ChooseLists(query, n, nprobe, chosen, distance);

        for (var i = 0; i < lists.Length; i++)
            lists[i] = chosen[i];

        if (Metric == MetricType.InnerProduct)
            TensorPrimitives.Negate(distances, distances);
    }

    /// <inheritdoc/>
    protected override void SearchListsCore(
        ReadOnlySpan<float> queries,
        int n,
        int k,
        int nprobe,
        ReadOnlySpan<long> lists,
        ReadOnlySpan<float> listDistances,
        Span<float> distances,
        Span<long> labels)
    {
        var found = (int)Math.Min(k, Math.Max(1, Count));
        var perTask = Math.Clamp(ResultsPerTask / found, 1, QueriesPerTask);
        fixed (float* queryStart = queries, nearStart = listDistances, distanceStart = distances)
        fixed (long* listStart = lists, labelStart = labels)
        {
            // What is fixed cannot be captured; what it points to stays where it is until all tasks are done.
            float* query = queryStart, near = nearStart, distance = distanceStart;
            long* list = listStart, label = labelStart;
            ManagedThreads.For((n + perTask - 1) / perTask, task =>
            {
                var first = task * perTask;
                SearchGiven(
                    query + (long)first * Dimension,
                    Math.Min(perTask, n - first),
                    nprobe,
                    list + (long)first * nprobe,
                    near + (long)first * nprobe,
                    k,
                    found,
                    distance + (long)first * k,
                    label + (long)first * k);
            });
        }
    }

    private void SearchGiven(
        float* queries, int count, int nprobe, long* lists, float* listDistances, int k, int found, float* distances, long* labels)
    {
        using var scratch = Scratch.Rent();
        var search = new ListSearch
        {
            Queries = queries,
            Count = count,
            K = found,
            NProbe = nprobe,
            Lists = scratch.Ints((long)count * nprobe),
            CoarseDistances = scratch.Floats((long)count * nprobe),
            Distances = scratch.Floats((long)count * found),
            Labels = scratch.Longs((long)count * found),
            MaxCodes = MaxCodes,
        };
        for (var i = 0; i < count * nprobe; i++)
        {
            search.Lists[i] = (int)lists[i];
            search.CoarseDistances[i] = Metric == MetricType.InnerProduct ? -listDistances[i] : listDistances[i];
        }

        SearchAndFinish(search, k, distances, labels);
    }
}
