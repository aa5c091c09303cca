namespace FaissNet.Data;

internal enum ElementType
{
    Byte,
    Int32,
    Int64,
    Single,
    Double,
}

/// <summary>Where the rows of a file are and what they are made of: all that the formats differ in.</summary>
/// <param name="Format">The format's name.</param>
/// <param name="DataStart">The first row's position.</param>
/// <param name="HasRowHeader">Whether each row begins with its dimension as an int32.</param>
/// <param name="Element">The type of a component.</param>
/// <param name="Dimension">Components per row.</param>
/// <param name="Count">Rows.</param>
internal sealed record RowLayout(string Format, long DataStart, bool HasRowHeader, ElementType Element, int Dimension, long Count)
{
    /// <summary>FAISS's newer readers refuse more; a row then always fits into memory.</summary>
    public const int MaxDimension = 1 << 20;

    public const int RowHeaderBytes = sizeof(int);

    public int RowBytes => RowSize(HasRowHeader, Element, Dimension);

    public static int RowSize(bool hasRowHeader, ElementType element, int dimension) =>
        (hasRowHeader ? RowHeaderBytes : 0) + (dimension * ElementSize(element));

    public static int ElementSize(ElementType element) => element switch
    {
        ElementType.Byte => 1,
        ElementType.Int32 or ElementType.Single => 4,
        _ => 8,
    };
}
