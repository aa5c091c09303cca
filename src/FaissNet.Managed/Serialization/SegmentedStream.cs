namespace FaissNet.Serialization;

/// <summary>Bytes in memory in pieces, as many as there is memory for: written once, then read, and given back piece by piece as they are read.</summary>
internal sealed class SegmentedStream : Stream
{
    private const int SegmentSize = 1 << 20;

    private readonly List<byte[]?> _segments = [];
    private long _length;

    public override bool CanRead => true;

    public override bool CanSeek => true;

    public override bool CanWrite => true;

    public override long Length => _length;

    public override long Position { get; set; }

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        var done = 0;
        while (done < buffer.Length && Position < _length)
        {
            var (segment, start) = Place();
            var count = (int)Math.Min(Math.Min(SegmentSize - start, buffer.Length - done), _length - Position);
            _segments[segment].AsSpan(start, count).CopyTo(buffer[done..]);
            done += count;
            Position += count;
            if (start + count == SegmentSize)
                _segments[segment] = null;
        }

        return done;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        while (!buffer.IsEmpty)
        {
            var (segment, start) = Place();
            if (segment == _segments.Count)
                _segments.Add(GC.AllocateUninitializedArray<byte>(SegmentSize));

            var count = Math.Min(SegmentSize - start, buffer.Length);
            buffer[..count].CopyTo(_segments[segment].AsSpan(start));
            buffer = buffer[count..];
            Position += count;
            _length = Math.Max(_length, Position);
        }
    }

    public override void Flush()
    {
    }

    public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

    public override void SetLength(long value) => throw new NotSupportedException();

    private (int Segment, int Start) Place() => ((int)(Position / SegmentSize), (int)(Position % SegmentSize));
}
