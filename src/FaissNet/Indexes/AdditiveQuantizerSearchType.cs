namespace FaissNet;

// The names are FAISS's, underscores included: users look for them, and files hold the values.
#pragma warning disable CA1707

/// <summary>How an additive quantizer's codes are compared, and what is stored for it. FAISS's <c>AdditiveQuantizer::Search_type_t</c>
/// (<c>faiss/impl/AdditiveQuantizer.h</c>).</summary>
public enum AdditiveQuantizerSearchType
{
    /// <summary>Vectors are decoded: the slowest and most exact.</summary>
    ST_decompress = 0,

    /// <summary>By tables and without norms: right for the inner product, and for vectors of one length.</summary>
    ST_LUT_nonorm = 1,

    /// <summary>Norms are computed from tables.</summary>
    ST_norm_from_LUT = 2,

    /// <summary>Norms are stored as floats.</summary>
    ST_norm_float = 3,

    /// <summary>Norms are stored in 8 bits.</summary>
    ST_norm_qint8 = 4,

    /// <summary>Norms are stored in 4 bits.</summary>
    ST_norm_qint4 = 5,

    /// <summary>Norms are stored in 8 bits for values that were learned.</summary>
    ST_norm_cqint8 = 6,

    /// <summary>Norms are stored in 4 bits for values that were learned.</summary>
    ST_norm_cqint4 = 7,
}
