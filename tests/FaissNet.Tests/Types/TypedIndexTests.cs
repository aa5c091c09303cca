using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Types;

/// <summary>Options of the typed classes, and parameters of single calls.</summary>
[NeedsNative]
public sealed class TypedIndexTests
{
    private const int D = 16;
    private static readonly float[] Vectors = TestVectors.Clustered(600, D, seed: 1);
    private static readonly float[] Queries = TestVectors.Clustered(20, D, seed: 2);

    [Fact]
    public void Constructors_make_what_the_factory_makes()
    {
        foreach (var (description, made) in new (string, FaissIndex)[]
        {
            ("PQ4x6np", new IndexPQ(D, 4, 6)),
            ("PQ8x4fs_64", new IndexPQFastScan(D, 8, bbs: 64)),
            ("SQ6", new IndexScalarQuantizer(D, ScalarQuantizerType.QT_6bit)),
            ("HNSW12,Flat", new IndexHNSWFlat(D, 12)),
            ("HNSW12,SQ4", new IndexHNSWSQ(D, ScalarQuantizerType.QT_4bit, 12)),
            ("LSHrt", new IndexLSH(D, D, rotateData: true, trainThresholds: true)),
            ("LSH", new IndexLSH(D, D, rotateData: false)),
            ("IVF4,Flat", new IndexIVFFlat(D, 4)),
            ("IVF4,PQ4x5np", new IndexIVFPQ(D, 4, 4, 5)),
            ("IVF4,SQfp16", new IndexIVFScalarQuantizer(D, 4, ScalarQuantizerType.QT_fp16)),
            ("IVF4,PQ4x4fs", new IndexIVFPQFastScan(D, 4, 4)),
            ("IVF4,PQ4x4fsr", new IndexIVFPQFastScan(D, 4, 4) { ByResidual = true }),
            ("IVF4_HNSW8,Flat", new IndexIVFFlat(new IndexHNSWFlat(D, 8), D, 4)),
            ("RQ2x5", new IndexResidualQuantizer(D, 2, 5)),
            ("IVF4,RQ2x5", new IndexIVFResidualQuantizer(D, 4, 2, 5)),
            ("PRQ2x2x5", new IndexProductResidualQuantizer(D, 2, 2, 5)),
            ("IVF4,PRQ2x2x5", new IndexIVFProductResidualQuantizer(D, 4, 2, 2, 5)),
            ("IVF4,PQ4+2", new IndexIVFPQR(D, 4, 4, 8, 2)),
            ("PCA8,IVF4,Flat", new IndexPreTransform(D, "PCA8", new IndexIVFFlat(8, 4))),
            ("OPQ4_8,L2norm,Flat", new IndexPreTransform(D, "OPQ4_8,L2norm", new IndexFlatL2(8))),
            ("ITQ8,LSH", new IndexPreTransform(D, "ITQ8", new IndexLSH(8, 8, rotateData: false))),
            ("RR8,SQ8", new IndexPreTransform(D, "RR8", new IndexScalarQuantizer(8))),
            ("SQ8,RFlat", new IndexRefineFlat(new IndexScalarQuantizer(D))),
            ("PQ4x4np,Refine(SQ8)", new IndexRefine(new IndexPQ(D, 4, 4), new IndexScalarQuantizer(D))),
        })
        {
            using var expected = IndexFactory.Create(D, description);
            using (made)
            {
                Assert.True(expected.GetType() == made.GetType(), description);
                // FAISS has two classes for one flat index under L2.
                Assert.Equal(
                    expected.TypeName.Split('(')[^1].Replace("FlatL2", "Flat", StringComparison.Ordinal),
                    made.TypeName.Split('(')[^1].Replace("FlatL2", "Flat", StringComparison.Ordinal));
                FaissRuntime.ThreadCount = 1;
                foreach (var index in new[] { expected, made })
                {
                    index.Train(Vectors);
                    index.Add(Vectors);
                }

                Assert.True(Bytes(expected).SequenceEqual(Bytes(made)), $"{description}: another index came of it");
            }
        }

        static byte[] Bytes(FaissIndex index)
        {
            using var stream = new MemoryStream();
            index.Save(stream);
            return stream.ToArray();
        }
    }

