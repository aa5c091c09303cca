using FaissNet.Managed;
using FaissNet.Tests.Support;
using M = FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>How product-quantized lists are stored and shared out: none of it may change what is found.</summary>
public sealed unsafe class PqListsTests
{
    [Theory]
    [InlineData(8, true)]
    [InlineData(8, false)]
    [InlineData(4, true)]
    [InlineData(6, true)]
    public void Lists_without_terms_give_the_same(int nbits, bool byResidual)
    {
        const int d = 16, m = 4, nlist = 5;
        var vectors = TestVectors.Clustered(1500, d, seed: 1);
        var queries = TestVectors.Clustered(20, d, seed: 2);
        using var index = new FaissNet.Managed.IndexIVFPQ(d, nlist, m, nbits) { ByResidual = byResidual };
        index.Train(vectors);
        index.Add(vectors);
        using var plain = new FaissNet.Managed.IndexIVFPQ(d, nlist, m, nbits) { ByResidual = byResidual };
        plain.RestoreTraining(index.GetCentroids(), index.GetCodebooks());
        plain.RestoreLists(new PlainLists(index.Lists));
        plain.Restore(index.Count, isTrained: true);
        for (var use = 0; use < 3; use++)
        {
            // Kept, kept but too large, not kept.
            plain.UsePrecomputedTable = use < 2;
            plain.PrecomputedTableMaxBytes = use == 1 ? 1000 : 1 << 20;
            foreach (var nprobe in new[] { 1, 3, nlist })
            {
                var parameters = new SearchParameters { NProbe = nprobe };
                SameResults.Require(index.Search(queries, 10, parameters), plain.Search(queries, 10, parameters), 10, d);
                var radius = index.Search(queries, 10, parameters).Distances[9];
                SameResults.RequireRanges(index.RangeSearch(queries, radius, parameters), plain.RangeSearch(queries, radius, parameters), radius, d);
            }

            var tables = plain.Describe().Memory!.Tables;
            plain.UsePrecomputedTable = false;
            if (use == 0 && byResidual)
                Assert.True(tables > nlist * m << nbits);
        }

        Assert.Equal(index.Reconstruct(77), plain.Reconstruct(77));
        Assert.Throws<NotSupportedException>(() => plain.Add(queries));
        Assert.Throws<ArgumentOutOfRangeException>(() => plain.PrecomputedTableMaxBytes = -1);
    }

    [Fact]
    public void One_query_on_several_threads_finds_the_same()
    {
        // Enough bytes to be dealt out; what they mean does not matter.
        const int d = 64, m = 64, nlist = 9, perList = 12_000;
        var random = new Random(3);
        using var index = new FaissNet.Managed.IndexIVFPQ(d, nlist, m);
        index.RestoreTraining(TestVectors.Uniform(nlist, d, 5, seed: 1), TestVectors.Uniform(256, d, 3, seed: 2));
        var codes = new byte[perList * m];
        var ids = new long[perList];
        var terms = new float[perList];
        for (var list = 0; list < nlist; list++)
        {
            random.NextBytes(codes);
            for (var i = 0; i < perList; i++)
                ids[i] = i * nlist + list;

            fixed (byte* code = codes)
            fixed (long* id = ids)
            fixed (float* term = terms)
            {
                index.ComputeTerms(list, code, perList, term);
                ((ArrayInvertedLists)index.Lists).Append(list, perList, code, id, term);
            }
        }

        index.Restore(nlist * perList, isTrained: true);
        var queries = TestVectors.Uniform(6, d, 6, seed: 4);
        foreach (var nprobe in new[] { 1, 6, 7, nlist })
        {
            foreach (var k in new[] { 1, 10, 200 })
            {
                foreach (var selector in new[] { null, IdSelector.Range(1000, 50_000) })
                {
                    // In a batch each query is one thread's.
                    var parameters = new SearchParameters { NProbe = nprobe, Selector = selector };
                    var expected = index.Search(queries, k, parameters);
                    for (var i = 0; i < expected.QueryCount; i++)
                    {
                        var actual = index.Search(queries.AsSpan(i * d, d), k, parameters);
                        Assert.Equal(expected[i].ToArray(), actual[0].ToArray());
                    }

                    var limited = new SearchParameters { NProbe = nprobe, MaxCodes = perList + 1 };
                    Assert.Equal(index.Search(queries, k, limited)[0].ToArray(), index.Search(queries.AsSpan(0, d), k, limited)[0].ToArray());
                }
            }
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(20)]
    public void Searching_allocates_nothing(int count)
    {
        const int d = 16;
        var vectors = TestVectors.Clustered(1000, d, seed: 1);
        using var index = new FaissNet.Managed.IndexIVFPQ(d, 8, 4);
        using var flat = new M.IndexPQ(d, 4);
        index.Train(vectors);
        index.Add(vectors);
        flat.Train(vectors);
        flat.Add(vectors);
        var (distances, labels) = (new float[10 * count], new long[10 * count]);
        var parameters = new SearchParameters { NProbe = 3 };
        Assert.Equal(0, Allocated(() => index.Search(vectors.AsSpan(0, count * d), 10, distances, labels, parameters)));
        Assert.Equal(0, Allocated(() => flat.Search(vectors.AsSpan(0, count * d), 10, distances, labels)));
    }

    [Fact]
    [NeedsNative]
    public void Encoded_vectors_are_those_of_FAISS()
    {
        const int d = 12, nlist = 300;
        var vectors = TestVectors.Clustered(1500, d, seed: 1);
        using var native = new FaissNet.IndexIVFPQ(d, nlist, 3);
        native.Train(vectors);
        native.Add(vectors);
        var state = FaissIvfPq.Of(native);
        using var managed = new FaissNet.Managed.IndexIVFPQ(d, nlist, 3);
        managed.RestoreTraining(state.Centroids, state.Codebooks);
        Assert.Equal(5, managed.EncodedSize);
        var codes = managed.Encode(vectors);
        Assert.Equal(native.Encode(vectors), codes);
        Assert.Equal(native.Decode(codes), managed.Decode(codes));
        codes[1] = 9;
        Assert.Throws<ArgumentException>(() => managed.Decode(codes));
    }

    private static long Allocated(Action call)
    {
        for (var i = 0; i < 50; i++)
            call();

        var before = GC.GetAllocatedBytesForCurrentThread();
        for (var i = 0; i < 50; i++)
            call();

        return GC.GetAllocatedBytesForCurrentThread() - before;
    }

    /// <summary>Lists as a mapped file holds them: code after code, and no terms.</summary>
    private sealed class PlainLists : InvertedLists
    {
        private readonly ArrayInvertedLists _lists;

        public PlainLists(InvertedLists from)
            : base(from.ListCount, from.CodeSize, 1)
        {
            _lists = new ArrayInvertedLists(from.ListCount, from.CodeSize);
            for (var list = 0; list < from.ListCount; list++)
            {
                var codes = new byte[from.Size(list) * from.CodeSize];
                fixed (byte* code = codes)
                {
                    from.CopyCodes(list, 0, from.Size(list), code);
                    _lists.Append(list, from.Size(list), code, from.Ids(list));
                }
            }
        }

        public override IndexMemory Memory => _lists.Memory;

        public override int Size(int list) => _lists.Size(list);

        public override long* Ids(int list) => _lists.Ids(list);

        public override byte* Codes(int list) => _lists.Codes(list);

        public override void Dispose() => _lists.Dispose();
    }
}
