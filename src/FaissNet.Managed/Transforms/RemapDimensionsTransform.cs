namespace FaissNet.Managed;

/// <summary>
/// Takes each output component from an input component, or sets it to 0. FAISS's <c>RemapDimensionsTransform</c>; the factory's <c>Pad</c>
/// makes one that appends zeros.
/// </summary>
public sealed class RemapDimensionsTransform : VectorTransform
{
    private readonly int[] _map;

    /// <summary>A transform by a given map.</summary>
    /// <param name="dIn">Components before.</param>
    /// <param name="dOut">Components after.</param>
    /// <param name="map">dOut input components, or -1 for zeros. Copied.</param>
    /// <exception cref="ArgumentException">The map has another length, or an entry is out of range.</exception>
    public RemapDimensionsTransform(int dIn, int dOut, ReadOnlySpan<int> map)
        : base(dIn, dOut, isTrained: true)
    {
        if (map.Length != dOut)
            throw new ArgumentException($"map holds {map.Length} entries: expected dOut = {dOut}.", nameof(map));

        foreach (var from in map)
        {
            if (from < -1 || from >= dIn)
                throw new ArgumentException($"map holds {from}: expected -1 or an input component, 0 to {dIn - 1}.", nameof(map));
        }

        _map = map.ToArray();
    }

    /// <summary>A transform that keeps the order of the components.</summary>
    /// <param name="dIn">Components before.</param>
    /// <param name="dOut">Components after.</param>
    /// <param name="uniform">Whether zeros are spread evenly between the components, or components left out evenly; otherwise zeros come
    /// last, or the last components are left out.</param>
    /// <exception cref="ArgumentOutOfRangeException">A dimension is less than 1.</exception>
    public RemapDimensionsTransform(int dIn, int dOut, bool uniform = true)
        : base(dIn, dOut, isTrained: true)
    {
        _map = new int[dOut];
        Array.Fill(_map, -1);
        if (uniform && dIn < dOut)
        {
            for (var i = 0; i < dIn; i++)
                _map[(long)i * dOut / dIn] = i;
        }
        else
        {
            for (var i = 0; i < Math.Min(dIn, dOut); i++)
                _map[i] = uniform ? (int)((long)i * dIn / dOut) : i;
        }
    }

    /// <summary>dOut input components; -1 where the output is 0.</summary>
    public ReadOnlySpan<int> Map => _map;

    internal override long ParameterCount => _map.Length;

    internal override bool AppliesLike(VectorTransform other) =>
        other is RemapDimensionsTransform remap && remap.DIn == DIn && Map.SequenceEqual(remap.Map);

    internal override unsafe void ApplyCore(float* vectors, int n, float* transformed)
    {
        for (var i = 0; i < n; i++, vectors += DIn, transformed += DOut)
        {
            for (var j = 0; j < _map.Length; j++)
                transformed[j] = _map[j] < 0 ? 0 : vectors[_map[j]];
        }
    }

    internal override unsafe void ReverseCore(float* transformed, int n, float* vectors)
    {
        for (var i = 0; i < n; i++, vectors += DIn, transformed += DOut)
        {
            new Span<float>(vectors, DIn).Clear();
            for (var j = 0; j < _map.Length; j++)
            {
                if (_map[j] >= 0)
                    vectors[_map[j]] = transformed[j];
            }
        }
    }
}
