using FaissNet.Evaluation;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Evaluation;

public sealed class ParameterSpaceTests
{
    private const int D = 8;
    private const int K = 5;
    private static readonly float[] Vectors = TestVectors.Clustered(800, D, seed: 1);
    private static readonly float[] Queries = TestVectors.Clustered(30, D, seed: 2);

    // As FAISS's AutoTune.cpp initialises a ParameterSpace for these types.
    [Theory]
    [NeedsNative]
    [InlineData("Flat", "")]
    [InlineData("IVF20,Flat", "nprobe=1,2,4,8,16")]
    [InlineData("IVF16,Flat", "nprobe=1,2,4,8")]
    [InlineData("IDMap,IVF4,Flat", "nprobe=1,2")]
    [InlineData("HNSW8", "efSearch=4,8,16,32,64,128,256,512")]
    [InlineData("PCA4,HNSW8", "efSearch=4,8,16,32,64,128,256,512")]
    [InlineData("IVF4_HNSW8,Flat", "nprobe=1,2;quantizer_efSearch=4,8,16,32,64,128,256,512")]
    [InlineData("IVF4,PQ4x4fs,RFlat", "k_factor_rf=1,2,4,8,16,32,64;nprobe=1,2")]
    [InlineData("IVF4,PQ4", "nprobe=1,2;ht=2,4,6,8,10,12,14,16,32")]
    [InlineData("PQ2", "ht=16")]
    [InlineData("IMI2x2,PQ4np", "nprobe=1,2,4,8;ht=2,4,6,8,10,12,14,16,32;max_codes=256,512,1024,2048,4096,8192,16384,32768,65536,131072,262144,524288,Infinity")]
    public void An_index_names_what_can_be_tried(string description, string expected)
    {
        using var index = IndexFactory.Create(D, description);

        var ranges = index.GetParameterRanges();

        Assert.Equal(expected, Text(ranges));
        foreach (var range in ranges)
        {
            foreach (var value in range.Values)
                index.SetParameter(range.Name, value);
        }
    }

    [Fact]
    public void Both_engines_name_the_same()
    {
        foreach (var description in new[] { "Flat", "IVF20,Flat", "IVF4,PQ4x4fs,RFlat", "L2norm,IVF8,SQ8", "IDMap,Flat" })
        {
            using var managed = M.IndexFactory.Create(D, description);
            Assert.Equal(
                description switch
                {
                    "IVF20,Flat" => "nprobe=1,2,4,8,16",
                    "IVF4,PQ4x4fs,RFlat" => "k_factor_rf=1,2,4,8,16,32,64;nprobe=1,2",
                    "L2norm,IVF8,SQ8" => "nprobe=1,2,4",
                    _ => "",
                },
                Text(managed.GetParameterRanges()));
        }
    }

    [Fact]
    public void Combinations_are_counted_through()
    {
        var space = new ParameterSpace([new ParameterRange("a", [1, 2]), new ParameterRange("b", [1, 10, double.PositiveInfinity])]);

        Assert.Equal(6, space.CombinationCount);
        Assert.Equal(
            ["a=1,b=1", "a=2,b=1", "a=1,b=10", "a=2,b=10", "a=1,b=Infinity", "a=2,b=Infinity"], Enumerable.Range(0, 6).Select(space.Describe));
        Assert.Throws<ArgumentOutOfRangeException>("combination", () => space.Describe(6));
        Assert.Throws<ArgumentOutOfRangeException>("combination", () => space.Describe(-1));
        Assert.Equal(1, new ParameterSpace([]).CombinationCount);
        Assert.Equal("", new ParameterSpace([]).Describe(0));
    }

    [Fact]
    public void Exploring_finds_what_pays()
    {
        using var index = Filled();
        index.SetParameter("nprobe", 3);
        var truth = Truth();

        var points = new ParameterSpace(index).Explore(index, Queries, truth, K, new ExploreOptions { Experiments = 0 });

        Assert.Equal(["nprobe=1", "nprobe=2", "nprobe=4", "nprobe=8"], points.All.Select(point => point.Parameters));
        Assert.Equal(3, index.GetParameter("nprobe"));
        foreach (var point in points.All)
        {
            ParameterSpace.Apply(index, point.Parameters);
            Assert.Equal(Recall.AtK(index.Search(Queries, K).Labels, K, truth, K, K), point.Recall);
            Assert.True(point.Time > TimeSpan.Zero);
        }

        Assert.Equal(points.All.Max(point => point.Recall), points.Optimal[^1].Recall);
        Assert.Equal(points.Optimal.OrderBy(point => point.Recall).ThenBy(point => point.Time), points.Optimal);
        Assert.Equal(points.Optimal.OrderBy(point => point.Time), points.Optimal);
        Assert.Equal(points.Optimal[0], points.For(0));
        Assert.Null(points.For(1.1));

        var some = new ParameterSpace(index).Explore(index, Queries, truth, K, new ExploreOptions { Experiments = 3 });
        Assert.Equal(["nprobe=1", "nprobe=8"], some.All.Take(2).Select(point => point.Parameters));
        Assert.InRange(some.All.Count, 2, 3);
    }

    [Fact]
    public void Of_what_was_measured_the_dominated_is_left_out()
    {
        static OperatingPoint Point(double recall, int milliseconds) => new(recall, TimeSpan.FromMilliseconds(milliseconds), "");
        var best = ParameterSpace.FindOptimal([Point(0.5, 10), Point(0.9, 30), Point(0.4, 20), Point(0.9, 40), Point(0.7, 30), Point(0.95, 31), Point(0.5, 10)]);

        Assert.Equal([Point(0.5, 10), Point(0.9, 30), Point(0.95, 31)], best);
        Assert.Empty(ParameterSpace.FindOptimal([]));
    }

    [Fact]
    public void What_cannot_be_is_refused_and_leaves_the_index_as_it_was()
    {
        using var index = Filled();
        var space = new ParameterSpace(index);

        Assert.Throws<ArgumentException>("truth", () => space.Explore(index, Queries, new long[3], K));
        Assert.Throws<ArgumentException>("truth", () => space.Explore(index, [], [], K));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ExploreOptions { Experiments = 2 });
        Assert.Throws<ArgumentException>("parameters", () => ParameterSpace.Apply(index, "nprobe"));
        Assert.Throws<ArgumentException>("parameters", () => ParameterSpace.Apply(index, "nprobe=2,=3"));
        Assert.Throws<ArgumentException>("parameters", () => ParameterSpace.Apply(index, "nprobe=many"));
        Assert.Throws<OperationCanceledException>(() => space.Explore(index, Queries, Truth(), K, cancellationToken: new CancellationToken(true)));
        Assert.Equal(1, index.GetParameter("nprobe"));
        ParameterSpace.Apply(index, "nprobe=4 max_codes=100,");
        Assert.Equal((4, 100), (index.GetParameter("nprobe"), index.GetParameter("max_codes")));
    }

    private static M.IndexIVFFlat Filled()
    {
        var index = new M.IndexIVFFlat(D, 16);
        index.Train(Vectors);
        index.Add(Vectors);
        return index;
    }

    private static long[] Truth()
    {
        using var flat = new M.IndexFlatL2(D);
        flat.Add(Vectors);
        return flat.Search(Queries, K).Labels.ToArray();
    }

    private static string Text(IReadOnlyList<ParameterRange> ranges) =>
        string.Join(';', ranges.Select(range => FormattableString.Invariant($"{range.Name}=") + string.Join(',', range.Values.Select(value => FormattableString.Invariant($"{value}")))));
}
