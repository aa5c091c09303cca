using System.Runtime.InteropServices;

namespace FaissNet.Managed;

/// <summary>
/// Temporaries of one call on one thread, taken one after the other from memory that the thread keeps: a search then allocates nothing
/// once it has run. Everything taken is given back by <see cref="Dispose"/>; scopes nest.
/// </summary>
/// <example><code>using var scratch = Scratch.Rent(); float* table = scratch.Floats(256);</code></example>
internal readonly unsafe ref struct Scratch
{
    [ThreadStatic]
    private static Arena? _ofThread;

    private readonly Arena _arena;
    private readonly int _block;
    private readonly long _used;

    private Scratch(Arena arena)
    {
        _arena = arena;
        (_block, _used) = arena.Enter();
    }

    /// <summary>Opens a scope.</summary>
    public static Scratch Rent() => new(_ofThread ??= new Arena());

    /// <summary>So many values, not initialised, aligned to cache lines, with 64 readable bytes behind them.</summary>
    public T* Take<T>(long count)
        where T : unmanaged => (T*)_arena.Take(checked(count * sizeof(T)));

    /// <inheritdoc cref="Take{T}(long)"/>
    public float* Floats(long count) => Take<float>(count);

    /// <inheritdoc cref="Take{T}(long)"/>
    public int* Ints(long count) => Take<int>(count);

    /// <inheritdoc cref="Take{T}(long)"/>
    public long* Longs(long count) => Take<long>(count);

    /// <inheritdoc cref="Take{T}(long)"/>
    public byte* Bytes(long count) => Take<byte>(count);

    /// <summary>Ends the scope.</summary>
    public void Dispose() => _arena.Leave(_block, _used);

    private sealed class Arena
    {
        private const long MinimumBlock = 256 << 10;

        // A thread that once answered a huge batch does not keep all of it for ever.
        private const long KeptBytes = 32 << 20;
        private const int Slack = 64;

        private readonly List<(nint Start, long Size)> _blocks = [];
        private int _current = -1;
        private long _used;
        private int _depth;

        ~Arena() => FreeFrom(0);

        public (int Block, long Used) Enter()
        {
            _depth++;
            return (_current, _used);
        }

        public byte* Take(long bytes)
        {
            var size = ((bytes + UnmanagedBuffer.Alignment - 1) & -UnmanagedBuffer.Alignment) + Slack;
            while (_current < 0 || _used + size > _blocks[_current].Size)
            {
                if (_current + 1 == _blocks.Count)
                    Add(size);

                _current++;
                _used = 0;
            }

            var start = (byte*)_blocks[_current].Start + _used;
            _used += size;
            return start;
        }

        public void Leave(int block, long used)
        {
            (_current, _used) = (block, used);
            if (--_depth > 0 || _blocks.Count == 0)
                return;

            (_current, _used) = (-1, 0);
            if (_blocks.Count == 1 && _blocks[0].Size <= KeptBytes)
                return;

            // Next time everything fits into one block.
            var total = 0L;
            foreach (var (_, size) in _blocks)
                total += size;

            FreeFrom(0);
            if (total <= KeptBytes)
                Add(total);
        }

        private void Add(long atLeast)
        {
            var size = Math.Max(MinimumBlock, atLeast);
            _blocks.Add(((nint)NativeMemory.AlignedAlloc((nuint)size, UnmanagedBuffer.Alignment), size));
        }

        private void FreeFrom(int first)
        {
            for (var i = first; i < _blocks.Count; i++)
                NativeMemory.AlignedFree((void*)_blocks[i].Start);

            _blocks.RemoveRange(first, _blocks.Count - first);
        }
    }
}
