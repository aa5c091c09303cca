using FaissNet.Managed;

namespace FaissNet.Tests.Kernels;

public sealed unsafe class ScratchTests
{
    [Fact]
    public void What_is_taken_is_aligned_and_overlaps_nothing()
    {
        var random = new Random(1);
        using var outer = Scratch.Rent();
        var taken = new List<(nint Start, int Length, byte Mark)>();
        for (var i = 0; i < 300; i++)
        {
            var length = random.Next(4) == 0 ? random.Next(400_000) : random.Next(200);
            var start = outer.Bytes(length);
            Assert.Equal(0, (nint)start % UnmanagedBuffer.Alignment);
            new Span<byte>(start, length).Fill((byte)i);
            taken.Add(((nint)start, length, (byte)i));
            using (var inner = Scratch.Rent())
            {
                // Also what an inner scope needs a block of its own for.
                var size = i % 50 == 0 ? 3_000_000 : 1000;
                new Span<byte>(inner.Bytes(size), size).Fill(255);
            }
        }

        foreach (var (start, length, mark) in taken)
            Assert.Equal(-1, new ReadOnlySpan<byte>((byte*)start, length).IndexOfAnyExcept(mark));
    }

    [Fact]
    public void A_scope_gives_back_what_was_taken_in_it()
    {
        using var outer = Scratch.Rent();
        float* first, second;
        using (var scope = Scratch.Rent())
            first = scope.Floats(1000);

        using (var scope = Scratch.Rent())
            second = scope.Floats(500);

        Assert.Equal((nint)first, (nint)second);
    }

    [Fact]
    public void A_second_use_of_a_thread_allocates_nothing()
    {
        Use();
        Use();
        var before = GC.GetAllocatedBytesForCurrentThread();
        Use();
        Assert.Equal(before, GC.GetAllocatedBytesForCurrentThread());

        static void Use()
        {
            using var scratch = Scratch.Rent();
            for (var i = 0; i < 20; i++)
                scratch.Floats(100_000)[99_999] = i;
        }
    }
}
