using FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>Decompositions against what defines them.</summary>
public sealed class LinearAlgebraTests
{
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 7)]
    [InlineData(5, 5)]
    [InlineData(40, 70)]
    [InlineData(100, 100)]
    public void Orthonormalized_vectors_span_what_they_spanned(int n, int m)
    {
        var vectors = new float[n * m];
        FaissRandom.FillNormal(vectors, n + m);
        var q = (float[])vectors.Clone();
        HouseholderQr.Orthonormalize(q, n, m);

        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
                Assert.Equal(i == j ? 1 : 0, Dot(q, i, q, j, m), 1e-5);

            // The i-th vector has nothing outside the first i + 1.
            var squares = Enumerable.Range(0, i + 1).Sum(j => Math.Pow(Dot(q, j, vectors, i, m), 2));
            Assert.Equal(Dot(vectors, i, vectors, i, m), squares, 1e-4 * m);
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(31)]
    [InlineData(64)]
    [InlineData(150)]
    public void A_symmetric_matrix_is_the_sum_of_its_components(int n)
    {
        var random = new Random(n);
        var matrix = new double[n * n];
        for (var i = 0; i < n; i++)
        {
            for (var j = i; j < n; j++)
                matrix[i * n + j] = matrix[j * n + i] = random.NextDouble() - 0.5;
        }

        CheckDecomposition(matrix, n);
    }

    [Theory]
    [InlineData("zero")]
    [InlineData("unit")]
    [InlineData("diagonal")]
    [InlineData("rank one")]
    [InlineData("huge and tiny")]
    public void Degenerate_matrices_decompose_as_well(string kind)
    {
        const int n = 20;
        var matrix = new double[n * n];
        for (var i = 0; i < n * n; i++)
        {
            var (row, column) = (i / n, i % n);
            matrix[i] = kind switch
            {
                "zero" => 0,
                "unit" => row == column ? 1 : 0,
                "diagonal" => row == column ? row - 7 : 0,
                "rank one" => (row + 1.0) * (column + 1),
                _ => row == column ? Math.Pow(10, row - 10) : 1e-9,
            };
        }

        CheckDecomposition(matrix, n);
    }

    [Theory]
    [InlineData(1, 1, 1)]
    [InlineData(6, 6, 6)]
    [InlineData(20, 30, 20)]
    [InlineData(20, 20, 12)] // of a lower rank: the rest must be orthonormal all the same
    [InlineData(12, 15, 0)]
    public void The_nearest_orthonormal_matrix(int rows, int columns, int rank)
    {
        // A sum of products of vectors with shrinking weights.
        var random = new Random(rows + columns);
        var m = new double[rows * columns];
        for (var r = 0; r < rank; r++)
        {
            var (left, right) = (Normals(random, rows), Normals(random, columns));
            for (var i = 0; i < m.Length; i++)
                m[i] += left[i / columns] * right[i % columns] / (r + 1);
        }

        var nearest = Procrustes.Nearest(m, rows, columns);

        for (var i = 0; i < rows; i++)
        {
            for (var j = 0; j < rows; j++)
                Assert.Equal(i == j ? 1 : 0, Dot(nearest, i, nearest, j, columns), 1e-9);
        }

        // The nearest one makes M·Wᵀ symmetric and positive semidefinite (Higham, Functions of Matrices, 8.1).
        var product = new double[rows * rows];
        for (var i = 0; i < rows * rows; i++)
            product[i] = Dot(m, i / rows, nearest, i % rows, columns);

        for (var i = 0; i < rows * rows; i++)
            Assert.Equal(product[i % rows * rows + i / rows], product[i], 1e-7);

        Assert.All(SymmetricEigen.Decompose(product, rows), value => Assert.True(value >= -1e-7, $"eigenvalue {value}"));
    }

    private static void CheckDecomposition(double[] matrix, int n)
    {
        var vectors = (double[])matrix.Clone();
        var values = SymmetricEigen.Decompose(vectors, n);

        var scale = Math.Max(1e-30, values.Max(Math.Abs));
        Assert.Equal(values.OrderDescending(), values);
        for (var i = 0; i < n; i++)
        {
            for (var j = 0; j < n; j++)
            {
                Assert.Equal(i == j ? 1 : 0, Dot(vectors, i, vectors, j, n), 1e-12);
                var sum = Enumerable.Range(0, n).Sum(k => values[k] * vectors[k * n + i] * vectors[k * n + j]);
                Assert.Equal(matrix[i * n + j], sum, 1e-12 * scale);
            }
        }
    }

    private static double[] Normals(Random random, int n) =>
        [.. Enumerable.Range(0, n).Select(_ => Enumerable.Range(0, 12).Sum(_ => random.NextDouble()) - 6)];

    private static double Dot<T>(T[] a, int i, T[] b, int j, int m)
        where T : System.Numerics.INumber<T> =>
        Enumerable.Range(0, m).Sum(l => double.CreateChecked(a[i * m + l]) * double.CreateChecked(b[j * m + l]));
}
