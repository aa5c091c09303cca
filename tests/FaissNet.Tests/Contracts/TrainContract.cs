using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

public sealed class TrainContract
{
    [Theory]
    [IndexData]
    public void A_new_index_says_what_it_is(IndexCase type)
    {
        using var index = type.Create();

        Assert.Equal(type.Dimension, index.Dimension);
        Assert.Equal(type.Metric, index.Metric);
        Assert.Equal(0, index.Count);
        Assert.Equal(!type.Has(Traits.Trains), index.IsTrained);
    }

    [Theory]
    [IndexData(with: Traits.Trains)]
    public void Training_makes_an_index_ready(IndexCase type)
    {
        using var index = type.Create();

        index.Train(type.Vectors(Registry.TrainingCount, seed: 1));

        Assert.True(index.IsTrained);
        Assert.Equal(0, index.Count);
        type.Fill(index, type.Vectors(10, seed: 2));
        Assert.Equal(10, index.Count);
    }

    [Theory]
    [IndexData(without: Traits.Trains)]
    public void Types_without_training_pass_over_it(IndexCase type)
    {
        using var index = type.Create();

        index.Train(type.Vectors(3, seed: 1));

        Assert.True(index.IsTrained);
        Assert.Equal(0, index.Count);
    }

    [Theory]
    [IndexData(with: Traits.Trains)]
    public void What_is_not_trained_refuses_vectors_and_queries(IndexCase type)
    {
        using var index = type.Create();
        var vectors = type.Vectors(3, seed: 2);

        foreach (var call in new Action[]
        {
            () => type.Fill(index, vectors),
            () => index.Search(vectors, 1),
            () => index.Search(vectors, 1, new float[3], new long[3]),
            () => index.RangeSearch(vectors, 1),
        })
        {
            var error = Assert.Throws<InvalidOperationException>(call);
            Assert.Contains("not trained", error.Message, StringComparison.Ordinal);
            Assert.Contains("Train", error.Message, StringComparison.Ordinal);
        }

        Assert.Equal(0, index.Count);
    }

    [Theory]
    [IndexData]
    public void What_holds_vectors_refuses_training_until_it_is_reset(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(12, seed: 2));

        var error = Assert.Throws<InvalidOperationException>(() => index.Train(type.Vectors(Registry.TrainingCount, seed: 1)));

        Assert.Contains("12", error.Message, StringComparison.Ordinal);
        Assert.Contains("Reset", error.Message, StringComparison.Ordinal);
        Assert.Equal(12, index.Count);
        index.Reset();
        index.Train(type.Vectors(Registry.TrainingCount, seed: 1));
        Assert.True(index.IsTrained);
    }

    [Theory]
    [IndexData(with: Traits.Trains | Traits.Repeatable)]
    public void Training_again_is_training_anew(IndexCase type)
    {
        using var fresh = type.Create();
        fresh.Train(type.Vectors(Registry.TrainingCount, seed: 2));
        using var again = type.Create();
        again.Train(type.Vectors(Registry.TrainingCount, seed: 1));

        again.Train(type.Vectors(Registry.TrainingCount, seed: 2));

        Assert.Equal(IndexCase.Bytes(fresh), IndexCase.Bytes(again));
    }

    [Theory]
    [IndexData(with: Traits.Trains | Traits.Repeatable)]
    public void Watching_a_training_does_not_change_it(IndexCase type)
    {
        using var plain = type.Create();
        using var watched = type.Create();

        plain.Train(type.Vectors(Registry.TrainingCount, seed: 1));
        watched.Train(type.Vectors(Registry.TrainingCount, seed: 1), new Recorder());

        Assert.Equal(IndexCase.Bytes(plain), IndexCase.Bytes(watched));
    }

    [Theory]
    [IndexData(with: Traits.Watched, without: Traits.LearnsFromAny)]
    public void Too_few_vectors_are_refused_with_the_number_needed(IndexCase type)
    {
        using var index = type.Create();

        var error = Assert.Throws<ArgumentException>(() => index.Train(type.Vectors(Registry.NList - 1, seed: 1)));

        Assert.Contains($"{Registry.NList - 1}", error.Message, StringComparison.Ordinal);
        Assert.Contains("at least", error.Message, StringComparison.Ordinal);
        Assert.False(index.IsTrained);
        // A refused training leaves nothing behind.
        index.Train(type.Vectors(Registry.TrainingCount, seed: 1));
        Assert.True(index.IsTrained);
    }
}
