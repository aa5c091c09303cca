using System.Numerics.Tensors;

namespace FaissNet.Managed;

/// <summary>An inverted file of scalar-quantized vectors. FAISS's <c>IndexIVFScalarQuantizer</c> (<c>faiss/IndexScalarQuantizer.h</c>).</summary>
public sealed unsafe class IndexIVFScalarQuantizer : IndexIVF
{
    // As in FAISS: more say nothing new about ranges.
    private const int MaxTrainingVectors = 100000;
    private const int VectorsPerTask = 256;

    /// <summary>An untrained index with a flat coarse quantizer of its own.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="nlist">Inverted lists; a usual choice is 4·√n for n vectors.</param>
    /// <param name="qtype">How components are written.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFScalarQuantizer(
        int d, int nlist, ScalarQuantizerType qtype = ScalarQuantizerType.QT_8bit, MetricType metric = MetricType.L2)
        : this(new ScalarQuantizer(d, qtype), nlist, metric)
    {
    }

    /// <summary>An untrained index over a quantizer, which belongs to it from then on.</summary>
    /// <param name="sq">The quantizer.</param>
    /// <param name="nlist">Inverted lists.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <exception cref="ArgumentOutOfRangeException">An argument is out of range.</exception>
    public IndexIVFScalarQuantizer(ScalarQuantizer sq, int nlist, MetricType metric = MetricType.L2)
        : base(IndexArguments.NotNull(sq, nameof(sq)).Dimension, nlist, metric)
    {
        Sq = sq;
        Lists = new ArrayInvertedLists(nlist, sq.CodeSize);
    }

    /// <summary>Whether codes stand for what is left of a vector after its list's centroid is subtracted, or for the vector itself. FAISS's
    /// <c>by_residual</c>; <see langword="true"/> until it is set.</summary>
    public bool ByResidual { get; init; } = true;

    /// <summary>How components are written. FAISS's <c>sq.qtype</c>.</summary>
    public ScalarQuantizerType QType => Sq.QType;

    /// <summary>Bytes per code. FAISS's <c>code_size</c>.</summary>
    public int CodeSize => Sq.CodeSize;

    /// <summary>The quantizer. FAISS's <c>sq</c>.</summary>
    internal ScalarQuantizer Sq { get; }

    /// <summary>Takes over the training of another index.</summary>
    /// <param name="centroids">NList·d floats.</param>
    /// <param name="trained">The quantizer's ranges.</param>
    internal void RestoreTraining(ReadOnlySpan<float> centroids, ReadOnlySpan<float> trained)
    {
        Quantizer.ResetInner();
        Quantizer.AddInner(centroids, NList);
        Sq.RestoreTrained(trained);
        SetTrained(true);
    }

    private protected override bool CodesHoldFloats => true;

    private protected override IndexMemory EncoderMemory =>
        IndexMemory.None with { Codebooks = (long)Sq.Trained.Length * sizeof(float) };

    private protected override bool NeedsCoarseDistances => ByResidual;

    // Behind the tables: the residual of the query, and what is added to inner products.
    private protected override long ScanFloats => Sq.TableFloats + Dimension + 1;

    private protected override void TrainEncoder(
        ReadOnlySpan<float> vectors, int n, IProgress<IndexProgress>? progress, CancellationToken cancellationToken)
    {
        var sample = TrainingSubset.Take(vectors, ref n, Dimension, MaxTrainingVectors, cancellationToken);
        if (!ByResidual)
        {
            Sq.Train(sample, progress, cancellationToken);
            return;
        }

        var residuals = new float[n * Dimension];
        using var lists = new UnmanagedBuffer();
        lists.Reserve((long)n * sizeof(int));
        fixed (float* x = sample)
        {
            AssignAny(x, n, (int*)lists.Pointer, cancellationToken);
            for (var i = 0; i < n; i++)
            {
                cancellationToken.ThrowIfCancelledAt(i);
                Subtract(x + (long)i * Dimension, ((int*)lists.Pointer)[i], residuals.AsSpan(i * Dimension, Dimension));
            }
        }

        Sq.Train(residuals, progress, cancellationToken);
    }

    private protected override bool EncodesLike(IndexIVF other) =>
        other is IndexIVFScalarQuantizer from && from.QType == QType && from.ByResidual == ByResidual && from.Sq.Trained.SequenceEqual(Sq.Trained);

    private protected override void EncodeVectors(float* vectors, int n, int* lists, int* order, byte* codes, float* terms)
    {
        ManagedThreads.For((n + VectorsPerTask - 1) / VectorsPerTask, task =>
        {
            using var scratch = Scratch.Rent();
            var residual = scratch.Floats(Dimension);
            for (var i = task * VectorsPerTask; i < Math.Min(n, (task + 1) * VectorsPerTask); i++)
            {
                var vector = vectors + (long)order[i] * Dimension;
                if (ByResidual)
                {
                    Subtract(vector, lists[order[i]], new Span<float>(residual, Dimension));
                    vector = residual;
                }

                Sq.Encode(vector, 1, codes + (long)i * CodeSize);
            }
        });
    }

    private protected override void DecodeVector(byte* code, int list, Span<float> vector)
    {
        fixed (float* x = vector)
            Sq.Decode(code, 1, x);

        if (ByResidual)
            TensorPrimitives.Add(vector, Centroid(list), vector);
    }

    private protected override void BeginQuery(float* query, float* tables)
    {
        // With L2 and residuals each list has tables of its own.
        if (!ByResidual || Metric == MetricType.InnerProduct)
            Sq.Prepare(Metric, query, tables, ScalarDistances.Width);
    }

    private protected override void BeginList(float* query, int list, float coarseDistance, float* tables)
    {
        var residual = tables + Sq.TableFloats;
        ref var shift = ref residual[Dimension];
        shift = 0;
        if (!ByResidual)
            return;

        if (Metric == MetricType.InnerProduct)
        {
            // ⟨q, c + r⟩ = ⟨q, c⟩ + ⟨q, r⟩.
            shift = -coarseDistance;
            return;
        }

        Subtract(query, list, new Span<float>(residual, Dimension));
        Sq.Prepare(Metric, residual, tables, ScalarDistances.Width);
    }

    private protected override void ScanCodes(float* query, int list, int first, int count, float* tables, float* distances) =>
        Sq.Compare(
            Metric,
            tables,
            ScalarDistances.Width,
            tables[Sq.TableFloats + Dimension],
            Lists.Codes(list) + (long)first * CodeSize,
            count,
            distances);

    private void Subtract(float* vector, int list, Span<float> residual) =>
        TensorPrimitives.Subtract(new ReadOnlySpan<float>(vector, Dimension), Centroid(list), residual);

    private ReadOnlySpan<float> Centroid(int list) => new(Quantizer.Vectors + (long)list * Dimension, Dimension);
}
