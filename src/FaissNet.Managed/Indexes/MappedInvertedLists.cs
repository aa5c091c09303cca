using FaissNet.Serialization;

namespace FaissNet.Managed;

/// <summary>
/// Lists that stay in the file that they were found in: codes and ids are read where it is mapped, and only what searches touch comes into
/// memory. They cannot be changed. Codes and ids lie at whatever address the file puts them, aligned to nothing: every processor that .NET
/// runs on reads such numbers and vectors, and only atomic operations and aligned loads do not; scans use neither.
/// </summary>
internal sealed unsafe class MappedInvertedLists : InvertedLists
{
    // Kernels read so far behind the codes of a list.
    private const int Slack = 64;

    private readonly long[] _offsets;
    private readonly int[] _sizes;

    // Entries that a list has room for before its ids begin; null where that is its size.
    private readonly long[]? _capacities;
    private readonly UnmanagedBuffer _ends = new();
    private readonly Dictionary<int, long> _endOffsets = [];
    private long _firstEnd = long.MaxValue;
    private MappedFile? _file;

    /// <param name="file">The file.</param>
    /// <param name="codeSize">Bytes per code.</param>
    /// <param name="offsets">Where the codes of each list begin in the file; its ids follow them.</param>
    /// <param name="sizes">The number of codes in each list.</param>
    /// <param name="capacities">The number of codes that each list has room for; null where that is its size.</param>
    public MappedInvertedLists(MappedFile file, int codeSize, long[] offsets, int[] sizes, long[]? capacities = null)
        : base(offsets.Length, codeSize, blockSize: 1)
    {
        (_offsets, _sizes, _capacities) = (offsets, sizes, capacities);
        _file = file.Use();
        CopyEnds(file);
    }

    public override IndexMemory Memory => IndexMemory.None with { Codes = _ends.Capacity };

    public override int Size(int list) => _sizes[list];

    public override long* Ids(int list) =>
        _sizes[list] == 0 ? null : (long*)(_file!.Start + _offsets[list] + (_capacities?[list] ?? _sizes[list]) * CodeSize);

    public override byte* Codes(int list) => _sizes[list] == 0 ? null
        : _offsets[list] < _firstEnd ? _file!.Start + _offsets[list]
        : _ends.Pointer + _endOffsets[list];

    public override void Dispose()
    {
        Interlocked.Exchange(ref _file, null)?.Dispose();
        _ends.Dispose();
    }

    // Behind the last codes in the file there may be less than kernels read: such lists, a few codes at most, are copied.
    private void CopyEnds(MappedFile file)
    {
        var bytes = 0L;
        for (var list = 0; list < ListCount; list++)
        {
            var length = (long)_sizes[list] * CodeSize;
            if (length == 0 || _offsets[list] + length + Slack <= file.Length)
                continue;

            _ends.Reserve(bytes + length + Slack);
            Buffer.MemoryCopy(file.Start + _offsets[list], _ends.Pointer + bytes, length, length);
            _endOffsets.Add(list, bytes);
            _firstEnd = Math.Min(_firstEnd, _offsets[list]);
            bytes += length;
        }
    }
}
