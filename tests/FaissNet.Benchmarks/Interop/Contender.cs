namespace FaissNet.Benchmarks.Interop;

/// <summary>One search to measure: the queries are with the contender already.</summary>
/// <param name="K">Neighbours per query.</param>
/// <param name="NProbe">Parameters of the call; 0: none, the index as it is set.</param>
/// <param name="Count">A batch: how often it is repeated. Single queries: how many calls.</param>
internal readonly record struct Work(int K, int NProbe, int Count);

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
