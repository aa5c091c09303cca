using System.Buffers;
using System.Runtime.InteropServices;

namespace FaissNet.Serialization;

/// <summary>The ids in a data file of inverted lists, where an index around them (an IDMap, a Refine) follows them as indices: FAISS does so unchecked.</summary>
/// <param name="Lists">Size, capacity and offset of each list, which lie within the file.</param>
/// <param name="CodeSize">Bytes per code.</param>
/// <param name="Bound">Every id must be at least 0 and below this.</param>
internal sealed record StoredIds(ulong[] Lists, long CodeSize, long Bound)
{
    private const int WordsPerList = 3;
    private const int IdsPerStep = 1 << 13;

    /// <summary>Reads all ids.</summary>
    /// <exception cref="InvalidDataException">One is no index.</exception>
    public void Check(string path)
    {
        using var file = File.OpenHandle(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
        var block = ArrayPool<long>.Shared.Rent(IdsPerStep);
        try
        {
            for (var list = 0; list < Lists.Length / WordsPerList; list++)
            {
                var (size, capacity, offset) = (Lists[WordsPerList * list], Lists[WordsPerList * list + 1], Lists[WordsPerList * list + 2]);
                var ids = (long)(offset + capacity * (ulong)CodeSize);
                for (var first = 0UL; first < size; first += IdsPerStep)
                {
                    var some = block.AsSpan(0, (int)Math.Min(IdsPerStep, size - first));
                    Read(file, path, MemoryMarshal.AsBytes(some), ids + (long)first * sizeof(long));
                    Check(path, list, some);
                }
            }
        }
        finally
        {
            ArrayPool<long>.Shared.Return(block);
        }
    }

    private static void Read(Microsoft.Win32.SafeHandles.SafeFileHandle file, string path, Span<byte> to, long position)
    {
        while (!to.IsEmpty)
        {
            var read = RandomAccess.Read(file, to, position);
            if (read == 0)
                throw ListsFile.Short(path, RandomAccess.GetLength(file), position + to.Length);

            to = to[read..];
            position += read;
        }
    }

    private void Check(string path, int list, ReadOnlySpan<long> ids)
    {
        foreach (var id in ids)
        {
            if (id < 0 || id >= Bound)
            {
                throw new InvalidDataException(
                    $"\"{path}\" holds the id {id} in list {list}: expected 0 … {Bound - 1}, since ids serve as indices in this index.");
            }
        }
    }
}