    [Fact]
    public void Options_come_back_from_a_file()
    {
        using var sq = Reload(new IndexScalarQuantizer(D, ScalarQuantizerType.QT_4bit_uniform) { RangeStat = ScalarQuantizerRangeStat.RS_quantiles, RangeStatArg = 0.125f });
        Assert.Equal((ScalarQuantizerType.QT_4bit_uniform, ScalarQuantizerRangeStat.RS_quantiles, 0.125f), (sq.QType, sq.RangeStat, sq.RangeStatArg));
        using var lsh = Reload(new IndexLSH(D, 12, rotateData: false, trainThresholds: true));
        Assert.Equal((12, false, true), (lsh.NBits, lsh.RotateData, lsh.TrainThresholds));
        using var pq = Reload(new IndexIVFPQ(D, 4, 8, 5) { ByResidual = false });
        Assert.Equal((8, 5, false, 4), (pq.M, pq.NBits, pq.ByResidual, pq.NList));
        using var fast = Reload(new IndexIVFPQFastScan(D, 4, 8, bbs: 96) { ByResidual = true });
        Assert.Equal((8, 4, 96, true), (fast.M, fast.NBits, fast.BlockSize, fast.ByResidual));
        using var hnsw = Reload(new IndexHNSWSQ(D, ScalarQuantizerType.QT_6bit, 24) { EfSearch = 99, EfConstruction = 55 });
        Assert.Equal((24, 99, 55, ScalarQuantizerType.QT_6bit), (hnsw.M, hnsw.EfSearch, hnsw.EfConstruction, hnsw.QType));
        var trained = new IndexResidualQuantizer(D, 3, 4, searchType: AdditiveQuantizerSearchType.ST_norm_qint8) { MaxBeamSize = 7 };
        trained.Train(Vectors);
        using var rq = Reload(trained);
        Assert.Equal((3, 4, AdditiveQuantizerSearchType.ST_norm_qint8, 7), (rq.M, rq.NBits, rq.SearchType, rq.MaxBeamSize));
        var products = new IndexIVFProductResidualQuantizer(D, 4, 2, 3, 4) { MaxBeamSize = 9 };
        Assert.Equal((2, 6, 4, 9, true), (products.NSplits, products.M, products.NBits, products.MaxBeamSize, products.ByResidual));
        products.Train(Vectors);
        using var prq = Reload(products);
        Assert.Equal((4, 2, 6, 4, 9, true), (prq.NList, prq.NSplits, prq.M, prq.NBits, prq.MaxBeamSize, prq.ByResidual));
        var local = new IndexProductLocalSearchQuantizer(D, 2, 1, 4) { TrainIters = 3, TrainIlsIters = 2, EncodeIlsIters = 5 };
        local.Train(Vectors);
        using var plsq = Reload(local);
        Assert.Equal((2, 2, 3, 2, 5), (plsq.NSplits, plsq.M, plsq.TrainIters, plsq.TrainIlsIters, plsq.EncodeIlsIters));
        var twice = new IndexIVFPQR(D, 4, 8, 5, 4, 6);
        twice.Train(Vectors);
        twice.KFactor = 7;
        using var pqr = Reload(twice);
        Assert.Equal((4, 8, 5, 4, 6, 7), (pqr.NList, pqr.M, pqr.NBits, pqr.MRefine, pqr.NBitsRefine, pqr.KFactor));
        using var lp = Reload(new IndexHNSWFlat(D, 8, MetricType.Lp) { MetricArg = 1.5 });
        Assert.Equal(1.5, lp.MetricArg);
        using var refine = Reload(new IndexRefineFlat(new IndexPQ(D, 4)) { KFactor = 6 });
        Assert.Equal(6, refine.KFactor);

        static T Reload<T>(T index)
            where T : FaissIndex
        {
            using (index)
            {
                using var stream = new MemoryStream();
                index.Save(stream);
                stream.Position = 0;
                return Assert.IsType<T>(FaissIndex.Load(stream));
            }
        }
    }

    [Fact]
    public void Clustering_parameters_count_in_training()
    {
        using var index = new IndexIVFFlat(D, 8);
        Assert.Equal((10, 1, 1234, false), (index.ClusteringParameters.NIter, index.ClusteringParameters.NRedo, index.ClusteringParameters.Seed, index.ClusteringParameters.Spherical));
        index.ClusteringParameters = new ClusteringParameters { NIter = 1, Seed = 5 };
        var reports = new Recorder();
        index.Train(Vectors, reports);

        Assert.Single(reports.Reports);
        Assert.Equal((1, 5), (index.ClusteringParameters.NIter, index.ClusteringParameters.Seed));
        Assert.Throws<NotSupportedException>(() => index.ClusteringParameters = new ClusteringParameters { Initialization = ClusteringInitialization.KMeansPlusPlus });
    }

