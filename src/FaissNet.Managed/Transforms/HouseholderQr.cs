using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>
/// The orthonormal factor of a matrix by Householder reflections, with the signs of LAPACK's <c>geqrf</c> and <c>orgqr</c>, so that a random
/// rotation is FAISS's (<c>matrix_qr</c> in <c>faiss/utils/utils.cpp</c>) up to rounding. Golub and Van Loan, Matrix Computations, 5.2.
/// </summary>
internal static class HouseholderQr
{
    // Rows that are worked on together, while the reflections pass by.
    private const int BlockRows = 16;

    /// <summary>Makes n vectors orthonormal, keeping the span of the first ones of them.</summary>
    /// <param name="vectors">n·m values, one vector of m components per row; replaced.</param>
    /// <param name="n">The number of vectors, at most m.</param>
    /// <param name="m">Components per vector.</param>
    /// <param name="cancellationToken">Is looked at now and then.</param>
    /// <exception cref="OperationCanceledException">It was cancelled; the vectors are as they were, or some of them replaced.</exception>
    public static void Orthonormalize(float[] vectors, int n, int m, CancellationToken cancellationToken = default)
    {
        // Reflection i is 1 - tau·v·vᵀ, with v = (0, …, 0, 1, row i from i + 1 on).
        var reflections = new double[n * m];
        var scales = new double[n];
        for (var i = 0; i < vectors.Length; i++)
            reflections[i] = vectors[i];

        for (var first = 0; first < n; first += BlockRows)
        {
            var block = first;
            var count = Math.Min(BlockRows, n - first);
            ManagedThreads.For(count, r =>
            {
                var row = reflections.AsSpan((block + r) * m, m);
                for (var i = 0; i < block; i++)
                    Reflect(reflections.AsSpan(i * m, m), i, scales[i], row);
            }, cancellationToken);
            for (var r = 0; r < count; r++)
            {
                var row = reflections.AsSpan((first + r) * m, m);
                for (var i = first; i < first + r; i++)
                    Reflect(reflections.AsSpan(i * m, m), i, scales[i], row);

                scales[first + r] = Generate(row[(first + r)..]);
            }
        }

        ManagedThreads.For((n + BlockRows - 1) / BlockRows, block =>
        {
            var count = Math.Min(BlockRows, n - block * BlockRows);
            var rows = new double[count * m];
            for (var r = 0; r < count; r++)
                rows[r * m + block * BlockRows + r] = 1;

            for (var i = block * BlockRows + count - 1; i >= 0; i--)
            {
                // A reflection leaves the unit vectors before its own as they are.
                for (var r = Math.Max(0, i - block * BlockRows); r < count; r++)
                    Reflect(reflections.AsSpan(i * m, m), i, scales[i], rows.AsSpan(r * m, m));
            }

            for (var i = 0; i < rows.Length; i++)
                vectors[block * BlockRows * m + i] = (float)rows[i];
        }, cancellationToken);
    }

    /// <summary>Turns x into the vector of the reflection that takes it to (beta, 0, …, 0); its first component, 1, is not stored. The sign
    /// of beta is the one that cancels nothing.</summary>
    internal static double Generate(Span<double> x)
    {
        var rest = x[1..];
        var norm = rest.IsEmpty ? 0 : Math.Sqrt(TensorPrimitives.SumOfSquares<double>(rest));
        if (norm == 0)
            return 0;

        var alpha = x[0];
        var beta = -Math.CopySign(Math.Sqrt(alpha * alpha + norm * norm), alpha);
        TensorPrimitives.Multiply(rest, 1 / (alpha - beta), rest);
        x[0] = beta;
        return (beta - alpha) / beta;
    }

    private static void Reflect(ReadOnlySpan<double> reflection, int i, double scale, Span<double> row)
    {
        var tail = reflection[(i + 1)..];
        var rest = row[(i + 1)..];
        var product = -scale * (row[i] + (tail.IsEmpty ? 0 : TensorPrimitives.Dot(tail, rest)));
        row[i] += product;
        if (!tail.IsEmpty)
            TensorPrimitives.MultiplyAdd(tail, product, rest, rest);
    }
}
