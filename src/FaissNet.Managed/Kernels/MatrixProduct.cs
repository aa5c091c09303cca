namespace FaissNet.Managed;

/// <summary>Products of matrices in float32, on all threads; no value depends on the number of threads or of rows.</summary>
internal static unsafe class MatrixProduct
{
    private const int Panel = PackedMatrix.PanelSize;
    private const int Block = PanelProduct.BlockRows;

    // A panel of the right factor is read once for so many rows, which stay in the second-level cache meanwhile.
    private const int RowsPerTask = 64;

    // Of a product over many rows, so many are summed in float32 before they go into a sum in float64.
    private const int RowsPerSum = 256;

    /// <summary>y = x·B + starts.</summary>
    /// <param name="x">n rows of B's k floats.</param>
    /// <param name="n">The number of rows.</param>
    /// <param name="b">The right factor.</param>
    /// <param name="y">Receives n rows of B's m floats.</param>
    /// <param name="cancellationToken">Is looked at now and then, if there are many rows.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; y holds anything.</exception>
    public static void Multiply(float* x, int n, PackedMatrix b, float* y, CancellationToken cancellationToken = default)
    {
        if (n <= RowsPerTask || (ManagedThreads.Count == 1 && !cancellationToken.CanBeCanceled))
            MultiplyRows(x, n, b, y);
        else
            MultiplyOnThreads(x, n, b, y, cancellationToken);

        // The panels live outside the garbage collector's heap: it must not think them unused before.
        GC.KeepAlive(b);
    }

    /// <summary>Adds XᵀY to a sum: for each pair of columns the products over n rows.</summary>
    /// <param name="x">n rows of <paramref name="dx"/> floats.</param>
    /// <param name="dx">Columns of x.</param>
    /// <param name="xStride">Floats between rows of x: a multiple of 8.</param>
    /// <param name="y">n rows of <paramref name="dy"/> floats.</param>
    /// <param name="dy">Columns of y.</param>
    /// <param name="yStride">Floats between rows of y: a multiple of 48. What lies beyond the columns is read and not used.</param>
    /// <param name="n">The number of rows.</param>
    /// <param name="sum">dx·dy values.</param>
    /// <param name="upper">Leaves out some of what lies below the diagonal.</param>
    /// <param name="cancellationToken">Is looked at now and then.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; the sum holds anything.</exception>
    public static void AddTransposedProduct(
        float* x, int dx, nint xStride, float* y, int dy, nint yStride, int n, double[] sum, bool upper = false, CancellationToken cancellationToken = default)
    {
        var panels = (dy + Panel - 1) / Panel;
        ManagedThreads.For(panels, panel =>
        {
            float* zero = stackalloc float[Panel];
            float* part = stackalloc float[Block * Panel];
            new Span<float>(zero, Panel).Clear();
            var first = panel * Panel;
            var count = Math.Min(Panel, dy - first);
            for (var row = 0; row < n; row += RowsPerSum)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var rows = Math.Min(RowsPerSum, n - row);
                for (var i = 0; i < dx && !(upper && i >= first + Panel); i += Block)
                {
                    PanelProduct.Block(x + row * xStride + i, 1, xStride, rows, y + row * yStride + first, yStride, zero, part, Panel);
                    for (var r = 0; r < Math.Min(Block, dx - i); r++)
                    {
                        var to = sum.AsSpan((i + r) * dy + first, count);
                        for (var c = 0; c < count; c++)
                            to[c] += part[r * Panel + c];
                    }
                }
            }
        }, cancellationToken);
    }

    private static void MultiplyOnThreads(float* x, int n, PackedMatrix b, float* y, CancellationToken cancellationToken)
    {
        ManagedThreads.For((n + RowsPerTask - 1) / RowsPerTask, task =>
        {
            var first = task * RowsPerTask;
            MultiplyRows(x + (long)first * b.Rows, Math.Min(RowsPerTask, n - first), b, y + (long)first * b.Columns);
        }, cancellationToken);
    }

    private static void MultiplyRows(float* x, int n, PackedMatrix b, float* y)
    {
        for (var first = 0; first < n; first += RowsPerTask)
        {
            var rows = Math.Min(RowsPerTask, n - first);
            for (var panel = 0; panel < b.Panels; panel++)
                MultiplyPanel(x + (long)first * b.Rows, rows, b, panel, y + (long)first * b.Columns);
        }
    }

    private static void MultiplyPanel(float* x, int n, PackedMatrix b, int panel, float* y)
    {
        int k = b.Rows, m = b.Columns;
        float* from = b.Panel(panel), start = b.Starts(panel);
        var count = Math.Min(Panel, m - panel * Panel);
        float* part = stackalloc float[Block * Panel];
        y += panel * Panel;

        var i = 0;
        for (; i + Block <= n; i += Block)
        {
            var rows = x + (long)i * k;
            if (count == Panel)
            {
                PanelProduct.Block(rows, k, 1, k, from, Panel, start, y + (long)i * m, m);
                continue;
            }

            PanelProduct.Block(rows, k, 1, k, from, Panel, start, part, Panel);
            for (var r = 0; r < Block; r++)
                new Span<float>(part + r * Panel, count).CopyTo(new Span<float>(y + (long)(i + r) * m, count));
        }

        for (; i < n; i++)
        {
            PanelProduct.Row(x + (long)i * k, k, from, Panel, start, part);
            new Span<float>(part, count).CopyTo(new Span<float>(y + (long)i * m, count));
        }
    }
}
