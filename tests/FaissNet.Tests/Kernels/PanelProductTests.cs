using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Kernels;

/// <summary>Every form of the product kernel on whole numbers, whose sums every form gets exactly, against sums in the test.</summary>
public sealed unsafe class PanelProductTests
{
    private const int Panel = PackedMatrix.PanelSize;

    private delegate void BlockForm(
        float* x, nint rowStride, nint step, int k, float* b, nint panelStride, float* start, float* y, nint yStride);

    private delegate void RowForm(float* x, int k, float* b, nint panelStride, float* start, float* y);

    [Fact]
    public void Every_form_multiplies() => CheckForms([]);

    [Theory]
    [InlineData("DOTNET_EnableAVX512", "512")]
    [InlineData("DOTNET_EnableAVX2", "256")]
    [InlineData("DOTNET_EnableHWIntrinsic", "128")]
    public void Without_an_instruction_set(string knob, string absent) =>
        ChildProcess.Run(CheckForms, [absent], new Dictionary<string, string?> { [knob] = "0" }).RequireSuccess();

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(3, 5, 47)]
    [InlineData(8, 16, 48)]
    [InlineData(9, 17, 49)]
    [InlineData(64, 33, 96)]
    [InlineData(200, 20, 100)]
    public void A_product_of_matrices(int n, int k, int m)
    {
        var x = TestVectors.Uniform(n, k, 9, seed: n);
        var a = TestVectors.Uniform(m, k, 9, seed: m);
        var starts = TestVectors.Uniform(1, m, 9, seed: k);
        using var packed = PackedMatrix.Transposed(a, m, k, starts);
        using var direct = PackedMatrix.AsIs(Transpose(a, m, k), k, m);
        var (y, withoutStarts) = (new float[n * m], new float[n * m]);
        fixed (float* from = x, to = y, other = withoutStarts)
        {
            MatrixProduct.Multiply(from, n, packed, to);
            MatrixProduct.Multiply(from, n, direct, other);
        }

        for (var i = 0; i < n * m; i++)
        {
            var product = Enumerable.Range(0, k).Sum(j => x[i / m * k + j] * a[i % m * k + j]);
            Assert.Equal((product + starts[i % m], product), (y[i], withoutStarts[i]));
        }
    }

    [Theory]
    [InlineData(1, 3, 5)]
    [InlineData(300, 17, 50)]
    [InlineData(513, 8, 48)]
    public void A_transposed_product(int n, int dx, int dy)
    {
        var (xStride, yStride) = ((dx + 7) / 8 * 8, (dy + 47) / 48 * 48);
        var x = TestVectors.Uniform(n, xStride, 9, seed: 1);
        var y = TestVectors.Uniform(n, yStride, 9, seed: 2);
        var sum = Enumerable.Repeat(1.0, dx * dy).ToArray();
        fixed (float* left = x, right = y)
            MatrixProduct.AddTransposedProduct(left, dx, xStride, right, dy, yStride, n, sum);

        for (var i = 0; i < dx * dy; i++)
            Assert.Equal(1 + Enumerable.Range(0, n).Sum(r => (double)x[r * xStride + i / dy] * y[r * yStride + i % dy]), sum[i]);
    }

    [Fact]
    public void Rows_alone_give_what_they_give_together()
    {
        const int n = 77, k = 100, m = 70;
        var random = new Random(3);
        float[] x = [.. Enumerable.Range(0, n * k).Select(_ => random.NextSingle() - 0.5f)];
        float[] a = [.. Enumerable.Range(0, m * k).Select(_ => random.NextSingle() - 0.5f)];
        using var packed = PackedMatrix.Transposed(a, m, k);
        var (together, alone) = (new float[n * m], new float[n * m]);
        fixed (float* from = x, to = together, other = alone)
        {
            MatrixProduct.Multiply(from, n, packed, to);
            for (var i = 0; i < n; i++)
                MatrixProduct.Multiply(from + i * k, 1, packed, other + i * m);
        }

        Assert.Equal(together, alone);
    }

    private static void CheckForms(string[] absent)
    {
        foreach (var width in absent)
        {
            Assert.False(width switch
            {
                "512" => Avx512F.IsSupported || Vector512.IsHardwareAccelerated,
                "256" => Avx2.IsSupported,
                _ => Vector128.IsHardwareAccelerated,
            });
        }

        for (var k = 0; k <= 256; k++)
            Check(k);
    }

    private static void Check(int k)
    {
        const int rows = PanelProduct.BlockRows;
        var x = TestVectors.Uniform(rows, k + 8, 9, seed: k);
        var b = TestVectors.Uniform(k + 1, Panel + 3, 9, seed: k + 1);
        var start = TestVectors.Uniform(1, Panel, 9, seed: 3);

        CheckBlock("512", PanelProduct.Block512);
        CheckBlock("256", PanelProduct.Block256);
        CheckBlock("128", PanelProduct.Block128);
        CheckBlock("chosen", PanelProduct.Block);
        CheckBlock("scalar", (x, rowStride, step, k, b, stride, start, y, yStride) =>
            PanelProduct.Scalar(x, rowStride, step, rows, k, b, stride, start, y, yStride));
        CheckRow("512", PanelProduct.Row512);
        CheckRow("256", PanelProduct.Row256);
        CheckRow("128", PanelProduct.Row128);
        CheckRow("chosen", PanelProduct.Row);

        void CheckBlock(string name, BlockForm form)
        {
            // Rows that are contiguous, and rows that are columns of a matrix with 8 columns or more.
            foreach (var (rowStride, step) in new[] { (k + 8, 1), (1, 8) })
            {
                var y = new float[rows * (Panel + 5)];
                fixed (float* from = x, panel = b, starts = start, to = y)
                    form(from, rowStride, step, k, panel, Panel + 3, starts, to, Panel + 5);

                for (var i = 0; i < rows * Panel; i++)
                {
                    var (r, c) = (i / Panel, i % Panel);
                    Assert.True(Expected(r * rowStride, step, c) == y[r * (Panel + 5) + c], $"{name}, k = {k}, row {r}, column {c}");
                }
            }
        }

        void CheckRow(string name, RowForm form)
        {
            var y = new float[Panel];
            fixed (float* from = x, panel = b, starts = start, to = y)
                form(from, k, panel, Panel + 3, starts, to);

            for (var c = 0; c < Panel; c++)
                Assert.True(Expected(0, 1, c) == y[c], $"{name}, k = {k}, column {c}");
        }

        float Expected(int first, int step, int c)
        {
            var sum = start[c];
            for (var j = 0; j < k; j++)
                sum += x[first + j * step] * b[j * (Panel + 3) + c];

            return sum;
        }
    }

    private static float[] Transpose(float[] a, int rows, int columns) =>
        [.. Enumerable.Range(0, a.Length).Select(i => a[i % rows * columns + i / rows])];
}
