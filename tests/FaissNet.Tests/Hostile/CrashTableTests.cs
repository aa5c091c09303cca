using FaissNet.Tests.Serialization;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Hostile;

/// <summary>
/// Known ways in which FAISS ends the process, hangs or lies, one test for each: all are .NET exceptions here, or answers. Each
/// runs in a process of its own, so that a regression is a failed test and not the end of the test run.
/// </summary>
[NeedsNative]
public sealed class CrashTableTests
{
    private const int D = 8;

    [Fact]
    public void Reconstruct_out_of_range() => InChild(_ =>
    {
        foreach (var description in new[] { "Flat", "HNSW8", "SQ8", "IVF2,Flat", "IDMap,Flat", "IVF2,PQ2x4np,RFlat", "L2norm,Flat", "PCA4,Flat" })
        {
            using var index = Filled(description, 50);
            foreach (var id in new[] { 50, -1, -2, int.MaxValue, int.MinValue, long.MaxValue, long.MinValue, 1L << 40 })
                Throws<KeyNotFoundException>(() => index.Reconstruct(id), $"{id}");

            Assert.Equal(D, index.Reconstruct(49).Length);
        }
    });

    [Fact]
    public void Wrong_buffer_length_or_dimension() => InChild(_ =>
    {
        foreach (var description in new[] { "Flat", "HNSW8", "IVF2,Flat", "IVF2,PQ2x4np" })
        {
            using var index = Filled(description, 50);
            foreach (var length in new[] { 1, D - 1, D + 1, 100 * D - 1 })
            {
                Throws<ArgumentException>(() => index.Add(new float[length]), $"{length}");
                Throws<ArgumentException>(() => index.Search(new float[length], 1), $"{length}");
            }

            Throws<ArgumentException>(() => index.Search(new float[4 * D], 5, new float[19], new long[20]), "19");
            Throws<ArgumentException>(() => index.Search(new float[4 * D], 5, new float[20], new long[19]), "19");
            Throws<ArgumentException>(() => index.Reconstruct(0, new float[D - 1]), $"{D - 1}");
        }
    });

    [Fact]
    public void A_k_of_2_to_the_31st() => InChild(_ =>
    {
        foreach (var description in new[] { "Flat", "HNSW8", "SQ8", "IVF2,Flat", "IVF2,PQ2x4np", "IDMap,Flat", "IVF2,PQ2x4np,RFlat" })
        {
            using var index = Filled(description, 50);
            if (description.StartsWith("IVF", StringComparison.Ordinal))
                index.SetParameter("nprobe", 2);

            // An index holds fewer vectors than that, and so are found.
            var result = index.Search(new float[2 * D], int.MaxValue);
            Assert.Equal((2, 50), (result.QueryCount, result.K));
            Throws<ArgumentOutOfRangeException>(() => index.Search(new float[2 * D], int.MaxValue, new float[9], new long[9]), $"{int.MaxValue}");
        }
    });

    [Fact]
    public void Adding_while_searching_and_adding_twice_at_once() => InChild(_ =>
    {
        foreach (var description in new[] { "Flat", "HNSW8" })
        {
            using var index = IndexFactory.Create(D, description);
            var vectors = TestVectors.Clustered(2000, D, seed: 2);
            index.Add(vectors.AsSpan(0, 100 * D));
            var adding = 2;
            var failures = new List<Exception>();
            var threads = Enumerable.Range(0, 4).Select(t => new Thread(() =>
            {
                try
                {
                    if (t < 2)
                    {
                        for (var i = 0; i < 100; i++)
                            index.Add(vectors.AsSpan(i * 20 * D, 20 * D));

                        Interlocked.Decrement(ref adding);
                    }

                    while (t >= 2 && Volatile.Read(ref adding) > 0)
                        index.Search(vectors.AsSpan(0, 4 * D), 5);
                }
                catch (Exception e)
                {
                    lock (failures)
                        failures.Add(e);
                }
            })).ToList();
            threads.ForEach(thread => thread.Start());
            threads.ForEach(thread => thread.Join());
            Assert.Empty(failures);
            Assert.Equal(4100, index.Count);
        }
    });

    [Fact]
    public void Fork_after_OpenMP_ran_is_documented_and_a_process_can_still_start_others() => InChild(_ =>
    {
        // .NET itself never forks without an exec, after which nothing of OpenMP is left to wait for.
        FaissRuntime.ThreadCount = 2;
        using var index = Filled("IVF2,Flat", 5000);
        index.Search(TestVectors.Clustered(1000, D, seed: 3), 5);
        ChildProcess.Run(static _ => Assert.Single(Filled("Flat", 10).Search(new float[D], 1)[0])).RequireSuccess();
    });

