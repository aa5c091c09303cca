using System.Buffers.Binary;

namespace FaissNet.Tests.Serialization;

/// <summary>
/// Files damaged in every place: the validator may accept or refuse, but nothing else, at once and in little memory.
/// </summary>
public sealed class IndexFileDamageTests
{
    private const long AllocationLimit = 64 << 20;

    // Each byte of a file near its beginning, where most sizes stand, and near its end; in between one of many.
    private const int DenseAtStart = 400;
    private const int DenseAtEnd = 64;
    private const int Stride = 211;

    private static readonly long[] s_hostile =
        [0, -1, 1, int.MaxValue, 1L << 31, uint.MaxValue, 1L << 40, long.MaxValue, long.MinValue];

    public static TheoryData<string> Names => GoldenFiles.AcceptedNames;

    [Theory]
    [MemberData(nameof(Names))]
    public void Every_truncation_is_refused(string name)
    {
        const int smallFile = 4096;
        var data = GoldenFiles.Get(name).Read();
        var random = new Random(20230415);
        for (var length = 0; length < data.Length; length += data.Length <= smallFile ? 1 : random.Next(1, 24))
        {
            var cut = length;
            Assert.False(IsAccepted(data, length), $"{name} cut at {cut} of {data.Length} was accepted");
            if (length % 16 == 0)
                Assert.Throws<InvalidDataException>(() => IndexFile.Validate(new ForwardStream(data[..cut])));
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Hostile_numbers_in_any_place_do_no_harm(string name)
    {
        var data = GoldenFiles.Get(name).Read();
        var refused = 0;
        for (var offset = 0; offset < data.Length; offset++)
        {
            if (offset >= DenseAtStart && offset < data.Length - DenseAtEnd && offset % Stride != 0)
                continue;
            foreach (var value in s_hostile)
            {
                refused += Overwritten(sizeof(int));
                refused += Overwritten(sizeof(long));

                int Overwritten(int size)
                {
                    if (offset + size > data.Length)
                        return 0;
                    Span<byte> bytes = stackalloc byte[sizeof(long)];
                    BinaryPrimitives.WriteInt64LittleEndian(bytes, value);
                    var place = data.AsSpan(offset, size);
                    var before = place.ToArray();
                    bytes[..size].CopyTo(place);
                    var accepted = IsAccepted(data, data.Length);
                    before.CopyTo(place);
                    return accepted ? 0 : 1;
                }
            }
        }

        // A file all of whose bytes may be anything would say that nothing is checked.
        Assert.True(refused > 100, $"only {refused} hostile numbers were refused");
    }

    [Fact]
    public void Random_bit_flips_do_no_harm()
    {
        var random = new Random(7);
        var files = GoldenFiles.Accepted.Select(file => file.Read()).ToList();
        var refused = 0;
        const int cases = 20_000;
        for (var i = 0; i < cases; i++)
        {
            var data = files[random.Next(files.Count)].ToArray();
            for (var flips = random.Next(1, 5); flips > 0; flips--)
            {
                var offset = random.Next(2) == 0 ? random.Next(Math.Min(DenseAtStart, data.Length)) : random.Next(data.Length);
                data[offset] ^= (byte)(1 << random.Next(8));
            }

            if (!IsAccepted(data, data.Length))
                refused++;
        }

        Assert.InRange(refused, cases / 10, cases * 9 / 10);
    }

    /// <summary>Whether the first bytes of <paramref name="data"/> pass; any other end than refusal fails the test.</summary>
    private static bool IsAccepted(byte[] data, int length)
    {
        using var stream = new MemoryStream(data, 0, length);
        using var patience = new CancellationTokenSource(TimeSpan.FromSeconds(60));
        var before = GC.GetAllocatedBytesForCurrentThread();
        try
        {
            // A type that is not recognised counts as refused: loading such a file is for the caller to ask for.
            return IndexFile.Validate(stream, patience.Token).IsRecognised;
        }
        catch (InvalidDataException)
        {
            return false;
        }
        finally
        {
            Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, AllocationLimit + length);
        }
    }
}
