using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Kernels;

/// <summary>Every form of the fast-scan kernels against the scalar one, and the bounds of the tables of bytes against distances.</summary>
public sealed unsafe class FastScanKernelTests
{
    [Fact]
    public void Every_form_gives_the_same() => CheckForms([]);

    [Theory]
    [InlineData("DOTNET_EnableAVX512", "512")]
    [InlineData("DOTNET_EnableAVX2", "256")]
    [InlineData("DOTNET_EnableHWIntrinsic", "128")]
    public void Without_an_instruction_set(string knob, string absent) =>
        ChildProcess.Run(CheckForms, [absent], new Dictionary<string, string?> { [knob] = "0" }).RequireSuccess();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(56)]
    public void Tables_are_measured(int rows)
    {
        var random = new Random(rows);
        var tables = Enumerable.Range(0, rows * 32).Select(_ => 10 * random.NextSingle() - 7).ToArray();
        var minima = new float[2 * rows];
        var parts = tables.Chunk(16).Select(part => (Smallest: part.Min(), Largest: part.Max())).ToArray();

        float widest;
        double start, magnitude;
        fixed (float* floats = tables, smallest = minima)
            widest = FastScanTables.Measure(floats, rows, smallest, out start, out magnitude);

        Assert.Equal(parts.Select(part => part.Smallest), minima);
        Assert.Equal(parts.Select(part => part.Largest - part.Smallest).Chunk(2).Max(row => row[0] + row[1]), widest);
        Assert.Equal(parts.Sum(part => (double)part.Smallest), start, 1e-12 * magnitude);
        Assert.Equal(parts.Sum(part => (double)Math.Max(Math.Abs(part.Smallest), Math.Abs(part.Largest))), magnitude, 1e-12 * magnitude);
    }

    [Theory]
    [InlineData(1, 1f, 0f)]
    [InlineData(7, 1f, 0f)]
    [InlineData(50, 1e-18f, 0f)]
    [InlineData(112, 1e15f, 0f)]
    [InlineData(64, 1f, 1e6f)]
    [InlineData(64, 1e-3f, 1e9f)]
    [InlineData(700, 1f, -3f)]
    public void Sums_of_bytes_bound_distances(int parts, float scale, float offset)
    {
        var random = new Random(parts);
        var rows = (parts + 1) / 2;
        using var scratch = Scratch.Rent();
        var tables = new FastScanTables { Floats = scratch.Floats(rows * 32), Bytes = scratch.Bytes(rows * 32), Minima = scratch.Floats(rows * 2) };
        new Span<float>(tables.Floats, rows * 32).Clear();
        for (var i = 0; i < parts * 16; i++)
            tables.Floats[i] = offset + scale * random.NextSingle() * random.NextSingle();

        tables.Quantize(rows, parts, magnitude: 0);
        Assert.False(tables.Saturates);
        for (var row = 0; row < rows; row++)
            Assert.True(Largest(row, 0) + Largest(row, 16) <= Math.Min(255, ushort.MaxValue / rows));

        for (var n = 0; n < 2000; n++)
        {
            var (distance, sum) = (0f, 0);
            for (var part = 0; part < parts; part++)
            {
                var code = part * 16 + random.Next(16);
                distance += tables.Floats[code];
                sum += tables.Bytes[code];
            }

            var value = tables.Start + (double)tables.Step * sum;
            Assert.InRange(distance, value - tables.Error, value + parts * (double)tables.Step + tables.Error);
        }

        // From a room within which few sums lie up to one that all fit into.
        foreach (var share in float.IsFinite(tables.Error) ? new[] { 0.01f, 0.3f, 1f, 20f } : [])
        {
            var (error, room) = (tables.Error, share * tables.Step * rows * 100);
            tables.Saturate(rows, parts, room);
            Assert.True(tables.Saturates);
            Assert.InRange(tables.Error, error, float.MaxValue);
            for (var n = 0; n < 2000; n++)
            {
                var (distance, sum) = (0f, 0);
                for (var part = 0; part < parts; part++)
                {
                    var code = part * 16 + random.Next(16);
                    distance += tables.Floats[code];
                    sum += tables.Bytes[code];
                }

                // Nearer than the room says, and yet ruled out: that must not be.
                Assert.True(tables.Start + (double)tables.Step * Math.Min(sum, 255) - tables.Error <= distance);
                if (distance <= tables.Start + room)
                    Assert.InRange((sum - 1) * (double)tables.Step, double.MinValue, room + tables.Error);
            }
        }

        byte Largest(int row, int half) => new ReadOnlySpan<byte>(tables.Bytes + row * 32 + half, 16).ToArray().Max();
    }

    [Fact]
    public void Nothing_is_read_behind_the_slack()
    {
        // 64 bytes of the last row are read, whatever its stride; behind the lists there are as many.
        const int rows = 5, stride = 16;
        var floats = (rows * stride + FastScan.BlockSize) / sizeof(float);
        using var guarded = new GuardedMemory(floats * sizeof(float));
        using var tables = new GuardedMemory(rows * 32);
        var sums = stackalloc ushort[FastScan.BlockSize];
        ulong mask;
        FastScan.Sum((byte*)guarded.Last(floats), 1, rows, stride, (byte*)tables.Last(rows * 8), 0, sums, &mask);
        Assert.Equal(ulong.MaxValue, mask);
        var table = (byte*)tables.Last(rows * 8);
        byte limit = 0;
        FastScanFilter.Mask((byte*)guarded.Last(floats), 1, rows, stride, 1, &table, &limit, &mask);
        Assert.Equal(ulong.MaxValue, mask);

        using var codes = new GuardedMemory(rows * 16);
        using var entries = new GuardedMemory(rows * 32 * sizeof(float));
        using var lanes = new GuardedMemory(16 * sizeof(float));
        FastScanDistances.Add((byte*)codes.Last(rows * 4), 16, rows, entries.Last(rows * 32), lanes.Last(16));
        Assert.Equal(new float[16], new ReadOnlySpan<float>(lanes.Last(16), 16).ToArray());
    }

    [Fact]
    public void Tables_without_differences_rule_nothing_out()
    {
        using var scratch = Scratch.Rent();
        var tables = new FastScanTables { Floats = scratch.Floats(64), Bytes = scratch.Bytes(64), Minima = scratch.Floats(4) };
        new Span<float>(tables.Floats, 64).Fill(3);
        tables.Quantize(2, 4, magnitude: 0);
        Assert.Equal(float.PositiveInfinity, tables.Error);
        Assert.Equal(new byte[64], new ReadOnlySpan<byte>(tables.Bytes, 64).ToArray());
        tables.Saturate(2, 4, room: 1);
        Assert.False(tables.Saturates);
    }

    [Theory]
    [InlineData(0f)]
    [InlineData(-1f)]
    [InlineData(float.NaN)]
    [InlineData(float.PositiveInfinity)]
    [InlineData(1e-44f)]
    public void Without_room_sums_do_not_stop(float room)
    {
        using var scratch = Scratch.Rent();
        var tables = new FastScanTables { Floats = scratch.Floats(32), Bytes = scratch.Bytes(32), Minima = scratch.Floats(2) };
        for (var i = 0; i < 32; i++)
            tables.Floats[i] = i;

        tables.Quantize(1, 2, magnitude: 0);
        var before = (tables.Step, tables.Error);
        tables.Saturate(1, 2, room);
        Assert.False(tables.Saturates);
        Assert.Equal(before, (tables.Step, tables.Error));
    }

    [Fact]
    public void The_kth_smallest_sum_and_what_is_within()
    {
        var random = new Random(1);
        foreach (var blocks in new[] { 1, 2, 3, 8 })
        {
            foreach (var most in new[] { 1, 5, 300, 65536 })
            {
                var sums = Enumerable.Range(0, blocks * 64).Select(_ => (ushort)(65535 - random.Next(most))).ToArray();
                var sorted = sums.Order().ToArray();
                var masks = new ulong[blocks];
                fixed (ushort* first = sums)
                fixed (ulong* mask = masks)
                {
                    foreach (var k in new[] { 1, 2, 10, 33, 64, blocks * 64 })
                    {
                        Assert.Equal(sorted[k - 1], FastScanSums.Kth(first, sums.Length, k));
                        FastScanSums.MaskUpTo(first, blocks, sorted[k - 1], mask);
                        for (var j = 0; j < sums.Length; j++)
                            Assert.Equal(sums[j] <= sorted[k - 1], (masks[j / 64] >> j % 64 & 1) != 0);
                    }
                }
            }
        }
    }

    [Fact]
    public void The_positions_of_bits()
    {
        var random = new Random(2);
        var positions = stackalloc int[64 + BitPositions.Slack];
        for (var n = 0; n < 1000; n++)
        {
            // From none to all 64 bits.
            var mask = (ulong)random.NextInt64() ^ (ulong)random.NextInt64() << 1;
            for (var i = 0; i < n % 7; i++)
                mask = n % 2 == 0 ? mask & (ulong)random.NextInt64() : mask | (ulong)random.NextInt64() << 1;

            var expected = Enumerable.Range(0, 64).Where(j => (mask >> j & 1) != 0).Select(j => 100 + j).ToArray();
            var count = BitPositions.Append(mask, 100, positions);
            Assert.Equal(expected, new ReadOnlySpan<int>(positions, count).ToArray());
        }

        Assert.Equal(0, BitPositions.Append(0, 5, positions));
        Assert.Equal(64, BitPositions.Append(ulong.MaxValue, 5, positions));
        Assert.Equal(Enumerable.Range(5, 64), new ReadOnlySpan<int>(positions, 64).ToArray());
    }

    private static void CheckForms(string[] absent)
    {
        // The knob must have taken effect, or this would test the same forms again.
        foreach (var width in absent)
        {
            Assert.False(width switch
            {
                "512" => Avx512F.IsSupported || Vector512.IsHardwareAccelerated,
                "256" => Avx2.IsSupported,
                _ => Vector128.IsHardwareAccelerated,
            });
        }

        for (var rows = 1; rows <= 256; rows += rows < 70 ? 1 : 31)
        {
            CheckSums(rows, blocks: 1 + rows % 9, stride: 64);
            foreach (var stride in new[] { 16, 32, 48 })
                CheckSums(rows, blocks: 1, stride);

            CheckFilter(rows, blocks: 1 + rows % 8, stride: 64);
            CheckFilter(rows, blocks: 1 + rows % 2, stride: 16 + rows % 3 * 16);

            CheckRounding(rows + 10);
            CheckDistances(rows);
        }

        foreach (var dsub in new[] { 1, 2, 3, 7, 8, 16, 33 })
            CheckTables(parts: 5, dsub);
    }

    private static void CheckSums(int rows, int blocks, int stride)
    {
        var random = new Random(rows * 100 + stride);
        var largest = Math.Min(255, ushort.MaxValue / rows) / 2;
        using var scratch = Scratch.Rent();
        // One byte aside: no form may want alignment. The kernels read 64 bytes of the last row.
        var codes = scratch.Bytes(blocks * rows * stride + 65) + 1;
        random.NextBytes(new Span<byte>(codes, blocks * rows * stride + 64));
        var tables = scratch.Bytes(rows * 32);
        for (var i = 0; i < rows * 32; i++)
            tables[i] = (byte)random.Next(largest + 1);

        var limit = (ushort)(rows * largest);
        var expected = new ushort[blocks * 64];
        var expectedMasks = new ulong[blocks];
        fixed (ushort* sums = expected)
        fixed (ulong* masks = expectedMasks)
            FastScan.SumScalar(codes, blocks, rows, stride, tables, limit, sums, masks);

        for (var j = 0; j < blocks * 64; j++)
            Assert.Equal(expected[j] <= limit, (expectedMasks[j / 64] >> (j % 64) & 1) != 0);

        var actual = new ushort[blocks * 64];
        var actualMasks = new ulong[blocks];
        fixed (ushort* sums = actual)
        fixed (ulong* masks = actualMasks)
        {
            FastScan.Sum(codes, blocks, rows, stride, tables, limit, sums, masks);
            Same("chosen");
            FastScan.Sum128(codes, blocks, rows, stride, tables, limit, sums, masks);
            Same("128");
            if (Avx2.IsSupported)
            {
                FastScan.Sum256(codes, blocks, rows, stride, tables, limit, sums, masks);
                Same("256");
            }

            if (Avx512BW.IsSupported)
            {
                FastScan.Sum512(codes, blocks, rows, stride, tables, limit, sums, masks);
                Same("512");
            }
        }

        void Same(string form)
        {
            Assert.True(expected.AsSpan().SequenceEqual(actual), $"{form}, {rows} rows, {blocks} blocks, stride {stride}");
            Assert.True(expectedMasks.AsSpan().SequenceEqual(actualMasks), $"{form}, {rows} rows, {blocks} blocks, stride {stride}: masks");
            Array.Clear(actual);
            Array.Clear(actualMasks);
        }
    }

    private static void CheckFilter(int rows, int blocks, int stride)
    {
        const int queries = FastScanFilter.MaxQueries, words = FastScanFilter.MaxBlocks;
        var random = new Random(rows * 100 + stride);
        using var scratch = Scratch.Rent();
        // One byte aside: no form may want alignment. The kernels read 64 bytes of the last row.
        var length = ((blocks - 1) * 64 + stride) * rows + 64;
        var codes = scratch.Bytes(length + 1) + 1;
        random.NextBytes(new Span<byte>(codes, length));
        var tables = stackalloc byte*[queries];
        var limits = stackalloc byte[queries];
        var expected = new ulong[queries * words];
        for (var i = 0; i < queries; i++)
        {
            // Sums around 255; each entry alone may reach it.
            tables[i] = scratch.Bytes(rows * 32);
            for (var j = 0; j < rows * 32; j++)
                tables[i][j] = (byte)(random.Next(50) == 0 ? 255 : random.Next(Math.Max(2, 300 / rows)));

            limits[i] = (byte)(i == 0 ? 255 : random.Next(255));
            for (var block = 0; block < blocks; block++)
            {
                for (var j = 0; j < 64; j++)
                {
                    var sum = 0;
                    for (var row = 0; row < rows; row++)
                    {
                        int code = codes[block * rows * 64 + row * (block == blocks - 1 ? stride : 64) + j];
                        sum += tables[i][row * 32 + (code & 15)] + tables[i][row * 32 + 16 + (code >> 4)];
                    }

                    expected[i * words + block] |= Math.Min(sum, 255) <= limits[i] ? 1UL << j : 0;
                }
            }
        }

        var actual = new ulong[queries * words];
        fixed (ulong* masks = actual)
        {
            for (var count = 1; count <= queries; count++)
            {
                FastScanFilter.Mask(codes, blocks, rows, stride, count, tables, limits, masks);
                Same("chosen", count);
                if (Avx2.IsSupported)
                {
                    if (count == 1)
                        FastScanFilter.MaskOne256(codes, blocks, rows, stride, *tables, *limits, masks);
                    else if (count == 2)
                        FastScanFilter.MaskTwo256(codes, blocks, rows, stride, tables, limits, masks);
                    else
                        FastScanFilter.MaskFour256(codes, blocks, rows, stride, count, tables, limits, masks);

                    Same("256", count);
                }

                if (Avx512BW.IsSupported)
                {
                    if (count == 1)
                        FastScanFilter.MaskOne512(codes, blocks, rows, stride, *tables, *limits, masks);
                    else
                        FastScanFilter.MaskFour512(codes, blocks, rows, stride, count, tables, limits, masks);

                    Same("512", count);
                }
            }

            FastScanFilter.MaskScalar(codes, blocks, rows, stride, *tables, *limits, masks);
            Same("scalar", 1);
            if (Vector128.IsHardwareAccelerated)
            {
                FastScanFilter.Mask128(codes, blocks, rows, stride, *tables, *limits, masks);
                Same("128", 1);
            }
        }

        void Same(string form, int count)
        {
            for (var i = 0; i < queries * words; i++)
            {
                var used = i / words < count && i % words < blocks;
                Assert.True(actual[i] == (used ? expected[i] : 0), $"{form}, {count} queries, {rows} rows, {blocks} blocks, stride {stride}");
            }

            Array.Clear(actual);
        }
    }

    private static void CheckRounding(int rows)
    {
        var random = new Random(rows);
        using var scratch = Scratch.Rent();
        var tables = scratch.Floats(rows * 32 + 1) + 1;
        var minima = scratch.Floats(rows * 2 + 1) + 1;
        for (var part = 0; part < rows * 2; part++)
        {
            for (var c = 0; c < 16; c++)
                tables[part * 16 + c] = random.NextSingle() * 300 - 50;

            minima[part] = new ReadOnlySpan<float>(tables + part * 16, 16).ToArray().Min();
        }

        // Some entries exceed 255 steps, and stay at it.
        var expected = new byte[rows * 32];
        var actual = new byte[rows * 32];
        fixed (byte* bytes = expected)
            FastScanTables.QuantizeScalar(tables, rows, minima, 1.1f, bytes);

        Assert.Equal(255, expected.Max());
        fixed (byte* bytes = actual)
        {
            if (Vector128.IsHardwareAccelerated)
            {
                FastScanTables.Quantize128(tables, rows, minima, 1.1f, bytes);
                Assert.Equal(expected, actual);
                Array.Clear(actual);
            }

            if (Avx512F.IsSupported)
            {
                FastScanTables.Quantize512(tables, rows, minima, 1.1f, bytes);
                Assert.Equal(expected, actual);
            }
        }
    }

    private static void CheckDistances(int rows)
    {
        var random = new Random(rows);
        using var scratch = Scratch.Rent();
        var codes = scratch.Bytes(rows * 16 + 17) + 1;
        random.NextBytes(new Span<byte>(codes, rows * 16 + 16));
        var tables = scratch.Floats(rows * 32 + 1) + 1;
        for (var i = 0; i < rows * 32; i++)
            tables[i] = random.NextSingle() * 100 - 20;

        var starts = Enumerable.Range(0, 16).Select(i => i * 0.3f).ToArray();
        // Sums in the order of the parts, as FAISS adds them.
        var expected = starts.ToArray();
        for (var row = 0; row < rows; row++)
        {
            for (var i = 0; i < 16; i++)
            {
                expected[i] += tables[row * 32 + (codes[row * 16 + i] & 15)];
                expected[i] += tables[row * 32 + 16 + (codes[row * 16 + i] >> 4)];
            }
        }

        Same(FastScanDistances.Add);
        Same(FastScanDistances.AddScalar);
        if (Avx2.IsSupported)
            Same(FastScanDistances.Add256);

        if (Avx512F.IsSupported)
            Same(FastScanDistances.Add512);

        void Same(Adding form)
        {
            var actual = starts.ToArray();
            fixed (float* distances = actual)
                form(codes, 16, rows, tables, distances);

            Assert.Equal(expected, actual);
        }
    }

    private static void CheckTables(int parts, int dsub)
    {
        var random = new Random(dsub);
        using var scratch = Scratch.Rent();
        var query = scratch.Floats(parts * dsub);
        var components = scratch.Floats(parts * dsub * 16);
        // Whole numbers: every form gets the sums exactly.
        for (var i = 0; i < parts * dsub; i++)
            query[i] = random.Next(-9, 10);

        for (var i = 0; i < parts * dsub * 16; i++)
            components[i] = random.Next(-9, 10);

        var tables = scratch.Floats(parts * 16);
        foreach (var form in new Filling[]
        {
            FastScanCodebook.FillScalar<DistanceKernels.SquaredDifference>,
            FastScanCodebook.Fill128<DistanceKernels.SquaredDifference>,
            FastScanCodebook.Fill256<DistanceKernels.SquaredDifference>,
            FastScanCodebook.Fill512<DistanceKernels.SquaredDifference>,
        })
        {
            form(query, parts, dsub, components, 1, tables);
            for (var i = 0; i < parts * 16; i++)
            {
                Assert.Equal(
                    Enumerable.Range(0, dsub).Sum(j => Square(query[i / 16 * dsub + j] - components[(i / 16 * dsub + j) * 16 + i % 16])), tables[i]);
            }
        }

        foreach (var form in new Filling[]
        {
            FastScanCodebook.FillScalar<DistanceKernels.Product>,
            FastScanCodebook.Fill128<DistanceKernels.Product>,
            FastScanCodebook.Fill256<DistanceKernels.Product>,
            FastScanCodebook.Fill512<DistanceKernels.Product>,
        })
        {
            form(query, parts, dsub, components, -2, tables);
            for (var i = 0; i < parts * 16; i++)
            {
                Assert.Equal(
                    -2 * Enumerable.Range(0, dsub).Sum(j => query[i / 16 * dsub + j] * components[(i / 16 * dsub + j) * 16 + i % 16]), tables[i]);
            }
        }

        static float Square(float x) => x * x;
    }

    private delegate void Adding(byte* codes, int stride, int rows, float* tables, float* distances);

    private delegate void Filling(float* query, int parts, int dsub, float* components, float factor, float* tables);
}
