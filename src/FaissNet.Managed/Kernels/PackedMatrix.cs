namespace FaissNet.Managed;

/// <summary>
/// The right factor of a product: k×m values in panels of <see cref="PanelSize"/> columns, [m / 48][k][48], zero beyond the last column, with
/// what each column's sums start from. Packed once, used for any number of rows.
/// </summary>
internal sealed unsafe class PackedMatrix : IDisposable
{
    /// <summary>Three 512-bit, six 256-bit or twelve 128-bit vectors.</summary>
    public const int PanelSize = 48;

    private readonly AlignedFloats _panels;
    private readonly AlignedFloats _starts;

    private PackedMatrix(int rows, int columns)
    {
        (Rows, Columns) = (rows, columns);
        Panels = (columns + PanelSize - 1) / PanelSize;
        _panels = new AlignedFloats((long)Panels * rows * PanelSize);
        _starts = new AlignedFloats((long)Panels * PanelSize);
    }

    /// <summary>k: components of a vector before the product.</summary>
    public int Rows { get; }

    /// <summary>m: components after it.</summary>
    public int Columns { get; }

    public int Panels { get; }

    /// <summary>m·k values, each row of which becomes a column: x·Aᵀ applies A to the rows of x.</summary>
    /// <param name="a">m·k values, row by row.</param>
    /// <param name="m">Rows of a.</param>
    /// <param name="k">Columns of a.</param>
    /// <param name="starts">m values that the products are added to, or nothing.</param>
    public static PackedMatrix Transposed(ReadOnlySpan<float> a, int m, int k, ReadOnlySpan<float> starts = default)
    {
        var packed = new PackedMatrix(k, m);
        for (var i = 0; i < m; i++)
        {
            var column = packed.Panel(i / PanelSize) + i % PanelSize;
            for (var j = 0; j < k; j++)
                column[(long)j * PanelSize] = a[i * k + j];
        }

        starts.CopyTo(new Span<float>(packed._starts.Pointer, m));
        return packed;
    }

    /// <summary>k·m values as they are: x·A.</summary>
    /// <param name="a">k·m values, row by row.</param>
    /// <param name="k">Rows of a.</param>
    /// <param name="m">Columns of a.</param>
    public static PackedMatrix AsIs(ReadOnlySpan<float> a, int k, int m)
    {
        var packed = new PackedMatrix(k, m);
        for (var j = 0; j < k; j++)
        {
            for (var i = 0; i < m; i += PanelSize)
            {
                var part = a.Slice(j * m + i, Math.Min(PanelSize, m - i));
                part.CopyTo(new Span<float>(packed.Panel(i / PanelSize) + (long)j * PanelSize, part.Length));
            }
        }

        return packed;
    }

    /// <summary>k·<see cref="PanelSize"/> floats.</summary>
    public float* Panel(int panel) => _panels.Pointer + (long)panel * Rows * PanelSize;

    /// <summary><see cref="PanelSize"/> floats.</summary>
    public float* Starts(int panel) => _starts.Pointer + (long)panel * PanelSize;

    public void Dispose()
    {
        _panels.Dispose();
        _starts.Dispose();
    }
}
