using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FaissNet.Managed;
using FaissNet.Tests.Support;
using ManagedProductQuantizer = FaissNet.Managed.ProductQuantizer;

namespace FaissNet.Tests.Kernels;


/// <summary>The kernels of product-quantized search: every form against the scalar one, at the edge of memory.</summary>
public sealed unsafe class PqKernelTests
{
    [Fact]
    public void Every_form_computes_the_same() => Check([]);

    [Theory]
    [InlineData("DOTNET_EnableAVX512")]
    [InlineData("DOTNET_EnableAVX2")]
    [InlineData("DOTNET_EnableHWIntrinsic")]
    public void Without_an_instruction_set(string knob) =>
        ChildProcess.Run(Check, [knob], new Dictionary<string, string?> { [knob] = "0" }, timeoutSeconds: 300).RequireSuccess();

    private static void Check(string[] absent)
    {
        // The knob must have taken effect, or this would test the same forms again.
        foreach (var knob in absent)
        {
            Assert.False(knob switch
            {
                "DOTNET_EnableAVX512" => Avx512F.IsSupported || PqFilter.HasVbmi,
                "DOTNET_EnableAVX2" => Avx2.IsSupported || PqFilter.IsSupported,
                _ => Vector128.IsHardwareAccelerated,
            });
        }

        CheckSums();
        CheckTables();
        CheckCentroidScores();
        CheckNearestCentroids();
        CheckPairedScores();
        CheckLargestScores();
        CheckFilter();
    }

    private static void CheckSums()
    {
        var random = new Random(1);
        var distances = stackalloc float[64];
        var runs = stackalloc int[70 / 4 + 1];
        var whole = stackalloc int[2];
        for (var rows = 1; rows <= 70; rows++)
        {
            // Some tables have quads of rows of nothing but zeros.
            var table = Floats(random, rows * 256);
            var quads = Enumerable.Range(0, rows / 4).Where(quad => rows % 3 == 0 || (quad + rows) % 5 > 1).ToArray();
            for (var quad = 0; quad < rows / 4; quad++)
            {
                if (!quads.Contains(quad))
                    table.AsSpan(quad * 1024, 1024).Clear();
            }

            for (var count = 1; count <= 64; count += rows % 7 + 1)
            {
                var stride = InvertedLists.TailStride(count, 64);
                // The kernel may read a multiple of four codes; no more lie in the block.
                using var memory = new GuardedMemory(rows * stride);
                using var termMemory = new GuardedMemory((count + 3) / 4 * 4 * sizeof(float));
                var codes = (byte*)memory.Last(0) - rows * stride;
                random.NextBytes(new Span<byte>(codes, rows * stride));
                var terms = termMemory.Last((count + 3) / 4 * 4);
                for (var i = 0; i < count; i++)
                    terms[i] = i % 9 == 5 ? float.NaN : random.Next(-3, 4);

                fixed (float* t = table)
                {
                    var searched = PqTable.Searched(t, rows, runs);
                    var listed = new List<int>();
                    for (var run = 0; run < searched.RunCount; run++)
                        listed.AddRange(Enumerable.Range(runs[2 * run], runs[2 * run + 1]));

                    Assert.Equal(quads, listed);
                    foreach (var withTerms in new[] { false, true })
                    {
                        var expected = new float[count];
                        for (var i = 0; i < count; i++)
                        {
                            var sum = PqScan.Sum(codes + i, stride, rows, t);
                            double exact = 0;
                            for (var r = 0; r < rows; r++)
                                exact += t[r * 256 + codes[r * stride + i]];

                            Assert.Equal(exact, sum, 1e-5 * rows);
                            expected[i] = sum + (withTerms ? 0.5f + terms[i] : 0.5f);
                        }

                        // A distance itself among the thresholds.
                        foreach (var threshold in new[] { 1f, expected[count / 2], float.PositiveInfinity })
                        {
                            foreach (var form in new[] { searched, PqTable.Whole(t, rows, whole) })
                            {
                                var near = PqScan.Distances(form, codes, stride, count, withTerms ? terms : null, 0.5f, threshold, distances);
                                Assert.Equal(expected, new ReadOnlySpan<float>(distances, count).ToArray());
                                for (var i = 0; i < 64; i++)
                                    Assert.Equal(i < count && expected[i] <= threshold, (near >> i & 1) != 0);
                            }
                        }
                    }
                }
            }
        }

        // One code, then an end.
        foreach (var nbits in new[] { 3, 5, 6, 7, 9, 10, 11, 12, 13, 15, 16 })
        {
            for (var m = 1; m <= 9; m++)
            {
                var width = 1 << nbits;
                var table = Floats(random, m * width);
                var numbers = Enumerable.Range(0, m).Select(_ => random.Next(width)).ToArray();
                var size = BitPacking.ByteCount(m, nbits);
                using var memory = new GuardedMemory(size);
                var code = (byte*)memory.Last(0) - size;
                fixed (int* n = numbers)
                    BitPacking.Write(n, m, 1, nbits, code);

                fixed (float* t = table)
                    Assert.Equal(numbers.Select((number, part) => (double)table[part * width + number]).Sum(), PqScan.SumParts(code, m, nbits, width, t), 1e-5);
            }
        }
    }

