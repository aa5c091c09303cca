namespace FaissNet.Managed;

/// <summary>The memory of a k-means, kept from one training to the next of the same shape: a product quantizer runs one per part, and fresh
/// memory costs as much as an iteration.</summary>
internal sealed unsafe class ClusteringWorkspace(int k, int d) : IDisposable
{
    private readonly UnmanagedBuffer _rows = new();
    private (int N, long Seed, int[] Numbers) _permutation = (0, 0, []);

    public QuantizedPoints Quantized { get; } = new();

    public PackedCentroids Centroids { get; } = new(k, d, pairs: true);

    public CentroidSums Sums { get; } = new(k, d);

    public int[] Assignment { get; private set; } = [];

    public float[] Sizes { get; } = new float[k];

    /// <summary>Room for n vectors.</summary>
    public float* Rows(int n)
    {
        _rows.Reserve((long)n * d * sizeof(float), amortize: false);
        return (float*)_rows.Pointer;
    }

    /// <summary>Prepares for n vectors.</summary>
    public void Resize(int n)
    {
        if (Assignment.Length != n)
            Assignment = new int[n];
    }

    /// <summary>What <see cref="FaissRandom.Permutation"/> returns.</summary>
    public int[] Permutation(int n, long seed)
    {
        if (_permutation.N != n || _permutation.Seed != seed)
            _permutation = (n, seed, FaissRandom.Permutation(n, seed));

        return _permutation.Numbers;
    }

    public void Dispose()
    {
        _rows.Dispose();
        Quantized.Dispose();
        Centroids.Dispose();
    }
}
