namespace FaissNet;

/// <summary>
/// A file that appears whole, at <see cref="Commit"/>, or not at all. A process that is killed on the way leaves a temporary file beside it,
/// whose name begins with <see cref="TemporaryPrefix"/>; nothing reads it, and anybody may delete it.
/// </summary>
internal sealed class AtomicFile : IDisposable
{
    /// <summary>What the names of temporary files begin with.</summary>
    public const string TemporaryPrefix = ".faissnet-";

    private const int BufferSize = 1 << 20;

    private readonly string _target;
    private readonly string? _temporary;
    private readonly FileStream _stream;
    private bool _committed;

    private AtomicFile(string target, string? temporary)
    {
        (_target, _temporary) = (target, temporary);
        _stream = temporary is null
            ? new FileStream(target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, BufferSize)
            : new FileStream(temporary, OptionsFor(target));
    }

    /// <summary>Receives the content, and may be sought.</summary>
    public Stream Stream => _stream;

    public static AtomicFile Create(string path)
    {
        var target = FinalTarget(Path.GetFullPath(path));
        if (Directory.Exists(target))
            throw new IOException($"path is \"{path}\": that is a folder, expected a file name.");

        if (IsDevice(target))
            return new AtomicFile(target, temporary: null);

        // A rename asks only for the right to write to the folder.
        if (new FileInfo(target) is { Exists: true, IsReadOnly: true })
            throw new UnauthorizedAccessException($"path is \"{path}\": that file may not be written.");

        var folder = Path.GetDirectoryName(target)!;
        if (!Directory.Exists(folder))
            throw new DirectoryNotFoundException($"path is \"{path}\": there is no folder \"{folder}\".");

        // In the same folder, since a rename is only atomic within one file system. Not made from the file's name, which may be
        // as long as a name can be.
        return new AtomicFile(target, Path.Combine(folder, $"{TemporaryPrefix}{Path.GetRandomFileName()}.tmp"));
    }

    public static void Write(string path, Action<Stream> write)
    {
        using var file = Create(path);
        try
        {
            write(file.Stream);
            file.Commit();
        }
        catch (IOException e) when (e.GetType() == typeof(IOException))
        {
            // The system's message says what is wrong with the temporary file, of which the caller has never heard.
            throw new IOException($"path is \"{path}\": the file could not be written, and what was there before is untouched. {e.Message}", e)
            {
                HResult = e.HResult,
            };
        }
    }

    private static FileStreamOptions OptionsFor(string target)
    {
        var options = new FileStreamOptions
        {
            Mode = FileMode.CreateNew,
            Access = FileAccess.Write,
            Share = FileShare.None,
            BufferSize = BufferSize,
        };
        // From the start: what only some may read must not lie open while it is written.
        if (!OperatingSystem.IsWindows() && File.Exists(target))
            options.UnixCreateMode = File.GetUnixFileMode(target);

        return options;
    }

    /// <summary>Brings the content to the disk and puts it in the place of what was there before.</summary>
    public void Commit()
    {
        // A device has no disk to flush to.
        _stream.Flush(flushToDisk: _temporary is not null);
        _stream.Dispose();
        if (_temporary is not null)
        {
            // Again, since the process's mask may have taken some of it away.
            if (!OperatingSystem.IsWindows() && File.Exists(_target))
                File.SetUnixFileMode(_temporary, File.GetUnixFileMode(_target));

            File.Move(_temporary, _target, overwrite: true);
        }

        _committed = true;
    }

    /// <summary>Without a <see cref="Commit"/> before it, discards the content.</summary>
    public void Dispose()
    {
        if (_committed)
            return;

        try
        {
            _stream.Dispose();
        }
        catch (IOException)
        {
            // What is still in the buffer did not fit on the disk; it is thrown away anyhow.
        }

        if (_temporary is not null)
            TryDelete(_temporary);
    }

    /// <summary>Whether the path leads into the folder of devices, such as <c>/dev/null</c>: a rename would put a file in the device's
    /// place, for the whole machine if the user is root. <c>/dev/shm</c> holds files.</summary>
    internal static bool IsDevice(string path) =>
        !OperatingSystem.IsWindows() &&
        path.StartsWith("/dev/", StringComparison.Ordinal) &&
        !path.StartsWith("/dev/shm/", StringComparison.Ordinal);

    // A rename over a symbolic link would replace the link instead of the file that it names.
    private static string FinalTarget(string path)
    {
        var file = new FileInfo(path);
        return file.LinkTarget is null ? path : file.ResolveLinkTarget(returnFinalTarget: true)!.FullName;
    }

    private static void TryDelete(string path)
    {
        try
        {
            File.Delete(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            // The error that led here says more to the user than one about its leftovers.
        }
    }
}
