using FaissNet.Managed;

namespace FaissNet.Tests.Managed;

/// <summary>Lists against plain ones in the test, through all that changes them.</summary>
public sealed unsafe class ArrayInvertedListsTests
{
    private const int ListCount = 3;

    [Theory]
    [InlineData(1, 1)]
    [InlineData(8, 1)]
    [InlineData(13, 1)]
    [InlineData(1, 32)]
    [InlineData(8, 32)]
    [InlineData(5, 64)]
    [InlineData(20, 64)]
    public void Hold_what_was_put_into_them(int codeSize, int blockSize)
    {
        var random = new Random(codeSize * blockSize);
        using var lists = new ArrayInvertedLists(ListCount, codeSize, blockSize, hasTerms: true);
        var expected = Enumerable.Range(0, ListCount).Select(_ => new List<(byte[] Code, long Id, float Term)>()).ToArray();
        for (var step = 0; step < 400; step++)
        {
            var list = random.Next(ListCount);
            var plain = expected[list];
            switch (random.Next(12))
            {
                case < 6:
                    Append(lists, list, plain, random.Next(4) == 0 ? random.Next(150) : random.Next(4), random);
                    break;
                case < 9 when plain.Count > 0:
                    var index = random.Next(plain.Count);
                    lists.RemoveAt(list, index);
                    plain[index] = plain[^1];
                    plain.RemoveAt(plain.Count - 1);
                    break;
                case 9:
                    lists.Trim(list);
                    break;
                case 10 when step % 5 == 0:
                    lists.Clear(list);
                    plain.Clear();
                    break;
                case 11 when plain.Count > 0:
                    lists.SetTerm(list, plain.Count - 1, step);
                    plain[^1] = plain[^1] with { Term = step };
                    break;
                default:
                    lists.Reserve(list, plain.Count + 10);
                    break;
            }

            Check(lists, list, plain);
        }
    }

    [Fact]
    public void An_untouched_list_is_empty()
    {
        using var lists = new ArrayInvertedLists(2, 4);
        Assert.Equal(0, lists.Size(1));
        Assert.True(lists.Ids(1) is null);
        lists.Trim(1);
        lists.Append(1, 0, null, null);
        Assert.Equal(0, lists.Size(1));
    }

    [Theory]
    [InlineData(0, 64, 64)]
    [InlineData(64, 64, 64)]
    [InlineData(65, 64, 16)]
    [InlineData(80, 64, 16)]
    [InlineData(81, 64, 32)]
    [InlineData(127, 64, 64)]
    [InlineData(40, 32, 16)]
    [InlineData(9, 1, 1)]
    public void The_last_block_is_as_wide_as_it_must_be(int size, int blockSize, int stride) =>
        Assert.Equal(stride, InvertedLists.TailStride(size, blockSize));

    private static void Append(ArrayInvertedLists lists, int list, List<(byte[] Code, long Id, float Term)> plain, int count, Random random)
    {
        var (codes, ids, terms) = (new byte[count * lists.CodeSize], new long[count], new float[count]);
        random.NextBytes(codes);
        for (var i = 0; i < count; i++)
        {
            (ids[i], terms[i]) = (random.NextInt64(), random.NextSingle());
            plain.Add((codes.AsSpan(i * lists.CodeSize, lists.CodeSize).ToArray(), ids[i], terms[i]));
        }

        fixed (byte* code = codes)
        fixed (long* id = ids)
        fixed (float* term = terms)
            lists.Append(list, count, code, id, term);
    }

    private static void Check(ArrayInvertedLists lists, int list, List<(byte[] Code, long Id, float Term)> plain)
    {
        Assert.Equal(plain.Count, lists.Size(list));
        Assert.All([(nint)lists.Codes(list), (nint)lists.Ids(list), (nint)lists.Terms(list)], pointer => Assert.Equal(0, pointer % UnmanagedBuffer.Alignment));
        Assert.Equal(plain.Select(entry => entry.Id), new ReadOnlySpan<long>(lists.Ids(list), plain.Count).ToArray());
        Assert.Equal(plain.Select(entry => entry.Term), new ReadOnlySpan<float>(lists.Terms(list), plain.Count).ToArray());
        var codes = new byte[plain.Count * lists.CodeSize + 1];
        fixed (byte* code = codes)
            lists.CopyCodes(list, 0, plain.Count, code);

        Assert.Equal(plain.SelectMany(entry => entry.Code), codes[..^1]);

        // Where the layout says that they lie.
        for (var i = 0; i < plain.Count; i++)
        {
            var block = i / lists.BlockSize;
            var stride = block < plain.Count / lists.BlockSize ? lists.BlockSize : InvertedLists.TailStride(plain.Count, lists.BlockSize);
            var start = lists.Codes(list) + block * lists.BlockSize * lists.CodeSize;
            for (var b = 0; b < lists.CodeSize; b++)
            {
                var actual = lists.BlockSize == 1 ? start[b] : start[b * stride + i % lists.BlockSize];
                if (actual != plain[i].Code[b])
                    Assert.Fail($"Byte {b} of code {i} of {plain.Count} is {actual}, not {plain[i].Code[b]}.");
            }
        }
    }
}
