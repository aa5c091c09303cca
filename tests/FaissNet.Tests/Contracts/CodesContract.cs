namespace FaissNet.Tests.Contracts;

/// <summary>Vectors to codes and back without storing, and codes into an index.</summary>
public sealed class CodesContract
{
    private const int Count = 60;

    [Theory]
    [IndexData(with: Traits.Encodes | Traits.Reconstructs)]
    public void What_is_decoded_is_what_the_index_would_give_back(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        using var empty = type.CreateTrained();

        var codes = empty.Encode(vectors);
        var decoded = empty.Decode(codes);

        Assert.Equal(0, empty.Count);
        Assert.Equal((Count * empty.EncodedSize, Count * type.Dimension), (codes.Length, decoded.Length));
        // What an IVFPQR stores of a vector is more than its code.
        if (type.Type == "IndexIVFPQR")
            return;

        using var index = type.CreateFilled(vectors);
        for (var i = 0; i < Count; i++)
        {
            foreach (var (expected, actual) in index.Reconstruct(i).Zip(decoded[(i * type.Dimension)..]))
                Assert.Equal(expected, actual, 1e-4 * (1 + Math.Abs(expected)));
        }
    }

    [Theory]
    [IndexData(with: Traits.Encodes)]
    public void One_at_a_time_and_all_at_once_are_the_same(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(5, seed: 4));
        var vectors = type.Vectors(Count, seed: 2);
        var (d, size) = (type.Dimension, index.EncodedSize);
        Assert.InRange(size, 1, 1000);
        var codes = index.Encode(vectors);
        // A matrix product of one row may round other than one of many, and local search begins at random.
        var transforms = type.Type.StartsWith("PCA", StringComparison.Ordinal) || type.Type.StartsWith("OPQ", StringComparison.Ordinal)
            || !type.Has(Traits.Repeatable);
        var code = Enumerable.Repeat((byte)0xaa, size + 2).ToArray();
        var vector = Enumerable.Repeat(-77f, d + 2).ToArray();
        for (var i = 0; i < Count; i++)
        {
            index.Encode(vectors.AsSpan(i * d, d), code);
            if (transforms)
                code.AsSpan(0, size).CopyTo(codes.AsSpan(i * size));
            else
                Assert.Equal(codes.AsSpan(i * size, size), code.AsSpan(0, size));
        }

        var decoded = index.Decode(codes);
        for (var i = 0; i < Count; i++)
        {
            index.Decode(codes.AsSpan(i * size, size), vector);
            for (var j = 0; j < d; j++)
                Assert.Equal(decoded[i * d + j], vector[j], 1e-4 * (1 + Math.Abs(vector[j])));
        }

