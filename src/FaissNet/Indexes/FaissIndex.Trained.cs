using FaissNet.Interop;

namespace FaissNet;

// What a training found, and a training from elsewhere.
public partial class FaissIndex
{
    /// <summary>The coarse centroids of the inverted file in this index, looked at through all wrappers.</summary>
    /// <returns>nlist·d floats, row by row; d is what the transforms before it give.</returns>
    /// <exception cref="InvalidOperationException">There are none yet.</exception>
    /// <exception cref="NotSupportedException">There is no inverted file with a flat coarse quantizer.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float[] GetCoarseCentroids() => Reading(() =>
    {
        NativeMethods.faissnet_index_nlist(Handle, out var nlist).ThrowIfFailed();
        var centroids = new float[checked((int)(nlist * CoarseDimension()))];
        NativeMethods.faissnet_index_get_coarse_centroids(Handle, centroids.Length, centroids).ThrowIfFailed();
        return centroids;
    });

    /// <summary>
    /// Takes coarse centroids that were found elsewhere, such as by the managed engine's k-means. An inverted file of vectors as they are is
    /// trained then; one with codes still has to be trained, which keeps these centroids, or takes <see cref="SetCodebooks"/>.
    /// </summary>
    /// <param name="centroids">nlist·d floats, row by row.</param>
    /// <exception cref="ArgumentException">The length is another one, a component is not finite, or the index holds vectors.</exception>
    /// <exception cref="NotSupportedException">There is no inverted file with a flat coarse quantizer.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void SetCoarseCentroids(ReadOnlySpan<float> centroids)
    {
        var given = centroids.ToArray();
        Writing(() =>
        {
            VectorArguments.RequireFinite(given, Math.Max(1, CoarseDimension()), nameof(centroids));
            Finish(NativeMethods.faissnet_index_set_coarse_centroids(Handle, given.Length, given));
        });
    }

    /// <summary>The centroids of the product quantizer in this index, looked at through all wrappers.</summary>
    /// <returns>[M][2^nbits][d / M] floats.</returns>
    /// <exception cref="NotSupportedException">There is no product quantizer.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public float[] GetCodebooks() => Reading(() =>
    {
        NativeMethods.faissnet_index_pq_nbits(Handle, out var nbits).ThrowIfFailed();
        var centroids = new float[checked(CoarseDimension() << nbits)];
        NativeMethods.faissnet_index_get_codebooks(Handle, centroids.Length, centroids).ThrowIfFailed();
        return centroids;
    });

    /// <summary>Takes the centroids of the product quantizer from elsewhere; the index is trained then. An inverted file needs its coarse
    /// centroids first (<see cref="SetCoarseCentroids"/>).</summary>
    /// <param name="centroids">[M][2^nbits][d / M] floats.</param>
    /// <exception cref="ArgumentException">The length is another one, a component is not finite, or the index holds vectors.</exception>
    /// <exception cref="InvalidOperationException">There are no coarse centroids yet.</exception>
    /// <exception cref="NotSupportedException">There is no product quantizer.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void SetCodebooks(ReadOnlySpan<float> centroids)
    {
        VectorArguments.RequireFinite(centroids, 1, nameof(centroids));
        var given = centroids.ToArray();
        Writing(() => Finish(NativeMethods.faissnet_index_set_codebooks(Handle, given.Length, given)));
    }

    // Components of what reaches the inverted file or the quantizer.
    private int CoarseDimension()
    {
        NativeMethods.faissnet_index_inner_d(Handle, out var d).ThrowIfFailed();
        return d;
    }
}