    private static void CheckTables()
    {
        foreach (var (d, m, nbits) in new[] { (8, 4, 8), (15, 5, 8), (30, 2, 8), (64, 1, 8), (12, 4, 4), (10, 5, 4), (6, 3, 2), (9, 9, 1), (8, 2, 6), (4, 2, 10), (3, 1, 3) })
        {
            var quantizer = new ManagedProductQuantizer(d, m, nbits);
            // Whole numbers: every order of a sum gives the same.
            quantizer.SetCentroids(TestVectors.Uniform(quantizer.Centroids.Length, 1, 9, seed: d));
            using var codebook = new PqCodebook(quantizer);
            // Several at once, and some left over.
            const int most = 7;
            var queries = TestVectors.Uniform(most, d, 9, seed: 2);
            foreach (var kept in new[] { 1, 5, most * d })
            {
                // All components, every fifth, one.
                KeepOneOf(queries, kept);
                for (var count = 1; count <= most; count++)
                {
                    CheckTable<DistanceKernels.Product>(count, (x, y) => x * y);
                    CheckTable<DistanceKernels.SquaredDifference>(count, (x, y) => (x - y) * (x - y));
                }
            }

            void CheckTable<T>(int count, Func<float, float, float> pair)
                where T : struct, DistanceKernels.IAccumulate
            {
                using var memory = new GuardedMemory((int)codebook.TableFloats * count * sizeof(float));
                var tables = memory.Last((int)codebook.TableFloats * count);
                fixed (float* x = queries)
                    codebook.Fill<T>(x, count, tables);

                var random = new Random(3);
                var numbers = new int[m];
                var code = stackalloc byte[quantizer.CodeSize];
                for (var i = 0; i < count * 20; i++)
                {
                    var expected = 0f;
                    for (var part = 0; part < m; part++)
                    {
                        numbers[part] = random.Next(quantizer.KSub);
                        for (var j = 0; j < d / m; j++)
                        {
                            expected += pair(
                                queries[i / 20 * d + part * (d / m) + j], quantizer.Centroids[(part * quantizer.KSub + numbers[part]) * (d / m) + j]);
                        }
                    }

                    fixed (int* n = numbers)
                        BitPacking.Write(n, m, 1, nbits, code);

                    var table = tables + i / 20 * codebook.TableFloats;
                    Assert.Equal(expected, codebook.HasByteTables
                        ? PqScan.Sum(code, 1, quantizer.CodeSize, table)
                        : PqScan.SumParts(code, m, nbits, codebook.Width, table));
                }
            }
        }
    }

    private static void CheckCentroidScores()
    {
        foreach (var d in new[] { 1, 2, 7, 16, 33, 100 })
        {
            foreach (var k in new[] { 1, 15, 47, 48, 49, 96, 144, 200, 256 })
            {
                var centroids = TestVectors.Uniform(k, d, 9, seed: k);
                var queries = TestVectors.Uniform(20, d, 9, seed: d);
                if (k % 3 != 0)
                    KeepOneOf(queries, 5);

                fixed (float* c = centroids, q = queries)
                {
                    using var scores = new CentroidScores(c, k, d, MetricType.L2);
                    for (var n = 1; n <= 20; n += n < 9 ? 1 : 11)
                    {
                        using var memory = new GuardedMemory(CentroidScores.Rows(n) * scores.Stride * sizeof(float));
                        var to = memory.Last(CentroidScores.Rows(n) * scores.Stride);
                        scores.Score(q, n, to);
                        for (var i = 0; i < n; i++)
                        {
                            for (var j = 0; j < scores.Stride; j++)
                            {
                                var expected = float.NegativeInfinity;
                                if (j < k)
                                {
                                    var (product, norm) = (0f, 0f);
                                    for (var x = 0; x < d; x++)
                                    {
                                        product += q[i * d + x] * c[j * d + x];
                                        norm += c[j * d + x] * c[j * d + x];
                                    }

                                    expected = product - norm / 2;
                                }

                                Assert.Equal(expected, to[i * scores.Stride + j]);
                            }
                        }
                    }
                }
            }
        }
    }

