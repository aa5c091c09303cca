using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

public sealed class ProgressContract
{
    // More than two of the chunks in which watched calls work.
    private const int Many = 40_000;

    private static readonly string[] s_codebooks = ["PQ", "ResidualQuantizer", "LocalSearchQuantizer"];

    [Theory]
    [IndexData(with: Traits.Watched)]
    public void Training_reports_every_stage_up_to_its_end(IndexCase type)
    {
        using var index = type.Create();
        var recorder = new Recorder();

        index.Train(type.Vectors(Registry.TrainingCount, seed: 1), recorder);

        AssertComplete(recorder.Reports);
        if (type.Has(Traits.Probes))
            Assert.Contains(recorder.Reports, report => report.Stage == IndexStage.TrainingCoarse);

        if (s_codebooks.Any(part => type.Type.Contains(part, StringComparison.Ordinal)))
            Assert.Contains(recorder.Reports, report => report.Stage == IndexStage.TrainingCodes);

        if (type.Type.StartsWith("OPQ", StringComparison.Ordinal))
            Assert.Equal(IndexStage.TrainingTransform, recorder.Reports[0].Stage);
    }

    [Theory]
    [IndexData(with: Traits.Watched)]
    public void Training_that_ends_early_reports_its_end_too(IndexCase type)
    {
        // With as many vectors as centroids, and with few different ones, k-means has nothing to iterate for.
        using var index = type.Create();
        var recorder = new Recorder();
        var few = type.Vectors(Registry.NList, seed: 1);
        var vectors = Enumerable.Range(0, 256 / Registry.NList).SelectMany(_ => few).ToArray();

        index.Train(vectors, recorder);

        AssertComplete(recorder.Reports);
    }

    [Theory]
    [NeedsNative]
    [InlineData(1)]
    [InlineData(Many)]
    public void Adding_reports_up_to_its_end(int n)
    {
        using var index = new IndexFlatL2(2);
        var recorder = new Recorder();

        index.Add(TestVectors.Uniform(n, 2, 100, seed: 1), recorder);

        AssertComplete(recorder.Reports);
        Assert.All(recorder.Reports, report => Assert.Equal((IndexStage.Adding, n), (report.Stage, report.Total)));
        Assert.Equal(n, index.Count);
    }

    [Theory]
    [NeedsNative]
    [InlineData(1)]
    [InlineData(5000)]
    public void Searching_reports_up_to_its_end(int n)
    {
        using var index = new IndexFlatL2(2);
        index.Add(TestVectors.Uniform(10, 2, 100, seed: 1));
        var recorder = new Recorder();

        index.Search(TestVectors.Uniform(n, 2, 100, seed: 2), 1, progress: recorder);

        AssertComplete(recorder.Reports);
        Assert.All(recorder.Reports, report => Assert.Equal((IndexStage.Searching, n), (report.Stage, report.Total)));
    }

    [Theory]
    [IndexData]
    public void Adding_in_chunks_gives_the_same_index(IndexCase type)
    {
        // Some BLAS round a product of many rows otherwise than one of few: what a PCA passes on may then differ in its last bit.
        if (!type.Has(Traits.Repeatable) || type.Type.StartsWith("PCA", StringComparison.Ordinal))
            return;

        // Repeated, since a training set of this size would take long: chunks of 16,384 are what matters.
        var vectors = type.Vectors(17_000, seed: 2);
        using var whole = type.CreateFilled(vectors);
        using var chunked = type.CreateTrained();

        type.Fill(chunked, vectors, new Recorder());

        Assert.Equal(IndexCase.Bytes(whole), IndexCase.Bytes(chunked));
    }

    [Theory]
    [IndexData(with: Traits.Watched)]
    public void An_exception_from_a_training_report_comes_through_as_it_is(IndexCase type)
    {
        using var index = type.Create();
        var thrown = new InvalidTimeZoneException("from the test");

        var caught = Assert.Throws<InvalidTimeZoneException>(() =>
            index.Train(type.Vectors(Registry.TrainingCount, seed: 1), new Recorder(_ => throw thrown)));

        Assert.Same(thrown, caught);
        Assert.False(index.IsTrained);
        index.Train(type.Vectors(Registry.TrainingCount, seed: 1));
        Assert.True(index.IsTrained);
    }

    [Fact]
    [NeedsNative]
    public void An_exception_from_an_adding_report_comes_through_as_it_is()
    {
        using var index = new IndexFlatL2(2);
        var thrown = new InvalidTimeZoneException("from the test");

        var caught = Assert.Throws<InvalidTimeZoneException>(() =>
            index.Add(TestVectors.Uniform(Many, 2, 100, seed: 1), new Recorder(_ => throw thrown)));

        Assert.Same(thrown, caught);
        Assert.InRange(index.Count, 1, Many - 1);
        // The index is usable, and its gate open.
        Assert.Single(index.Search([1, 1], 1)[0]);
        index.Add([1, 1]);
    }

    [Fact]
    [NeedsNative]
    public void An_exception_from_a_searching_report_comes_through_as_it_is()
    {
        using var index = new IndexFlatL2(2);
        index.Add([1, 1]);
        var thrown = new InvalidTimeZoneException("from the test");

        var caught = Assert.Throws<InvalidTimeZoneException>(() => index.Search([1, 1], 1, progress: new Recorder(_ => throw thrown)));

        Assert.Same(thrown, caught);
        index.Add([1, 1]);
    }

    private static void AssertComplete(List<IndexProgress> reports)
    {
        Assert.NotEmpty(reports);
        // The stages come one after the other, in their order.
        Assert.Equal(reports.Select(report => report.Stage).Order(), reports.Select(report => report.Stage));
        foreach (var stage in reports.GroupBy(report => report.Stage))
        {
            Assert.Single(stage.Select(report => report.Total).Distinct());
            Assert.Equal(stage.Select(report => report.Completed).Order().Distinct(), stage.Select(report => report.Completed));
            Assert.True(stage.First().Completed >= 0);
            Assert.Equal(stage.Last().Total, stage.Last().Completed);
        }
    }
}
