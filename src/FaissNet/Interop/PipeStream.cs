namespace FaissNet.Interop;

/// <summary>
/// A stream from one thread to another through a buffer of fixed size: what one writes the other reads, and each waits for the other.
/// </summary>
internal sealed class PipeStream(int capacity)
{
    private readonly byte[] _buffer = new byte[capacity];
    private readonly object _changed = new();
    private int _start;
    private int _count;
    private bool _finished;
    private bool _abandoned;

    /// <summary>The end that is read.</summary>
    public Stream Reader => new End(this);

    /// <summary>The end that is written.</summary>
    public Stream Writer => new End(this);

    /// <summary>Nothing more will be written.</summary>
    public void Finish()
    {
        lock (_changed)
        {
            _finished = true;
            Monitor.PulseAll(_changed);
        }
    }

    /// <summary>Nothing more will be read: writing throws from here on.</summary>
    public void Abandon()
    {
        lock (_changed)
        {
            _abandoned = true;
            Monitor.PulseAll(_changed);
        }
    }

    private int Read(Span<byte> buffer)
    {
        lock (_changed)
        {
            while (_count == 0 && !_finished)
                Monitor.Wait(_changed);

            var count = Math.Min(Math.Min(buffer.Length, _count), _buffer.Length - _start);
            _buffer.AsSpan(_start, count).CopyTo(buffer);
            _start = (_start + count) % _buffer.Length;
            _count -= count;
            Monitor.PulseAll(_changed);
            return count;
        }
    }

    private void Write(ReadOnlySpan<byte> buffer)
    {
        lock (_changed)
        {
            while (!buffer.IsEmpty)
            {
                while (_count == _buffer.Length && !_abandoned)
                    Monitor.Wait(_changed);

                if (_abandoned)
                    throw new IOException("The other side has stopped reading.");

                var end = (_start + _count) % _buffer.Length;
                var count = Math.Min(Math.Min(buffer.Length, _buffer.Length - _count), _buffer.Length - end);
                buffer[..count].CopyTo(_buffer.AsSpan(end));
                buffer = buffer[count..];
                _count += count;
                Monitor.PulseAll(_changed);
            }
        }
    }

    private sealed class End(PipeStream pipe) : Stream
    {
        public override bool CanRead => true;

        public override bool CanSeek => false;

        public override bool CanWrite => true;

        public override long Length => throw new NotSupportedException();

        public override long Position
        {
            get => throw new NotSupportedException();
            set => throw new NotSupportedException();
        }

        public override int Read(byte[] buffer, int offset, int count) => pipe.Read(buffer.AsSpan(offset, count));

        public override int Read(Span<byte> buffer) => pipe.Read(buffer);

        public override void Write(byte[] buffer, int offset, int count) => pipe.Write(buffer.AsSpan(offset, count));

        public override void Write(ReadOnlySpan<byte> buffer) => pipe.Write(buffer);

        public override void Flush()
        {
        }

        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();

        public override void SetLength(long value) => throw new NotSupportedException();
    }
}