    private static void CheckNearestCentroids()
    {
        var numbers = stackalloc int[48];
        foreach (var (d, k) in new[] { (12, 1), (12, 9), (33, 48), (33, 49), (100, 143), (100, 200), (100, 300) })
        {
            float[] centroids = TestVectors.Uniform(k, d, 9, seed: k), rows = TestVectors.Uniform(48, d, 9, seed: d);
            fixed (float* c = centroids, x = rows)
            {
                using var scores = new CentroidScores(c, k, d, MetricType.L2);
                Assert.False(scores.TryFindNearest(x, d, 48, numbers, out _));
                KeepOneOf(rows, 5);
                foreach (var count in new[] { 1, 2, 47, 48 })
                {
                    using var memory = new GuardedMemory(count * d * sizeof(float));
                    var at = memory.Last(count * d);
                    rows.AsSpan(0, count * d).CopyTo(new Span<float>(at, count * d));
                    Assert.True(scores.TryFindNearest(at, d, count, numbers, out var doubtful));
                    for (var i = 0; i < count; i++)
                    {
                        // Whole numbers, whose distances float32 has exactly.
                        var distances = Enumerable.Range(0, k).Select(j => BruteForce.Distance(
                            MetricType.L2, rows.AsSpan(i * d, d), centroids.AsSpan(j * d, d))).ToArray();
                        var nearest = Array.IndexOf(distances, distances.Min());
                        // Of two that are as near it cannot tell which counts, and must say so.
                        var isTie = distances.Count(distance => distance == distances[nearest]) > 1;
                        Assert.Equal(isTie, (doubtful >> i & 1) != 0);
                        if (!isTie)
                            Assert.Equal(nearest, numbers[i]);
                    }
                }
            }
        }
    }

    // Against scores and squared distances in double precision.
    private static void CheckPairedScores()
    {
        foreach (var d in new[] { 1, 2, 7, 16, 100, 784 })
        {
            foreach (var k in new[] { 1, 15, 16, 17, 100 })
            {
                foreach (var metric in new[] { MetricType.L2, MetricType.InnerProduct })
                {
                    // Common sizes, tiny, huge, far from the origin, mostly zeros, one much longer than the others.
                    for (var kind = 0; kind < 6; kind++)
                        CheckPairedScores(d, k, metric, kind);
                }
            }
        }

        // What cannot be rounded.
        foreach (var value in new[] { float.NaN, float.PositiveInfinity, 1e20f })
        {
            var centroids = new[] { 1f, 2, 3, value };
            fixed (float* c = centroids)
            {
                using var scores = new PairedScores(c, 2, 2, MetricType.L2);
                Assert.False(scores.IsUsable);
            }
        }
    }

