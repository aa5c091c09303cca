namespace FaissNet.Managed;

/// <summary>How sure an assignment has to be of what is nearest.</summary>
internal enum AssignmentPrecision
{
    /// <summary>By components of 16 bits: of centroids whose distances differ by less than about 1e-4 of a vector's square any may be
    /// taken. The fastest, and in k-means as good as any.</summary>
    Rounded,

    /// <summary>By scores of float32.</summary>
    Float32,

    /// <summary>By the distances themselves, of equals the first.</summary>
    Exact,
}
