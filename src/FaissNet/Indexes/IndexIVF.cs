using FaissNet.Interop;
using FaissNet.Managed;

namespace FaissNet;

/// <summary>
/// An inverted file: vectors lie in the lists of their nearest coarse centroid, and a search visits the nprobe lists nearest to the
/// query. FAISS's <c>IndexIVF</c> (<c>faiss/IndexIVF.h</c>).
/// </summary>
public abstract class IndexIVF : FaissIndex
{
    private int _nprobe;

    internal IndexIVF(FaissIndexHandle handle)
        : base(handle) => NList = ReadNList();

    // Over a quantizer of the caller's, which becomes a part, or one of its own.
    private protected IndexIVF(FaissIndex? quantizer, NativeIndexSpec spec)
        : base(spec.D, (MetricType)spec.Metric, () => NativeIndexSpec.Create(spec, quantizer), quantizer is null ? [] : [new NewPart(quantizer, IndexPart.Quantizer)]) =>
        NList = ReadNList();

    /// <summary>The number of inverted lists. FAISS's <c>nlist</c>.</summary>
    public int NList { get; }

    /// <summary>
    /// The lists that a search visits, 1 until it is set; larger than <see cref="NList"/> means all. FAISS's <c>nprobe</c>. This is
    /// shared by all callers; for one call there is <see cref="SearchParameters.NProbe"/>.
    /// </summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is less than 1.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public int NProbe
    {
        get => Volatile.Read(ref _nprobe);
        set
        {
            if (value < 1)
                throw new ArgumentOutOfRangeException(nameof(value), value, $"NProbe is {value}: expected 1 to NList = {NList}.");

            SetParameter("nprobe", value);
        }
    }

    /// <summary>Codes that a search looks at per query; 0 for no limit. FAISS's <c>max_codes</c>.</summary>
    /// <exception cref="ArgumentException">The value is negative, or more than <see cref="int.MaxValue"/>.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public long MaxCodes
    {
        get => (long)GetParameter("max_codes");
        set => SetParameter("max_codes", value);
    }

    /// <summary>The coarse quantizer: an index of <see cref="NList"/> centroids, whose numbers are those of the lists. FAISS's
    /// <c>quantizer</c>.</summary>
    /// <remarks>Its centroids can be given by hand (<see cref="VectorIndex.Add(ReadOnlySpan{float}, IProgress{IndexProgress}?, CancellationToken)"/>)
    /// while the lists are empty; training then leaves them as they are. <inheritdoc cref="FaissIndex.Parts" path="/remarks"/></remarks>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public FaissIndex Quantizer => GetPart(IndexPart.Quantizer);

    /// <summary>How the coarse centroids are trained. FAISS's <c>cp</c>: 10 iterations, spherical with the inner product.</summary>
    /// <exception cref="NotSupportedException">The value asks for <see cref="ClusteringInitialization.KMeansPlusPlus"/>.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public ClusteringParameters ClusteringParameters
    {
        get => new()
        {
            NIter = (int)GetOption("cp.niter"),
            NRedo = (int)GetOption("cp.nredo"),
            Seed = (int)GetOption("cp.seed"),
            Spherical = GetOption("cp.spherical") != 0,
            MaxPointsPerCentroid = (int)GetOption("cp.max_points_per_centroid"),
        };
        set
        {
            ArgumentNullException.ThrowIfNull(value);
            if (value.Initialization != ClusteringInitialization.Random)
            {
                throw new NotSupportedException(
                    $"Initialization is {value.Initialization}: FAISS starts from random vectors; train centroids with the managed Clustering and add them to Quantizer.");
            }

            SetOption("cp.niter", value.NIter);
            SetOption("cp.nredo", value.NRedo);
            SetOption("cp.seed", value.Seed);
            SetOption("cp.spherical", value.Spherical ? 1 : 0);
            SetOption("cp.max_points_per_centroid", value.MaxPointsPerCentroid);
        }
    }

    /// <summary>The number of vectors in each list.</summary>
    /// <returns><see cref="NList"/> sizes.</returns>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public long[] GetListSizes() => Reading(() =>
    {
        var sizes = new long[NList];
        NativeMethods.faissnet_index_list_sizes(Handle, NList, sizes).ThrowIfFailed();
        return sizes;
    });

    /// <summary>A copy of the coarse centroids: <see cref="NList"/>·d floats, empty before training.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float[] GetCentroids()
    {
        var quantizer = Quantizer;
        var numbers = new long[quantizer.Count];
        for (var i = 0; i < numbers.Length; i++)
            numbers[i] = i;

        return quantizer.ReconstructBatch(numbers);
    }

    private protected override void Refresh()
    {
        base.Refresh();
        NativeMethods.faissnet_index_get_nprobe(Handle, out var nprobe).ThrowIfFailed();
        Volatile.Write(ref _nprobe, (int)Math.Min(nprobe, int.MaxValue));
    }

    private protected static NativeIndexSpec Spec(IndexKind kind, int d, int nlist, MetricType metric)
    {
        IndexArguments.RequireIvf(d, nlist, metric);
        return new NativeIndexSpec { Kind = (int)kind, D = d, NList = nlist, Metric = (int)metric };
    }

    private int ReadNList()
    {
        NativeMethods.faissnet_index_nlist(Handle, out var nlist).ThrowIfFailed();
        return (int)nlist;
    }
}