    [Fact]
    public void Precomputed_tables_are_made_and_dropped_and_change_no_result()
    {
        using var index = new IndexIVFPQ(D, 8, 4);
        index.UsePrecomputedTable = -1;
        index.Train(Vectors);
        index.Add(Vectors);
        index.NProbe = 8;
        var without = index.Search(Queries, 5);
        Assert.Equal(-1, index.UsePrecomputedTable);

        index.UsePrecomputedTable = 1;
        var with = index.Search(Queries, 5);

        Assert.Equal(1, index.UsePrecomputedTable);
        for (var i = 0; i < without.Distances.Length; i++)
            Assert.Equal(without.Distances[i], with.Distances[i], 1e-3 * (1 + without.Distances[i]));
        Assert.Throws<ArgumentException>(() => index.UsePrecomputedTable = 2);
        index.MaxCodes = 10;
        Assert.Equal(10, index.MaxCodes);
    }

    [Fact]
    public void The_argument_of_Lp_is_its_power()
    {
        using var index = new IndexFlat(D, MetricType.Lp) { MetricArg = 3 };
        index.Add(Vectors);
        var found = index.Search(Queries, 5);
        for (var query = 0; query < found.QueryCount; query++)
        {
            // From the definition, over all vectors.
            var distances = Enumerable.Range(0, 600)
                .Select(i => Enumerable.Range(0, D).Sum(j => Math.Pow(Math.Abs(Queries[query * D + j] - Vectors[i * D + j]), 3)))
                .Order()
                .Take(5);
            Assert.Equal(distances, found.Distances.Skip(query * 5).Take(5).Select(distance => (double)distance), (a, b) => Math.Abs(a - b) < 1e-3 * (1 + a));
        }

        Assert.Throws<NotSupportedException>(() => index.MetricArg = 2);
        using var empty = new IndexFlat(D, MetricType.Lp);
        Assert.Throws<ArgumentException>(() => empty.MetricArg = 0);
        using var other = new IndexFlat(D, MetricType.L1);
        Assert.Throws<NotSupportedException>(() => other.MetricArg = 2);
        using var clone = (IndexFlat)index.Clone();
        Assert.Equal(3, clone.MetricArg);
    }

    [Fact]
    public void What_is_out_of_range_is_named()
    {
        Throws("m", () => new IndexPQ(D, 3));
        Throws("nbits", () => new IndexPQ(D, 4, 17));
        Throws("metric", () => new IndexPQ(D, 4, 8, MetricType.L1));
        Throws("nbits", () => new IndexPQFastScan(D, 4, 8));
        Throws("bbs", () => new IndexPQFastScan(D, 4, bbs: 33));
        Throws("bbs", () => new IndexIVFPQFastScan(D, 4, 4, bbs: 0));
        Throws("qtype", () => new IndexScalarQuantizer(D, (ScalarQuantizerType)99));
        Throws("m", () => new IndexHNSWFlat(D, 1));
        Throws("m", () => new IndexHNSWSQ(D, ScalarQuantizerType.QT_8bit, 5000));
        Throws("pqM", () => new IndexHNSWPQ(D, 5));
        Throws("nbits", () => new IndexLSH(D, 17, rotateData: false));
        Throws("nbits", () => new IndexLSH(D, 0));
        Throws("nbits", () => new IndexResidualQuantizer(D, 2, 0));
        Throws("m", () => new IndexLocalSearchQuantizer(D, 0, 4));
        Throws("searchType", () => new IndexIVFResidualQuantizer(D, 4, 2, 4, searchType: (AdditiveQuantizerSearchType)8));
        Throws("nlist", () => new IndexIVFLocalSearchQuantizer(D, 0, 2, 4));
        Throws("nsplits", () => new IndexProductResidualQuantizer(D, 3, 2, 4));
        Throws("m", () => new IndexIVFProductResidualQuantizer(D, 4, 2, 0, 4));
        Throws("nbits", () => new IndexProductLocalSearchQuantizer(D, 2, 2, 17));
        Throws("nsplits", () => new IndexIVFProductLocalSearchQuantizer(D, 4, 0, 2, 4));
        Throws("mRefine", () => new IndexIVFPQR(D, 4, 4, 8, 3));
        Throws("nbitsRefine", () => new IndexIVFPQR(D, 4, 4, 8, 4, 17));
        Throws("d", () => new IndexShards(0));
        Throws("metric", () => new IndexReplicas(4, (MetricType)9));
        foreach (var make in new Func<FaissIndex>[] { () => new IndexScalarQuantizer(D, ScalarQuantizerType.QT_bf16), () => new IndexRaBitQ(D), () => new IndexIVFRaBitQ(D, 4) })
        {
            if (FaissRuntime.FaissVersion == "1.7.3")
                Assert.Contains("1.7", Assert.Throws<NotSupportedException>(make).Message, StringComparison.Ordinal);
            else
                make().Dispose();
        }

        Assert.Equal(FaissRuntime.FaissVersion != "1.7.3", FaissRuntime.Capabilities.HasFlag(FaissCapabilities.RaBitQ));

        using var hnsw = new IndexHNSWFlat(D);
        Assert.Throws<ArgumentException>(() => hnsw.EfSearch = 0);

        static void Throws(string name, Func<object> make) => Assert.Throws<ArgumentOutOfRangeException>(name, make);
    }

