namespace FaissNet.Serialization;

/// <summary>A file that holds what is left of a stream, for readers that have to go back; nobody else may read it, and it goes when it is
/// closed.</summary>
internal static class TemporaryCopy
{
    private const int BufferSize = 1 << 20;

    public static FileStream Of(Stream stream, CancellationToken cancellationToken = default)
    {
        var copy = Create();
        try
        {
            new WatchedStream(stream, IndexStage.Loading, 0, null, cancellationToken).CopyTo(copy, BufferSize);
            copy.Position = 0;
            return copy;
        }
        catch
        {
            copy.Dispose();
            throw;
        }
    }

    public static async Task<FileStream> OfAsync(Stream stream, CancellationToken cancellationToken)
    {
        var copy = Create();
        try
        {
            await stream.CopyToAsync(copy, BufferSize, cancellationToken).ConfigureAwait(false);
            copy.Position = 0;
            return copy;
        }
        catch
        {
            await copy.DisposeAsync().ConfigureAwait(false);
            throw;
        }
    }

    private static FileStream Create()
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.ReadWrite,
            Share = FileShare.None,
            BufferSize = BufferSize,
            Options = FileOptions.DeleteOnClose,
        };
        // Folders for temporary files are everybody's; what the stream holds may not be.
        if (!OperatingSystem.IsWindows())
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;

        return new FileStream(Path.Combine(Path.GetTempPath(), Path.GetRandomFileName()), options);
    }
}
