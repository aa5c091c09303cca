using System.Numerics;

namespace FaissNet.Managed;

/// <summary>Advises how many clusters, the lists of an inverted file, to make for a number of vectors.</summary>
/// <remarks>The rules are the field's: √N to 4·√N lists, of which 4·√N is the usual start; at least 39 training vectors per list, below which
/// FAISS warns, and lists long enough for a scan to be worth its table.</remarks>
public static class ClusterCountAdvisor
{
    /// <summary>Advises a number of clusters.</summary>
    /// <param name="vectors">N: how many vectors the index is going to hold.</param>
    /// <param name="options">What is known beside; null for the defaults.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="vectors"/> is less than 1.</exception>
    public static ClusterCountAdvice Advise(long vectors, ClusterCountOptions? options = null)
    {
        if (vectors < 1)
            throw new ArgumentOutOfRangeException(nameof(vectors), vectors, $"vectors is {vectors}: expected at least 1.");

        options ??= new ClusterCountOptions();
        var root = Math.Sqrt(vectors);
        var training = Math.Min(vectors, options.TrainingVectors ?? vectors);
        var byTraining = Math.Max(1, training / Clustering.MinPointsPerCentroid);
        var byLength = Math.Max(1, vectors / options.MinListSize);
        var byLongest = (vectors + options.MaxListSize - 1) / options.MaxListSize;

        // From below first: what training and lists cannot bear is no advice, however long the lists are.
        var wanted = Math.Max((long)Math.Ceiling(4 * root), byLongest);
        var limit = Math.Min(byTraining, Math.Min(byLength, int.MaxValue));
        var count = Math.Min(wanted, limit);
        if (options.PowerOfTwo)
            count = RoundToPowerOfTwo(count, limit);

        return new ClusterCountAdvice(
            (int)count, (int)Math.Clamp(Math.Round(root), 1, int.MaxValue), (int)Math.Clamp(Math.Ceiling(4 * root), 1, int.MaxValue),
            (double)vectors / count, count * Clustering.MinPointsPerCentroid, (int)Math.Max(1, count / 10),
            wanted <= limit ? ClusterCountLimit.None : byTraining <= byLength ? ClusterCountLimit.Training : ClusterCountLimit.ListSize);
    }

    // The nearer one by ratio, unless it is too large.
    private static long RoundToPowerOfTwo(long count, long limit)
    {
        var below = 1L << BitOperations.Log2((ulong)count);
        return below * 2 <= limit && (double)count / below > Math.Sqrt(2) ? below * 2 : below;
    }
}

/// <summary>What <see cref="ClusterCountAdvisor"/> takes into account.</summary>
public sealed record ClusterCountOptions
{
    /// <summary>The vectors that there are to train with; null if all can be used.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public long? TrainingVectors { get; init => field = value is null ? null : AtLeastOne(value.Value, nameof(TrainingVectors)); }

    /// <summary>The average size that a list should have at least.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public long MinListSize { get; init => field = AtLeastOne(value, nameof(MinListSize)); } = 30;

    /// <summary>The average size that a list should have at most.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    public long MaxListSize { get; init => field = AtLeastOne(value, nameof(MaxListSize)); } = 100_000;

    /// <summary>Whether to advise a power of two, as indexes for GPUs and most descriptions in use have it.</summary>
    public bool PowerOfTwo { get; init; }

    private static long AtLeastOne(long value, string name) =>
        value >= 1 ? value : throw new ArgumentOutOfRangeException(name, value, $"{name} is {value}: expected at least 1.");
}

/// <summary>What keeps an advised number of clusters below the usual 4·√N.</summary>
public enum ClusterCountLimit
{
    /// <summary>Nothing does.</summary>
    None = 0,

    /// <summary>There are too few vectors to train more.</summary>
    Training = 1,

    /// <summary>Lists would be shorter than wanted.</summary>
    ListSize = 2,
}

/// <summary>Advice of <see cref="ClusterCountAdvisor"/>.</summary>
/// <param name="Count">The number of clusters to make.</param>
/// <param name="SquareRoot">√N: the least of the usual range.</param>
/// <param name="FourSquareRoots">4·√N: the most of the usual range.</param>
/// <param name="AverageListSize">Vectors per cluster.</param>
/// <param name="MinTrainingVectors">Vectors to train with at least: 39 per cluster.</param>
/// <param name="NProbe">Lists per query to start tuning from: a tenth of all.</param>
/// <param name="Limit">What kept the number below 4·√N.</param>
public sealed record ClusterCountAdvice(
    int Count, int SquareRoot, int FourSquareRoots, double AverageListSize, long MinTrainingVectors, int NProbe, ClusterCountLimit Limit);
