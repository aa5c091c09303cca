using System.Globalization;

namespace FaissNet.Benchmarks.VsFaiss;

/// <summary>One comparison to make.</summary>
/// <param name="Section">What <c>--only</c> calls it.</param>
/// <param name="Task">What is compared.</param>
/// <param name="Case">Data, index and settings.</param>
/// <param name="Bar">FAISS time / managed time that must be reached.</param>
/// <param name="Aim">What is aimed for.</param>
internal sealed record Row(string Section, string Task, string Case, double Bar, double Aim)
{
    /// <summary>The instructions that the managed side may use.</summary>
    public CodePath Code { get; init; } = CodePath.Full;

    /// <summary>Brings a side to where it can be measured.</summary>
    public required Action<Contender> Prepare { get; init; }

    /// <summary>One run, of so many calls where calls count.</summary>
    public required Func<Contender, int, Sample> Measure { get; init; }

    /// <summary>Whether runs consist of calls, whose number is then chosen.</summary>
    public bool HasCalls { get; init; }

    /// <summary>Whether runs are so short that the just-in-time compiler is to be done before.</summary>
    public bool WarmsUp { get; init; } = true;

    /// <summary>Whether the two sides came to the same: FAISS first, then managed.</summary>
    public required Func<Contender, Contender, Agreement> Compare { get; init; }
}

/// <summary>How much of the processor the managed side may use.</summary>
internal enum CodePath
{
    /// <summary>Everything.</summary>
    Full,

    /// <summary>No AVX-512.</summary>
    NoAvx512,

    /// <summary>No vectors at all.</summary>
    Scalar,
}

/// <summary>Whether two sides came to the same, and what they came to.</summary>
internal sealed record Agreement(bool Holds, string Text)
{
    /// <summary>Errors or objectives: the managed one is not larger by more than 0.1 %.</summary>
    public static Agreement OfObjectives(double faiss, double managed) =>
        new(managed <= faiss * 1.001, string.Create(CultureInfo.InvariantCulture, $"objective {(managed / faiss - 1) * 100:+0.000;-0.000;0.000} %"));

    public static Agreement OfCodes(byte[] faiss, byte[] managed)
    {
        var equal = faiss.Length == managed.Length ? faiss.Zip(managed).Count(pair => pair.First == pair.Second) / (double)faiss.Length : 0;
        return new Agreement(equal >= 0.9999, $"codes equal {Percent(equal, 4)}");
    }

    /// <summary>The same ids at the same places but for ties, that is, the same distances.</summary>
    public static Agreement OfSearches(Found faiss, Found managed)
    {
        var (ids, error) = Compare(faiss, managed);
        return new Agreement(
            ids >= 0.999 && error < 1e-4,
            $"ids equal {Percent(ids, 3)}, distances within {error.ToString("0.0e0", CultureInfo.InvariantCulture)}");
    }

    /// <summary>The same, and the recalls.</summary>
    public static Agreement OfSearches(Found faiss, Found managed, DataSet data, IndexStore store) =>
        new(OfSearches(faiss, managed).Holds, $"{OfSearches(faiss, managed).Text}, {Recalls(faiss, managed, data, store)}");

    /// <summary>A recall that is not lower by more than half a point.</summary>
    public static Agreement OfRecall(Found faiss, Found managed, DataSet data, IndexStore store) =>
        new(data.Recall(managed, store) >= data.Recall(faiss, store) - 0.005, Recalls(faiss, managed, data, store));

    public static string Recalls(Found faiss, Found managed, DataSet data, IndexStore store) =>
        string.Create(CultureInfo.InvariantCulture, $"recall {data.Recall(faiss, store):F4} / {data.Recall(managed, store):F4}");

    private static string Percent(double share, int digits) => $"{(share * 100).ToString($"F{digits}", CultureInfo.InvariantCulture)} %";

    private static (double EqualIds, double Error) Compare(Found faiss, Found managed)
    {
        var (equal, error) = (0L, 0.0);
        for (var i = 0; i < faiss.Labels.Length; i++)
        {
            equal += faiss.Labels[i] == managed.Labels[i] ? 1 : 0;
            // Also where ids differ: of a tie, either is right.
            error = Math.Max(error, Math.Abs((double)faiss.Distances[i] - managed.Distances[i]) / Math.Max(Math.Abs(faiss.Distances[i]), 1e-6));
        }

        return (equal / (double)faiss.Labels.Length, error);
    }
}
