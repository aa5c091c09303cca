using System.Buffers.Binary;
using FaissNet.Managed;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.Serialization;

/// <summary>
/// Damaged files in this process: loading them gives an index that works, or says what is wrong, at once and in little memory.
/// </summary>
public sealed class ManagedDamageTests
{
    // Far more than the files hold, far less than their numbers can ask for.
    private const long MemoryLimit = 512L << 20;

    // Where most sizes stand.
    private const int DenseAtStart = 300;

    private static readonly long[] s_hostile = [0, -1, 1, 2, int.MaxValue, 1L << 31, 1L << 40, long.MaxValue, long.MinValue];

    public static TheoryData<string> Names => ManagedFileTests.Supported;

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_truncation_is_refused(string name)
    {
        using var folder = new TemporaryFolder();
        var data = GoldenFiles.Get(name).Read();
        var random = new Random(20230415);
        for (var length = 0; length < data.Length; length += random.Next(1, 1 + data.Length / 40))
        {
            Assert.Throws<InvalidDataException>(() => ManagedIndex.Load(new MemoryStream(data, 0, length)));
            File.WriteAllBytes(folder.File("cut"), data[..length]);
            Assert.Throws<InvalidDataException>(() => ManagedIndex.LoadMapped(folder.File("cut")));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Bits_that_flip_do_no_harm(string name)
    {
        var golden = GoldenFiles.Get(name).Read();
        var random = new Random(name.Length);
        var refused = 0;
        for (var i = 0; i < 300; i++)
        {
            var data = golden.ToArray();
            for (var flips = random.Next(1, 5); flips > 0; flips--)
            {
                var offset = random.Next(2) == 0 ? random.Next(Math.Min(DenseAtStart, data.Length)) : random.Next(data.Length);
                data[offset] ^= (byte)(1 << random.Next(8));
            }

            if (!IsUsable(data))
                refused++;
        }

        Assert.InRange(refused, 10, 299);
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Hostile_numbers_do_no_harm(string name)
    {
        var golden = GoldenFiles.Get(name).Read();
        var random = new Random(name.Length);
        var refused = 0;
        for (var offset = 0; offset < golden.Length - sizeof(long); offset += offset < DenseAtStart ? random.Next(1, 3) : random.Next(1, 1 + golden.Length / 50))
        {
            var data = golden.ToArray();
            var value = s_hostile[random.Next(s_hostile.Length)];
            if (random.Next(2) == 0)
                BinaryPrimitives.WriteInt64LittleEndian(data.AsSpan(offset), value);
            else
                BinaryPrimitives.WriteInt32LittleEndian(data.AsSpan(offset), (int)value);
            if (!IsUsable(data))
                refused++;
        }

        Assert.True(refused > 10, $"only {refused} hostile numbers were refused");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Vectors_that_are_no_numbers_do_no_harm(string name)
    {
        var golden = GoldenFiles.Get(name).Read();
        float[] values = [float.NaN, float.PositiveInfinity, float.NegativeInfinity, float.MaxValue, -float.MaxValue, 1e-45f];
        foreach (var value in values)
        {
            // From the first floats on, every so many bytes: centroids, codebooks, vectors, codes.
            for (var start = 40; start < 48; start += 3)
            {
                var data = golden.ToArray();
                for (var offset = start + 60; offset < data.Length - sizeof(float); offset += 16)
                    BinaryPrimitives.WriteSingleLittleEndian(data.AsSpan(offset), value);
                IsUsable(data);
            }
        }
    }

    /// <summary>Whether it loads; then it is used in every way, and may fail only as a sound index does.</summary>
    private static bool IsUsable(byte[] data)
    {
        var before = GC.GetAllocatedBytesForCurrentThread();
        ManagedIndex index;
        try
        {
            index = ManagedIndex.Load(new MemoryStream(data));
        }
        catch (Exception e) when (e is InvalidDataException or NotSupportedException)
        {
            return false;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, MemoryLimit);
        }

        using (index)
            Use(index, data);

        return true;
    }

    private static void Use(ManagedIndex index, byte[] data)
    {
        var random = new Random(1);
        var vectors = new float[4 * index.Dimension];
        foreach (ref var component in vectors.AsSpan())
            component = random.NextSingle();

        try
        {
            index.Search(vectors, 5);
            index.RangeSearch(vectors, 1f);
            if (index.Count > 0)
                index.Reconstruct(0);
        }
        catch (Exception e) when (e is InvalidOperationException or KeyNotFoundException or NotSupportedException)
        {
            // Not trained, other ids, no inverse.
        }

        var saved = ManagedFileTests.Bytes(index);
        Assert.InRange(saved.Length, 0, 2 * data.Length + 4096);
        try
        {
            index.Add(vectors);
            index.Search(vectors, 5);
        }
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException)
        {
            // Not trained, needs ids.
        }

        try
        {
            index.Remove(IdSelector.Range(0, 3));
            index.Search(vectors, 5);
        }
        catch (Exception e) when (e is InvalidOperationException or NotSupportedException)
        {
            // Not trained, cannot remove.
        }
    }
}
