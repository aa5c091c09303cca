using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>
/// The matrix with orthonormal rows that is nearest to a given one: UVᵀ of its singular value decomposition UΣVᵀ, the solution of the
/// orthogonal Procrustes problem. Schönemann, 1966.
/// </summary>
internal static class Procrustes
{
    // Below this share of the largest singular value the eigenvectors of M·Mᵀ, which squares it, no longer give orthogonal directions.
    private const double Small = 1e-4;

    /// <summary>Finds the nearest matrix.</summary>
    /// <param name="m">rows·columns values.</param>
    /// <param name="rows">Rows, at most as many as columns.</param>
    /// <param name="columns">Columns.</param>
    /// <param name="cancellationToken">Is looked at now and then.</param>
    /// <returns>rows·columns values.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled.</exception>
    public static double[] Nearest(double[] m, int rows, int columns, CancellationToken cancellationToken = default)
    {
        var left = new double[rows * rows];
        ManagedThreads.For(rows, i =>
        {
            for (var j = i; j < rows; j++)
                left[i * rows + j] = TensorPrimitives.Dot<double>(m.AsSpan(i * columns, columns), m.AsSpan(j * columns, columns));
        }, cancellationToken);

        // Rows of left: the columns of U. Rows of right: those of Vᵀ.
        var squares = SymmetricEigen.Decompose(left, rows, cancellationToken);
        var right = Multiply(left, m, rows, rows, columns, transposed: false, cancellationToken);
        var largest = Math.Sqrt(Math.Max(0, squares[0]));
        for (var i = 0; i < rows; i++)
        {
            var row = right.AsSpan(i * columns, columns);
            var norm = TensorPrimitives.Norm<double>(row);
            if (norm > Small * largest)
                TensorPrimitives.Divide(row, norm, row);
            else
                Complete(right, i, columns);
        }

        return Multiply(left, right, rows, rows, columns, transposed: true, cancellationToken);
    }

    /// <summary>A·B or Aᵀ·B; A has n·k values, or k·n, and B k·m.</summary>
    internal static double[] Multiply(double[] a, double[] b, int n, int k, int m, bool transposed, CancellationToken cancellationToken = default)
    {
        var product = new double[n * m];
        ManagedThreads.For(n, i =>
        {
            var to = product.AsSpan(i * m, m);
            for (var j = 0; j < k; j++)
                TensorPrimitives.MultiplyAdd(b.AsSpan(j * m, m), transposed ? a[j * n + i] : a[i * k + j], to, to);
        }, cancellationToken);
        return product;
    }

    /// <summary>Makes row i a unit vector orthogonal to those before it: its own direction if that has one, else any.</summary>
    private static void Complete(double[] rows, int i, int columns)
    {
        var row = rows.AsSpan(i * columns, columns);
        for (var unit = 0; ; unit++)
        {
            var before = TensorPrimitives.Norm<double>(row);
            // Twice is enough: Giraud, Langou and Rozložník, 2005.
            for (var pass = 0; pass < 2; pass++)
            {
                for (var j = 0; j < i; j++)
                {
                    var other = rows.AsSpan(j * columns, columns);
                    TensorPrimitives.MultiplyAdd(other, -TensorPrimitives.Dot<double>(other, row), row, row);
                }
            }

            var norm = TensorPrimitives.Norm<double>(row);
            if (norm > 1e-3 * before && norm > 0)
            {
                TensorPrimitives.Divide(row, norm, row);
                return;
            }

            // Of i + 1 ≤ columns unit vectors one at least lies mostly outside the span of i rows.
            row.Clear();
            row[unit % columns] = 1;
        }
    }
}
