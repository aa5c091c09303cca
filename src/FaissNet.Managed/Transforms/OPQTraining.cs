namespace FaissNet.Managed;

/// <summary>The turns of <see cref="OPQMatrix"/>: the vectors, centred and padded, and codebooks that get better from turn to turn.</summary>
internal sealed unsafe class OPQTraining : IDisposable
{
    private readonly int _n;
    private readonly int _d;
    private readonly int _dOut;
    private readonly int _m;
    private readonly int _stride;
    private readonly int _rotatedStride;
    private readonly AlignedFloats _vectors;
    private readonly AlignedFloats _rotated;
    private readonly AlignedFloats _decoded;
    private readonly float[][] _codebooks;
    private readonly int _codebookSize;
    private readonly long _iterations;
    private readonly IProgress<IndexProgress>? _progress;
    private readonly CancellationToken _cancellationToken;
    private long _completed;
    private bool _hasCodebooks;

    public OPQTraining(
        int n, int dIn, int dOut, int m, int codebookSize, long iterations, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        (_iterations, _progress, _cancellationToken) = (iterations, progress, cancellationToken);
        (_n, _d, _dOut, _m, _codebookSize) = (n, Math.Max(dIn, dOut), dOut, m, codebookSize);
        _stride = RoundUp(_d, PackedMatrix.PanelSize);
        _rotatedStride = RoundUp(dOut, PanelProduct.BlockRows);
        _vectors = new AlignedFloats((long)n * _stride);
        _rotated = new AlignedFloats((long)n * dOut);
        _decoded = new AlignedFloats((long)n * _rotatedStride);
        _codebooks = new float[m][];
    }

    /// <summary>Takes over n vectors, of dIn components.</summary>
    public void Center(ReadOnlySpan<float> vectors)
    {
        var dIn = vectors.Length / _n;
        var mean = CenteringTransform.ComputeMean(vectors, _n, dIn, _cancellationToken);
        for (var i = 0; i < _n; i++)
        {
            _cancellationToken.ThrowIfCancelledAt(i);
            var row = new Span<float>(_vectors.Pointer + (long)i * _stride, dIn);
            System.Numerics.Tensors.TensorPrimitives.Subtract(vectors.Slice(i * dIn, dIn), mean, row);
        }
    }

    /// <summary>Trains the codebooks with a rotation, dOut·max(dIn, dOut) values, and returns the next one.</summary>
    public float[] Turn(float[] rotation, int iterations)
    {
        Rotate(rotation);
        for (var part = 0; part < _m; part++)
            TrainPart(part, iterations);

        _hasCodebooks = true;
        var products = new double[_dOut * _d];
        MatrixProduct.AddTransposedProduct(
            _decoded.Pointer, _dOut, _rotatedStride, _vectors.Pointer, _d, _stride, _n, products, cancellationToken: _cancellationToken);
        return Array.ConvertAll(Procrustes.Nearest(products, _dOut, _d, _cancellationToken), value => (float)value);
    }

    public void Dispose()
    {
        _vectors.Dispose();
        _rotated.Dispose();
        _decoded.Dispose();
    }

    private void Rotate(float[] rotation)
    {
        var padded = new float[_dOut * _stride];
        for (var i = 0; i < _dOut; i++)
            rotation.AsSpan(i * _d, _d).CopyTo(padded.AsSpan(i * _stride));

        using var packed = PackedMatrix.Transposed(padded, _dOut, _stride);
        MatrixProduct.Multiply(_vectors.Pointer, _n, packed, _rotated.Pointer, _cancellationToken);
    }

    private void TrainPart(int part, int iterations)
    {
        var width = _dOut / _m;
        var slice = GC.AllocateUninitializedArray<float>(_n * width);
        for (var i = 0; i < _n; i++)
            new ReadOnlySpan<float>(_rotated.Pointer + (long)i * _dOut + part * width, width).CopyTo(slice.AsSpan(i * width));

        using var points = new PackedPoints(slice, _n, width, width);
        var clustering = new Clustering(width, _codebookSize, new ClusteringParameters { NIter = iterations });
        if (_hasCodebooks)
            _codebooks[part].CopyTo(clustering.Centroids, 0);

        clustering.TrainPacked(slice, points, _hasCodebooks, _cancellationToken);
        _codebooks[part] = clustering.Centroids;

        using var centroids = new PackedCentroids(_codebookSize, width);
        centroids.Pack(clustering.Centroids, MetricType.L2);
        var assignment = new int[_n];
        Assignment.Find(points, centroids, MetricType.L2, assignment, [], cancellationToken: _cancellationToken);
        for (var i = 0; i < _n; i++)
        {
            var to = new Span<float>(_decoded.Pointer + (long)i * _rotatedStride + part * width, width);
            clustering.Centroids.AsSpan(assignment[i] * width, width).CopyTo(to);
        }

        _completed += iterations;
        _progress?.Report(new IndexProgress(IndexStage.TrainingTransform, _completed, _iterations));
    }

    private static int RoundUp(int value, int multiple) => (value + multiple - 1) / multiple * multiple;
}