    [Fact]
    public void NaN_in_a_query() => InChild(_ =>
    {
        foreach (var description in new[] { "HNSW8", "Flat", "IVF2,Flat" })
        {
            using var index = Filled(description, 50);
            var query = new float[D];
            query[3] = float.NaN;
            Throws<ArgumentException>(() => index.Search(query, 1), "NaN in vector 0, component 3");
        }
    });

    [Fact]
    public void NaN_in_an_add() => InChild(_ =>
    {
        foreach (var description in new[] { "HNSW8", "Flat", "IVF2,Flat" })
        {
            using var index = Filled(description, 50);
            var vectors = new float[3 * D];
            vectors[2 * D] = float.NegativeInfinity;
            Throws<ArgumentException>(() => index.Add(vectors), "vector 2, component 0");
            Assert.Equal(50, index.Count);
        }
    });

    [Fact]
    public void Searching_an_untrained_IVF() => InChild(_ =>
    {
        foreach (var description in new[] { "IVF2,Flat", "IVF2,PQ2x4np", "PCA4,IVF2,Flat", "IDMap,IVF2,Flat", "SQ8", "PQ2x4np" })
        {
            using var index = IndexFactory.Create(D, description);
            Throws<InvalidOperationException>(() => index.Search(new float[D], 1), "not trained");
            Throws<InvalidOperationException>(() => index.AddWithIds(new float[D], [1]), "not trained");
            Throws<InvalidOperationException>(() => index.RangeSearch(new float[D], 1), "not trained");
        }
    });

    [Fact]
    public void Merging_an_index_into_itself() => InChild(_ =>
    {
        foreach (var description in new[] { "Flat", "HNSW8", "SQ8", "IVF2,Flat", "IVF2,PQ2x4np", "IDMap,Flat", "PCA4,IVF2,Flat" })
        {
            using var index = Filled(description, 50);
            Throws<ArgumentException>(() => index.MergeFrom(index), "");
            Assert.Equal(50, index.Count);
            index.Search(new float[D], 5);
        }
    });

    [Fact]
    public void Graphs_of_few_vectors() => InChild(_ =>
    {
        // FAISS divides by zero when it builds an NSG graph of 100, and when NN-descent is asked for all that it has.
        foreach (var n in new[] { 1, 99, 100, 101, 120, 1100 })
        {
            using var index = IndexFactory.Create(D, "NSG8");
            var vectors = TestVectors.Clustered(n, D, seed: 2);
            if (n < 100)
            {
                Throws<ArgumentException>(() => index.Add(vectors), $"n is {n}");
                continue;
            }

            index.Add(vectors);
            Assert.Equal(0, index.Search(vectors.AsSpan(0, D), n)[0][0].Distance);
        }

        // A search draws search_L vectors at random, all different, and the building of the graph L; FAISS goes on until it has them.
        foreach (var (place, name) in new[] { (0x42, "L"), (0x4A, "search_L") })
        {
            var bytes = GoldenFiles.Get("nsg-empty").Read();
            Assert.InRange(BitConverter.ToInt32(bytes, place), 1, 100);
            BitConverter.GetBytes(121).CopyTo(bytes, place);
            using var greedy = FaissIndex.Load(new MemoryStream(bytes));
            Throws<ArgumentException>(() => greedy.Add(TestVectors.Clustered(120, greedy.Dimension, seed: 2)), "121");
            Assert.Equal(0, greedy.Count);
            greedy.Add(TestVectors.Clustered(121, greedy.Dimension, seed: 2));
            Assert.Equal(121, greedy.Search(new float[greedy.Dimension], 121)[0].Count);
        }

        using var descent = FaissIndex.Load(GoldenFiles.PathOf("nndescent-flat"));
        foreach (var k in new[] { 1, (int)descent.Count - 1, (int)descent.Count, (int)descent.Count + 1 })
            Assert.InRange(descent.Search(new float[descent.Dimension], k)[0].Count, 1, descent.Count);

        descent.Reset();
        Throws<NotSupportedException>(() => descent.Add(new float[3 * descent.Dimension]), "graph");
        Assert.Equal(0, descent.Count);
        Assert.Empty(descent.Search(new float[descent.Dimension], 3)[0]);
    });

