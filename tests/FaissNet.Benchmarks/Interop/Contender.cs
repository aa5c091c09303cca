namespace FaissNet.Benchmarks.Interop;

/// <summary>One search to measure: the queries are with the contender already.</summary>
/// <param name="K">Neighbours per query.</param>
/// <param name="NProbe">Parameters of the call; 0: none, the index as it is set.</param>
/// <param name="Count">A batch: how often it is repeated. Single queries: how many calls.</param>
internal readonly record struct Work(int K, int NProbe, int Count);

/// <summary>What one run took, and what it came to.</summary>
/// <param name="Wall">Seconds.</param>
/// <param name="Cpu">Seconds of the measuring thread; with several threads, of the process.</param>
/// <param name="Labels">Checksum of the ids.</param>
/// <param name="Distances">Checksum of the distances' bits.</param>
/// <param name="Allocated">Bytes allocated on the managed heap.</param>
internal readonly record struct Sample(double Wall, double Cpu, ulong Labels, ulong Distances, long Allocated);

/// <summary>The FAISS that a contender runs on.</summary>
internal sealed record FaissBuild(string Version, string Variant, string Simd, string Options, string Blas)
{
    public override string ToString() => $"{Version}, {Variant} at {Simd} ({Options}; {Blas})";
}

/// <summary>One of the two sides: FAISS from C++, or from C#.</summary>
internal interface IContender : IDisposable
{
    FaissBuild Build { get; }

    void Load(string index, string queries, int queryCount, int nprobe);

    /// <summary>All queries in one call.</summary>
    Sample Batch(Work work);

    /// <summary>One query a call.</summary>
    Sample Single(Work work);

    /// <summary>One query a call, on one thread for each processor.</summary>
    Sample Many(Work work, ReadOnlySpan<int> cpus);
}
