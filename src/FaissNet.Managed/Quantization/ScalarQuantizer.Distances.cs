namespace FaissNet.Managed;

// Distances of a query to codes, without decoding them to memory.
public sealed unsafe partial class ScalarQuantizer
{
    // Three sections at most: the codes' low and high halves, or the unpacked bytes of 6-bit codes.
    private const int HeaderFloats = 16;

    /// <summary>Floats that <see cref="Prepare"/> fills for a query.</summary>
    internal long TableFloats => HeaderFloats + Sections * SectionFloats;

    private int Sections => Bits == 4 ? 2 : 1;

    private int SectionLength => Bits == 4 ? CodeSize : Dimension;

    private long SectionFloats => 2L * (SectionLength + ScalarDistances.Slack) + 3 * ScalarDistances.Slack;

    /// <summary>
    /// Turns a query into what the kernels sum over a code c: with L2 Σ(tⱼ + sⱼ·cⱼ)², with the inner product an offset and Σ sⱼ·cⱼ, where
    /// t and s take in the range of each component.
    /// </summary>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="query">d floats.</param>
    /// <param name="tables"><see cref="TableFloats"/> floats.</param>
    /// <param name="width">The lanes of the form that sums.</param>
    internal void Prepare(MetricType metric, float* query, float* tables, int width)
    {
        var d = Dimension;
        var isProduct = metric == MetricType.InnerProduct;
        var steps = (1 << Bits) - 1;
        // FAISS compares whole bytes in this case.
        var inBytes = QType == ScalarQuantizerType.QT_8bit_direct && d % 16 == 0;
        var offset = 0.0;
        for (var section = 0; section < Sections; section++)
        {
            var part = ScalarSection.At(tables + HeaderFloats + section * SectionFloats, SectionLength, width);
            for (var i = 0; i < SectionLength; i++)
            {
                var j = Sections == 2 ? 2 * i + section : i;
                // A 4-bit code of an odd number of components ends with half a byte.
                if (j >= d)
                {
                    (part.Terms[i], part.Scales[i]) = (0, 0);
                    continue;
                }

                var value = inBytes ? (byte)(int)query[j] : query[j];
                var (start, scale) = (0f, 1f);
                if (TrainedLength > 0)
                {
                    var (minimum, range) = IsUniform ? (_trained[0], _trained[1]) : (_trained[j], _trained[d + j]);
                    (start, scale) = (minimum + 0.5f / steps * range, range / steps);
                }

                offset += (double)value * start;
                (part.Terms[i], part.Scales[i]) = isProduct ? (0, value * scale) : (value - start, -scale);
            }

            part.FillTail();
        }

        tables[0] = isProduct ? (float)offset : 0;
    }

    /// <summary>What heaps compare by (the squared distance, or the inner product negated) for consecutive codes.</summary>
    /// <param name="metric">L2 or inner product.</param>
    /// <param name="tables">What <see cref="Prepare"/> filled.</param>
    /// <param name="width">The lanes that it was filled for.</param>
    /// <param name="shift">Added to inner products: that with a list's centroid.</param>
    /// <param name="codes">n codes, one after the other.</param>
    /// <param name="n">How many codes.</param>
    /// <param name="distances">Receives n values.</param>
    internal void Compare(MetricType metric, float* tables, int width, float shift, byte* codes, int n, float* distances)
    {
        new Span<float>(distances, n).Clear();
        if (Bits == 6)
        {
            CompareUnpacked(metric, tables, width, codes, n, distances);
        }
        else
        {
            for (var section = 0; section < Sections; section++)
            {
                var part = ScalarSection.At(tables + HeaderFloats + section * SectionFloats, SectionLength, width);
                var kind = Bits == 16 ? ScalarCodeKind.Halves
                    : Bits == 8 ? ScalarCodeKind.Bytes
                    : section == 0 ? ScalarCodeKind.LowNibbles : ScalarCodeKind.HighNibbles;
                ScalarDistances.Add(metric, kind, part, codes, CodeSize, n, distances);
            }
        }

        if (metric != MetricType.InnerProduct)
            return;

        for (var i = 0; i < n; i++)
            distances[i] = -(distances[i] + tables[0] + shift);
    }

    private void CompareUnpacked(MetricType metric, float* tables, int width, byte* codes, int n, float* distances)
    {
        using var scratch = Scratch.Rent();
        var unpacked = scratch.Bytes(Dimension);
        var part = ScalarSection.At(tables + HeaderFloats, SectionLength, width);
        for (var i = 0; i < n; i++, codes += CodeSize)
        {
            for (var j = 0; j < Dimension; j++)
                unpacked[j] = (byte)SixBits(codes, j);

            ScalarDistances.Add(metric, ScalarCodeKind.Bytes, part, unpacked, Dimension, 1, distances + i);
        }
    }
}
