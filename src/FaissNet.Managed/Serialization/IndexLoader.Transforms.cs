using System.Runtime.InteropServices;
using FaissNet.Managed;

namespace FaissNet.Serialization;

// Vector transforms. Their dimensions come last, so that what precedes them is read on the word of the file's length alone.
internal sealed partial class IndexLoader
{
    private readonly record struct Footer(int DIn, int DOut, bool IsTrained);

    private readonly record struct Matrix(bool HasBias, float[] A, float[] B);

    private VectorTransform ReadTransform(string role)
    {
        var fourCC = _r.ReadFourCC($"the type of the {role}");
        using var part = _r.Part($"{role} {fourCC}");
        switch (fourCC.ToString())
        {
            case "LTra":
                return ReadLinear();
            case "rrot":
                return Restore(ReadMatrix(), static end => new RandomRotationMatrix(end.DIn, end.DOut));
            case "Pcam" or "PcAm" or "PCAm":
                return ReadPca(fourCC);
            case "Viqm":
                return ReadItqMatrix();
            case "Viqt":
                return ReadItq();
            case "RmDT":
                return ReadRemap();
            case "VNrm":
                _r.ReadFinite("norm", NormalizationTransform.Norm, NormalizationTransform.Norm);
                return new NormalizationTransform(ReadSquareFooter().DIn);
            case "VCnt":
                var mean = ReadFloats("mean");
                var footer = ReadSquareFooter();
                return CenteringTransform.FromFile(footer.DIn, mean, footer.IsTrained);
            default:
                throw NotSupported($"The file holds a transform of the type {fourCC}, which the managed engine does not have.");
        }
    }

    private LinearTransform ReadLinear()
    {
        var matrix = ReadMatrix();
        var end = ReadFooter();
        return LinearTransform.FromFile(end.DIn, end.DOut, matrix.HasBias, matrix.A, matrix.B, end.IsTrained);
    }

    private T Restore<T>(Matrix matrix, Func<Footer, T> make)
        where T : LinearTransform
    {
        var end = ReadFooter();
        var transform = make(end);
        transform.Restore(matrix.A, matrix.B, matrix.HasBias, end.IsTrained);
        return transform;
    }

    private PCAMatrix ReadPca(FourCC fourCC)
    {
        var eigenPower = _r.ReadSingle("eigen_power");
        var epsilon = fourCC.Is("Pcam") ? _r.ReadSingle("epsilon") : 0;
        var randomRotation = _r.ReadBoolean("random_rotation");
        var balancedBins = fourCC.Is("PCAm") ? 0 : _r.ReadInt32("balanced_bins");
        var (mean, eigenvalues, components) = (ReadFloats("mean"), ReadFloats("eigenvalues"), ReadFloats("PCAMat"));
        var matrix = ReadMatrix();
        return Restore(matrix, end =>
        {
            if (end.DOut > end.DIn)
                throw _r.Invalid("d_out", end.DOut, $"at most d_in = {end.DIn}, as PCA gives");
            var pca = new PCAMatrix(end.DIn, end.DOut, eigenPower, randomRotation) { Epsilon = epsilon, BalancedBins = balancedBins };
            pca.RestoreDecomposition(mean, eigenvalues, components);
            return pca;
        });
    }

    private ITQMatrix ReadItqMatrix()
    {
        var (iterations, seed) = (_r.ReadInt32("max_iter"), _r.ReadInt32("seed"));
        var matrix = ReadMatrix();
        return Restore(matrix, end => new ITQMatrix(end.DIn) { MaxIter = iterations, Seed = seed });
    }

    private ITQTransform ReadItq()
    {
        var mean = ReadFloats("mean");
        var doPca = _r.ReadBoolean("do_pca");
        var itq = ReadTransform("rotation") as ITQMatrix ?? throw _r.Invalid("the rotation is no ITQMatrix");
        var both = ReadTransform("inner transform") as LinearTransform ?? throw _r.Invalid("the inner transform is not linear");
        var end = ReadFooter();
        if (end.IsTrained && (both.DIn != end.DIn || both.DOut != end.DOut))
            throw _r.Invalid($"the inner transform takes {both.DIn} components to {both.DOut}, expected {end.DIn} to {end.DOut}");

        return ITQTransform.FromFile(end.DIn, end.DOut, doPca, mean, itq, both, end.IsTrained);
    }

    private RemapDimensionsTransform ReadRemap()
    {
        var map = _r.ReadArray<int>("map", _r.ReadCount("map", sizeof(int)));
        var end = ReadFooter();
        if (map.Length != end.DOut)
            throw _r.Invalid("the number of elements of map", map.Length, $"d_out = {end.DOut}");
        foreach (var from in map)
        {
            if (from < -1 || from >= end.DIn)
                throw _r.Invalid("an entry of map", from, $"-1 or less than d_in = {end.DIn}");
        }

        return new RemapDimensionsTransform(end.DIn, end.DOut, map);
    }

    private Matrix ReadMatrix() => new(_r.ReadBoolean("have_bias"), ReadFloats("A"), ReadFloats("b"));

    private Footer ReadFooter() => new(
        _r.ReadInt32("d_in", 1, IndexValidator.MaximumDimension), _r.ReadInt32("d_out", 1, IndexValidator.MaximumDimension), _r.ReadBoolean("is_trained"));

    private Footer ReadSquareFooter()
    {
        var end = ReadFooter();
        return end.DIn == end.DOut ? end : throw _r.Invalid("d_out", end.DOut, $"d_in = {end.DIn}");
    }

    /// <summary>A <c>std::vector</c> of floats.</summary>
    private float[] ReadFloats(string field)
    {
        var count = _r.ReadCount(field, sizeof(float));
        if (count > Array.MaxLength)
            throw NotSupported($"{field} has {count} elements, more than an array holds.");

        var values = count == 0 ? [] : GC.AllocateUninitializedArray<float>((int)count);
        _r.Read(field, MemoryMarshal.Cast<float, uint>(values.AsSpan()));
        return values;
    }
}
