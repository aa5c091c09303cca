using System.Numerics.Tensors;
using System.Runtime.Intrinsics;

namespace FaissNet;

/// <summary>The checks that stand before every engine: what passes here cannot make one read or write out of bounds.</summary>
internal static class VectorArguments
{
    /// <summary>With fewer training vectors per centroid FAISS warns.</summary>
    public const int MinPointsPerCentroid = 39;

    private const float MaxSquaredLength = float.MaxValue / 4;

    /// <summary>The number of vectors in n·d floats.</summary>
    public static int CountVectors(ReadOnlySpan<float> vectors, int dimension, string name) => CountVectors(vectors.Length, dimension, name);

    /// <summary>The number of vectors in n·d numbers.</summary>
    public static int CountVectors(int length, int dimension, string name)
    {
        var (count, rest) = Math.DivRem(length, dimension);
        return rest == 0
            ? count
            : throw new ArgumentException($"{name} holds {length} floats: expected a multiple of the index's dimension, {dimension}.", name);
    }

    /// <summary>
    /// NaN and infinity are refused: FAISS stores them silently, and then finds such vectors never, or always first. So are vectors so
    /// long that a squared distance between two of them, at most four times the larger square, overflows float32: FAISS then leaves
    /// labels and list numbers undefined, and writes where they point.
    /// </summary>
    public static void RequireFinite(ReadOnlySpan<float> vectors, int dimension, string name, int firstRow = 0)
    {
        // The sum over all rows bounds that of each.
        if (IsFinite(vectors))
            return;

        for (var row = 0; row < vectors.Length / dimension; row++)
            RequireFiniteRow(vectors.Slice(row * dimension, dimension), firstRow + row, name);
    }

    /// <summary>Whether a vector is what <see cref="RequireFinite"/> asks for.</summary>
    public static bool IsFinite(ReadOnlySpan<float> vector) =>
        // NaN compares false. Without vectors TensorPrimitives waits for each addition.
        (Vector128.IsHardwareAccelerated ? TensorPrimitives.SumOfSquares(vector) : Managed.DistanceKernels.SquaredNorm(vector)) <= MaxSquaredLength;

    private static void RequireFiniteRow(ReadOnlySpan<float> vector, int row, string name)
    {
        if (IsFinite(vector))
            return;

        for (var i = 0; i < vector.Length; i++)
        {
            if (!float.IsFinite(vector[i]))
                throw new ArgumentException($"{name} holds {vector[i]} in vector {row}, component {i}: expected finite values only.", name);
        }

        throw new ArgumentException(
            $"{name} holds a vector, {row}, of a length above {MathF.Sqrt(MaxSquaredLength):g2}: squared distances to it overflow float32. " +
            "Scale the vectors down.",
            name);
    }

    /// <summary>The n·d floats of a tensor of shape [n, d], or [d] for one vector.</summary>
    public static ReadOnlySpan<float> Flatten(ReadOnlyTensorSpan<float> vectors, int dimension, string name)
    {
        var shape = vectors.Lengths;
        if (shape.Length is not (1 or 2) || shape[^1] != dimension)
        {
            throw new ArgumentException(
                $"{name} has the shape [{string.Join(", ", shape.ToArray())}]: expected [n, {dimension}].", name);
        }

        if (vectors.FlattenedLength == 0)
            return [];

        if (vectors.FlattenedLength > Array.MaxLength)
            throw new ArgumentException($"{name} holds {vectors.FlattenedLength} floats: expected at most {Array.MaxLength} in one call.", name);

        var length = (int)vectors.FlattenedLength;
        if (vectors.IsDense && vectors.TryGetSpan(new nint[shape.Length], length, out var dense))
            return dense;

        // A slice with strides has no rows to hand over as they stand.
        var copy = new float[length];
        vectors.FlattenTo(copy);
        return copy;
    }

    /// <summary>n·k, if that many results fit into one array.</summary>
    public static int CountResults(int queries, int k)
    {
        var results = (long)queries * k;
        return results <= Array.MaxLength
            ? (int)results
            : throw new ArgumentOutOfRangeException(
                nameof(k), k, $"k is {k}: with {queries} queries that makes {results} results, more than an array holds. Search in smaller batches.");
    }

    /// <summary>n·k, if k is one, and there is room for so many.</summary>
    /// <param name="queries">n.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="distances">The length of the caller's distances.</param>
    /// <param name="labels">The length of the caller's labels.</param>
    public static int CountResults(int queries, int k, int distances, int labels)
    {
        RequireK(k);
        var results = CountResults(queries, k);
        RequireLength(distances, results, nameof(distances), "n * k");
        RequireLength(labels, results, nameof(labels), "n * k");
        return results;
    }

    /// <summary>The length of an output of this many rows, if one span holds it.</summary>
    public static int CountOutputs(int rows, int columns, string name)
    {
        var length = (long)rows * columns;
        return length <= Array.MaxLength
            ? (int)length
            : throw new ArgumentException($"{name} would have to hold {length} values, more than a span does: use smaller batches.", name);
    }

    public static void RequireK(int k)
    {
        if (k < 1)
            throw new ArgumentOutOfRangeException(nameof(k), k, $"k is {k}: expected at least 1.");
    }

    public static void RequireLength(int length, int expected, string name, string shape)
    {
        if (length < expected)
            throw new ArgumentException($"{name} has room for {length} values: expected {shape} = {expected}.", name);
    }

    /// <summary>Refuses fewer training vectors than there are centroids to learn.</summary>
    public static void RequireTrainable(int n, int centroids, string what, string name)
    {
        if (n < centroids)
        {
            throw new ArgumentException(
                $"{name} holds {n} vectors: expected at least {what} = {centroids}, and {MinPointsPerCentroid} times as many to train well.", name);
        }
    }

    /// <summary>Refuses an output that lies over the input.</summary>
    public static void RequireApart(ReadOnlySpan<float> input, ReadOnlySpan<float> output, string name)
    {
        if (input.Overlaps(output))
            throw new ArgumentException($"{name} overlaps the input: expected memory of its own.", name);
    }

    public static void RequireIds(ReadOnlySpan<long> ids, int count, string name)
    {
        if (ids.Length != count)
            throw new ArgumentException($"{name} holds {ids.Length} ids: expected one for each of the {count} vectors.", name);

        if (ids.IndexOf(-1L) is >= 0 and var position)
            throw new ArgumentException($"{name}[{position}] is -1, which means \"no neighbour\" in results: choose another id.", name);
    }
}
