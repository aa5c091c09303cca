using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Kernels;

public sealed unsafe class DistanceKernelsTests
{
    private const int Rows = 3;

    private delegate void Form(float* query, float* rows, int count, int d, float* distances);

    [Fact]
    public void Every_form_computes_the_distances() => CheckForms([]);

    [Theory]
    [MemberData(nameof(InstructionSets.Switches), MemberType = typeof(InstructionSets))]
    public void Without_an_instruction_set(string knob, string absent) => InstructionSets.RunWithout(knob, absent, CheckForms);

    [Fact]
    public void One_row_has_the_same_bits_alone_and_among_others()
    {
        var random = new Random(5);
        var distances = stackalloc float[9];
        for (var d = 1; d <= 256; d++)
        {
            var query = Floats(random, d);
            var rows = Floats(random, 9 * d);
            fixed (float* x = query)
            fixed (float* y = rows)
            {
                foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
                {
                    DistanceKernels.CompareRows(metric, x, y, 9, d, distances);
                    for (var i = 0; i < 9; i++)
                        Assert.Equal(distances[i], DistanceKernels.Compare(metric, x, y + i * d, d));
                }
            }
        }
    }

    // Whole numbers, whose sums every form gets exactly; vectors end at a guard page, at every alignment.
    private static void CheckForms(string[] absent)
    {
        InstructionSets.RequireAbsent(absent);
        using var queries = new GuardedMemory(257 * sizeof(float));
        using var memory = new GuardedMemory(Rows * 256 * sizeof(float));
        var random = new Random(3);
        for (var d = 0; d <= 256; d++)
        {
            float* query = queries.Last(d), rows = memory.Last(Rows * d);
            for (var i = 0; i < d; i++)
                query[i] = random.Next(-9, 10);

            for (var i = 0; i < Rows * d; i++)
                rows[i] = random.Next(-9, 10);

            var (squared, products) = (new float[Rows], new float[Rows]);
            for (var i = 0; i < Rows; i++)
            {
                squared[i] = (float)BruteForce.Distance(MetricType.L2, new(query, d), new(rows + i * d, d));
                products[i] = -(float)BruteForce.Distance(MetricType.InnerProduct, new(query, d), new(rows + i * d, d));
            }

            CheckForm("dispatch", (x, y, n, length, to) => DistanceKernels.CompareRows(MetricType.L2, x, y, n, length, to), squared);
            CheckForm("dispatch", (x, y, n, length, to) => DistanceKernels.CompareRows(MetricType.InnerProduct, x, y, n, length, to), products);
            CheckForm("scalar", DistanceKernels.RowsScalar<DistanceKernels.SquaredDifference>, squared);
            CheckForm("scalar", DistanceKernels.RowsScalar<DistanceKernels.Product>, products);
            if (d >= 4)
            {
                CheckForm("128", DistanceKernels.Rows128<DistanceKernels.SquaredDifference>, squared);
                CheckForm("128", DistanceKernels.Rows128<DistanceKernels.Product>, products);
            }

            if (d >= 8)
            {
                CheckForm("256", DistanceKernels.Rows256<DistanceKernels.SquaredDifference>, squared);
                CheckForm("256", DistanceKernels.Rows256<DistanceKernels.Product>, products);
            }

            if (d >= 16)
            {
                CheckForm("512", DistanceKernels.Rows512<DistanceKernels.SquaredDifference>, squared);
                CheckForm("512", DistanceKernels.Rows512<DistanceKernels.Product>, products);
            }

            var norms = Enumerable.Range(0, Rows).Select(i => (float)new Vector(rows + i * d, d).SquaredNorm).ToArray();
            CheckForm("norms", (_, y, n, length, to) => DistanceKernels.SquaredNorms(y, n, length, to), norms);
            Assert.Equal(norms[0], DistanceKernels.SquaredNorm(new ReadOnlySpan<float>(rows, d)));

            void CheckForm(string name, Form form, float[] expected)
            {
                var distances = stackalloc float[Rows];
                form(query, rows, Rows, d, distances);
                Assert.True(expected.AsSpan().SequenceEqual(new ReadOnlySpan<float>(distances, Rows)), $"{name}, d = {d}");
            }
        }
    }

    private static float[] Floats(Random random, int count) => [.. Enumerable.Range(0, count).Select(_ => random.NextSingle() - 0.3f)];

    private readonly struct Vector(float* components, int d)
    {
        public double SquaredNorm => BruteForce.Distance(MetricType.InnerProduct, new(components, d), new(components, d));
    }
}
