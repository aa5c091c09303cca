namespace FaissNet.Managed;

/// <summary>Tells the user of an index about the parts of a product quantizer that were trained, in iterations of k-means.</summary>
internal sealed class CodebookProgress : IProgress<ProductQuantizerProgress>
{
    private readonly IProgress<IndexProgress> _progress;
    private readonly int _iterations;

    private CodebookProgress(IProgress<IndexProgress> progress, int iterations) => (_progress, _iterations) = (progress, iterations);

    /// <summary>A receiver for the training of a quantizer; null if nobody listens.</summary>
    public static CodebookProgress? Of(IProgress<IndexProgress>? progress, ProductQuantizer quantizer) =>
        progress is null ? null : new CodebookProgress(progress, quantizer.ClusteringParameters.NIter);

    public void Report(ProductQuantizerProgress value) => _progress.Report(
        new IndexProgress(IndexStage.TrainingCodes, (long)value.PartsTrained * _iterations, (long)value.Parts * _iterations));
}
