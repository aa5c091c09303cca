using FaissNet.Tests.Support;

namespace FaissNet.Tests.Parity;

/// <summary>
/// FaissNet and Python's faiss read each other's files and find the same in them.
/// </summary>
/// <remarks>
/// Ties: equal distances may come in either order, and of those equal to the last one either may be returned. Two
/// distances are equal when they are the same (Flat and IVFFlat, whose arithmetic is exact here), or within 1e-5 of the larger of
/// the distance and the query's squared length (IVFPQ, whose sums are rounded, and cancel from terms of that size).
/// </remarks>
[NeedsNative]
public sealed class PythonTests(Witness witness) : IClassFixture<Witness>
{
    public static TheoryData<string> Names => [.. Witness.Cases.Select(parity => parity.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Python_finds_in_FaissNets_file_what_FaissNet_finds(string name) => AssertSameResults(Case(name), "faissnet");

    [Theory]
    [MemberData(nameof(Names))]
    public void FaissNet_finds_in_Pythons_file_what_Python_finds(string name) => AssertSameResults(Case(name), "python");

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_of_Pythons_is_saved_again_byte_for_byte(string name)
    {
        var parity = Case(name);
        using var index = FaissIndex.Load(witness.File(parity, "python"));
        using var stream = new MemoryStream();

        index.Save(stream);

        Assert.Equal(File.ReadAllBytes(witness.File(parity, "python")), stream.ToArray());
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Python_saves_a_file_of_FaissNets_again_byte_for_byte(string name)
    {
        var parity = Case(name);

        Assert.Equal(File.ReadAllBytes(witness.File(parity, "faissnet")), File.ReadAllBytes(witness.File(parity, "faissnet.copy")));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_file_of_Pythons_holds_the_vectors_under_their_ids(string name)
    {
        var parity = Case(name);
        using var index = FaissIndex.Load(witness.File(parity, "python"));

        Assert.Equal((ParityCase.D, parity.Metric, (long)ParityCase.Count, true), (index.Dimension, index.Metric, index.Count, index.IsTrained));
        for (var i = 0; i < ParityCase.Count && parity.IsExact; i += 97)
        {
            var stored = index.Reconstruct(parity.GivenIds ? Witness.Ids[i] : i);
            Assert.Equal(Witness.Vectors.AsSpan(i * ParityCase.D, ParityCase.D).ToArray(), stored);
        }
    }

    private static ParityCase Case(string name)
    {
        Assert.SkipWhen(Witness.Skip, "FAISSNET_SKIP_PYTHON is 1");
        return Witness.Cases.Single(parity => parity.Name == name);
    }

    private void AssertSameResults(ParityCase parity, string maker)
    {
        using var index = FaissIndex.Load(witness.File(parity, maker));
        if (index is IndexIVF ivf)
            Assert.Equal(ParityCase.NProbe, ivf.NProbe);

        var ours = index.Search(Witness.Queries, ParityCase.K);
        var (ids, distances) = witness.PythonFound(parity, maker);

        Assert.Equal(ours.Labels.Length, ids.Length);
        for (var q = 0; q < ParityCase.Queries; q++)
        {
            var query = Witness.Queries.AsSpan(q * ParityCase.D, ParityCase.D);
            var length = (float)BruteForce.Distance(MetricType.InnerProduct, query, query);
            bool Equal(float a, float b) => parity.IsExact ? a == b : Math.Abs(a - b) <= 1e-5f * Math.Max(Math.Abs(b), length);

            var expected = Row(ids, distances, q);
            var actual = Row(ours.Labels, ours.Distances, q);
            for (var j = 0; j < ParityCase.K; j++)
                Assert.True(Equal(actual[j].Distance, expected[j].Distance), $"query {q}, rank {j}: {actual[j]}, Python {expected[j]}");

            var last = expected[^1].Distance;
            foreach (var hit in expected)
            {
                var found = actual.Where(candidate => candidate.Id == hit.Id).ToArray();
                Assert.True(
                    found.Length == 1 ? Equal(found[0].Distance, hit.Distance) : Equal(hit.Distance, last),
                    $"query {q}: Python found {hit}, FaissNet {string.Join(", ", actual)}");
            }
        }
    }

    private static Neighbor[] Row(long[] ids, float[] distances, int query) =>
        [.. Enumerable.Range(query * ParityCase.K, ParityCase.K).Select(i => new Neighbor(ids[i], distances[i]))];
}