    [Fact]
    public void Transforms_that_make_distances_overflow() => InChild(_ =>
    {
        using var index = Filled("PCA4,IVF4,Flat", 50);
        var vectors = TestVectors.Clustered(200, D, seed: 3);
        var longVectors = vectors.Select(component => component * 1e10f).ToArray();
        using var stream = new MemoryStream();
        index.Save(stream);
        var bytes = stream.ToArray();

        // The matrix, 8 x 4, is followed by the bias: an 8-byte count of 4.
        var matrix = bytes.AsSpan().IndexOf("IwFl"u8) - (4 * sizeof(float) + 9) - sizeof(long) - 8 * 4 * sizeof(float);
        foreach (var (number, bearsVectors) in new[] { (float.NaN, false), (float.PositiveInfinity, false), (3e38f, false), (1e12f, true), (1f, true) })
        {
            for (var i = 0; i < 4; i++)
                System.Buffers.Binary.BinaryPrimitives.WriteSingleLittleEndian(bytes.AsSpan(matrix + 8 * i * sizeof(float)), number);

            using var loaded = FaissIndex.Load(new MemoryStream(bytes));
            foreach (var call in new Action<float[]>[]
            {
                x => loaded.Search(x, 5), x => loaded.RangeSearch(x, 1), x => loaded.Add(x), x => loaded.AddWithIds(x, new long[200]),
                x => loaded.Search(x, 5, new SearchParameters { NProbe = 4 }), x => loaded.Encode(x),
            })
            {
                if (bearsVectors)
                    call(vectors);
                else
                    Throws<ArgumentException>(() => call(vectors), "transforms of this index");
                if (number != 1)
                    Throws<ArgumentException>(() => call(longVectors), "transforms of this index");
            }
        }
    });

    [Fact]
    public void Vectors_that_cannot_take_the_place_of_others_leave_them()
    {
        using var index = Filled("PCA4,IVF4,Flat", 50);
        using var before = new MemoryStream();
        index.Save(before);
        // Just within what distances bear, and beyond it once a transform may add its rounding.
        var vectors = new float[2 * D];
        vectors[D] = 9.22e18f;

        Throws<ArgumentException>(() => index.UpdateVectors([1, 2], vectors), "transforms of this index");

        using var after = new MemoryStream();
        index.Save(after);
        Assert.Equal(before.ToArray(), after.ToArray());
    }

    [Fact]
    public void A_dimension_below_one_and_PQ_of_40_bits() => InChild(_ =>
    {
        foreach (var d in new[] { 0, -1, int.MinValue, int.MaxValue, (1 << 20) + 1 })
        {
            foreach (var make in new Func<VectorIndex>[]
            {
                () => new IndexFlatL2(d), () => new IndexFlatIP(d), () => new IndexFlat(d), () => new IndexIVFFlat(d, 2),
                () => new IndexIVFPQ(d, 2, 1), () => IndexFactory.Create(d, "Flat"), () => IndexFactory.CreateCosine(d, "Flat"),
            })
            {
                Throws<ArgumentOutOfRangeException>(() => make(), $"d is {d}");
            }
        }

        foreach (var nbits in new[] { 40, 17, 0, -1 })
            Throws<ArgumentOutOfRangeException>(() => new IndexIVFPQ(D, 2, 2, nbits).Dispose(), $"nbits is {nbits}");

        foreach (var m in new[] { 0, -1, 3, D + 1, int.MaxValue, int.MinValue })
            Throws<ArgumentOutOfRangeException>(() => new IndexIVFPQ(D, 2, m).Dispose(), $"m is {m}");

        foreach (var nlist in new[] { 0, -1, int.MinValue })
        {
            Throws<ArgumentOutOfRangeException>(() => new IndexIVFFlat(D, nlist).Dispose(), $"nlist is {nlist}");
            Throws<ArgumentOutOfRangeException>(() => new IndexIVFPQ(D, nlist, 2).Dispose(), $"nlist is {nlist}");
        }

        foreach (var metric in new[] { -1, 5, 19, 23, int.MaxValue })
        {
            Throws<ArgumentOutOfRangeException>(() => new IndexFlat(D, (MetricType)metric).Dispose(), $"metric is {metric}");
            Throws<ArgumentOutOfRangeException>(() => new IndexIVFFlat(D, 2, (MetricType)metric).Dispose(), "metric is");
            Throws<ArgumentOutOfRangeException>(() => IndexFactory.Create(D, "Flat", (MetricType)metric), $"metric is {metric}");
        }

        Throws<ArgumentOutOfRangeException>(() => new IndexIVFFlat(D, 2, MetricType.L1).Dispose(), "metric is L1");
        Throws<ArgumentException>(() => IndexFactory.Create(D, "IVF2,PQ2x40"), "PQ2x40");
    });

