using System.Runtime.InteropServices;

namespace FaissNet.Interop;

internal static unsafe partial class NativeMethods
{
    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_inner_d(FaissIndexHandle index, out int d);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_get_coarse_centroids(FaissIndexHandle index, long n, Span<float> centroids);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_set_coarse_centroids(FaissIndexHandle index, long n, ReadOnlySpan<float> centroids);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_get_codebooks(FaissIndexHandle index, long n, Span<float> centroids);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_index_set_codebooks(FaissIndexHandle index, long n, ReadOnlySpan<float> centroids);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_clustering_train(
        int d,
        long k,
        int metric,
        NativeClusteringParameters* parameters,
        long n,
        ReadOnlySpan<float> x,
        float* weights,
        long given,
        Span<float> centroids,
        NativeMonitor* monitor,
        NativeIterationStats* stats,
        long capacity,
        out long iterations);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_pq_new(int d, long m, int nbits, out ProductQuantizerHandle pq);

    [LibraryImport(Library)]
    internal static partial void faissnet_pq_free(nint pq);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_pq_train(
        ProductQuantizerHandle pq, long n, ReadOnlySpan<float> x, NativeClusteringParameters* parameters, NativeMonitor* monitor);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_pq_get_centroids(ProductQuantizerHandle pq, long n, Span<float> centroids);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_pq_set_centroids(ProductQuantizerHandle pq, long n, ReadOnlySpan<float> centroids);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_pq_encode(ProductQuantizerHandle pq, long n, ReadOnlySpan<float> x, Span<byte> codes);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_pq_decode(ProductQuantizerHandle pq, long n, ReadOnlySpan<byte> codes, Span<float> x);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_pq_tables(
        ProductQuantizerHandle pq, long n, ReadOnlySpan<float> x, int innerProduct, Span<float> tables);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_pq_symmetric_table(ProductQuantizerHandle pq, long n, Span<float> table);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_sq_new(int d, int qtype, out ScalarQuantizerHandle sq);

    [LibraryImport(Library)]
    internal static partial void faissnet_sq_free(nint sq);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_sq_code_size(ScalarQuantizerHandle sq, out long codeSize, out int bits);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_sq_train(
        ScalarQuantizerHandle sq, int rangeStat, float rangeStatArg, long n, ReadOnlySpan<float> x);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_sq_get_trained(ScalarQuantizerHandle sq, long capacity, Span<float> values, out long count);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_sq_set_trained(ScalarQuantizerHandle sq, long count, ReadOnlySpan<float> values);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_sq_encode(ScalarQuantizerHandle sq, long n, ReadOnlySpan<float> x, Span<byte> codes);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_sq_decode(ScalarQuantizerHandle sq, long n, ReadOnlySpan<byte> codes, Span<float> x);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_new(int kind, int dIn, int dOut, double argument, out TransformHandle transform);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_clone(TransformHandle transform, out TransformHandle copy);

    [LibraryImport(Library)]
    internal static partial void faissnet_transform_free(nint transform);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_kind(TransformHandle transform, out int kind);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_d(TransformHandle transform, out int dIn, out int dOut);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_is_trained(TransformHandle transform, out int isTrained);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_transform_set_parameter(TransformHandle transform, string name, double value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_transform_get_parameter(TransformHandle transform, string name, out double value);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_transform_get_values(
        TransformHandle transform, string name, long capacity, Span<float> values, out long count);

    [LibraryImport(Library, StringMarshalling = StringMarshalling.Utf8)]
    internal static partial NativeStatus faissnet_transform_set_values(
        TransformHandle transform, string name, long count, ReadOnlySpan<float> values);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_draw(TransformHandle transform, int seed);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_train(
        TransformHandle transform, long n, ReadOnlySpan<float> x, NativeMonitor* monitor);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_apply(TransformHandle transform, long n, ReadOnlySpan<float> x, Span<float> y);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_reverse(TransformHandle transform, long n, ReadOnlySpan<float> y, Span<float> x);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_write(
        TransformHandle transform, delegate* unmanaged<void*, void*, long, int> write, void* context);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_transform_read(
        delegate* unmanaged<void*, void*, long, long> read, void* context, out TransformHandle transform);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_knn(
        int d,
        long n,
        ReadOnlySpan<float> x,
        long nb,
        ReadOnlySpan<float> vectors,
        long k,
        int metric,
        float metricArg,
        Span<float> distances,
        Span<long> labels);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_pairwise_distances(
        int d, long n, ReadOnlySpan<float> x, long nb, ReadOnlySpan<float> vectors, int metric, float metricArg, Span<float> distances);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_normalize_l2(int d, long n, Span<float> x);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_get_statistics(out NativeStatistics statistics);

    [LibraryImport(Library)]
    internal static partial NativeStatus faissnet_reset_statistics();
}
