namespace FaissNet.Managed;

// Tables of lists without terms, as those of a mapped file are.
public sealed unsafe partial class IndexIVFPQ
{
    private const long DefaultPrecomputedTableMaxBytes = 2L << 30;

    private readonly Lock _precomputedLock = new();
    private AlignedFloats? _precomputed;

    /// <summary>
    /// Whether searches of a mapped index (L2, by residual) may keep ‖r‖² + 2⟨c,r⟩ of every list, part and centroid in memory, which the first
    /// one computes; <see langword="false"/> until it is set: each query then computes them for the lists that it visits, which is slower. An
    /// index in memory has no use for it: 4 bytes beside each code serve instead. FAISS's <c>use_precomputed_table</c>.
    /// </summary>
    public bool UsePrecomputedTable { get; set; }

    /// <summary>The most memory that those tables may take, in bytes; larger ones are not kept. 2 GiB until it is set, as in FAISS
    /// (<c>precomputed_table_max_bytes</c>).</summary>
    /// <exception cref="ArgumentOutOfRangeException">The value is negative.</exception>
    public long PrecomputedTableMaxBytes
    {
        get;
        set => field = value >= 0
            ? value
            : throw new ArgumentOutOfRangeException(nameof(value), value, $"PrecomputedTableMaxBytes is {value}: expected at least 0.");
    }
    = DefaultPrecomputedTableMaxBytes;

    // Where no terms are kept a table per list stands for them.
    private bool NeedsListTables => KeepsTerms && Lists is not ArrayInvertedLists;

    // All lists' tables, or null where they are not to be kept.
    private AlignedFloats? Precomputed()
    {
        var floats = Codebook().TableFloats;
        if (!UsePrecomputedTable || floats * sizeof(float) > PrecomputedTableMaxBytes / NList)
            return null;

        if (Volatile.Read(ref _precomputed) is { } ready)
            return ready;

        lock (_precomputedLock)
        {
            if (_precomputed is null)
            {
                var tables = new AlignedFloats(floats * NList);
                ManagedThreads.For(NList, list => FillListTable(list, tables.Pointer + list * floats));
                Volatile.Write(ref _precomputed, tables);
            }

            return _precomputed;
        }
    }

    // ‖r‖² + 2⟨c,r⟩, part by part.
    private void FillListTable(int list, float* table)
    {
        var codebook = Codebook();
        using var scratch = Scratch.Rent();
        var twice = scratch.Floats(Dimension);
        var zero = scratch.Floats(Dimension);
        var norms = scratch.Floats(codebook.TableFloats);
        for (var j = 0; j < Dimension; j++)
        {
            twice[j] = 2 * Quantizer.Vectors[(long)list * Dimension + j];
            zero[j] = 0;
        }

        codebook.Fill<DistanceKernels.Product>(twice, table);
        codebook.Fill<DistanceKernels.SquaredDifference>(zero, norms);
        for (var i = 0L; i < codebook.TableFloats; i++)
            table[i] += norms[i];
    }

    private void DropPrecomputed()
    {
        lock (_precomputedLock)
        {
            _precomputed?.Dispose();
            _precomputed = null;
        }
    }
}
