using FaissNet.Managed;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>What goes over all training vectors looks at the token itself, and does not leave it to what comes next.</summary>
public sealed class CancellationByRowsTests
{
    private const int N = 3000, D = 8;

    private static readonly CancellationToken s_cancelled = new(canceled: true);

    private static readonly float[] s_vectors = TestVectors.Uniform(N, D, max: 1, seed: 3);

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(1 << 20)]
    [InlineData((1 << 20) + 1)]
    [InlineData(2_500_000)]
    public void Runs_are_all_values_in_their_order(int length)
    {
        var values = new float[length];
        for (var i = 0; i < length; i++)
            values[i] = i;

        var seen = 0;
        foreach (var run in TestContext.Current.CancellationToken.RunsOf(values))
        {
            Assert.True(run.SequenceEqual(values.AsSpan(seen, run.Length)));
            seen += run.Length;
        }

        Assert.Equal(length, seen);
    }

    [Fact]
    public void Rows_are_looked_at_from_the_first_on_and_again()
    {
        s_cancelled.ThrowIfCancelledAt(1);
        Assert.Throws<OperationCanceledException>(() => s_cancelled.ThrowIfCancelledAt(0));
        Assert.Contains(Enumerable.Range(1, 10_000), row =>
        {
            try
            {
                s_cancelled.ThrowIfCancelledAt(row);
                return false;
            }
            catch (OperationCanceledException)
            {
                return true;
            }
        });
    }

    [Fact]
    public void Samples_are_cancelled()
    {
        var n = N;
        Assert.Throws<OperationCanceledException>(() => M.TrainingSubset.Copy(s_vectors, ref n, D, 100, 1, s_cancelled));
        Assert.Throws<OperationCanceledException>(() => M.TrainingSubset.Copy(s_vectors, ref n, D, N, 1, s_cancelled));
    }

    [Fact]
    public void Means_are_cancelled() =>
        Assert.Throws<OperationCanceledException>(() => M.CenteringTransform.ComputeMean(s_vectors, N, D, s_cancelled));

    [Fact]
    public void Parts_of_a_transform_are_cancelled()
    {
        var rotation = new M.RandomRotationMatrix(D, D);
        rotation.Initialize(seed: 1);

        Assert.Throws<OperationCanceledException>(() => rotation.Apply(s_vectors, new float[N * D], s_cancelled));
    }

    [Theory]
    [InlineData(ScalarQuantizerRangeStat.RS_minmax)]
    [InlineData(ScalarQuantizerRangeStat.RS_meanstd)]
    [InlineData(ScalarQuantizerRangeStat.RS_quantiles)]
    [InlineData(ScalarQuantizerRangeStat.RS_optim)]
    public void Ranges_of_scalar_quantizers_are_cancelled(ScalarQuantizerRangeStat stat)
    {
        foreach (var type in new[] { ScalarQuantizerType.QT_8bit, ScalarQuantizerType.QT_8bit_uniform })
        {
            var quantizer = new M.ScalarQuantizer(D, type) { RangeStat = stat };

            Assert.Throws<OperationCanceledException>(() => M.ScalarQuantizerTraining.Train(quantizer, s_vectors, N, s_cancelled));
        }
    }
}
