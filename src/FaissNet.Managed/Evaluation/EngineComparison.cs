using System.Numerics.Tensors;

namespace FaissNet.Evaluation;

/// <summary>One neighbour as two engines found it.</summary>
/// <param name="Query">The query.</param>
/// <param name="Rank">The place in the result, from 0.</param>
/// <param name="ReferenceId">The id that the reference found there; -1 for none.</param>
/// <param name="ReferenceDistance">Its distance.</param>
/// <param name="Id">The id that the other found there.</param>
/// <param name="Distance">Its distance.</param>
/// <param name="RelativeDifference">How far the distances are apart; see <see cref="EngineComparison"/>.</param>
public sealed record NeighborDifference(
    int Query, int Rank, long ReferenceId, float ReferenceDistance, long Id, float Distance, double RelativeDifference);

/// <summary>How far two engines agree on the same index: parity as it can be promised, since sums in float32 depend on their order.</summary>
/// <remarks>
/// The difference of two distances is taken relative to the larger one, or to a tenth of the query's squared length where that is
/// more: ‖x‖² + ‖y‖² − 2⟨x, y⟩ cancels, and what rounds is as large as the terms.
/// </remarks>
/// <param name="Queries">The queries asked.</param>
/// <param name="K">Neighbours per query.</param>
/// <param name="SameIds">Queries with the same ids in the same order.</param>
/// <param name="SameButTies">Queries with other ids or another order, but only among neighbours whose distances agree within the tolerance.</param>
/// <param name="Different">Queries with a distance that differs by more than the tolerance.</param>
/// <param name="Nearer">Of those, the queries where the first distance that differs by more is that of a nearer neighbour: the other found something
/// better than the reference.</param>
/// <param name="Farther">Of those, the queries where it is that of a farther neighbour, or of none.</param>
/// <param name="Overlap">The share of the reference's ids that the other found too.</param>
/// <param name="LargestDifference">The largest relative difference of distances at the same rank.</param>
/// <param name="Tolerance">What counts as the same distance.</param>
/// <param name="Largest">The largest differences, the largest first.</param>
public sealed record EngineComparison(
    int Queries,
    int K,
    int SameIds,
    int SameButTies,
    int Different,
    int Nearer,
    int Farther,
    double Overlap,
    double LargestDifference,
    double Tolerance,
    IReadOnlyList<NeighborDifference> Largest)
{
    /// <summary>What two correct engines stay within.</summary>
    public const double DefaultTolerance = 1e-5;

    private const double LengthShare = 0.1;

    /// <summary>Whether all answers are the same up to ties and rounding.</summary>
    public bool Agrees => Different == 0;

    /// <summary>Asks two indexes the same.</summary>
    /// <param name="reference">The index to compare with.</param>
    /// <param name="other">An index of the same content.</param>
    /// <param name="queries">n·d floats.</param>
    /// <param name="k">Neighbours per query.</param>
    /// <param name="parameters">Overrides for both searches.</param>
    /// <param name="tolerance">The relative difference that counts as none.</param>
    /// <param name="shown">The number of differences to keep.</param>
    /// <exception cref="ArgumentException">The dimensions differ, or the queries do not fit.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="k"/> or <paramref name="tolerance"/> is out of range.</exception>
    public static EngineComparison Compare(
        VectorIndex reference,
        VectorIndex other,
        ReadOnlySpan<float> queries,
        int k,
        SearchParameters? parameters = null,
        double tolerance = DefaultTolerance,
        int shown = 10)
    {
        ArgumentNullException.ThrowIfNull(reference);
        ArgumentNullException.ThrowIfNull(other);
        if (reference.Dimension != other.Dimension)
            throw new ArgumentException($"other has {other.Dimension} dimensions: expected {reference.Dimension}.", nameof(other));

        if (!(tolerance >= 0))
            throw new ArgumentOutOfRangeException(nameof(tolerance), tolerance, $"tolerance is {tolerance}: expected at least 0.");

        var d = reference.Dimension;
        var n = VectorArguments.CountVectors(queries, d, nameof(queries));
        VectorArguments.RequireK(k);
        var results = VectorArguments.CountResults(n, k);
        var (expectedDistances, expectedIds) = (new float[results], new long[results]);
        var (distances, ids) = (new float[results], new long[results]);
        reference.Search(queries, k, expectedDistances, expectedIds, parameters);
        other.Search(queries, k, distances, ids, parameters);

        int same = 0, ties = 0, nearer = 0, farther = 0;
        long shared = 0, found = 0;
        var largest = new PriorityQueue<NeighborDifference, double>();
        var worst = 0.0;
        var common = new Dictionary<long, float>(k);
        for (var q = 0; q < n; q++)
        {
            var floor = LengthShare * TensorPrimitives.SumOfSquares(queries.Slice(q * d, d));
            var row = Row(q);
            var differs = 0.0;
            // Which side has the nearer one where the two part: 1 for the other, -1 for the reference.
            var parting = 0;
            common.Clear();
            for (var i = row.Start; i < row.End; i++)
            {
                if (expectedIds[i] >= 0)
                    common[expectedIds[i]] = expectedDistances[i];
            }

            found += common.Count;
            for (var i = row.Start; i < row.End; i++)
            {
                var difference = Difference(expectedIds[i], expectedDistances[i], ids[i], distances[i], floor);
                if (parting == 0 && difference > tolerance)
                    parting = IsNearer(ids[i], distances[i], expectedIds[i], expectedDistances[i]) ? 1 : -1;

                // An id that both found has one distance, wherever it stands.
                if (common.Remove(ids[i], out var expected))
                {
                    shared++;
                    difference = Math.Max(difference, Difference(ids[i], expected, ids[i], distances[i], floor));
                }

                differs = Math.Max(differs, difference);
                if (difference == 0 && ids[i] == expectedIds[i])
                    continue;

                largest.Enqueue(
                    new NeighborDifference(q, i - row.Start, expectedIds[i], expectedDistances[i], ids[i], distances[i], difference), difference);
                if (largest.Count > shown)
                    largest.Dequeue();
            }

            nearer += parting == 1 ? 1 : 0;
            farther += parting == -1 ? 1 : 0;
            worst = Math.Max(worst, differs);
            var sameIds = expectedIds.AsSpan(row.Start, k).SequenceEqual(ids.AsSpan(row.Start, k));
            if (differs <= tolerance && sameIds)
                same++;
            else if (differs <= tolerance)
                ties++;
        }

        var kept = new List<NeighborDifference>(largest.Count);
        while (largest.TryDequeue(out var difference, out _))
            kept.Add(difference);

        kept.Reverse();
        return new EngineComparison(n, k, same, ties, n - same - ties, nearer, farther, found == 0 ? 1 : (double)shared / found, worst, tolerance, kept);

        (int Start, int End) Row(int q) => (q * k, (q + 1) * k);

        bool IsNearer(long id, float distance, long otherId, float otherDistance) =>
            id != -1 && (otherId == -1 || (reference.Metric == MetricType.InnerProduct ? distance > otherDistance : distance < otherDistance));
    }

    private static double Difference(long expectedId, float expected, long id, float actual, double floor)
    {
        // A neighbour on one side and nothing on the other.
        if (expectedId == -1 || id == -1)
            return expectedId == id ? 0 : double.PositiveInfinity;

        var scale = Math.Max(Math.Max(Math.Abs((double)expected), Math.Abs((double)actual)), floor);
        return scale == 0 ? 0 : Math.Abs((double)expected - actual) / scale;
    }
}
