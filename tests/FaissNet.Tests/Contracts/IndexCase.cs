using System.Collections.Concurrent;
using System.Diagnostics.CodeAnalysis;
using FaissNet.Tests.Contracts;
using FaissNet.Tests.Support;
using Xunit.Sdk;

[assembly: RegisterXunitSerializer(typeof(IndexCaseSerializer), typeof(IndexCase))]

namespace FaissNet.Tests.Contracts;

/// <summary>What an index type can do beyond what every index can.</summary>
[Flags]
public enum Traits
{
    None = 0,

    /// <summary>Has to be trained.</summary>
    Trains = 1,

    /// <summary>Finds the true nearest, with the true distances.</summary>
    Exact = 2,

    /// <summary>Takes vectors without ids.</summary>
    Numbers = 4,

    /// <summary>Takes vectors under ids of the caller's.</summary>
    TakesIds = 8,

    /// <summary>Can remove.</summary>
    Removes = 16,

    /// <summary>Gives back something near to what was added.</summary>
    Reconstructs = 32,

    /// <summary>Gives back exactly what was added.</summary>
    Lossless = 64,

    /// <summary>Has range search.</summary>
    Ranges = 128,

    /// <summary>Has an IVF inside, for which nprobe can be set and given per call.</summary>
    Probes = 256,

    /// <summary>Does not take nprobe per call after all (fast-scan in FAISS before 1.8).</summary>
    FixedProbes = 512,

    /// <summary>The distances it returns are those to what it gives back.</summary>
    DistancesToStored = 1024,

    /// <summary>Its training can be watched and stopped.</summary>
    Watched = 2048,

    /// <summary>Its content does not depend on the order in which threads get to run.</summary>
    Repeatable = 4096,

    /// <summary>Searches among selected ids.</summary>
    Selects = 8192,

    /// <summary>Takes over the vectors of another index.</summary>
    Merges = 16_384,

    /// <summary>Encodes and decodes without storing.</summary>
    Encodes = 32_768,

    /// <summary>Orders the candidates of an index inside by better distances; how many can be given per call.</summary>
    Refines = 65_536,

    /// <summary>Has range search, but what a search finds within the radius may be something else.</summary>
    RangesLoosely = 131_072,

    /// <summary>FAISS does not write it to files; its parts it does.</summary>
    Unsaved = 262_144,

    /// <summary>Takes codes in place of vectors.</summary>
    AddsCodes = 524_288,

    /// <summary>Learns from any number of vectors: a least-squares problem that is regularised.</summary>
    LearnsFromAny = 1_048_576,
}

/// <summary>An engine: where its indexes come from.</summary>
public sealed record Engine(string Name, Func<Stream, VectorIndex> Load);

/// <summary>One index type of one engine, and what the contract suite may expect of it.</summary>
public sealed record IndexCase(Engine Engine, string Type, int Dimension, MetricType Metric, Traits Traits, Func<VectorIndex> Create)
{
    private static readonly ConcurrentDictionary<string, Lazy<byte[]>> Trained = new();

    /// <summary>The share of the true neighbours that it must find among clustered vectors when every list is visited.</summary>
    public double MinimumRecall { get; init; } = 1;

    /// <summary>Whether vectors are compared after normalisation.</summary>
    public bool Normalizes { get; init; }

    public string Key => $"{Engine.Name}/{Type}";

    public bool Has(Traits traits) => (Traits & traits) == traits;

    /// <summary>Vectors of this case's dimension.</summary>
    public float[] Vectors(int n, int seed) => TestVectors.Clustered(n, Dimension, seed);

    /// <summary>A new index, trained. Most tests are not about training, so its outcome is kept and loaded anew.</summary>
    public VectorIndex CreateTrained()
    {
        if (!Has(Traits.Trains))
            return Create();

        if (Has(Traits.Unsaved))
        {
            var made = Create();
            made.Train(Vectors(Registry.TrainingCount, seed: 1));
            return made;
        }

        var trained = Trained.GetOrAdd(Key, _ => new Lazy<byte[]>(() =>
        {
            using var index = Create();
            index.Train(Vectors(Registry.TrainingCount, seed: 1));
            return Bytes(index);
        }));
        return Load(trained.Value);
    }

    /// <summary>A new index, trained, with these vectors under the ids 0, 1, ….</summary>
    public VectorIndex CreateFilled(float[] vectors)
    {
        var index = CreateTrained();
        Fill(index, vectors);
        return index;
    }

    /// <summary>Adds vectors under the ids that follow.</summary>
    public void Fill(VectorIndex index, ReadOnlySpan<float> vectors, IProgress<IndexProgress>? progress = null, CancellationToken token = default)
    {
        if (Has(Traits.Numbers))
        {
            index.Add(vectors, progress, token);
            return;
        }

        var first = index.Count;
        var ids = new long[vectors.Length / Dimension];
        for (var i = 0; i < ids.Length; i++)
            ids[i] = first + i;

        index.AddWithIds(vectors, ids, progress, token);
    }

    /// <summary>Makes searches visit every list.</summary>
    public void ProbeAll(VectorIndex index)
    {
        if (Has(Traits.Probes))
            index.SetParameter("nprobe", Registry.NList);
    }

    /// <summary>Makes searches compare every vector, if the type can.</summary>
    public void SearchAll(VectorIndex index)
    {
        ProbeAll(index);
        if (Type.Contains("HNSW", StringComparison.Ordinal))
            index.SetParameter("efSearch", 1000);
    }

    /// <summary>The index's whole content and state, as it saves itself.</summary>
    public static byte[] Bytes(VectorIndex index)
    {
        using var stream = new MemoryStream();
        IReadOnlyList<VectorIndex> saved = index is IndexShards or IndexReplicas ? ((FaissIndex)index).Parts : [index];
        foreach (var one in saved)
            one.Save(stream);

        return stream.ToArray();
    }

    public VectorIndex Load(byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        return Engine.Load(stream);
    }

    public override string ToString() => Key;
}

/// <summary>Lets a test runner name and rerun the tests of one case.</summary>
public sealed class IndexCaseSerializer : IXunitSerializer
{
    public object Deserialize(Type type, string serializedValue) => Registry.All.Single(entry => entry.Key == serializedValue);

    public bool IsSerializable(Type type, object? value, [NotNullWhen(false)] out string? failureReason)
    {
        failureReason = value is IndexCase ? null : $"{type} is no {nameof(IndexCase)}.";
        return failureReason is null;
    }

    public string Serialize(object value) => ((IndexCase)value).Key;
}