        // What is longer than need be stays as it was behind the end.
        Assert.Equal([0xaa, 0xaa], code[size..]);
        Assert.Equal([-77f, -77f], vector[d..]);
        Assert.Empty(index.Encode([]));
        Assert.Empty(index.Decode([]));
    }

    [Theory]
    [IndexData(with: Traits.Encodes)]
    public void Arguments_that_do_not_fit_are_refused(IndexCase type)
    {
        using var index = type.CreateTrained();
        var (d, size) = (type.Dimension, index.EncodedSize);
        var vectors = type.Vectors(2, seed: 2);

        Assert.Throws<ArgumentException>("vectors", () => index.Encode(vectors.AsSpan(1), new byte[2 * size]));
        Assert.Throws<ArgumentException>("codes", () => index.Encode(vectors, new byte[2 * size - 1]));
        Assert.Throws<ArgumentException>("vectors", () => index.Decode(new byte[2 * size], new float[2 * d - 1]));
        if (size > 1)
            Assert.Throws<ArgumentException>("codes", () => index.Decode(new byte[2 * size - 1], new float[2 * d]));

        vectors[d + 1] = float.NaN;
        Assert.Throws<ArgumentException>("vectors", () => index.Encode(vectors));
    }

    [Theory]
    [IndexData(with: Traits.Encodes | Traits.Probes, without: Traits.Refines)]
    public void A_code_of_a_list_that_does_not_exist_is_refused(IndexCase type)
    {
        using var index = type.CreateTrained();
        var code = index.Encode(type.Vectors(1, seed: 2));
        Assert.InRange(code[0], 0, Registry.NList - 1);
        foreach (var list in new byte[] { Registry.NList, 255 })
        {
            code[0] = list;
            var error = Assert.ThrowsAny<ArgumentException>(() => index.Decode(code));
            Assert.Contains($"{list}", error.Message, StringComparison.Ordinal);
        }
    }

    [Theory]
    [IndexData(with: Traits.Encodes | Traits.Trains)]
    public void An_untrained_index_encodes_nothing(IndexCase type)
    {
        using var index = type.Create();

        Assert.Throws<InvalidOperationException>(() => index.Encode(type.Vectors(1, seed: 2), new byte[4096]));
        Assert.Throws<InvalidOperationException>(() => index.Decode([], []));
    }

    [Theory]
    [IndexData(without: Traits.Encodes)]
    public void Types_that_cannot_encode_say_so(IndexCase type)
    {
        using var index = type.CreateTrained();

        Assert.Throws<NotSupportedException>(() => index.EncodedSize);
        Assert.Throws<NotSupportedException>(() => index.Encode(type.Vectors(1, seed: 2), new byte[4096]));
        Assert.Throws<NotSupportedException>(() => index.Decode(new byte[64], new float[4096]));
    }

    [Theory]
    [IndexData(with: Traits.AddsCodes)]
    public void Added_codes_are_the_vectors_that_were_encoded(IndexCase type)
    {
        var vectors = type.Vectors(Count, seed: 2);
        using var index = type.CreateTrained();
        var codes = index.Encode(vectors);
        var ids = Enumerable.Range(0, Count).Select(i => (long)i).ToArray();
        var half = Count / 2 * index.EncodedSize;

        // In portions, so that what is there already stays.
        if (type.Has(Traits.Numbers))
        {
            index.AddCodes(codes.AsSpan(0, half));
            index.AddCodes(codes.AsSpan(half));
        }
        else
        {
            index.AddCodesWithIds(codes.AsSpan(0, half), ids.AsSpan(0, Count / 2));
            index.AddCodesWithIds(codes.AsSpan(half), ids.AsSpan(Count / 2));
        }

        Assert.Equal(Count, index.Count);
        if (type.Has(Traits.Repeatable))
        {
            using var expected = type.CreateFilled(vectors);
            Assert.Equal(IndexCase.Bytes(expected), IndexCase.Bytes(index));
            Assert.Equal(expected.Search(vectors, 3).Labels, index.Search(vectors, 3).Labels);
        }

        if (type.Has(Traits.Reconstructs))
        {
            var decoded = index.Decode(codes);
            for (var i = 0; i < Count; i++)
            {
                foreach (var (wanted, actual) in decoded[(i * type.Dimension)..].Zip(index.Reconstruct(i)))
                    Assert.Equal(wanted, actual, 1e-4 * (1 + Math.Abs(wanted)));
            }
        }
    }

    [Theory]
    [IndexData(with: Traits.AddsCodes | Traits.TakesIds)]
    public void Codes_come_in_under_ids_of_the_caller(IndexCase type)
    {
        var vectors = type.Vectors(5, seed: 2);
        long[] ids = [9, -3, long.MaxValue, 0, 1L << 40];
        using var index = type.CreateTrained();

        index.AddCodesWithIds(index.Encode(vectors), ids);

        type.ProbeAll(index);
        Assert.Equal(ids.Order(), index.Search(vectors.AsSpan(0, type.Dimension), 5)[0].Select(hit => hit.Id).Order());
    }

    [Theory]
    [IndexData(with: Traits.AddsCodes)]
    public void Codes_that_do_not_fit_are_refused_and_nothing_changes(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(5, seed: 4));
        var codes = index.Encode(type.Vectors(3, seed: 2));
        var size = index.EncodedSize;
        var before = IndexCase.Bytes(index);
        long[]? ids = type.Has(Traits.Numbers) ? null : [7, 8, 9];

        if (size > 1)
            Assert.Throws<ArgumentException>("codes", () => Add(codes.AsSpan(1)));

        if (type.Has(Traits.TakesIds))
        {
            Assert.Throws<ArgumentException>("ids", () => index.AddCodesWithIds(codes, [7, 8]));
            Assert.Throws<ArgumentException>("ids", () => index.AddCodesWithIds(codes, [7, 8, -1]));
        }
        else
        {
            Assert.Throws<NotSupportedException>(() => index.AddCodesWithIds(codes, [7, 8, 9]));
        }

        if (!type.Has(Traits.Numbers))
            Assert.Throws<NotSupportedException>(() => index.AddCodes(codes));

        if (type.Has(Traits.Probes))
        {
            var kept = codes[2 * size];
            codes[2 * size] = Registry.NList;
            Assert.Contains($"{Registry.NList}", Assert.ThrowsAny<ArgumentException>(() => Add(codes)).Message, StringComparison.Ordinal);
            codes[2 * size] = kept;
        }

        // The code ends with the floats themselves.
        if (type.Has(Traits.Lossless))
        {
            BitConverter.TryWriteBytes(codes.AsSpan(3 * size - sizeof(float)), float.NaN);
            Assert.Contains("2", Assert.ThrowsAny<ArgumentException>(() => Add(codes)).Message, StringComparison.Ordinal);
        }

        Assert.Equal(before, IndexCase.Bytes(index));
        Add([]);
        Add(codes.AsSpan(0, 2 * size));
        Assert.Equal(7, index.Count);

        void Add(ReadOnlySpan<byte> some)
        {
            if (ids is null)
                index.AddCodes(some);
            else
                index.AddCodesWithIds(some, ids.AsSpan(0, some.Length / size));
        }
    }

    [Theory]
    [IndexData(with: Traits.AddsCodes)]
    public void Codes_need_an_index_that_is_trained_and_there(IndexCase type)
    {
        var filled = type.CreateFilled(type.Vectors(5, seed: 4));
        var codes = filled.Encode(type.Vectors(1, seed: 2));
        filled.Dispose();
        Assert.Throws<ObjectDisposedException>(() => filled.AddCodes(codes));
        Assert.Throws<ObjectDisposedException>(() => filled.AddCodesWithIds(codes, [1]));
        if (!type.Has(Traits.Trains))
            return;

        using var untrained = type.Create();
        Assert.Throws<InvalidOperationException>(() => untrained.AddCodes(codes));
    }

    [Theory]
    [IndexData(without: Traits.AddsCodes)]
    public void Types_that_take_no_codes_say_so(IndexCase type)
    {
        using var index = type.CreateTrained();

        Assert.Throws<NotSupportedException>(() => index.AddCodes(new byte[type.Has(Traits.Encodes) ? index.EncodedSize : 64]));
        Assert.Equal(0, index.Count);
    }
}
