using System.Globalization;

namespace FaissNet.Evaluation;

/// <summary>A setting and values worth trying. FAISS's <c>ParameterRange</c> (<c>faiss/AutoTune.h</c>).</summary>
/// <param name="Name">The name that <see cref="IndexBase.SetParameter"/> takes.</param>
/// <param name="Values">From the fastest to the most accurate; the last may be infinity, for no limit.</param>
public sealed record ParameterRange(string Name, IReadOnlyList<double> Values)
{
    internal static ParameterRange PowersOfTwo(string name, int count, long below = long.MaxValue) =>
        new(name, [.. Enumerable.Range(0, count).Select(i => 1L << i).Where(value => value == 1 || value < below).Select(value => (double)value)]);

    /// <summary>Reads <c>nprobe=1,2,4</c>.</summary>
    internal static ParameterRange Parse(string text)
    {
        var equals = text.IndexOf('=', StringComparison.Ordinal);
        return new ParameterRange(
            text[..equals],
            [.. text[(equals + 1)..].Split(',').Select(value =>
                value == "inf" ? double.PositiveInfinity : double.Parse(value, CultureInfo.InvariantCulture))]);
    }
}