    [Fact]
    public void Descriptions_that_make_no_index() => EachInChild(
        [
            "Nonsense", "IVF2", "IVF2,", ",", "Flat,Flat", "IVF0,Flat", "IVF-1,Flat", "IVF99999999999999999999,Flat", "PQ0", "PQ0x8", "PQ2x0", "PQ2x40",
            "PQ99999999999", "IVF2,PQ3", "IVF2,PQ0x4fs", "PQ2x8fs", "PQ2x4fs_33", "OPQ0,Flat", "OPQ3,Flat", "PCA0,Flat", "PCA9999999999,Flat", "HNSW0",
            "HNSW-1", "HNSW99999999999", "IVF2_HNSW0,Flat", "LSH0", "SQ0", "SQ7", "IMI2x0,Flat", "IMI2x99,Flat", "IMI0x8,Flat", "RQ0x8", "RQ2x99", "LSQ0x8",
            "NSG0", "NSG0,Flat", "ITQ0,LSH", "ITQ99,LSH", "RR0,Flat", "Pad0,Flat", "Pad-5,Flat", "IVF2(,Flat", "IVF2(Flat,Flat", "IDMap", "IDMap,", "IDMap2",
            "L2norm", "RFlat", "Flat,RFlat,RFlat,RFlat", "ZnLattice0x0_0", "PRQ0x0x0", "IVF2,ITQ0,SH", "IVF2,SQ0", new string('(', 20_000), new string('I', 100_000),
        ],
        arguments =>
        {
            // Whatever cannot be made is a wrong argument; whatever can be made must work.
            VectorIndex index;
            try
            {
                index = IndexFactory.Create(D, arguments[0]);
            }
            catch (ArgumentException e)
            {
                Assert.NotEqual("", e.Message);
                return;
            }

            using (index)
            {
                try
                {
                    index.Train(TestVectors.Clustered(300, D, seed: 1));
                    index.Add(TestVectors.Clustered(150, D, seed: 2));
                    index.Search(TestVectors.Clustered(2, D, seed: 3), 3);
                    index.Save(new MemoryStream());
                }
                catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException or FaissException)
                {
                    Assert.NotEqual("", e.Message);
                }
            }
        });

    [Fact]
    public void Exceptions_inside_an_OpenMP_region_and_failed_assertions() => EachInChild(
        [
            "Flat", "SQ8", "PQ2x4np", "PQ2x4fs", "LSH", "LSHt", "HNSW8", "HNSW8,SQ8", "NSG8", "IVF2,Flat", "IVF2,PQ2x4np", "IVF2,PQ2x4fs", "IVF2,SQ8",
            "IVF2_HNSW8,Flat", "IDMap,Flat", "IDMap2,Flat", "IDMap,HNSW8", "IDMap,IVF2,Flat", "IDMap,PQ2x4fs", "L2norm,Flat", "PCA4,Flat", "PCA4,IVF2,PQ2x4np", "OPQ2,PQ2x4np",
            "RR4,LSH", "Flat,RFlat", "IVF2,PQ2x4np,RFlat", "RQ2x4", "IVF2,RQ2x4", "ITQ4,LSH", "IVF2,FlatDedup", "IMI2x2,Flat", "Pad12,Flat", "IVF2,PQ2+1",
        ],
        arguments =>
        {
            foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct, MetricType.L1 })
            {
                VectorIndex made;
                try
                {
                    made = IndexFactory.Create(D, arguments[0], metric);
                }
                catch (ArgumentException)
                {
                    continue;
                }

                using var index = made;
                var vectors = TestVectors.Clustered(400, D, seed: 2);
                var ids = Enumerable.Range(1000, 400).Select(id => (long)id).ToArray();
                var some = vectors.AsSpan(0, 3 * D).ToArray();
                foreach (var call in new Action[]
                {
                    () => index.Train(vectors),
                    () => index.Add(vectors),
                    () => index.AddWithIds(vectors, ids),
                    () => index.Search(some, 5),
                    () => index.Search(some, 5, new SearchParameters { NProbe = 2 }),
                    () => index.Search(some, 5, new SearchParameters { NProbe = 2, MaxCodes = 1 }),
                    () => index.RangeSearch(some, 10),
                    () => index.RangeSearch(some, 10, new SearchParameters { NProbe = 2 }),
                    () => index.Reconstruct(0),
                    () => index.Reconstruct(1000),
                    () => index.Remove(IdSelector.Range(0, 5)),
                    () => index.Remove(IdSelector.Batch(7, 1007)),
                    () => index.Search(some, 5),
                    () => index.Add(some),
                    () => index.Save(new MemoryStream()),
                    () => index.Clone().Dispose(),
                    () => Use(index.Clone(), some),
                    () => index.SetParameter("nprobe", 2),
                    () => index.SetParameter("efSearch", 20),
                    () => index.SetParameter("ht", 3),
                    () => index.SetParameter("k_factor_rf", 3),
                    () => index.SetParameter("quantizer_efSearch", 3),
                    () => index.Search(some, 5),
                    () => index.Search(some, 500),
                    () => _ = ((FaissIndex)index).CodeSize + ((FaissIndex)index).TypeName,
                    index.Reset,
                    () => index.Search(some, 5),
                    () => index.Remove(IdSelector.Range(0, 5)),
                    () => index.RangeSearch(some, 10),
                    () => index.Add(vectors),
                    () => index.Search(some, 5),
                })
                {
                    try
                    {
                        call();
                    }
                    catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException or KeyNotFoundException or FaissException)
                    {
                        Assert.NotEqual("", e.Message);
                    }
                }
            }

            static void Use(VectorIndex clone, float[] some)
            {
                using (clone)
                {
                    clone.Search(some, 5);
                    clone.Save(new MemoryStream());
                    clone.Reset();
                }
            }
        });

    [Fact]
    public void Truncated_files() => InChild(_ =>
    {
        foreach (var description in new[] { "Flat", "IVF2,Flat", "IVF2,PQ2x4np", "IDMap,Flat", "HNSW8", "PCA4,IVF2,Flat", "IVF2,PQ2x4np,RFlat" })
        {
            using var index = Filled(description, 30);
            using var stream = new MemoryStream();
            index.Save(stream);
            var bytes = stream.ToArray();
            for (var length = 0; length < bytes.Length; length += Math.Max(1, bytes.Length / 60))
                Throws<InvalidDataException>(() => FaissIndex.Load(new MemoryStream(bytes, 0, length)), "");
        }
    });

    [Fact]
    public void Bit_flips_in_a_file() => InChild(_ =>
    {
        var files = GoldenFiles.Accepted.Where(file => file.ExternalFiles.Length == 0 && !file.FourCC.StartsWith("IB", StringComparison.Ordinal)).Select(file => (file.Name, Bytes: file.Read())).ToList();
        var random = new Random(20240607);
        int refused = 0, loaded = 0;
        for (var i = 0; i < 600; i++)
        {
            var (name, bytes) = files[i % files.Count];
            bytes = [.. bytes];
            for (var flips = random.Next(1, 4); flips > 0; flips--)
            {
                // Most of what can do harm stands near the beginning.
                var place = random.Next(random.Next(2) == 0 ? Math.Min(bytes.Length, 200) : bytes.Length);
                bytes[place] ^= (byte)(1 << random.Next(8));
            }

            Console.WriteLine($"{i} {name}");
            Console.Out.Flush();
            FaissIndex index;
            try
            {
                index = FaissIndex.Load(new MemoryStream(bytes));
            }
            catch (Exception e) when (e is InvalidDataException or NotSupportedException or OutOfMemoryException)
            {
                Assert.NotEqual("", e.Message);
                refused++;
                continue;
            }

            using (index)
            {
                loaded++;
                Use(index, random);
            }
        }

        // Otherwise nothing was tested.
        Assert.InRange(refused, 100, 500);
        Assert.InRange(loaded, 100, 500);

        // What was loaded may answer anything, in an exception or in numbers.
        static void Use(FaissIndex index, Random random)
        {
            var vectors = TestVectors.Uniform(3, index.Dimension, 2, random.Next());
            foreach (var call in new Action[]
            {
                () => index.Search(vectors, 5),
                () => index.RangeSearch(vectors, 1),
                () => index.Reconstruct(0),
                () => index.Reconstruct(index.Count - 1),
                () => index.Add(vectors),
                () => index.AddWithIds(vectors, [1, 2, 3]),
                () => index.Remove(IdSelector.Range(0, 2)),
                () => index.Save(new MemoryStream()),
            })
            {
                try
                {
                    call();
                }
                catch (Exception e) when (e is ArgumentException or NotSupportedException or InvalidOperationException or KeyNotFoundException or FaissException or IOException)
                {
                    Assert.NotEqual("", e.Message);
                }
            }
        }
    });

    [Fact]
    public void Disk_full_and_missing_folder() => InChild(_ =>
    {
        using var folder = new TemporaryFolder();
        using var index = Filled("IVF2,Flat", 50);
        Throws<DirectoryNotFoundException>(() => index.Save(Path.Combine(folder.Path, "missing", "index")), "missing");
        if (OperatingSystem.IsLinux())
        {
            Assert.ThrowsAny<IOException>(() =>
            {
                using var full = new FileStream("/dev/full", FileMode.Open, FileAccess.Write, FileShare.ReadWrite, bufferSize: 1);
                index.Save(full);
            });
        }

        Assert.Empty(folder.Names());
    });

    [Fact]
    public void An_exception_inside_a_callback_crosses_no_native_frame() => InChild(_ =>
    {
        using var index = Filled("IVF2,Flat", 50);
        Assert.Throws<NotSupportedException>(() => index.Save(new MemoryStream(new byte[10])));
        using var untrained = new IndexIVFFlat(D, 2);
        Assert.Throws<InvalidTimeZoneException>(() => untrained.Train(TestVectors.Clustered(100, D, seed: 1), new Recorder(_ => throw new InvalidTimeZoneException())));
        Assert.Throws<InvalidTimeZoneException>(() => FaissIndex.Load(new ThrowingStream(), trusted: true));
    });

    internal static FaissIndex Filled(string description, int n)
    {
        var index = IndexFactory.Create(D, description);
        index.Train(TestVectors.Clustered(100, D, seed: 1));
        var vectors = TestVectors.Clustered(n, D, seed: 2);
        if (description.StartsWith("IDMap", StringComparison.Ordinal))
            index.AddWithIds(vectors, [.. Enumerable.Range(0, n).Select(id => (long)id)]);
        else
            index.Add(vectors);

        return index;
    }

    private static void Throws<T>(Action call, string says)
        where T : Exception =>
        Assert.Contains(says, Assert.Throws<T>(call).Message, StringComparison.Ordinal);

    private static void InChild(Action<string[]> body) => ChildProcess.Run(body).RequireSuccess();

    // One process goes through them all as long as it lives; which one it died of is the last that it named.
    private static void EachInChild(string[] inputs, Action<string[]> body)
    {
        var failures = new List<string>();
        for (var next = 0; next < inputs.Length;)
        {
            var method = body.Method;
            string[] forChild = [method.DeclaringType!.FullName!, method.Name, .. inputs[next..].Select(Shorten)];
            var child = ChildProcess.Run(
                static arguments =>
                {
                    foreach (var (i, input) in arguments[2..].Index())
                    {
                        Console.WriteLine($"@{i}");
                        Console.Out.Flush();
                        var end = ChildProcess.RunHere([arguments[0], arguments[1], Lengthen(input)]);
                        if (end != 0)
                            Environment.Exit(end);
                    }
                },
                forChild,
                timeoutSeconds: 30);
            if (child.ExitCode == 0)
                break;

            var reached = next + int.Parse(child.Output[(child.Output.LastIndexOf('@') + 1)..].Split('\n')[0], System.Globalization.CultureInfo.InvariantCulture);
            failures.Add($"{Shorten(inputs[reached])}: exit code {child.ExitCode?.ToString(System.Globalization.CultureInfo.InvariantCulture) ?? "none (hung)"}\n{Last(child.Errors)}");
            next = reached + 1;
        }

        Assert.True(failures.Count == 0, string.Join("\n", failures));

        static string Shorten(string text) => text.Length < 1000 ? text : $"{text[0]}*{text.Length}";
        static string Last(string text) => text.Length < 1500 ? text : text[^1500..];
    }

    private static string Lengthen(string text) =>
        text.Length > 2 && text[1] == '*' ? new string(text[0], int.Parse(text[2..], System.Globalization.CultureInfo.InvariantCulture)) : text;

    private sealed class ThrowingStream : MemoryStream
    {
        public override int Read(Span<byte> buffer) => throw new InvalidTimeZoneException();
    }
}
