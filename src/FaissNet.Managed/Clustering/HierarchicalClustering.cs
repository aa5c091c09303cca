namespace FaissNet.Managed;

/// <summary>
/// Hierarchical k-means: the vectors are split into <see cref="BranchingFactor"/> clusters, each of those again, until the leaves together
/// have exactly k centroids. Each part gets leaves in proportion to its vectors. With a branching factor b that takes about
/// b·log(k) / log(b) distances per vector and iteration instead of k: thousands of centroids are found in a fraction of the time, at an
/// objective some per cent above that of <see cref="Clustering"/>. Nistér and Stewénius: Scalable recognition with a vocabulary tree, 2006.
/// </summary>
public sealed unsafe class HierarchicalClustering
{
    /// <summary>A clustering of d-dimensional vectors into k leaves.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="k">Leaves.</param>
    /// <param name="branchingFactor">Clusters into which a part is split at most, at least 2.</param>
    /// <param name="parameters">The settings of the k-means of each part.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public HierarchicalClustering(int d, int k, int branchingFactor = 16, ClusteringParameters? parameters = null)
    {
        if (branchingFactor < 2)
        {
            throw new ArgumentOutOfRangeException(
                nameof(branchingFactor), branchingFactor, $"branchingFactor is {branchingFactor}: expected at least 2.");
        }

        // It checks the others.
        Parameters = new Clustering(d, k, parameters).Parameters;
        (Dimension, K, BranchingFactor) = (d, k, branchingFactor);
        Centroids = new float[d * k];
    }

    /// <summary>Components per vector.</summary>
    public int Dimension { get; }

    /// <summary>The number of leaves.</summary>
    public int K { get; }

    /// <summary>Clusters into which a part is split at most.</summary>
    public int BranchingFactor { get; }

    /// <summary>The settings of the k-means of each part.</summary>
    public ClusteringParameters Parameters { get; }

    /// <summary>k·d floats, the leaves' centroids row by row, those of one part side by side; zero before <see cref="Train"/>.</summary>
    public float[] Centroids { get; private set; }

    /// <summary>Levels below the root that the last training made.</summary>
    public int Depth { get; private set; }

    /// <summary>Finds the centroids.</summary>
    /// <param name="vectors">n·d floats, n at least k. More than <see cref="ClusteringParameters.MaxPointsPerCentroid"/> per leaf are sampled.</param>
    /// <param name="progress">Told how many leaves there are after each part that was split.</param>
    /// <param name="cancellationToken">Stops within an iteration; the centroids are then those before the call.</param>
    /// <exception cref="ArgumentException">The length is no multiple of d, a component is not finite, or n is less than k.</exception>
    /// <exception cref="OperationCanceledException">The training was cancelled.</exception>
    public void Train(ReadOnlySpan<float> vectors, IProgress<int>? progress = null, CancellationToken cancellationToken = default)
    {
        var n = VectorArguments.CountVectors(vectors, Dimension, nameof(vectors));
        VectorArguments.RequireFinite(vectors, Dimension, nameof(vectors));
        if (n < K)
            throw new ArgumentException($"vectors holds {n} vectors: expected at least k = {K}.", nameof(vectors));

        int[] members;
        if (n > (long)K * Parameters.MaxPointsPerCentroid)
        {
            members = FaissRandom.Permutation(n, Parameters.Seed)[..(K * Parameters.MaxPointsPerCentroid)];
        }
        else
        {
            members = new int[n];
            for (var i = 0; i < n; i++)
                members[i] = i;
        }

        var leaves = new float[Centroids.Length];
        var depth = 0;
        var found = 0;
        // Parts to split, the next on top; the stack keeps the leaves of one part side by side.
        var parts = new Stack<(int[] Members, int Leaves, int Level)>();
        parts.Push((members, K, 0));
        while (parts.TryPop(out var part))
        {
            cancellationToken.ThrowIfCancellationRequested();
            depth = Math.Max(depth, part.Level + 1);
            var children = Math.Min(BranchingFactor, part.Leaves);
            var (centroids, assignment) = Split(vectors, part.Members, children, cancellationToken);
            if (children == part.Leaves)
            {
                centroids.CopyTo(leaves.AsSpan(found * Dimension));
                found += children;
                progress?.Report(found);
                continue;
            }

            var groups = Group(part.Members, assignment, children);
            if (groups.Count(group => group.Length > 0) == 1)
            {
                // Vectors that cannot be told apart: splitting them again would never end.
                Split(vectors, part.Members, part.Leaves, cancellationToken).Centroids.CopyTo(leaves.AsSpan(found * Dimension));
                found += part.Leaves;
                progress?.Report(found);
                continue;
            }

            var shares = Apportion([.. groups.Select(group => group.Length)], part.Leaves);
            for (var child = children - 1; child >= 0; child--)
            {
                if (shares[child] > 0)
                    parts.Push((groups[child], shares[child], part.Level + 1));
            }
        }

        (Centroids, Depth) = (leaves, depth);
    }

    /// <summary>Leaves for parts of these sizes: in all <paramref name="leaves"/>, for each part at most as many as it has vectors, and in
    /// proportion to its size; where that is no whole number the largest remainders are rounded up. A part with vectors gets one at least.</summary>
    internal static int[] Apportion(int[] sizes, int leaves)
    {
        var total = sizes.Sum(size => (long)size);
        var shares = new int[sizes.Length];
        var left = leaves;
        for (var i = 0; i < sizes.Length; i++)
        {
            shares[i] = sizes[i] == 0 ? 0 : (int)Math.Clamp((long)leaves * sizes[i] / total, 1, sizes[i]);
            left -= shares[i];
        }

        // Those that have least for their size get what is left; those that have most give what is missing.
        for (; left > 0; left--)
            shares[Extreme(i => shares[i] < sizes[i] ? (double)sizes[i] / (shares[i] + 0.5) : -1)]++;

        for (; left < 0; left++)
            shares[Extreme(i => shares[i] > 1 ? (shares[i] - 0.5) / sizes[i] : -1)]--;

        return shares;

        int Extreme(Func<int, double> value)
        {
            var best = 0;
            for (var i = 1; i < sizes.Length; i++)
            {
                if (value(i) > value(best))
                    best = i;
            }

            return best;
        }
    }

    private (float[] Centroids, int[] Assignment) Split(
        ReadOnlySpan<float> vectors, int[] members, int children, CancellationToken cancellationToken)
    {
        var d = Dimension;
        var rows = new float[checked(members.Length * d)];
        for (var i = 0; i < members.Length; i++)
            vectors.Slice(members[i] * d, d).CopyTo(rows.AsSpan(i * d));

        var clustering = new Clustering(d, children, Parameters);
        clustering.Train(rows, progress: null, cancellationToken);
        var assignment = new int[members.Length];
        using var centroids = new PackedCentroids(children, d, pairs: true);
        centroids.Pack(clustering.Centroids, MetricType.L2);
        fixed (float* from = rows)
        fixed (int* to = assignment)
            Assignment.Find(from, d, members.Length, centroids, to, null, cancellationToken: cancellationToken);

        return (clustering.Centroids, assignment);
    }

    private static int[][] Group(int[] members, int[] assignment, int children)
    {
        var groups = new List<int>[children];
        for (var child = 0; child < children; child++)
            groups[child] = [];

        for (var i = 0; i < members.Length; i++)
            groups[assignment[i]].Add(members[i]);

        return [.. groups.Select(group => group.ToArray())];
    }
}
