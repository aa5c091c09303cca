using FaissNet.Managed;

namespace FaissNet.Fuzz;

/// <summary>What became of a case.</summary>
[Flags]
internal enum Outcome
{
    Refused = 0,

    /// <summary>The validator found nothing wrong.</summary>
    Accepted = 1,

    /// <summary>Well formed as far as it was looked at, and not known further.</summary>
    Unrecognised = 2,

    /// <summary>The managed engine loaded it.</summary>
    Managed = 4,

    /// <summary>FAISS loaded it.</summary>
    Native = 8,
}

/// <summary>
/// Takes a file through everything that a program can do with one. Whatever is thrown must be what the documentation names for a bad file or
/// for a call that an index does not take; all else goes through.
/// </summary>
internal sealed class Trial(string scratch, bool managedOnly)
{
    private const int Queries = 3;

    // Enough for every graph to be built.
    private const int Many = 120;

    private const int DamagedCodes = 4;

    private static readonly long[] s_ids = [1, 2, 3];

    // Of the case that runs: its own bytes, so that it does the same wherever it runs again.
    private int _seed;

    public Outcome Run(byte[] bytes)
    {
        _seed = bytes.Aggregate(bytes.Length, (seed, value) => unchecked((seed * 31) + value));
        var outcome = Validate(bytes);
        var managed = Load(() => ManagedIndex.Load(new MemoryStream(bytes)), outcome);
        if (managed is not null)
        {
            outcome |= Outcome.Managed;
            Use(managed, canChange: true);
        }

        var path = Path.Combine(scratch, "case");
        File.WriteAllBytes(path, bytes);
        var mapped = Load(() => ManagedIndex.LoadMapped(path), outcome);
        if (mapped is null != (managed is null))
            throw new InvalidProgramException($"Loaded, the index {(managed is null ? "is refused" : "works")}; mapped, it {(mapped is null ? "is refused" : "works")}.");
        if (mapped is not null)
            Use(mapped, canChange: false);

        if (!managedOnly && Load(() => FaissIndex.Load(new MemoryStream(bytes)), outcome) is { } native)
        {
            outcome |= Outcome.Native;
            Use(native, canChange: true);
        }

        if (!managedOnly && Load(() => FaissBinaryIndex.Load(new MemoryStream(bytes)), outcome) is { } binary)
        {
            outcome |= Outcome.Native;
            Use(binary);
        }

        return outcome;
    }

    private static Outcome Validate(byte[] bytes)
    {
        try
        {
            return IndexFile.Validate(new MemoryStream(bytes)).IsRecognised ? Outcome.Accepted : Outcome.Unrecognised;
        }
        catch (InvalidDataException)
        {
            return Outcome.Refused;
        }
    }

    private static T? Load<T>(Func<T> load, Outcome validated)
        where T : IndexBase
    {
        try
        {
            var index = load();
            if (!validated.HasFlag(Outcome.Accepted))
            {
                index.Dispose();
                throw new InvalidProgramException($"An index was loaded that the validator answers with {validated}.");
            }

            return index;
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException)
        {
            return null;
        }
    }

    private void Use(VectorIndex index, bool canChange)
    {
        using (index)
        {
            // Numbers like those in the files; what distances come of damaged floats does not matter.
            var vectors = Corpus.Vectors(Queries, index.Dimension, seed: 3);
            Read(index, vectors);
            Try(() => index.Clone().Dispose());
            Save(index);
            if (!canChange)
                return;

            Try(() => index.SetParameter("nprobe", 3));
            Try(() => index.SetParameter("efSearch", 9));
            Change(index, Add, () => Read(index, vectors));
            AddDamagedCodes(index, vectors);
            if (index.Dimension > 32)
                return;

            Try(index.Reset);
            Try(() => index.Add(Corpus.Vectors(Many, index.Dimension, seed: 4)));
            Try(() => index.Search(vectors, Many));

            void Add()
            {
                Try(() => index.Add(vectors));
                Try(() => index.AddWithIds(vectors, s_ids));
            }
        }
    }

