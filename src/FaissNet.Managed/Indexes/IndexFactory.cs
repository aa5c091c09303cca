using System.Globalization;
using System.Text.RegularExpressions;

namespace FaissNet.Managed;

/// <summary>Makes managed indexes from FAISS's descriptions. FAISS's <c>index_factory</c> (<c>faiss/index_factory.cpp</c>).</summary>
/// <remarks>
/// <para>The descriptions: <c>Flat</c>; <c>PQ16</c>, <c>PQ16x4</c>, <c>PQ16np</c>, <c>PQ16x4fs</c>; <c>SQ8</c>, <c>SQ6</c>, <c>SQ4</c>, <c>SQfp16</c>; each behind <c>IVF1024,</c> (also <c>IVF4k</c>, <c>IVF1M</c>); <c>IVF…,PQ…x4fsr</c> encodes residuals.</para>
/// <para>Around them: <c>PCA64</c>, <c>PCAR64</c>, <c>PCAW64</c>, <c>OPQ16</c>, <c>OPQ16_64</c>, <c>RR64</c>, <c>ITQ64</c>, <c>Pad128</c> and
/// <c>L2norm</c> before; <c>IDMap</c> and <c>IDMap2</c> before or behind; <c>RFlat</c> and <c>Refine(…)</c> behind.</para>
/// <para>FAISS trains <c>PQ16</c> polysemously: it reorders each codebook so that Hamming distances of codes say something, which takes
/// minutes and which only polysemous filters look at. This engine has no such filters and trains <c>PQ16</c> as <c>PQ16np</c>; what a search
/// returns does not depend on the order.</para>
/// </remarks>
public static partial class IndexFactory
{
    private const int DefaultBits = 8;
    private const int DefaultBlock = 32;

    // Deeper nesting is a mistake, and each level takes stack.
    private const int MaxDepth = 32;

