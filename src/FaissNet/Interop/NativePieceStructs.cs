using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary><c>faissnet_clustering_parameters</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeClusteringParameters
{
    public int NIter;
    public int NRedo;
    public int Spherical;
    public int IntCentroids;
    public int FrozenCentroids;
    public int MaxPointsPerCentroid;
    public int Seed;
    public int Initialization;
}

/// <summary><c>faissnet_iteration_stats</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeIterationStats
{
    public double Objective;
    public double Seconds;
    public double SearchSeconds;
    public double ImbalanceFactor;
    public long Splits;
}

/// <summary><c>faissnet_statistics</c>.</summary>
[StructLayout(LayoutKind.Sequential)]
internal struct NativeStatistics
{
    public long IvfQueries;
    public long IvfLists;
    public long IvfDistances;
    public long IvfHeapUpdates;
    public double IvfQuantizationMilliseconds;
    public double IvfSearchMilliseconds;
    public long IvfPqRefined;
    public long IvfPqHammingPassed;
    public long IvfPqSearchCycles;
    public long IvfPqRefineCycles;
    public long HnswQueries;
    public long HnswExhausted;
    public long HnswDistances;
    public long HnswHops;
}
