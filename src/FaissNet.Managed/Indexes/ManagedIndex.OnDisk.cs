using FaissNet.Serialization;

namespace FaissNet.Managed;

// Inverted lists in a file of their own.
public abstract partial class ManagedIndex
{
    /// <summary>
    /// Writes the index with its inverted lists in a file of their own: FAISS's <c>OnDiskInvertedLists</c>, which FAISS searches where it lies,
    /// as <see cref="LoadMapped"/> does.
    /// </summary>
    /// <remarks>Each file appears whole or not at all, the lists first. FAISS takes a relative <paramref name="listsPath"/> for relative to the
    /// working folder; FaissNet looks beside the index file first, so keep the two together.</remarks>
    /// <param name="path">The index file.</param>
    /// <param name="listsPath">The file of the lists; the index file names it so.</param>
    /// <exception cref="ArgumentException">A path is empty, or both are the same.</exception>
    /// <exception cref="IOException">A file cannot be written: the folder is missing, the disk is full, ….</exception>
    /// <exception cref="UnauthorizedAccessException">A folder or a file may not be written.</exception>
    /// <exception cref="NotSupportedException">The index has no inverted lists, or keeps them in blocks (fast-scan).</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void SaveOnDisk(string path, string listsPath)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        ArgumentException.ThrowIfNullOrEmpty(listsPath);
        if (Path.GetFullPath(path) == Path.GetFullPath(listsPath))
            throw new ArgumentException($"listsPath is \"{listsPath}\", as path is: expected another file.", nameof(listsPath));

        using var lists = AtomicFile.Create(listsPath);
        using var file = AtomicFile.Create(path);
        _ = Reading(() =>
        {
            IndexWriter.WriteOnDisk(this, file.Stream, lists.Stream, listsPath);
            return true;
        });
        lists.Commit();
        file.Commit();
    }
}
