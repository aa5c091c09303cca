using System.Numerics;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Contracts;

/// <summary>Vectors of other number types than float32.</summary>
public sealed class NumberContract
{
    [Theory]
    [IndexData]
    public void Numbers_of_other_types_give_the_same_index_and_the_same_results(IndexCase type)
    {
        var vectors = type.Vectors(Registry.TrainingCount, seed: 1);
        var added = type.Vectors(300, seed: 2);
        var queries = type.Vectors(20, seed: 3);
        using var expected = type.Create();
        expected.Train(vectors);
        type.Fill(expected, added);
        type.ProbeAll(expected);
        var found = expected.Search(queries, 5);

        AssertSame(type, vectors, added, queries, (Half)0, expected, found);
        AssertSame(type, vectors, added, queries, (sbyte)0, expected, found);
        AssertSame(type, vectors, added, queries, 0.0, expected, found);
    }

    [Theory]
    [IndexData]
    public void What_float32_cannot_hold_is_refused_before_anything_changes(IndexCase type)
    {
        using var index = type.CreateFilled(type.Vectors(20, seed: 2));
        var halves = new Half[3 * type.Dimension];
        halves[^1] = Half.NaN;
        var doubles = new double[3 * type.Dimension];
        doubles[^1] = 1e300;

        var error = Assert.Throws<ArgumentException>(() => index.AddWithIds<Half>(halves, [1, 2, 3]));
        Assert.Contains("NaN in vector 2", error.Message, StringComparison.Ordinal);
        Assert.Throws<ArgumentException>(() => index.AddWithIds<double>(doubles, [1, 2, 3]));
        Assert.Throws<ArgumentException>(() => index.Search<Half>(halves, 1));
        Assert.Throws<ArgumentException>(() => index.Search<double>(doubles, 1));
        Assert.Throws<ArgumentException>(() => index.Add<byte>(new byte[type.Dimension + 1]));
        Assert.Equal(20, index.Count);
    }

    [Fact]
    public void No_second_copy_is_made_of_what_is_added()
    {
        const int d = 64, n = 200_000;
        using var index = new FaissNet.Managed.IndexFlatL2(d);
        var bytes = new byte[n * d];
        new Random(1).NextBytes(bytes);
        index.Add<byte>(bytes.AsSpan(0, 64 * d));
        var before = GC.GetAllocatedBytesForCurrentThread();

        index.Add<byte>(bytes);

        // The index keeps its vectors elsewhere; as floats they would be 51 MB.
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 10 << 20);
        Assert.Equal(Array.ConvertAll(bytes[^d..], value => (float)value), index.Reconstruct(n + 63));
    }

    [Fact]
    public void A_large_training_set_is_sampled_as_FAISS_samples_it()
    {
        const int d = 4, n = 80_000, k = 16;
        var vectors = TestVectors.Clustered(n, d, seed: 4);
        using var whole = new FaissNet.Managed.IndexIVFFlat(d, k);
        using var converted = new FaissNet.Managed.IndexIVFFlat(d, k);
        var chosen = FaissNet.Managed.FaissRandom.Permutation(n, 1234).AsSpan(0, 65_536).ToArray();
        whole.Train([.. chosen.SelectMany(row => vectors.AsSpan(row * d, d).ToArray())]);

        converted.Train<sbyte>(Array.ConvertAll(vectors, value => (sbyte)value));

        Assert.Equal(whole.GetCentroids(), converted.GetCentroids());
    }

    private static void AssertSame<T>(
        IndexCase type, float[] vectors, float[] added, float[] queries, T _, VectorIndex expected, SearchResult found)
        where T : unmanaged, INumberBase<T>
    {
        using var index = type.Create();
        index.Train<T>(Array.ConvertAll(vectors, T.CreateChecked));
        var numbers = Array.ConvertAll(added, T.CreateChecked);
        if (type.Has(Traits.Numbers))
            index.Add<T>(numbers);
        else
            index.AddWithIds<T>(numbers, [.. Enumerable.Range(0, 300).Select(i => (long)i)]);

        type.ProbeAll(index);
        if (type.Has(Traits.Repeatable))
            Assert.Equal(IndexCase.Bytes(expected), IndexCase.Bytes(index));

        var same = index.Search<T>(Array.ConvertAll(queries, T.CreateChecked), 5);
        if (type.Has(Traits.Repeatable))
        {
            Assert.Equal(found.Labels, same.Labels);
            Assert.Equal(found.Distances, same.Distances);
        }
    }
}
