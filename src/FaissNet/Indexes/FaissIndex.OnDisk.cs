using FaissNet.Interop;
using FaissNet.Serialization;

namespace FaissNet;

// Inverted lists that lie in files.
public partial class FaissIndex
{
    /// <summary>The file that holds the inverted lists (FAISS's <c>OnDiskInvertedLists</c>), as the index names it; null if they are in
    /// memory or mapped from the index file.</summary>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public string? ListsPath =>
        NativeText.Read((buffer, capacity, out length) => NativeMethods.faissnet_index_lists_path(Handle, buffer, capacity, out length)) is { Length: > 0 } path
            ? path
            : null;

    /// <summary>
    /// Writes the inverted lists to a file of their own and searches them there from now on: the memory holds centroids and codebooks, and
    /// of the lists what searches touch. FAISS's <c>OnDiskInvertedLists</c>.
    /// </summary>
    /// <remarks>
    /// <para>Any IVF can do so (Flat, PQ, SQ), also inside of wrappers, but fast-scan. <see cref="IndexBase.Save(string)"/> then writes an index
    /// file that names the file of the lists as <paramref name="path"/> does. FAISS takes that for relative to the working folder; FaissNet
    /// looks beside the index file first, so keep the two together.</para>
    /// <para>Vectors may still be added, which is slower than in memory, or to an index in memory that is then merged. An index file that was
    /// saved before an add stays valid and does not know what was added; after a removal it must be saved anew. While an index is open nobody
    /// else may write to its files.</para>
    /// </remarks>
    /// <param name="path">The file. It appears whole or not at all; one that was there before is replaced, and indexes that have it open go on
    /// with the old one.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty.</exception>
    /// <exception cref="InvalidOperationException">The index is not trained.</exception>
    /// <exception cref="IOException">The file cannot be written: the folder is missing, the disk is full, …. The index is as it was.</exception>
    /// <exception cref="NotSupportedException">The index has no inverted lists, or keeps them in blocks (fast-scan), or this is Windows.</exception>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public void MoveListsToDisk(string path) => MergeToDisk([], path, shiftIds: false);

    /// <summary>
    /// As <see cref="MoveListsToDisk"/>, with the lists of other indexes behind this one's own: an index larger than the memory is made of
    /// parts that are not. Train one index, save it, load it once for each part, add, save; then load it again, and merge the parts, which may be
    /// mapped themselves (<see cref="LoadMapped"/>). FAISS's <c>merge_ondisk</c> (<c>contrib/ondisk.py</c>).
    /// </summary>
    /// <param name="parts">Indexes with the same training. They stay as they are.</param>
    /// <param name="path">The file.</param>
    /// <param name="shiftIds">Whether the ids of each part grow by the number of vectors before it, as they must where parts were filled from
    /// id 0 on; <see langword="false"/> for ids that are distinct already.</param>
    /// <exception cref="ArgumentException"><paramref name="path"/> is empty, or a part has another type, dimension, metric or training.</exception>
    /// <inheritdoc cref="MoveListsToDisk" path="/exception"/>
    public void MergeToDisk(IEnumerable<FaissIndex> parts, string path, bool shiftIds = true)
    {
        ArgumentNullException.ThrowIfNull(parts);
        ArgumentException.ThrowIfNullOrEmpty(path);
        FaissIndex[] all = [.. parts];
        if (all.Contains(null))
            throw new ArgumentException("parts holds a null.", nameof(parts));

        if (all.Contains(this))
            throw new ArgumentException("parts holds this index itself: expected other ones.", nameof(parts));

        WritingWhileReading(all, nameof(parts), () => MergeToDiskCore(all, path, shiftIds));
    }