    private static void CheckPairedScores(int d, int k, MetricType metric, int kind)
    {
        // More than a group of queries; the last are zero, too long, and not finite.
        const int n = 37;
        var random = new Random(d + k + kind);
        var scale = kind switch { 1 => 1e-20f, 2 => 1e15f, _ => 1f };
        var centroids = Vectors(k);
        var queries = Vectors(n);
        if (kind == 5)
            centroids.AsSpan(0, d).Fill(1e4f);

        queries.AsSpan((n - 3) * d, d).Clear();
        queries[(n - 2) * d] = 1e19f;
        queries[(n - 1) * d] = float.NaN;
        fixed (float* c = centroids, q = queries)
        {
            using var paired = new PairedScores(c, k, d, metric);
            Assert.True(paired.IsUsable);
            using GuardedMemory scoreMemory = new(n * paired.Stride * sizeof(float)), marginMemory = new(n * sizeof(float));
            float* scores = scoreMemory.Last(n * paired.Stride), margins = marginMemory.Last(n);
            paired.Score(q, n, scores, margins);
            for (var i = 0; i < n; i++, scores += paired.Stride)
            {
                Assert.Equal(i >= n - 2, float.IsPositiveInfinity(margins[i]));
                for (var j = k; j < paired.Stride; j++)
                    Assert.Equal(float.NegativeInfinity, scores[j]);

                if (i >= n - 2)
                    continue;

                double queryNorm = 0, longest = 0;
                var distances = new float[k];
                for (var x = 0; x < d; x++)
                    queryNorm += (double)q[i * d + x] * q[i * d + x];

                for (var j = 0; j < k; j++)
                {
                    double product = 0, norm = 0;
                    for (var x = 0; x < d; x++)
                    {
                        product += (double)q[i * d + x] * c[j * d + x];
                        norm += (double)c[j * d + x] * c[j * d + x];
                    }

                    longest = Math.Max(longest, norm);
                    distances[j] = DistanceKernels.Compare(metric, q + i * d, c + j * d, d);
                    var exact = metric == MetricType.L2 ? product - norm / 2 : product;
                    Assert.True(Math.Abs(exact - scores[j]) <= margins[i] / 2, $"d {d}, k {k}, {metric}, kind {kind}: {scores[j]:r}, {exact:r}, {margins[i]:r}");
                }

                // It is of use: what rounding to one in 5000 misses in d components, and what sums of so many floats do.
                var lengths = Math.Sqrt(queryNorm) + Math.Sqrt(longest);
                Assert.InRange(margins[i], 0, (3 * Math.Sqrt(d) / 5000 + 3e-7 * (d + 8)) * lengths * lengths + 3e-45 * (d + 2));
                for (var a = 0; a < k; a++)
                {
                    for (var b = 0; b < k; b++)
                        Assert.False(scores[a] - scores[b] > margins[i] && !(distances[a] < distances[b]), $"d {d}, k {k}, {metric}, kind {kind}, query {i}: {a}, {b}");
                }
            }
        }

        float[] Vectors(int count)
        {
            var values = new float[count * d];
            for (var i = 0; i < values.Length; i++)
                values[i] = kind == 4 && random.Next(5) > 0 ? 0 : scale * ((kind == 3 ? 300 : 0) + (float)random.NextDouble() - 0.5f);

            return values;
        }
    }

    private static void CheckLargestScores()
    {
        var random = new Random(4);
        var positions = stackalloc int[256 + LargestScores.Slack];
        for (var n = 1; n <= 256; n += n < 64 ? 1 : 13)
        {
            var padded = (n + 47) / 48 * 48;
            using var memory = new GuardedMemory(padded * sizeof(float));
            var scores = memory.Last(padded);
            foreach (var values in new[] { 1, 5, 1000 })
            {
                for (var i = 0; i < padded; i++)
                    scores[i] = i < n ? random.Next(values) : float.NegativeInfinity;

                var sorted = new ReadOnlySpan<float>(scores, n).ToArray().OrderDescending().ToArray();
                foreach (var count in new[] { 1, 2, n / 3, n / 2, n }.Where(count => count >= 1 && count <= n))
                {
                    foreach (var margin in new[] { 0, 2, float.PositiveInfinity })
                    {
                        var found = LargestScores.Find(scores, n, count, positions, margin);
                        Assert.True(found >= count);
                        var listed = new ReadOnlySpan<int>(positions, found).ToArray();
                        Assert.Equal(listed.Distinct().Order(), listed);
                        Assert.All(listed, position => Assert.InRange(position, 0, n - 1));
                        // Everything that reaches the count-th largest is there, and what misses it by no more than the margin.
                        var least = sorted[count - 1] - margin;
                        for (var i = 0; i < n; i++)
                            Assert.True(scores[i] < least || listed.Contains(i));
                    }
                }
            }
        }
    }

