namespace FaissNet.Serialization;

/// <summary>Passes on what is read or written, in blocks: it reports them and stops between two when that is asked for.</summary>
/// <param name="stream">The stream behind; null swallows what is written.</param>
/// <param name="stage">What to report.</param>
/// <param name="total">The bytes that will come.</param>
/// <param name="progress">Told of the bytes.</param>
/// <param name="cancellationToken">Stops between blocks.</param>
internal sealed class WatchedStream(
    Stream? stream, IndexStage stage, long total, IProgress<IndexProgress>? progress, CancellationToken cancellationToken) : Stream
{
    private const int BlockSize = 1 << 20;

    private long _done;
    private long _reported;

    public override bool CanRead => stream?.CanRead ?? false;

    public override bool CanSeek => stream?.CanSeek ?? false;

    public override bool CanWrite => stream?.CanWrite ?? true;

    public override long Length => stream!.Length;

    public override long Position
    {
        get => stream!.Position;
        set => stream!.Position = value;
    }

    /// <summary>The bytes that came so far.</summary>
    public long Done => _done;

    public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));

    public override int Read(Span<byte> buffer)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var count = stream!.Read(buffer[..Math.Min(buffer.Length, BlockSize)]);
        Count(count);
        return count;
    }

    public override void Write(byte[] buffer, int offset, int count) => Write(buffer.AsSpan(offset, count));

    public override void Write(ReadOnlySpan<byte> buffer)
    {
        for (; !buffer.IsEmpty; buffer = buffer[Math.Min(BlockSize, buffer.Length)..])
        {
            cancellationToken.ThrowIfCancellationRequested();
            var block = buffer[..Math.Min(BlockSize, buffer.Length)];
            stream?.Write(block);
            Count(block.Length);
        }
    }

    /// <summary>Reports the end.</summary>
    public void Complete()
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (_reported < total || total == 0)
            progress?.Report(new IndexProgress(stage, total, total));
    }

    public override void Flush() => stream?.Flush();

    public override long Seek(long offset, SeekOrigin origin) => stream!.Seek(offset, origin);

    public override void SetLength(long value) => throw new NotSupportedException();

    private void Count(int bytes)
    {
        _done += bytes;
        var done = Math.Min(_done, total);
        if (progress is not null && done - _reported >= BlockSize)
        {
            _reported = done;
            progress.Report(new IndexProgress(stage, done, total));
        }
    }
}
