namespace FaissNet.Managed;

/// <summary>Queries whose lists are chosen: what an IVF index scans for.</summary>
internal unsafe struct ListSearch
{
    /// <summary>Count·d floats.</summary>
    public float* Queries;

    /// <summary>The number of queries.</summary>
    public int Count;

    /// <summary>Neighbours per query.</summary>
    public int K;

    /// <summary>Lists per query.</summary>
    public int NProbe;

    /// <summary>Count·NProbe list numbers, the nearest first; -1 where there are no more.</summary>
    public int* Lists;

    /// <summary>Count·NProbe distances to the lists' centroids: squared, or inner products negated.</summary>
    public float* CoarseDistances;

    /// <summary>Receives Count·K distances: heaps of what is to be compared by, cleared (<see cref="NearestHeap"/>).</summary>
    public float* Distances;

    /// <summary>Receives Count·K ids.</summary>
    public long* Labels;

    /// <summary>Only these ids count; null for all.</summary>
    public IdSelector? Selector;

    /// <summary>Codes to look at per query; whole lists are finished. FAISS's <c>max_codes</c>; 0 for no limit.</summary>
    public long MaxCodes;
}
