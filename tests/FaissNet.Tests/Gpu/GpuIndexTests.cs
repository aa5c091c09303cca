using FaissNet.Tests.Support;

namespace FaissNet.Tests.Gpu;

/// <summary>The contract of an index, for those on a GPU. Expected values come from the index on the CPU that they were made from.</summary>
[NeedsGpu]
public sealed class GpuIndexTests
{
    private const int D = 16;
    private const int NList = 8;
    private const int N = 3000;
    private const int K = 10;

    private static readonly float[] Vectors = TestVectors.Clustered(N, D, seed: 2);
    private static readonly float[] Queries = TestVectors.Clustered(50, D, seed: 3);

    private static readonly Dictionary<string, Type> Types = new()
    {
        ["Flat"] = typeof(GpuIndexFlat),
        ["IVF8,Flat"] = typeof(GpuIndexIVFFlat),
        ["IVF8,PQ4np"] = typeof(GpuIndexIVFPQ),
        ["IVF8,SQ8"] = typeof(GpuIndex),
        ["PCA8,IVF8,Flat"] = typeof(GpuIndex),
        ["IDMap,Flat"] = typeof(GpuIndex),
    };

    public static TheoryData<string, MetricType> Cases => [.. from type in Types.Keys from metric in (MetricType[])[MetricType.L2, MetricType.InnerProduct] select (type, metric)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_finds_what_the_cpu_index_finds_there_and_back(string description, MetricType metric)
    {
        using var cpu = Filled(description, metric);
        using var gpu = OnGpu(cpu);
        using var back = gpu.ToCpu();

        Assert.Equal(Types[description], gpu.GetType());
        Assert.Equal((cpu.Count, cpu.IsTrained, cpu.Dimension, cpu.Metric), (gpu.Count, gpu.IsTrained, gpu.Dimension, gpu.Metric));
        Same(cpu, gpu);
        Same(cpu, back);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void It_is_saved_as_the_cpu_index(string description, MetricType metric)
    {
        using var cpu = Filled(description, metric);
        using var gpu = OnGpu(cpu);
        using var file = new MemoryStream();

        gpu.Save(file);

        file.Position = 0;
        using var loaded = FaissIndex.Load(file);
        Assert.Equal(cpu.TypeName, loaded.TypeName);
        Same(cpu, loaded);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void A_clone_is_independent(string description, MetricType metric)
    {
        using var cpu = Filled(description, metric);
        using var gpu = OnGpu(cpu);
        using var clone = gpu.Clone();

        gpu.Reset();

        Assert.Equal(0, gpu.Count);
        Assert.Equal(N, clone.Count);
        Same(cpu, clone);
    }

    [Fact]
    public void Indexes_made_on_the_gpu_are_trained_filled_and_searched_there()
    {
        using var resources = Resources();
        using var flat = new GpuIndexFlat(resources, D);
        using var ivf = new GpuIndexIVFFlat(resources, D, NList, options: new GpuIndexIVFOptions { Indices = GpuIndices.Bit32 });
        using var pq = new GpuIndexIVFPQ(resources, D, NList, 4, options: new GpuIndexIVFPQOptions { PrecomputedTables = true });
        resources.Dispose(); // they keep what they need
        foreach (GpuIndex index in (GpuIndex[])[flat, ivf, pq])
        {
            Assert.Equal(index is GpuIndexFlat, index.IsTrained);
            index.Train(Vectors);
            index.Add(Vectors);
            if (index is GpuIndexIVF lists)
            {
                lists.NProbe = NList;
                Assert.Equal(N, lists.GetListSizes().Sum());
            }

            var found = index.Search(Queries, K);
            Assert.True(BruteForce.Recall(MetricType.L2, Vectors, Queries, D, K, found.Labels.ToArray()) >= (index is GpuIndexIVFPQ ? 0.5 : 1), index.TypeName);
        }

        Assert.Equal((4, 8, NList), (pq.M, pq.NBits, pq.NList));
    }

    [Fact]
    public void An_empty_index_is_trained_anew()
    {
        using var resources = Resources();
        using var index = new GpuIndexIVFFlat(resources, D, NList);
        index.Train(Vectors.AsSpan(0, 100 * D));
        index.NProbe = 3;
        index.Train(Vectors);
        index.Add(Vectors);

        Assert.Equal(3, index.NProbe);
        index.NProbe = NList;
        Assert.Equal(1, BruteForce.Recall(MetricType.L2, Vectors, Queries, D, K, index.Search(Queries, K).Labels.ToArray()));
        Assert.Throws<InvalidOperationException>(() => index.Train(Vectors));
    }

    [Fact]
    public void Too_few_training_vectors_leave_it_untrained()
    {
        using var resources = Resources();
        using var index = new GpuIndexIVFPQ(resources, D, NList, 4);

        Assert.Contains("nlist = 8", Assert.Throws<ArgumentException>(() => index.Train(Vectors.AsSpan(0, 7 * D))).Message, StringComparison.Ordinal);
        Assert.Contains("256 centroids", Assert.Throws<ArgumentException>(() => index.Train(Vectors.AsSpan(0, 255 * D))).Message, StringComparison.Ordinal);
        Assert.False(index.IsTrained);
        Assert.Throws<InvalidOperationException>(index.ToCpu);
    }

    [Fact]
    public void Limits_are_checked_before_the_call_and_name_the_way_out()
    {
        using var resources = Resources();
        using var index = new GpuIndexFlat(resources, 2);
        var n = index.MaxK + 10;
        index.Add(TestVectors.Uniform(n, 2, 1000, seed: 1));

        Assert.Equal(index.MaxK, index.Search([1, 2], index.MaxK).Labels.Length);
        var error = Assert.Throws<NotSupportedException>(() => index.Search([1, 2], index.MaxK + 1));
        Assert.Contains($"k is {index.MaxK + 1}", error.Message, StringComparison.Ordinal);
        Assert.Contains("ToCpu", error.Message, StringComparison.Ordinal);

        using var ivf = new GpuIndexIVFFlat(resources, 2, index.MaxK + 5);
        Assert.Contains("ToCpu", Assert.Throws<NotSupportedException>(() => ivf.NProbe = index.MaxK + 5).Message, StringComparison.Ordinal);
        ivf.NProbe = index.MaxK;
    }

    [Fact]
    public void Nprobe_can_be_given_per_call_and_other_parameters_cannot()
    {
        using var cpu = Filled("IVF8,Flat", MetricType.L2);
        using var gpu = (GpuIndexIVF)OnGpu(cpu);
        gpu.NProbe = 1;
        var narrow = cpu.Search(Queries, K, new SearchParameters { NProbe = 1 });

        Assert.Equal(narrow.Distances.ToArray(), gpu.Search(Queries, K).Distances.ToArray(), Close);
        Assert.Equal(cpu.Search(Queries, K).Distances.ToArray(), gpu.Search(Queries, K, new SearchParameters { NProbe = NList }).Distances.ToArray(), Close);
        Assert.Equal(1, gpu.NProbe);
        Assert.Equal(narrow.Distances.ToArray(), gpu.Search(Queries, K).Distances.ToArray(), Close);
        Assert.Throws<NotSupportedException>(() => gpu.Search(Queries, K, new SearchParameters { MaxCodes = 5 }));
        Assert.Throws<NotSupportedException>(() => gpu.Search(Queries, K, new SearchParameters { Selector = IdSelector.Range(0, 5) }));
    }

    [Fact]
    public void What_the_gpu_has_not_names_the_index_that_has()
    {
        using var cpu = Filled("IVF8,Flat", MetricType.L2);
        using var gpu = OnGpu(cpu);
        using var other = OnGpu(cpu);
        foreach (var call in new Action[]
        {
            () => gpu.RangeSearch(Queries, 5),
            () => gpu.Remove(IdSelector.Range(0, 5)),
            () => gpu.Reconstruct(0),
            () => gpu.MergeFrom(other),
            () => gpu.Encode(Queries),
        })
        {
            Assert.Contains("ToCpu", Assert.Throws<NotSupportedException>(call).Message, StringComparison.Ordinal);
        }

        Assert.Throws<ArgumentException>(() => gpu.SetParameter("efSearch", 3));
        using var graph = IndexFactory.Create(D, "HNSW8");
        using var resources = Resources();
        Assert.Contains("HNSW", Assert.Throws<NotSupportedException>(() => graph.ToGpu(resources)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void What_does_not_fit_is_refused_before_it_is_allocated()
    {
        using var resources = Resources();
        var total = FaissRuntime.GpuDevices[0].TotalMemory;

        Assert.Throws<OutOfMemoryException>(() => new GpuIndexIVFFlat(resources, 1024, 4, options: new GpuIndexIVFOptions { ReserveVectors = total / 2048 }));
        using var still = new GpuIndexFlat(resources, D);
        still.Add(Vectors);
        Assert.Equal(N, still.Count);
    }

    [Fact]
    public void Ids_that_do_not_fit_into_32_bits_are_refused()
    {
        using var cpu = Filled("IVF8,Flat", MetricType.L2);
        var narrow = new GpuClonerOptions { Indices = GpuIndices.Bit32 };
        using var gpu = OnGpu(cpu, narrow);

        Assert.Throws<ArgumentException>(() => gpu.AddWithIds(Vectors.AsSpan(0, D), [1L << 31]));
        gpu.AddWithIds(Vectors.AsSpan(0, D), [(1L << 31) - 1]);
        cpu.AddWithIds(Vectors.AsSpan(0, D), [1L << 31]);
        Assert.Throws<ArgumentException>(() => OnGpu(cpu, narrow));
    }

    [Fact]
    public async Task Many_threads_may_search_indexes_on_the_same_resources()
    {
        using var cpu = Filled("IVF8,Flat", MetricType.L2);
        using var resources = Resources();
        using var one = cpu.ToGpu(resources);
        using var two = cpu.ToGpu(resources);
        var expected = cpu.Search(Queries, K).Distances.ToArray();

        await Task.WhenAll(Enumerable.Range(0, 8).Select(i => Task.Run(() =>
        {
            for (var round = 0; round < 20; round++)
                Assert.Equal(expected, (i % 2 == 0 ? one : two).Search(Queries, K).Distances.ToArray(), Close);
        })));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Several_devices_find_what_one_finds(bool shard)
    {
        // The same device twice is as good as two for this.
        using var cpu = Filled("IVF8,Flat", MetricType.L2);
        using var a = Resources();
        using var b = Resources();
        using var gpu = cpu.ToGpus([a, b], [0, FaissRuntime.GpuCount - 1], new GpuMultipleClonerOptions { Shard = shard });
        using var back = gpu.ToCpu();

        Same(cpu, gpu);
        Same(cpu, back);
        Assert.Throws<ArgumentException>(() => cpu.ToGpus([a, a], [0, 0]));
    }

    private static GpuResources Resources() => new(new GpuResourcesOptions { TemporaryMemory = 128 << 20, PinnedMemory = 0 });

    private static FaissIndex Filled(string description, MetricType metric)
    {
        var index = IndexFactory.Create(D, description, metric);
        index.Train(Vectors);
        if (description.StartsWith("IDMap", StringComparison.Ordinal))
            index.AddWithIds(Vectors, [.. Enumerable.Range(0, N).Select(i => 1000L + i)]);
        else
            index.Add(Vectors);

        if (description.Contains("IVF", StringComparison.Ordinal))
            index.SetParameter("nprobe", NList);

        return index;
    }

    private static GpuIndex OnGpu(FaissIndex cpu, GpuClonerOptions? options = null)
    {
        using var resources = Resources();
        return cpu.ToGpu(resources, 0, options);
    }

    private static bool Close(float expected, float actual) => Math.Abs(expected - actual) <= 1e-3f * (1 + Math.Abs(expected));

    // Distances rather than labels: vectors at the same distance may change places.
    private static void Same(VectorIndex expected, VectorIndex actual) =>
        Assert.Equal(expected.Search(Queries, K).Distances.ToArray(), actual.Search(Queries, K).Distances.ToArray(), Close);
}
