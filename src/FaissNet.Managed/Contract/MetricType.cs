namespace FaissNet;

/// <summary>How vectors are compared. The values are FAISS's (<c>faiss/MetricType.h</c>) and stand in index files.</summary>
public enum MetricType
{
    /// <summary>Inner product: larger is nearer. Of unit vectors this is the cosine similarity.</summary>
    InnerProduct = 0,

    /// <summary>Squared Euclidean distance: smaller is nearer. No square root is taken anywhere.</summary>
    L2 = 1,

    /// <summary>Sum of absolute differences.</summary>
    L1 = 2,

    /// <summary>Largest absolute difference.</summary>
    Linf = 3,

    /// <summary>Minkowski distance to the power p; p is the index's metric argument.</summary>
    Lp = 4,

    /// <summary>Canberra distance.</summary>
    Canberra = 20,

    /// <summary>Bray–Curtis dissimilarity.</summary>
    BrayCurtis = 21,

    /// <summary>Jensen–Shannon divergence.</summary>
    JensenShannon = 22,
}
