using System.Numerics;
using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>
/// Eigenvalues and eigenvectors of a symmetric matrix in float64: reduced to a tridiagonal one by reflections, then the QL algorithm with
/// implicit shifts. Golub and Van Loan, Matrix Computations, 8.3; the shifts are those of EISPACK's <c>tql2</c>.
/// </summary>
internal static class SymmetricEigen
{
    private const int MaximumSweeps = 60;

    // Rotations are gathered and then applied to some columns at a time, which stay in the cache meanwhile.
    private const int GatheredRotations = 1 << 15;
    private const int ColumnsPerTask = 32;

    /// <summary>Decomposes a matrix.</summary>
    /// <param name="matrix">n·n values, symmetric; the upper triangle is read. Receives the eigenvectors, one per row.</param>
    /// <param name="n">Rows and columns.</param>
    /// <param name="cancellationToken">Is looked at now and then.</param>
    /// <returns>The n eigenvalues, largest first, in the order of the rows.</returns>
    /// <exception cref="OperationCanceledException">It was cancelled; the matrix holds anything.</exception>
    public static double[] Decompose(double[] matrix, int n, CancellationToken cancellationToken = default)
    {
        var (diagonal, beside, scales) = (new double[n], new double[n], new double[n]);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < i; j++)
                matrix[i * n + j] = matrix[j * n + i];
        }

        Tridiagonalize(matrix, n, diagonal, beside, scales, cancellationToken);
        var vectors = Accumulate(matrix, n, scales, cancellationToken);
        Iterate(diagonal, beside, vectors, n, cancellationToken);

        var order = Enumerable.Range(0, n).OrderByDescending(i => diagonal[i]).ToArray();
        for (var i = 0; i < n; i++)
            vectors.AsSpan(order[i] * n, n).CopyTo(matrix.AsSpan(i * n, n));

        return [.. order.Select(i => diagonal[i])];
    }

    /// <summary>Reflection k takes what stands right of the diagonal in row k to one value; its vector stays there.</summary>
    private static void Tridiagonalize(
        double[] a, int n, double[] diagonal, double[] beside, double[] scales, CancellationToken cancellationToken)
    {
        var (product, vector) = (new double[n], new double[n]);
        for (var k = 0; k < n - 1; k++)
        {
            cancellationToken.ThrowIfCancellationRequested();
            diagonal[k] = a[k * n + k];
            var row = a.AsSpan(k * n + k + 1, n - k - 1);
            scales[k] = HouseholderQr.Generate(row);
            beside[k] = row[0];
            if (scales[k] == 0)
                continue;

            var v = vector.AsSpan(0, row.Length);
            row.CopyTo(v);
            v[0] = 1;
            var p = product.AsSpan(0, row.Length);
            for (var i = 0; i < v.Length; i++)
                p[i] = scales[k] * TensorPrimitives.Dot(a.AsSpan((k + 1 + i) * n + k + 1, v.Length), v);

            TensorPrimitives.MultiplyAdd(v, -scales[k] / 2 * TensorPrimitives.Dot<double>(p, v), p, p);
            for (var i = 0; i < v.Length; i++)
                SubtractBoth(a.AsSpan((k + 1 + i) * n + k + 1, v.Length), v, p, v[i], p[i]);
        }

        diagonal[n - 1] = a[n * n - 1];
    }

    // row -= vi·p + pi·v, in one pass.
    private static void SubtractBoth(Span<double> row, ReadOnlySpan<double> v, ReadOnlySpan<double> p, double vi, double pi)
    {
        var i = 0;
        var (vis, pis) = (new Vector<double>(-vi), new Vector<double>(-pi));
        for (; i <= row.Length - Vector<double>.Count; i += Vector<double>.Count)
        {
            var sum = Vector.MultiplyAddEstimate(vis, new Vector<double>(p[i..]), new Vector<double>(row[i..]));
            Vector.MultiplyAddEstimate(pis, new Vector<double>(v[i..]), sum).CopyTo(row[i..]);
        }

        for (; i < row.Length; i++)
            row[i] -= vi * p[i] + pi * v[i];
    }

    /// <summary>The product of the reflections, transposed: row i is what the i-th unit vector of the tridiagonal basis stands for.</summary>
    private static double[] Accumulate(double[] a, int n, double[] scales, CancellationToken cancellationToken)
    {
        var rows = new double[n * n];
        for (var i = 0; i < n; i++)
            rows[i * n + i] = 1;

        ManagedThreads.For((n + ColumnsPerTask - 1) / ColumnsPerTask, task =>
        {
            for (var k = n - 2; k >= 0; k--)
            {
                if (scales[k] == 0)
                    continue;

                var tail = a.AsSpan(k * n + k + 2, n - k - 2);
                for (var i = Math.Max(k + 1, task * ColumnsPerTask); i < Math.Min(n, (task + 1) * ColumnsPerTask); i++)
                {
                    var rest = rows.AsSpan(i * n + k + 2, n - k - 2);
                    ref var head = ref rows[i * n + k + 1];
                    var product = -scales[k] * (head + (tail.IsEmpty ? 0 : TensorPrimitives.Dot<double>(tail, rest)));
                    head += product;
                    if (!tail.IsEmpty)
                        TensorPrimitives.MultiplyAdd(tail, product, rest, rest);
                }
            }
        }, cancellationToken);
        return rows;
    }

    private static void Iterate(double[] d, double[] e, double[] vectors, int n, CancellationToken cancellationToken)
    {
        var rotations = new List<(int Row, double Cosine, double Sine)>(GatheredRotations + n);
        for (var l = 0; l < n; l++)
        {
            for (var sweep = 0; ; sweep++)
            {
                var m = l;
                while (m < n - 1 && Math.Abs(e[m]) > double.Epsilon && !IsNegligible(e[m], d[m], d[m + 1]))
                    m++;

                if (m == l)
                    break;

                if (sweep == MaximumSweeps)
                    throw new InvalidOperationException($"The eigenvalues of a {n} × {n} matrix do not converge: are all of its values finite?");

                Sweep(d, e, l, m, rotations);
                if (rotations.Count >= GatheredRotations)
                    Rotate(rotations, vectors, n, cancellationToken);
            }
        }

        Rotate(rotations, vectors, n, cancellationToken);
    }

    private static bool IsNegligible(double beside, double first, double second) =>
        Math.Abs(beside) <= 1.2e-16 * (Math.Abs(first) + Math.Abs(second));

    // One QL step with Wilkinson's shift on rows l … m.
    private static void Sweep(double[] d, double[] e, int l, int m, List<(int Row, double Cosine, double Sine)> rotations)
    {
        var g = (d[l + 1] - d[l]) / (2 * e[l]);
        var r = Math.Sqrt(g * g + 1);
        g = d[m] - d[l] + e[l] / (g + Math.CopySign(r, g));
        double s = 1, c = 1, p = 0;
        for (var i = m - 1; i >= l; i--)
        {
            double f = s * e[i], b = c * e[i];
            r = Math.Sqrt(f * f + g * g);
            e[i + 1] = r;
            if (r == 0)
            {
                // The rest has come apart already.
                d[i + 1] -= p;
                e[m] = 0;
                return;
            }

            (s, c) = (f / r, g / r);
            g = d[i + 1] - p;
            r = (d[i] - g) * s + 2 * c * b;
            p = s * r;
            d[i + 1] = g + p;
            g = c * r - b;
            rotations.Add((i, c, s));
        }

        d[l] -= p;
        e[l] = g;
        e[m] = 0;
    }

    private static void Rotate(
        List<(int Row, double Cosine, double Sine)> rotations, double[] vectors, int n, CancellationToken cancellationToken)
    {
        ManagedThreads.For((n + ColumnsPerTask - 1) / ColumnsPerTask, task =>
        {
            var first = task * ColumnsPerTask;
            var count = Math.Min(ColumnsPerTask, n - first);
            var width = Vector<double>.Count;
            foreach (var (row, cosine, sine) in System.Runtime.InteropServices.CollectionsMarshal.AsSpan(rotations))
            {
                var upper = vectors.AsSpan(row * n + first, count);
                var lower = vectors.AsSpan((row + 1) * n + first, count);
                var (cosines, sines) = (new Vector<double>(cosine), new Vector<double>(sine));
                var i = 0;
                for (; i <= count - width; i += width)
                {
                    var (x, y) = (new Vector<double>(upper[i..]), new Vector<double>(lower[i..]));
                    Vector.MultiplyAddEstimate(sines, x, cosines * y).CopyTo(lower[i..]);
                    Vector.MultiplyAddEstimate(cosines, x, -(sines * y)).CopyTo(upper[i..]);
                }

                for (; i < count; i++)
                {
                    var (x, y) = (upper[i], lower[i]);
                    lower[i] = sine * x + cosine * y;
                    upper[i] = cosine * x - sine * y;
                }
            }
        }, cancellationToken);
        rotations.Clear();
    }
}
