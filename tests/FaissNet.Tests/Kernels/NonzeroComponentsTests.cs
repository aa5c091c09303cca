using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Kernels;

/// <summary>The components that are not zero, for every length, at the end of memory.</summary>
public sealed unsafe class NonzeroComponentsTests
{
    [Fact]
    public void What_is_not_zero_is_listed() => Check([]);

    [Theory]
    [MemberData(nameof(InstructionSets.Switches), MemberType = typeof(InstructionSets))]
    public void Without_an_instruction_set(string knob, string absent) => InstructionSets.RunWithout(knob, absent, Check);

    private static void Check(string[] absent)
    {
        InstructionSets.RequireAbsent(absent);
        var random = new Random(7);
        for (var d = 0; d <= 300; d++)
        {
            foreach (var zeros in new[] { 0, 0.3, 0.8, 1 })
            {
                using GuardedMemory x = new(Math.Max(1, d) * sizeof(float)), values = new(Math.Max(1, d) * sizeof(float)), offsets = new(Math.Max(1, d) * sizeof(int));
                float* vector = x.Last(d), value = values.Last(d);
                var offset = (int*)offsets.Last(d);
                for (var j = 0; j < d; j++)
                    vector[j] = random.NextDouble() < zeros ? j % 2 == 0 ? 0f : -0f : j % 9 == 0 ? float.NaN : (float)random.NextDouble() + 1;

                var count = NonzeroComponents.Compress(vector, d, 3, offset, value);

                var expected = Enumerable.Range(0, d).Where(j => vector[j] != 0).ToArray();
                Assert.Equal(expected.Select(j => 3 * j), new ReadOnlySpan<int>(offset, count).ToArray());
                Assert.Equal(expected.Select(j => vector[j]), new ReadOnlySpan<float>(value, count).ToArray());
                Assert.Equal(d - expected.Length, NonzeroComponents.CountZeros(vector, d));
            }
        }
    }
}
