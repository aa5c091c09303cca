using FaissNet.Tests.Support;

namespace FaissNet.Tests.Types;

/// <summary>Indexes inside others: found, used and changed without ownership mistakes.</summary>
[NeedsNative]
public sealed class PartsTests
{
    private const int D = 8;
    private static readonly float[] Vectors = TestVectors.Clustered(300, D, seed: 1);

    [Fact]
    public void A_chain_of_wrappers_is_searched_from_the_outside_in()
    {
        using var index = IndexFactory.Create(D, "IDMap,PCA4,IVF4,PQ2x4np");

        var map = Assert.IsType<IndexIDMap>(index);
        var chain = Assert.IsType<IndexPreTransform>(map.BaseIndex);
        var ivfpq = Assert.IsType<IndexIVFPQ>(chain.BaseIndex);
        Assert.Same(index, index.As<IndexIDMap>());
        Assert.Same(index, index.As<FaissIndex>());
        Assert.Same(ivfpq, index.As<IndexIVF>());
        Assert.Same(ivfpq, index.As<IndexIVFPQ>());
        Assert.Same(chain, index.As<IndexPreTransform>());
        Assert.Null(index.As<IndexHNSW>());
        Assert.Null(index.As<IndexFlat>());
        Assert.Equal((4, 4, 2), (ivfpq.Dimension, ivfpq.NList, ivfpq.M));
        Assert.Same(ivfpq.Quantizer, ivfpq.Quantizer);
        Assert.Equal([chain], index.Parts);
        Assert.Empty(ivfpq.Quantizer.Parts);
    }

    [Fact]
    public void A_file_brings_back_the_parts()
    {
        using var index = Trained("IVF4_HNSW8,PQ4x4np,RFlat");
        index.Add(Vectors);
        using var stream = new MemoryStream();
        index.Save(stream);
        stream.Position = 0;

        using var loaded = FaissIndex.Load(stream);

        var refine = Assert.IsType<IndexRefineFlat>(loaded);
        var ivf = Assert.IsType<IndexIVFPQ>(refine.BaseIndex);
        var hnsw = Assert.IsType<IndexHNSWFlat>(ivf.Quantizer);
        Assert.Equal(Vectors, Assert.IsType<IndexFlatL2>(refine.RefineIndex).ReconstructBatch([.. Enumerable.Range(0, 300).Select(i => (long)i)]));
        Assert.Equal((4, 8), (hnsw.Count, hnsw.M));
        Assert.Equal(ivf.GetCentroids(), Assert.IsType<IndexFlatL2>(hnsw.Storage).ReconstructBatch(0, 1, 2, 3));
    }

    [Fact]
    public void Changes_show_in_the_whole_and_in_all_parts()
    {
        using var index = Trained("L2norm,IVF4,Flat", MetricType.InnerProduct);
        var ivf = index.As<IndexIVFFlat>()!;
        Assert.True(ivf.IsTrained);

        index.Add(Vectors);
        Assert.Equal((300, 300), (index.Count, ivf.Count));

        index.SetParameter("nprobe", 3);
        Assert.Equal(3, ivf.NProbe);
        ivf.NProbe = 4;
        Assert.Equal(4, index.GetParameter("nprobe"));

        // What goes past the transform counts all the same, and is found by id.
        var one = TestVectors.Normalized(TestVectors.Clustered(1, D, seed: 9), D);
        Assert.Equal(D, index.Reconstruct(299).Length);
        ivf.Add(one);
        Assert.Equal((301, 301), (index.Count, ivf.Count));
        Assert.Equal(one, index.Reconstruct(300));
        Assert.Equal(300, index.Search(one, 1)[0][0].Id);

        ivf.Remove(IdSelector.Batch(300));
        Assert.Equal(300, index.Count);
        Assert.Throws<KeyNotFoundException>(() => index.Reconstruct(300));
        ivf.Reset();
        Assert.Equal((0, 0), (index.Count, ivf.Count));
    }

    [Theory]
    [InlineData("IDMap,Flat")]
    [InlineData("IVF4,Flat,RFlat")]
    [InlineData("HNSW8")]
    [InlineData("IVF4,Flat")]
    public void Parts_that_the_whole_knows_more_of_cannot_be_changed_alone(string description)
    {
        using var index = Trained(description);
        if (index is IndexIDMap)
            index.AddWithIds(Vectors, [.. Enumerable.Range(0, 300).Select(i => (long)i)]);
        else
            index.Add(Vectors);

        foreach (var part in index.Parts)
        {
            var count = part.Count;
            foreach (var change in new Action[]
            {
                () => part.Add(Vectors),
                () => part.Reset(),
                () => part.Remove(IdSelector.Range(0, 2)),
            })
            {
                Assert.Contains("part of another", Assert.Throws<NotSupportedException>(change).Message, StringComparison.Ordinal);
            }

            Assert.Equal(count, part.Count);
            part.SetParameter("verbose", 0);
            Assert.Equal(1, part.Search(Vectors.AsSpan(0, part.Dimension), 1).QueryCount);
        }

        Assert.Equal(300, index.Count);
    }