    /// <summary>
    /// Opens an index where it lies: its inverted lists stay in the file and come into memory as searches touch them, page by page, and leave
    /// it when the system needs the room. An index larger than the memory can be searched so. Everything else (centroids, codebooks, graphs, flat
    /// vectors, fast-scan lists) is loaded. FAISS's <c>read_index</c> with <c>IO_FLAG_MMAP</c>.
    /// </summary>
    /// <remarks>
    /// <para>The index can be searched, reconstructed from, saved and cloned (into memory), and nothing that would change its lists: that throws
    /// <see cref="NotSupportedException"/>. The managed engine maps flat vectors as well: <c>ManagedIndex.LoadMapped</c>.</para>
    /// <para>The structure of the file is checked as <see cref="Load(string, bool)"/> does. While the index is open the files must not be written
    /// to or cut: what is read of a file that another program cuts ends the process. <see cref="IndexBase.Save(string)"/> onto the file is safe,
    /// since it replaces it.</para>
    /// </remarks>
    /// <param name="path">The file.</param>
    /// <param name="listsPath">Where the file of the lists is, if the index keeps them in one of their own; null if it lies beside the index
    /// file, under the name that this gives it.</param>
    /// <param name="trusted">Skips the check of the structure, as in <see cref="Load(string, bool)"/>; a file of lists may then also lie where
    /// the index file says.</param>
    /// <inheritdoc cref="Load(string, bool)" path="/returns"/>
    /// <inheritdoc cref="LoadOnDisk" path="/exception"/>
    public static FaissIndex LoadMapped(string path, string? listsPath = null, bool trusted = false) =>
        Open(path, listsPath, map: true, writable: false, trusted);

    /// <summary>
    /// Reads an index whose inverted lists lie in a file of their own, as <see cref="MoveListsToDisk"/> makes it or FAISS's
    /// <c>OnDiskInvertedLists</c>. <see cref="Load(string, bool)"/> does so as well where that file lies beside the index; this can be told where it
    /// is, and open it for adding.
    /// </summary>
    /// <param name="path">The index file.</param>
    /// <param name="listsPath">The file of the lists; null if it lies beside the index file, under the name that this gives it, or else where
    /// it says.</param>
    /// <param name="writable">Whether vectors may be added and removed, which changes the file; the index must be saved afterwards. Two
    /// indexes must never have one file open for writing.</param>
    /// <param name="trusted">Skips the check of the structure, as in <see cref="Load(string, bool)"/>.</param>
    /// <inheritdoc cref="Load(string, bool)" path="/returns"/>
    /// <exception cref="ArgumentException">A path is empty, or <paramref name="listsPath"/> was given for an index that has no such file.</exception>
    /// <exception cref="FileNotFoundException">One of the files does not exist.</exception>
    /// <exception cref="IOException">A file cannot be read or mapped.</exception>
    /// <exception cref="InvalidDataException">The file holds no valid index, or the file of the lists is shorter than it says.</exception>
    /// <exception cref="NotSupportedException">The file holds an index type that cannot be checked, and is not <paramref name="trusted"/>; the file
    /// of the lists was not found; or this is Windows.</exception>
    public static FaissIndex LoadOnDisk(string path, string? listsPath = null, bool writable = false, bool trusted = false) =>
        Open(path, listsPath, map: false, writable, trusted);

    private static FaissIndex Open(string path, string? listsPath, bool map, bool writable, bool trusted)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (listsPath is "")
            throw new ArgumentException("listsPath is empty: expected a path, or null.", nameof(listsPath));

        if (!trusted)
        {
            var info = IndexFile.Validate(path);
            RequireFloats(info);
            listsPath = ListsFile.Find(info, path, listsPath, anywhere: !map);
        }

        return OpenNative(path, listsPath, map, writable);
    }

    private static FaissIndex OpenNative(string path, string? listsPath, bool map, bool writable)
    {
        NativeMethods.faissnet_index_open(path, listsPath, map ? 1 : 0, writable ? 1 : 0, out var handle).ThrowIfFailed();
        return Wrap(handle);
    }

    private unsafe void MergeToDiskCore(FaissIndex[] parts, string path, bool shiftIds)
    {
        // They are held until this is over.
        var handles = Array.ConvertAll(parts, part => part.Handle.DangerousGetHandle());
        fixed (nint* others = handles)
            Finish(NativeMethods.faissnet_index_lists_to_disk(Handle, path, parts.Length, others, shiftIds ? 1 : 0));
    }
}