    [Theory]
    [InlineData("HNSW8", "efSearch")]
    [InlineData("IDMap,HNSW8", "efSearch")]
    [InlineData("PCA8,HNSW8,RFlat", "efSearch")]
    [InlineData("IVF32_HNSW4,Flat", "quantizer_efSearch")]
    public void EfSearch_of_a_call_is_that_of_the_index_for_this_call(string description, string name)
    {
        using var index = IndexFactory.Create(D, description);
        index.Train(Vectors);
        if (index is IndexIDMap)
            index.AddWithIds(Vectors, [.. Enumerable.Range(0, 600).Select(i => (long)i)]);
        else
            index.Add(Vectors);

        foreach (var ef in FaissRuntime.FaissVersion.StartsWith("1.7", StringComparison.Ordinal) ? new[] { 4, 40, 300, 5000 } : [1, 4, 40, 300])
        {
            index.SetParameter(name, ef);
            var expected = index.Search(Queries, 5);
            index.SetParameter(name, Math.Min(ef, 16));
            var found = index.Search(Queries, 5, new SearchParameters { EfSearch = ef });
            // Of equal distances any may come.
            Assert.Equal(expected.Distances, found.Distances);
            Assert.Equal(Math.Min(ef, 16), index.GetParameter(name));
        }
    }

    [Fact]
    public void A_polysemous_threshold_of_a_call_is_that_of_the_index_for_this_call()
    {
        using var index = new IndexPQ(D, 4) { PolysemousTraining = true };
        index.Train(Vectors);
        index.Add(Vectors);
        var exact = index.Search(Queries, 5);
        foreach (var ht in new[] { 6, 12, 32 })
        {
            index.SetParameter("ht", ht);
            var expected = index.Search(Queries, 5);
            index.SetParameter("ht", 32);
            Assert.Equal(expected.Labels, index.Search(Queries, 5, new SearchParameters { PolysemousHt = ht }).Labels);
        }

        Assert.Equal(exact.Labels, index.Search(Queries, 5).Labels);
        Assert.NotEqual(exact.Labels, index.Search(Queries, 5, new SearchParameters { PolysemousHt = 6 }).Labels);
    }

    [Fact]
    public void Parameters_without_a_meaning_are_refused()
    {
        using var flat = new IndexFlatL2(D);
        using var ivf = new IndexIVFPQ(D, 4, 4, 4);
        foreach (FaissIndex index in new FaissIndex[] { flat, ivf })
        {
            index.Train(Vectors);
            index.Add(Vectors);
            foreach (var parameters in new[] { new SearchParameters { EfSearch = 4 }, new SearchParameters { PolysemousHt = 4 } })
            {
                Assert.Throws<NotSupportedException>(() => index.Search(Queries, 1, parameters));
                Assert.Throws<NotSupportedException>(() => index.RangeSearch(Queries, 1, parameters));
            }
        }

        Assert.Throws<ArgumentOutOfRangeException>(() => new SearchParameters { EfSearch = 0 });
        Assert.Throws<ArgumentOutOfRangeException>(() => new SearchParameters { PolysemousHt = -1 });
        using var managed = new FaissNet.Managed.IndexFlatL2(D);
        managed.Add(Vectors);
        Assert.Throws<NotSupportedException>(() => managed.Search(Queries, 1, new SearchParameters { EfSearch = 4 }));
    }

    [Fact]
    public void A_graph_says_that_it_cannot_remove_and_what_to_do()
    {
        foreach (var description in new[] { "HNSW8", "IDMap,HNSW8", "HNSW8,SQ8", "IVF4,Flat,RFlat" })
        {
            using var index = IndexFactory.Create(D, description);
            var error = Assert.Throws<NotSupportedException>(() => index.Remove(IdSelector.Batch(1)));
            Assert.Contains("selector", error.Message, StringComparison.Ordinal);
        }
    }
}