    [Fact]
    public void Centroids_can_be_given_while_the_lists_are_empty()
    {
        using var index = new IndexIVFFlat(D, 4);
        float[] centroids = [.. Enumerable.Range(0, 4 * D).Select(i => (float)(i / D * 10))];
        Assert.False(index.IsTrained);

        index.Quantizer.Add(centroids);

        Assert.True(index.IsTrained);
        Assert.Equal(centroids, index.GetCentroids());
        index.Add(centroids);
        Assert.Equal([1, 1, 1, 1], index.GetListSizes());
        Assert.Throws<NotSupportedException>(index.Quantizer.Reset);

        // Codebooks are learned after them, and they stay.
        using var codes = new IndexIVFPQ(D, 4, 2, 4);
        codes.Quantizer.Add(centroids);
        Assert.False(codes.IsTrained);
        codes.Train(Vectors);
        Assert.Equal(centroids, codes.GetCentroids());
    }

    [Fact]
    public void An_index_that_is_put_into_another_stays_usable_as_its_part()
    {
        var quantizer = new IndexHNSWFlat(D, 8);
        using var ivf = new IndexIVFFlat(quantizer, D, 4);

        Assert.Same(quantizer, ivf.Quantizer);
        ivf.Train(Vectors);
        Assert.Equal(4, quantizer.Count);
        Assert.Contains("part of another", Assert.Throws<ArgumentException>(() => new IndexIDMap(quantizer)).Message, StringComparison.Ordinal);

        using var map = new IndexIDMap(ivf);
        Assert.Same(ivf, map.BaseIndex);
        Assert.Same(quantizer, map.As<IndexIVF>()!.Quantizer);
        ivf.Dispose();
        quantizer.Dispose();
        map.AddWithIds(Vectors, [.. Enumerable.Range(0, 300).Select(i => i + (1L << 40))]);
        Assert.Equal((300, 300, 4), (map.Count, ivf.Count, quantizer.Count));
        quantizer.EfSearch = 77;
        Assert.Equal(77, map.GetParameter("quantizer_efSearch"));
    }

    [Fact]
    public void Parts_go_with_the_whole()
    {
        var index = Trained("PCA4,IVF4,Flat");
        var ivf = index.As<IndexIVFFlat>()!;
        var quantizer = ivf.Quantizer;
        ivf.Dispose();
        Assert.Equal(4, quantizer.Count);

        index.Dispose();

        Assert.Throws<ObjectDisposedException>(() => ivf.Search(new float[4], 1));
        Assert.Throws<ObjectDisposedException>(() => quantizer.Reconstruct(0));
        Assert.Throws<ObjectDisposedException>(() => index.Parts);
        Assert.Throws<ObjectDisposedException>(() => ivf.Quantizer);
    }

    [Fact]
    public void Nothing_stays_alive_after_the_whole_is_disposed() => ChildProcess.Run(static _ =>
    {
        for (var round = 0; round < 20; round++)
        {
            using (var index = Trained("PCA4,IVF4_HNSW8,Flat,RFlat"))
            {
                Assert.Single(index.As<IndexIVFFlat>()!.Quantizer.Parts);
                using var inner = new IndexFlatL2(D);
                using var map = new IndexIDMap2(inner);
                using var shards = new IndexShards(D);
                shards.AddShard(new IndexFlatL2(D));
                shards.AddShard(new IndexPreTransform(D, "L2norm", new IndexFlatL2(D)));
                Assert.Single(shards.Shards[1].Parts);
                using var other = new IndexFlatL2(D + 1);
                Assert.Throws<ArgumentException>(() => shards.AddShard(other));
                Assert.NotEqual(0, FaissRuntime.LiveHandles);
            }

            GC.Collect();
            GC.WaitForPendingFinalizers();
            Assert.Equal(0, FaissRuntime.LiveHandles);
        }
    }).RequireSuccess();

