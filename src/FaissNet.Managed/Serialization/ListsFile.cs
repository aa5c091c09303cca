namespace FaissNet.Serialization;

/// <summary>Finds the data file of inverted lists on disk, and checks what an index file says of it before anything relies on that.</summary>
internal static class ListsFile
{
    /// <summary>The file that holds the lists of an index, or null if they are in the index file itself.</summary>
    /// <param name="info">What the validator found.</param>
    /// <param name="indexPath">The index file; null if the index comes from a stream.</param>
    /// <param name="listsPath">Where the caller says that the data file is. Null: beside the index file, under the name that this gives it.</param>
    /// <param name="anywhere">Whether it may also lie where the index file says: a forged one could name any file.</param>
    public static string? Find(IndexFileInfo info, string? indexPath, string? listsPath, bool anywhere)
    {
        if (Reference(info) is not { } reference)
        {
            return listsPath is null
                ? null
                : throw new ArgumentException($"listsPath is \"{listsPath}\", but the index keeps its lists in its own file: pass null.", nameof(listsPath));
        }

        var path = listsPath ?? Locate(reference, indexPath, anywhere);
        var file = new FileInfo(path);
        if (!file.Exists)
            throw new FileNotFoundException($"The lists of the index lie in another file, \"{path}\", which does not exist.", path);

        if (file.Length < reference.RequiredLength)
            throw Short(path, file.Length, reference.RequiredLength);

        reference.Indices?.Check(path);
        return path;
    }

    public static InvalidDataException Short(string path, long length, long needed) =>
        new($"\"{path}\" holds {length} bytes: the lists that the index keeps there need {needed}.");

    /// <summary>The one that the index or something inside it names.</summary>
    public static ExternalFileReference? Reference(IndexFileInfo info) =>
        info.ExternalFiles.Count > 0 ? info.ExternalFiles[0] : info.SubIndexes.Select(Reference).FirstOrDefault(found => found is not null);

    private static string Locate(ExternalFileReference reference, string? indexPath, bool anywhere)
    {
        if (indexPath is not null)
        {
            // As FAISS does with IO_FLAG_ONDISK_SAME_DIR: what the file says of folders does not count.
            var beside = Path.Combine(Path.GetDirectoryName(Path.GetFullPath(indexPath))!, Path.GetFileName(reference.Path));
            if (File.Exists(beside))
                return beside;

            if (anywhere && File.Exists(reference.Path))
                return reference.Path;
        }

        throw new NotSupportedException(
            $"This index keeps its lists in another file, \"{reference.Path}\", which does not lie beside it. Say where it is with listsPath: FaissIndex.LoadOnDisk, ManagedIndex.Load and the two LoadMapped take it.");
    }
}