    /// <summary>Codes from outside are files without headers: sound ones, damaged by the same hand.</summary>
    private void AddDamagedCodes(VectorIndex index, float[] vectors)
    {
        byte[] codes = [];
        if (!Try(() => codes = index.Encode(vectors)))
            return;

        var random = new Random(_seed);
        for (var i = 0; i < DamagedCodes; i++)
        {
            var damaged = FuzzCase.DamageCodes(codes, random);
            Try(() => index.AddCodes(damaged));
            Try(() => index.AddCodesWithIds(damaged, s_ids));
        }

        Read(index, vectors);
        Save(index);
        Try(() => index.Remove(IdSelector.Range(0, 3)));
    }

    private static void Change(IndexBase index, Action add, Action read)
    {
        add();
        read();
        Try(() => index.Remove(IdSelector.Range(0, 3)));
        Try(() => index.Remove(IdSelector.Batch(100, 107, 5, 39)));
        read();
        Save(index);
        Try(index.Reset);
        read();
        add();
        read();
    }

    private static void Use(FaissBinaryIndex index)
    {
        using (index)
        {
            var vectors = Corpus.Bits(Queries, index.Dimension, seed: 3);
            Read(index, vectors);
            Try(() => index.Clone().Dispose());
            Save(index);
            Try(() => index.SetParameter("nprobe", 3));
            Try(() => index.SetParameter("efSearch", 9));
            Try(() => index.SetParameter("nflip", 2));
            Change(index, Add, () => Read(index, vectors));

            void Add()
            {
                Try(() => index.Add(vectors));
                Try(() => index.AddWithIds(vectors, s_ids));
            }
        }
    }

    private static void Read(FaissBinaryIndex index, byte[] vectors)
    {
        Try(() => index.Search(vectors, 5));
        Try(() => index.Search(vectors, (int)Math.Min(index.Count + 2, 1000)));
        Try(() => index.Search(vectors, 3, new SearchParameters { NProbe = 2 }));
        Try(() => index.Search(vectors, 3, new SearchParameters { Selector = IdSelector.Range(0, 20) }));
        Try(() => index.RangeSearch(vectors, 5));
        Try(() => index.Reconstruct(0));
        Try(() => index.Reconstruct(index.Count - 1));
        Try(() => index.Reconstruct(107));
    }

    private static void Read(VectorIndex index, float[] vectors)
    {
        Try(() => index.Search(vectors, 5));
        Try(() => index.Search(vectors, (int)Math.Min(index.Count + 2, 1000)));
        Try(() => index.Search(vectors, 3, new SearchParameters { NProbe = 2 }));
        Try(() => index.Search(vectors, 3, new SearchParameters { Selector = IdSelector.Range(0, 20) }));
        Try(() => index.RangeSearch(vectors, 0.5f));
        Try(() => index.Reconstruct(0));
        Try(() => index.Reconstruct(index.Count - 1));
        Try(() => index.Reconstruct(107));
        Try(() => index.Decode(index.Encode(vectors)));
        Try(() => index.Describe());
    }

    /// <summary>What an index writes must be a sound file.</summary>
    private static void Save(IndexBase index)
    {
        using var stream = new MemoryStream();
        if (!Try(() => index.Save(stream)))
            return;

        stream.Position = 0;
        try
        {
            IndexFile.Validate(stream);
        }
        catch (InvalidDataException e)
        {
            throw new InvalidProgramException($"{index.GetType().FullName} saved a file that is refused: {e.Message}", e);
        }
    }

    private static bool Try(Action call)
    {
        try
        {
            call();
            return true;
        }
        catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException or KeyNotFoundException or FaissException)
        {
            // Not trained, needs ids, has no inverse, cannot be changed, not with this type.
            return false;
        }
    }
}
