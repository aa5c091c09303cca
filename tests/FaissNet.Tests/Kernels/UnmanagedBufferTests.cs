using FaissNet.Managed;

namespace FaissNet.Tests.Kernels;

public sealed unsafe class UnmanagedBufferTests
{
    // Through the size from which on memory comes in huge pages, and back.
    private static readonly int[] Sizes = [1, 63, 64, 1000, 5000, 1 << 20, (8 << 20) - 1, 8 << 20, 20_000_001, 41_000_000, 9 << 20, 8_000_000, 70, 0];

    [Fact]
    public void Keeps_its_content_as_it_grows_and_shrinks()
    {
        using var buffer = new UnmanagedBuffer();
        var filled = 0;
        foreach (var size in Sizes)
        {
            if (size > buffer.Capacity)
                buffer.Reserve(size, amortize: false);
            else
                buffer.Trim(size);

            Assert.Equal(Math.Max(1, size), buffer.Capacity);
            Assert.Equal(0, (nint)buffer.Pointer % UnmanagedBuffer.Alignment);
            if (buffer.Capacity >= HugePages.MinimumBytes && OperatingSystem.IsLinux())
                Assert.Equal(0, (nint)buffer.Pointer % (2 << 20));

            filled = Math.Min(filled, size);
            for (var i = 0; i < filled; i += 61)
                Require((byte)(i * 7), buffer.Pointer[i], i);

            for (; filled < size; filled++)
                buffer.Pointer[filled] = (byte)(filled * 7);
        }
    }

    [Fact]
    public void Many_small_additions_move_it_rarely()
    {
        using var buffer = new UnmanagedBuffer();
        var moves = 0;
        for (var size = 1; size <= 100_000; size++)
        {
            var before = buffer.Capacity;
            buffer.Reserve(size);
            moves += buffer.Capacity > before ? 1 : 0;
            Assert.InRange(buffer.Capacity, size, Math.Max(1, size * 3L / 2));
        }

        Assert.InRange(moves, 1, 40);
    }

    [Fact]
    public void May_be_used_again_after_it_was_disposed()
    {
        var buffer = new UnmanagedBuffer();
        foreach (var size in new[] { 100, 10 << 20, 50 })
        {
            buffer.Reserve(size);
            new Span<byte>(buffer.Pointer, size).Fill(1);
            buffer.Dispose();
            Assert.Equal(0, buffer.Capacity);
            Assert.True(buffer.Pointer is null);
        }

        buffer.Dispose();
    }

    private static void Require(byte expected, byte actual, int i)
    {
        if (expected != actual)
            Assert.Fail($"Byte {i} is {actual}, not {expected}.");
    }
}