    private static void CheckFilter()
    {
        if (!PqFilter.IsSupported)
        {
            Assert.False(Avx2.IsSupported && Fma.IsSupported);
            return;
        }

        var random = new Random(5);
        foreach (var rows in Enumerable.Range(1, 40).Concat([63, 64, 65, 100, 112, 255, 256]))
        {
            foreach (var kind in Enumerable.Range(0, 8))
                CheckFilter(random, rows, kind);
        }

        // Nothing to filter by, or not with bytes: all is computed then.
        var bytes = stackalloc byte[257 * 256];
        var table = Floats(random, 257 * 256);
        fixed (float* t = table)
        {
            Assert.False(PqFilter.Prepare(t, 257, bytes, out _));
            Assert.True(PqFilter.Prepare(t, 1, bytes, out _));
            t[3] = float.PositiveInfinity;
            Assert.False(PqFilter.Prepare(t, 1, bytes, out _));
            new Span<float>(t, 256).Fill(7);
            Assert.False(PqFilter.Prepare(t, 1, bytes, out _));
        }
    }

    private static void CheckFilter(Random random, int rows, int kind)
    {
        // Common sizes, huge, tiny, few values (ties), one far row, one far entry per row, large offsets that cancel.
        var scale = kind switch { 1 => 1e15f, 2 => 1e-20f, _ => 1f };
        var table = new float[rows * 256];
        for (var i = 0; i < table.Length; i++)
        {
            table[i] = scale * (kind == 3 ? random.Next(3) : (float)random.NextDouble() - 0.3f);
            if ((kind == 4 && i < 256) || (kind == 5 && i % 256 == 9))
                table[i] *= 1e4f;

            if (kind == 6)
                table[i] += 1e4f * (i / 256 % 2 == 0 ? 1 : -1);
        }

        const int blocks = 5;
        var codeBytes = new byte[rows * 64 * blocks];
        if (kind != 7)
            random.NextBytes(codeBytes);

        var terms = new float[64 * blocks];
        for (var i = 0; i < terms.Length; i++)
            terms[i] = scale * rows * (float)(random.NextDouble() * (kind == 6 ? 1e4 : 0.3));

        var common = scale * 3.7f;
        using var memory = new GuardedMemory(codeBytes.Length);
        var codes = (byte*)memory.Last(0) - codeBytes.Length;
        codeBytes.CopyTo(new Span<byte>(codes, codeBytes.Length));
        using var scratch = Scratch.Rent();
        var bytes = scratch.Bytes(PqFilter.TableBytes(rows));
        var masks = stackalloc ulong[blocks];
        fixed (float* t = table, term = terms)
        {
            Assert.True(PqFilter.Prepare(t, rows, bytes, out var tables));
            foreach (var withTerms in new[] { false, true })
            {
                var used = withTerms ? term : null;
                var distances = new float[64 * blocks];
                for (var i = 0; i < distances.Length; i++)
                    distances[i] = PqScan.Sum(codes + i / 64 * 64 * rows + i % 64, 64, rows, t) + (withTerms ? common + term[i] : common);

                var sorted = distances.Order().ToArray();
                foreach (var rank in new[] { 0, 1, 9, 50, 160, sorted.Length - 1 })
                {
                    // The threshold is a distance itself, and one that just does not reach it.
                    foreach (var threshold in new[] { sorted[rank], MathF.BitDecrement(sorted[rank]) })
                    {
                        var limit = tables.Limit(threshold, common);
                        var left = 0;
                        for (var count = 1; count <= blocks; count++)
                        {
                            PqFilter.Find(tables, codes, 64, count, used, limit, masks);
                            for (var b = 0; b < count; b++)
                                Assert.Equal(PqFilter.FindScalar(tables, codes + (long)b * 64 * rows, 64, withTerms ? term + b * 64 : null, limit), masks[b]);
                        }

                        for (var i = 0; i < distances.Length; i++)
                        {
                            var isLeft = (masks[i / 64] >> (i % 64) & 1) != 0;
                            left += isLeft ? 1 : 0;
                            Assert.True(isLeft || distances[i] > threshold, $"{rows} rows, kind {kind}: {distances[i]:r} is left out at {threshold:r}");
                        }

                        // It is of use: of common data it leaves out most.
                        if (kind == 0 && rows is > 4 and < 65 && rank <= 1)
                            Assert.InRange(left, rank, 64);
                    }
                }
            }
        }
    }

    // One component of so many stays; the others become zero.
    private static void KeepOneOf(float[] vectors, int number)
    {
        for (var i = 0; i < vectors.Length; i++)
            vectors[i] = i % number == 0 ? vectors[i] : 0;
    }

    private static float[] Floats(Random random, int count)
    {
        var values = new float[count];
        for (var i = 0; i < count; i++)
            values[i] = (float)random.NextDouble() - 0.4f;

        return values;
    }
}