    /// <summary>An empty index.</summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="description">The parts, separated by commas, from the outside in.</param>
    /// <param name="metric">L2 or inner product.</param>
    /// <returns>The index, as the class that fits its type.</returns>
    /// <exception cref="ArgumentException">The description is not in FAISS's grammar, or does not fit <paramref name="d"/> or
    /// <paramref name="metric"/>.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="d"/> or <paramref name="metric"/> is out of range.</exception>
    /// <exception cref="NotSupportedException">FAISS knows the description, and the managed engine does not have the type.</exception>
    public static ManagedIndex Create(int d, string description, MetricType metric = MetricType.L2)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(description);
        IndexArguments.Dimension(d);
        IndexArguments.L2OrInnerProduct(metric);
        try
        {
            return Parse(d, description, metric, depth: 0);
        }
        catch (ArgumentOutOfRangeException e)
        {
            throw new ArgumentException($"description is '{description}', for d = {d}: {FirstLine(e.Message)}", nameof(description), e);
        }
    }

    /// <summary>
    /// An empty index that compares by cosine similarity: vectors and queries are normalised on their way in, then compared by
    /// inner product. The same as <c>Create(d, "L2norm," + description, MetricType.InnerProduct)</c>, and a file of it does the same in
    /// every FAISS.
    /// </summary>
    /// <param name="d">Components per vector.</param>
    /// <param name="description">The parts, as in <see cref="Create"/>.</param>
    /// <inheritdoc cref="Create" path="/returns"/>
    /// <inheritdoc cref="Create" path="/exception"/>
    public static ManagedIndex CreateCosine(int d, string description)
    {
        ArgumentException.ThrowIfNullOrWhiteSpace(description);
        return Create(d, $"L2norm,{description}", MetricType.InnerProduct);
    }

    // The order is FAISS's: it decides what "L2norm,Flat,IDMap" means.
    private static ManagedIndex Parse(int d, string description, MetricType metric, int depth)
    {
        if (depth > MaxDepth)
            throw new ArgumentException($"description is nested more than {MaxDepth} deep.", nameof(description));

        if (IdMapPattern().Match(description) is { Success: true } map)
        {
            var inner = Parse(d, map.Groups["inner"].Value, metric, depth + 1);
            return map.Groups["two"].Length > 0 ? new IndexIDMap2(inner) : new IndexIDMap(inner);
        }

        if (RefinePattern().Match(description) is { Success: true } refine)
        {
            var first = Parse(d, refine.Groups["base"].Value, metric, depth + 1);
            return refine.Groups["refine"] is { Success: true } second
                ? new IndexRefine(first, Parse(d, second.Value, metric, depth + 1))
                : new IndexRefineFlat(first);
        }

        var comma = description.IndexOf(',', StringComparison.Ordinal);
        if (comma > 0 && ParseTransform(d, description[..comma]) is { } transform)
            return ParseTransformed(d, transform, description[(comma + 1)..], metric, depth);

        return IvfPattern().Match(description) is { Success: true } ivf
            ? ParseIvf(d, ivf, metric)
            : ParseCodes(d, description, metric) ?? throw Unknown(description);
    }

    private static IndexPreTransform ParseTransformed(int d, VectorTransform first, string rest, MetricType metric, int depth)
    {
        List<VectorTransform> chain = [first];
        while (rest.IndexOf(',', StringComparison.Ordinal) is > 0 and var comma && ParseTransform(chain[^1].DOut, rest[..comma]) is { } next)
        {
            chain.Add(next);
            rest = rest[(comma + 1)..];
        }

        return new IndexPreTransform([.. chain], Parse(chain[^1].DOut, rest, metric, depth + 1));
    }

    private static VectorTransform? ParseTransform(int d, string text)
    {
        if (TransformPattern().Match(text) is not { Success: true } match)
            return null;

        var (name, size) = (match.Groups["name"].Value, Number(match.Groups["size"], d));
        return name switch
        {
            "PCA" => new PCAMatrix(d, size),
            "PCAR" => new PCAMatrix(d, size, 0, randomRotation: true),
            "PCAW" => new PCAMatrix(d, size, -0.5f),
            "PCAWR" => new PCAMatrix(d, size, -0.5f, randomRotation: true),
            "OPQ" => new OPQMatrix(d, size, Number(match.Groups["out"], d)),
            "RR" => new RandomRotationMatrix(d, size),
            "ITQ" => new ITQTransform(d, size, match.Groups["size"].Success),
            "Pad" => new RemapDimensionsTransform(d, Math.Max(d, size), uniform: false),
            _ => new NormalizationTransform(d),
        };
    }

    private static IndexIVF ParseIvf(int d, Match ivf, MetricType metric)
    {
        if (ivf.Groups["quantizer"] is { Success: true } quantizer && quantizer.Value is not ("Flat" or "()"))
            throw new NotSupportedException($"The managed engine has flat coarse quantizers, not {quantizer.Value}: use the native engine.");

        var nlist = Number(ivf.Groups["nlist"], 0) * (ivf.Groups["unit"].Value switch { "k" => 1024L, "M" => 1024 * 1024, _ => 1 });
        if (nlist > int.MaxValue)
            throw new ArgumentException($"nlist is {nlist}: expected at most {int.MaxValue}.", nameof(ivf));

        var (lists, codes) = ((int)nlist, ivf.Groups["codes"].Value);
        if (codes == "Flat")
            return new IndexIVFFlat(d, lists, metric);

        if (ScalarType(codes) is { } scalar)
            return new IndexIVFScalarQuantizer(d, lists, scalar, metric);

        if (FastScanPattern().Match(codes) is { Success: true } fast)
        {
            return new IndexIVFPQFastScan(d, lists, Number(fast.Groups["m"], 0), 4, metric, Number(fast.Groups["block"], DefaultBlock))
            {
                ByResidual = fast.Groups["residual"].Length > 0,
            };
        }

        return PQPattern().Match(codes) is { Success: true } pq
            ? new IndexIVFPQ(d, lists, Number(pq.Groups["m"], 0), Number(pq.Groups["bits"], DefaultBits), metric)
            : throw Unknown(ivf.Value);
    }

    private static ManagedIndex? ParseCodes(int d, string codes, MetricType metric)
    {
        if (codes == "Flat")
            return metric == MetricType.L2 ? new IndexFlatL2(d) : new IndexFlatIP(d);

        if (ScalarType(codes) is { } scalar)
            return new IndexScalarQuantizer(d, scalar, metric);

        if (FastScanPattern().Match(codes) is { Success: true } fast && fast.Groups["residual"].Length == 0)
            return new IndexPQFastScan(d, Number(fast.Groups["m"], 0), 4, metric, Number(fast.Groups["block"], DefaultBlock));

        return PQPattern().Match(codes) is { Success: true } pq
            ? new IndexPQ(d, Number(pq.Groups["m"], 0), Number(pq.Groups["bits"], DefaultBits), metric)
            : null;
    }

    private static ScalarQuantizerType? ScalarType(string name) => name switch
    {
        "SQ8" => ScalarQuantizerType.QT_8bit,
        "SQ6" => ScalarQuantizerType.QT_6bit,
        "SQ4" => ScalarQuantizerType.QT_4bit,
        "SQfp16" => ScalarQuantizerType.QT_fp16,
        "SQ8_direct" => ScalarQuantizerType.QT_8bit_direct,
        _ => null,
    };

    private static int Number(Group group, int otherwise) =>
        !group.Success || group.Length == 0 ? otherwise
        : int.TryParse(group.ValueSpan, NumberStyles.None, CultureInfo.InvariantCulture, out var number) ? number
        : throw new ArgumentException($"{group.Value} is too large: expected at most {int.MaxValue}.", nameof(group));

    private static Exception Unknown(string description) => ElsewherePattern().Match(description) is { Success: true } match
        ? new NotSupportedException(
            $"description is '{description}': the managed engine does not have {match.Value}; FaissNet.IndexFactory, the native engine, does.")
        : new ArgumentException(
            $"description is '{description}': expected a description such as Flat, IVF256,PQ16, OPQ16,IVF4096,PQ16x4fs,RFlat.", nameof(description));

    // The exception's own message goes on with the parameter's name on a second line.
    private static string FirstLine(string message) => message.AsSpan().IndexOf('\n') is >= 0 and var end ? message[..end].TrimEnd() : message;

    [GeneratedRegex(@"^(?:(?<inner>.+),IDMap(?<two>2?)|IDMap(?<two>2?),(?<inner>.+))$", RegexOptions.ExplicitCapture)]
    private static partial Regex IdMapPattern();

    [GeneratedRegex(@"^(?<base>.+),(?:RFlat|Refine\((?<refine>.+)\))$", RegexOptions.ExplicitCapture)]
    private static partial Regex RefinePattern();

    [GeneratedRegex(@"^(?:(?<name>PCAW?R?|Pad)(?<size>[0-9]+)|(?<name>RR|ITQ)(?<size>[0-9]+)?|(?<name>OPQ)(?<size>[0-9]+)(?:_(?<out>[0-9]+))?|(?<name>L2[nN]orm))$",
        RegexOptions.ExplicitCapture)]
    private static partial Regex TransformPattern();

    [GeneratedRegex(@"^IVF(?<nlist>[0-9]+)(?<unit>[kM]?)(?:\((?<quantizer>[^()]*)\)|_(?<quantizer>[^,]+))?,(?<codes>.+)$", RegexOptions.ExplicitCapture)]
    private static partial Regex IvfPattern();

    [GeneratedRegex(@"^PQ(?<m>[0-9]+)(?:x(?<bits>[0-9]+))?(np)?$", RegexOptions.ExplicitCapture)]
    private static partial Regex PQPattern();

    [GeneratedRegex(@"^PQ(?<m>[0-9]+)x4fs(?<residual>r?)(?:_(?<block>[0-9]+))?$", RegexOptions.ExplicitCapture)]
    private static partial Regex FastScanPattern();

    // The first part that FAISS has and this engine has not.
    [GeneratedRegex(@"\b(HNSW|NSG|IMI|LSH|ZnLattice|RaBitQ|RQ|LSQ|PRQ|PLSQ|RCQ|Residual|SQ[0-9a-z_]+|HR|FlatDedup|FlatPanorama|FlatL2Panorama|FlatIPPanorama|RefinePanorama|SVS|PQ[0-9]+\+[0-9]+|SH)",
        RegexOptions.ExplicitCapture)]
    private static partial Regex ElsewherePattern();
}