    [Fact]
    public void A_whole_may_be_disposed_while_its_parts_are_used() => ChildProcess.Run(static _ =>
    {
        for (var round = 0; round < 30; round++)
        {
            var index = Trained("PCA4,IVF4,Flat");
            index.Add(Vectors);
            var ivf = index.As<IndexIVFFlat>()!;
            using var started = new Barrier(3);
            var threads = new[] { ivf, ivf.Quantizer }.Select(part => new Thread(() =>
            {
                started.SignalAndWait();
                try
                {
                    while (true)
                        part.Search(new float[4 * 16], 3);
                }
                catch (ObjectDisposedException)
                {
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            started.SignalAndWait();
            index.Search(Vectors, 5);
            index.Dispose();
            threads.ForEach(thread => thread.Join());
        }
    }).RequireSuccess();

    [Fact]
    public void Calls_on_parts_and_on_the_whole_wait_for_each_other() => ChildProcess.Run(static _ =>
    {
        using var index = Trained("PCA4,IVF4,Flat");
        var ivf = index.As<IndexIVFFlat>()!;
        var adding = 2;
        var threads = Enumerable.Range(0, 4).Select(t => new Thread(() =>
        {
            for (var i = 0; t < 2 && i < 100; i++)
            {
                if (t == 0)
                    index.Add(Vectors.AsSpan(0, 20 * D));
                else
                    ivf.Add(new float[20 * 4]);
            }

            if (t < 2)
                Interlocked.Decrement(ref adding);

            while (t >= 2 && Volatile.Read(ref adding) > 0)
            {
                if (t == 2)
                    index.Search(Vectors.AsSpan(0, 4 * D), 5);
                else
                    ivf.Search(new float[4 * 4], 5);
            }
        })).ToList();
        threads.ForEach(thread => thread.Start());
        threads.ForEach(thread => thread.Join());
        Assert.Equal((4000, 4000), (index.Count, ivf.Count));
    }).RequireSuccess();

    [Fact]
    public void What_does_not_fit_together_is_refused_and_stays_as_it_was()
    {
        using var flat = new IndexFlatL2(D);
        using var filled = new IndexFlatL2(D);
        filled.Add(Vectors);
        using var map = new IndexIDMap(new IndexFlatL2(D));
        using var lsh = new IndexLSH(D, 8);

        Assert.Throws<ArgumentException>(() => new IndexIDMap(filled));
        Assert.Throws<ArgumentException>(() => new IndexIDMap(map));
        Assert.Throws<ArgumentNullException>("index", () => new IndexIDMap((FaissIndex)null!));
        Assert.Throws<ArgumentException>(() => new IndexRefineFlat(filled));
        Assert.Throws<ArgumentException>(() => new IndexRefine(flat, flat));
        Assert.Throws<ArgumentException>(() => new IndexRefine(flat, filled));
        Assert.Throws<ArgumentException>(() => new IndexPreTransform(D, "PCA4", flat));
        Assert.Throws<ArgumentException>(() => new IndexPreTransform(D, "Nonsense", flat));
        Assert.Throws<ArgumentException>(() => new IndexPreTransform(D, "IVF4", flat));
        Assert.Throws<ArgumentOutOfRangeException>("d", () => new IndexPreTransform(0, "PCA4", flat));
        Assert.Throws<ArgumentException>(() => new IndexIVFFlat(lsh, D, 4));
        Assert.Throws<ArgumentException>(() => new IndexIVFFlat(filled, D, 4));
        Assert.Throws<ArgumentException>(() => new IndexIVFFlat(flat, D + 1, 4));
        Assert.Throws<ArgumentNullException>("quantizer", () => new IndexIVFFlat(null!, D, 4));

        flat.Add(Vectors);
        Assert.Equal((300, 300, 0), (flat.Count, filled.Count, map.Count));
        using var ofCentroids = new IndexIVFFlat(flat, D, 300);
        Assert.True(ofCentroids.IsTrained);
    }

    [Fact]
    public void Merging_with_a_part_of_oneself_is_refused()
    {
        using var shards = new IndexShards(D);
        shards.AddShard(new IndexFlatL2(D));
        shards.AddShard(new IndexFlatL2(D));
        shards.Add(Vectors);

        Assert.Throws<ArgumentException>("other", () => shards.MergeFrom(shards.Shards[0]));
        Assert.Throws<ArgumentException>("other", () => shards.Shards[0].MergeFrom(shards.Shards[1]));
        Assert.Equal(300, shards.Count);
    }

    private static FaissIndex Trained(string description, MetricType metric = MetricType.L2)
    {
        var index = IndexFactory.Create(D, description, metric);
        index.Train(Vectors);
        return index;
    }
}
