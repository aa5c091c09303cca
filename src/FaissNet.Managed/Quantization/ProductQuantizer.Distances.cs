using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>Distances from tables: of a vector to a code, and of two codes.</summary>
public sealed partial class ProductQuantizer
{
    private float[]? _symmetric;

    /// <summary>The squared distances of each part of a vector to each of the part's centroids; of several vectors, table after table.
    /// FAISS's <c>compute_distance_tables</c>.</summary>
    /// <param name="vectors">n·d floats.</param>
    /// <param name="tables">Receives n·<see cref="TableSize"/> floats, [n][M][ksub].</param>
    /// <exception cref="ArgumentException">A length does not fit, or a component is not finite.</exception>
    /// <exception cref="InvalidOperationException">The quantizer is not trained.</exception>
    public void ComputeDistanceTable(ReadOnlySpan<float> vectors, Span<float> tables) => FillTables(vectors, tables, innerProduct: false);

    /// <summary>The inner products of each part of a vector with each of the part's centroids; of several vectors, table after table.
    /// FAISS's <c>compute_inner_prod_tables</c>.</summary>
    /// <inheritdoc cref="ComputeDistanceTable"/>
    public void ComputeInnerProductTable(ReadOnlySpan<float> vectors, Span<float> tables) => FillTables(vectors, tables, innerProduct: true);

    /// <summary>The distance of the vector behind a table to what a code stands for: one addition per part. Squared with a table of
    /// <see cref="ComputeDistanceTable"/>, an inner product with one of <see cref="ComputeInnerProductTable"/>.</summary>
    /// <param name="table"><see cref="TableSize"/> floats.</param>
    /// <param name="code"><see cref="CodeSize"/> bytes.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    public float AsymmetricDistance(ReadOnlySpan<float> table, ReadOnlySpan<byte> code) => CodeDistances.Asymmetric(table, code, M, NBits);

    /// <summary>The squared distance between what two codes stand for, from a table of M·ksub² floats that the first call computes.
    /// FAISS's <c>sdc_table</c>.</summary>
    /// <param name="a"><see cref="CodeSize"/> bytes.</param>
    /// <param name="b"><see cref="CodeSize"/> bytes.</param>
    /// <exception cref="ArgumentException">A length does not fit.</exception>
    /// <exception cref="InvalidOperationException">The quantizer is not trained.</exception>
    /// <exception cref="NotSupportedException">The table would have more entries than an array holds.</exception>
    public float SymmetricDistance(ReadOnlySpan<byte> a, ReadOnlySpan<byte> b)
    {
        VectorArguments.RequireLength(a.Length, CodeSize, nameof(a), nameof(CodeSize));
        VectorArguments.RequireLength(b.Length, CodeSize, nameof(b), nameof(CodeSize));
        RequireTrained();
        return CodeDistances.Symmetric(SymmetricTable(), a, b, M, NBits);
    }

    /// <summary>The squared distances between all centroids of each part, [M][ksub][ksub].</summary>
    internal float[] SymmetricTable()
    {
        if (Volatile.Read(ref _symmetric) is { } ready)
            return ready;

        var table = new float[CodeDistances.SymmetricTableLength(M, NBits)];
        int dsub = SubDimension, ksub = KSub;
        ManagedThreads.For(M, m =>
        {
            var centroids = _centroids.AsSpan(m * ksub * dsub, ksub * dsub);
            for (var i = 0; i < ksub; i++)
            {
                var row = table.AsSpan(((m << NBits) + i) << NBits, ksub);
                for (var j = 0; j < ksub; j++)
                    row[j] = SquaredDistance(centroids.Slice(i * dsub, dsub), centroids.Slice(j * dsub, dsub));
            }
        });
        Volatile.Write(ref _symmetric, table);
        return table;
    }

    private static float SquaredDistance(ReadOnlySpan<float> x, ReadOnlySpan<float> y)
    {
        var sum = 0f;
        for (var j = 0; j < x.Length; j++)
        {
            var difference = x[j] - y[j];
            sum += difference * difference;
        }

        return sum;
    }

    private void FillTables(ReadOnlySpan<float> vectors, Span<float> tables, bool innerProduct)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireLength(tables.Length, VectorArguments.CountOutputs(n, TableSize, nameof(tables)), nameof(tables), "n * TableSize");
        RequireTrained();
        for (var i = 0; i < n; i++)
            FillTable(vectors.Slice(i * Dimension, Dimension), tables.Slice(i * TableSize, TableSize), innerProduct);
    }

    private void FillTable(ReadOnlySpan<float> vector, Span<float> table, bool innerProduct)
    {
        int dsub = SubDimension, ksub = KSub;
        for (var m = 0; m < M; m++)
        {
            var part = vector.Slice(m * dsub, dsub);
            for (var c = 0; c < ksub; c++)
            {
                var centroid = _centroids.AsSpan(((m << NBits) + c) * dsub, dsub);
                table[(m << NBits) + c] = innerProduct ? TensorPrimitives.Dot(part, centroid) : SquaredDistance(part, centroid);
            }
        }
    }
}
