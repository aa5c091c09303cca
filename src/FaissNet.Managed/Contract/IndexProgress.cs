namespace FaissNet;

/// <summary>What a long call on a <see cref="VectorIndex"/> is doing.</summary>
public enum IndexStage
{
    /// <summary>Iterations of the k-means runs by which an OPQ rotation is found, over all its turns and sub-quantizers.</summary>
    TrainingTransform,

    /// <summary>Iterations of the k-means that finds the coarse centroids.</summary>
    TrainingCoarse,

    /// <summary>Iterations of the k-means runs that find the codebooks of a product quantizer, over all its sub-quantizers, or of residual
    /// quantizers (FAISS's progressive_dim_steps for each codebook); those of local search quantizers (their train_iters).</summary>
    TrainingCodes,

    /// <summary>Vectors added.</summary>
    Adding,

    /// <summary>Queries answered.</summary>
    Searching,

    /// <summary>Vectors of a training sample read from a file.</summary>
    Sampling,

    /// <summary>Bytes of an index written.</summary>
    Saving,

    /// <summary>Bytes of an index read.</summary>
    Loading,
}

/// <summary>How far a long call is.</summary>
/// <param name="Stage">What <paramref name="Completed"/> and <paramref name="Total"/> count.</param>
/// <param name="Completed">Units done, from 0 to <paramref name="Total"/>; never goes back within a stage.</param>
/// <param name="Total">Units of the whole stage.</param>
public readonly record struct IndexProgress(IndexStage Stage, long Completed, long Total);
