using FaissNet.Managed;

namespace FaissNet.Tests.Managed;

public sealed class OrderStatisticTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(1000)]
    [InlineData(4099)]
    public void Finds_what_sorting_finds(int n)
    {
        var random = new Random(n);
        var values = new float[n];
        for (var i = 0; i < n; i++)
        {
            // Many equal ones, of both signs, and some of every size.
            values[i] = i % 3 == 0 ? random.Next(-5, 6) : (float)((random.NextDouble() - 0.5) * Math.Pow(10, random.Next(-40, 39)));
        }

        (values[0], values[n / 2]) = (float.MaxValue, -float.MaxValue);
        var sorted = values.Order().ToArray();
        for (var place = 0; place < n; place += 1 + n / 500)
            Assert.Equal(sorted[place], OrderStatistic.Find(values, place, TestContext.Current.CancellationToken));
    }

    [Fact]
    public void Is_cancelled()
    {
        Assert.Throws<OperationCanceledException>(() => OrderStatistic.Find([1, 2], 0, new CancellationToken(canceled: true)));
    }
}
