using FaissNet.Evaluation;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Evaluation;

[NeedsNative]
public sealed class IndexReportTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    [Fact]
    public void Memory_is_the_files()
    {
        var vectors = TestVectors.Clustered(2000, 8, seed: 1);
        using var index = new IndexIVFPQ(8, 4, 2);
        index.Train(vectors);
        index.Add(vectors);
        index.Save(_folder.File("index"));
        var report = MemoryReport.Measure(index, 2, 8);
        var bytes = new FileInfo(_folder.File("index")).Length;
        Assert.Equal(new MemoryReport(2000, 8, 32, 2, 8, bytes), report);
        Assert.Equal(bytes / 2000.0, report.BytesPerVector);
        Assert.Equal(32 / (bytes / 2000.0), report.Compression);
    }

    [Fact]
    public void An_empty_index_has_nothing_per_vector()
    {
        using var index = new IndexFlatL2(8);
        var report = MemoryReport.Measure(index, 32, 0);
        Assert.Equal((0, 0), (report.BytesPerVector, report.Compression));
        Assert.True(report.SerializedBytes > 0, "the header has bytes");
    }

    [Theory]
    [InlineData(new long[] { 5, 5, 5, 5 }, 5, 5, 5, 0, 1)]
    // 4·(0 + 1 + 9 + 36) / 10²
    [InlineData(new long[] { 6, 0, 3, 1 }, 0, 2, 6, 1, 1.84)]
    [InlineData(new long[] { 2, 9, 4 }, 2, 4, 9, 0, 3 * 101 / 225.0)]
    [InlineData(new long[] { 0, 0 }, 0, 0, 0, 2, 0)]
    public void List_sizes_are_summed_up(long[] sizes, long min, double median, long max, int empty, double imbalance)
    {
        var statistics = ListSizeStatistics.Of(sizes);
        Assert.Equal((min, median, max, empty), (statistics.Min, statistics.Median, statistics.Max, statistics.Empty));
        Assert.Equal(imbalance, statistics.ImbalanceFactor, 12);
    }

    [Fact]
    public void No_list_has_no_sizes() => Assert.Throws<ArgumentException>(() => ListSizeStatistics.Of([]));

    [Fact]
    public void A_description_looks_through_wrappers()
    {
        var vectors = TestVectors.Clustered(2000, 8, seed: 1);
        using var index = IndexFactory.Create(8, "OPQ2,IVF4,PQ2np");
        index.Train(vectors);
        index.Add(vectors);
        var description = index.Describe();
        Assert.Equal(
            ("IndexPreTransform(IndexIVFPQ)", 8, 2000L, MetricType.L2, true, (long?)4, (long?)1, (long?)2, (int?)8, (long?)2, 8L),
            (description.TypeName, description.Dimension, description.Count, description.Metric, description.IsTrained, description.NList,
                description.NProbe, description.M, description.NBits, description.CodeSize, description.IdBytes));
        Assert.NotNull(description.ListSizes);
    }

    [Fact]
    public void A_description_tells_how_the_lists_are_filled()
    {
        var vectors = TestVectors.Clustered(500, 8, seed: 1);
        using var index = new IndexIVFFlat(8, 4);
        index.Train(vectors);
        index.Add(vectors);
        Assert.Equal(ListSizeStatistics.Of(index.GetListSizes()), index.Describe().ListSizes);
    }

    [Theory]
    [InlineData("Flat", 0, 32)]
    [InlineData("IDMap,Flat", 8, 32)]
    [InlineData("HNSW8", 0, 32)]
    [InlineData("SQ8", 0, 8)]
    public void What_a_type_lacks_is_null(string factory, long idBytes, long codeSize)
    {
        using var index = IndexFactory.Create(8, factory);
        var description = index.Describe();
        Assert.Equal((null, null, null, null, null), (description.NList, description.NProbe, description.M, description.NBits, description.ListSizes));
        Assert.Equal((idBytes, (long?)codeSize), (description.IdBytes, description.CodeSize));
    }

    [Fact]
    public void Indexes_that_answer_otherwise_are_told_apart()
    {
        using var one = new IndexFlatL2(2);
        one.Add([0, 0, 3, 0, 0, 5]);
        using var same = one.Clone();
        Assert.Equal(new IndexComparison(2, 2, 0, 0), IndexComparison.Compare(one, same, [0, 0, 0, 4], 2));
        // Vector 1 goes from 3 to 4 away: the second hit of the first query, and out of the second query's sight.
        using var other = new IndexFlatL2(2);
        other.Add([0, 0, 4, 0, 0, 5]);
        Assert.Equal(new IndexComparison(2, 2, 0, 1), IndexComparison.Compare(one, other, [0, 0, 0, 4], 2));
        using var swapped = new IndexFlatL2(2);
        swapped.Add([3, 0, 0, 0, 0, 5]);
        var comparison = IndexComparison.Compare(one, swapped, [0, 0], 2);
        Assert.Equal((1, 0, false), (comparison.QueriesWithOtherIds, comparison.QueriesWithOtherDistances, comparison.Identical));
    }

    public void Dispose() => _folder.Dispose();
}
