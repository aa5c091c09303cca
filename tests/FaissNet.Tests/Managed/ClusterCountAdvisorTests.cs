using FaissNet.Managed;

namespace FaissNet.Tests.Managed;

public sealed class ClusterCountAdvisorTests
{
    [Fact]
    public void A_million_vectors_get_four_thousand_lists()
    {
        var advice = ClusterCountAdvisor.Advise(1_000_000);

        Assert.Equal((4000, 1000, 4000), (advice.Count, advice.SquareRoot, advice.FourSquareRoots));
        Assert.Equal((250.0, 156_000L, 400, ClusterCountLimit.None), (advice.AverageListSize, advice.MinTrainingVectors, advice.NProbe, advice.Limit));
        Assert.Equal(4096, ClusterCountAdvisor.Advise(1_000_000, new ClusterCountOptions { PowerOfTwo = true }).Count);
    }

    [Fact]
    public void What_there_is_to_train_with_is_the_limit()
    {
        var advice = ClusterCountAdvisor.Advise(1_000_000, new ClusterCountOptions { TrainingVectors = 39_000 });
        Assert.Equal((1000, ClusterCountLimit.Training), (advice.Count, advice.Limit));

        // A thousand is nearer to 1024, which cannot be trained.
        advice = ClusterCountAdvisor.Advise(1_000_000, new ClusterCountOptions { TrainingVectors = 39_000, PowerOfTwo = true });
        Assert.Equal(512, advice.Count);
    }

    [Fact]
    public void Lists_are_neither_shorter_nor_longer_than_wanted()
    {
        var advice = ClusterCountAdvisor.Advise(10_000, new ClusterCountOptions { MinListSize = 100 });
        Assert.Equal((100, ClusterCountLimit.ListSize), (advice.Count, advice.Limit));

        // 4·√10^10 = 400,000 lists of 25,000 would do; at most 10,000 each takes a million.
        advice = ClusterCountAdvisor.Advise(10_000_000_000, new ClusterCountOptions { MaxListSize = 10_000 });
        Assert.Equal((1_000_000, ClusterCountLimit.None), (advice.Count, advice.Limit));
    }

    [Theory]
    [InlineData(1)]
    [InlineData(38)]
    [InlineData(77)]
    public void Few_vectors_get_one_list(long vectors) => Assert.Equal(1, ClusterCountAdvisor.Advise(vectors).Count);

    [Fact]
    public void Arguments()
    {
        Assert.Throws<ArgumentOutOfRangeException>(() => ClusterCountAdvisor.Advise(0));
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClusterCountOptions { TrainingVectors = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClusterCountOptions { MinListSize = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new ClusterCountOptions { MaxListSize = 0 });
    }
}
