namespace FaissNet;

/// <summary>Files that appear whole or not at all.</summary>
internal static class AtomicFile
{
    private const int BufferSize = 1 << 20;

    public static void Write(string path, Action<Stream> write)
    {
        var target = FinalTarget(Path.GetFullPath(path));
        if (Directory.Exists(target))
            throw new IOException($"path is \"{path}\": that is a folder, expected a file name.");

        if (IsDevice(target))
        {
            using var device = new FileStream(target, FileMode.Open, FileAccess.Write, FileShare.ReadWrite, BufferSize);
            write(device);
            return;
        }

        // A rename asks only for the right to write to the folder.
        if (new FileInfo(target) is { Exists: true, IsReadOnly: true })
            throw new UnauthorizedAccessException($"path is \"{path}\": that file may not be written.");

        // In the same folder, since a rename is only atomic within one file system. Not made from the file's name, which may be
        // as long as a name can be.
        var temporary = Path.Combine(Path.GetDirectoryName(target)!, $".{Path.GetRandomFileName()}.tmp");
        try
        {
            using (var file = new FileStream(temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None, BufferSize))
            {
                write(file);
                file.Flush(flushToDisk: true);
            }

            if (!OperatingSystem.IsWindows() && File.Exists(target))
                File.SetUnixFileMode(temporary, File.GetUnixFileMode(target));

            File.Move(temporary, target, overwrite: true);
        }
        catch
        {
            TryDelete(temporary);
            throw;
        }
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
