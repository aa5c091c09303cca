using FaissNet.Interop;

namespace FaissNet;

// The indexes inside one.
public partial class FaissIndex
{
    private readonly Lock _partsLock = new();

    // The parts right inside that there are objects for, by kind and number.
    private readonly Dictionary<(IndexPart Kind, int Number), FaissIndex> _inside = [];

    // Of a whole index: the objects for all its parts, at any depth.
    private readonly List<FaissIndex> _parts = [];

    /// <summary>Makes an index around others, which become its parts: their objects stay usable, and go with it.</summary>
    /// <param name="d">Its dimension.</param>
    /// <param name="metric">Its metric.</param>
    /// <param name="compose">Makes it in FAISS; nobody else uses the parts meanwhile.</param>
    /// <param name="parts">The others.</param>
    internal FaissIndex(int d, MetricType metric, Func<FaissIndexHandle> compose, params ReadOnlySpan<NewPart> parts)
        : base(d, metric)
    {
        // The innermost call sets it before anybody else can come to see this object.
        _handle = null!;
        NewPart[] inOrder = [.. parts];
        foreach (var part in parts)
            RequireWhole(part);

        Array.Sort(inOrder, (a, b) => ReferenceEquals(a.Index, b.Index) ? 0 : a.Index.IsOlderThan(b.Index) ? -1 : 1);
        for (var i = 1; i < inOrder.Length; i++)
        {
            if (ReferenceEquals(inOrder[i - 1].Index, inOrder[i].Index))
                throw new ArgumentException("The index was given twice: expected different ones.");
        }

        Join(inOrder, () =>
        {
            _handle = compose();
            Refresh();
        });
    }

    /// <summary>
    /// Finds an index of a type in a chain of wrappers (<c>IDMap</c>, <c>PreTransform</c>, <c>Refine</c>, from the outside in): this one, or the
    /// first one inside. FAISS's <c>downcast_index</c> and <c>extract_index_ivf</c>.
    /// </summary>
    /// <typeparam name="T">The type, such as <see cref="IndexIVF"/>.</typeparam>
    /// <returns>The index, or <see langword="null"/> if there is none. It is a part of this one: see <see cref="Parts"/>.</returns>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public T? As<T>()
        where T : VectorIndex
    {
        for (var index = this; index is not null; index = index.FindPart(IndexPart.Base))
        {
            if (index is T found)
                return found;
        }

        return null;
    }

    /// <summary>The indexes right inside this one: of a wrapper what it wraps, of an IVF its quantizer, of HNSW its storage, of
    /// <c>Shards</c> and <c>Replicas</c> all of them.</summary>
    /// <remarks>
    /// Parts are the whole index seen elsewhere, not copies: they stay usable as long as the whole is not disposed, disposing one does nothing,
    /// and calls on parts and on the whole wait for each other as those on one index do. All settings of a part can be set. Its content can be
    /// changed as far as the whole can follow: what is behind transforms and in shards freely, the centroids of a quantizer while
    /// the lists are empty. Everything else throws <see cref="NotSupportedException"/>.
    /// </remarks>
    /// <exception cref="ObjectDisposedException">The index was disposed.</exception>
    public IReadOnlyList<FaissIndex> Parts =>
        [.. Enum.GetValues<IndexPart>().SelectMany(kind => Enumerable.Range(0, CountParts(kind)).Select(number => GetPart(kind, number)))];

    internal int CountParts(IndexPart kind) => Reading(() =>
    {
        NativeMethods.faissnet_index_part_count(Handle, (int)kind, out var count).ThrowIfFailed();
        return (int)count;
    });

    internal FaissIndex? FindPart(IndexPart kind) => CountParts(kind) == 0 ? null : GetPart(kind);

    /// <summary>The object for a part: always the same one.</summary>
    internal FaissIndex GetPart(IndexPart kind, int number = 0) => Reading(() =>
    {
        lock (_partsLock)
        {
            if (!_inside.TryGetValue((kind, number), out var part))
            {
                NativeMethods.faissnet_index_part(Handle, (int)kind, number, out var view).ThrowIfFailed();
                part = Wrap(view);
                var whole = Whole as FaissIndex ?? this;
                part.BelongTo(whole);
                whole.Keep([part]);
                _inside.Add((kind, number), part);
            }

            return part;
        }
    });

    /// <summary>Takes another index in as a part.</summary>
    /// <param name="part">The other index.</param>
    /// <param name="add">Does it in FAISS; nobody else uses either index meanwhile.</param>
    internal void Join(NewPart part, Action add)
    {
        RequireWhole(part);
        var whole = this;
        void AddAndRefresh()
        {
            add();
            whole.RefreshAll();
        }

        // Two locks, in the order in which everybody takes them.
        if (part.Index.IsOlderThan(this))
            Join([part], () => Writing(AddAndRefresh));
        else
            Writing(() => Join([part], AddAndRefresh));
    }

    private protected void AddMember(FaissIndex member)
    {
        ArgumentNullException.ThrowIfNull(member);
        if (ReferenceEquals(member, this))
            throw new ArgumentException("The index cannot be a part of itself: expected another one.", nameof(member));

        Join(
            new NewPart(member, IndexPart.Shard, CountParts(IndexPart.Shard)),
            () => NativeMethods.faissnet_index_add_member(Handle, member.Handle).ThrowIfFailed());
    }

    private protected double GetOption(string name) => Reading(() =>
    {
        NativeMethods.faissnet_index_get_option(Handle, name, out var value).ThrowIfFailed();
        return value;
    });

    private protected void SetOption(string name, double value) =>
        Writing(() => NativeMethods.faissnet_index_set_option(Handle, name, value).ThrowIfFailed());

    private void Join(ReadOnlySpan<NewPart> parts, Action join)
    {
        if (parts.IsEmpty)
        {
            join();
            return;
        }

        var (part, kind, number) = parts[0];
        var rest = parts[1..].ToArray();
        part.JoinWhole(this, () =>
        {
            Join(rest, join);
            // From here on nothing fails. What there are objects for in the part goes with it.
            foreach (var inside in part._parts)
                inside.BelongTo(this);

            Keep([part, .. part._parts]);
            part._parts.Clear();
            lock (_partsLock)
                _inside.Add((kind, number), part);
        });
    }

    // Its gate would be one that this thread is inside already.
    private static void RequireWhole(NewPart part)
    {
        if (part.Index.Whole is not null)
        {
            throw new ArgumentException(
                $"This {part.Index.GetType().Name} is a part of another index: expected one of its own, such as a clone.");
        }
    }

    private void Keep(ReadOnlySpan<FaissIndex> parts)
    {
        lock (_partsLock)
        {
            _parts.AddRange(parts);
            // A whole that is disposed meanwhile has gone through its list already, or comes to it later.
            if (IsDisposed)
            {
                foreach (var part in parts)
                    part.Handle.Dispose();
            }
        }
    }

    private void DisposeParts()
    {
        lock (_partsLock)
        {
            foreach (var part in _parts)
                part.Handle.Dispose();
        }
    }

    // What changes a part may change those around it.
    private void RefreshAll()
    {
        var whole = Whole as FaissIndex ?? this;
        whole.RefreshOwn();
        (whole.Whole as FaissBinaryIndex)?.RefreshFromInside();
    }

    /// <summary>Reads back what this side keeps of the index and of its parts.</summary>
    internal void RefreshOwn()
    {
        RefreshIfAlive();
        lock (_partsLock)
        {
            foreach (var part in _parts)
                part.RefreshIfAlive();
        }
    }

    /// <summary>Makes this the index over floats in a binary one; nobody else uses that yet.</summary>
    /// <exception cref="ArgumentException">This index is a part of another one already.</exception>
    internal void JoinBits(FaissBinaryIndex whole) => JoinWhole(whole, () =>
    {
        foreach (var part in _parts)
            part.FollowGate(whole);
    });

    /// <summary>Releases what is held here, with the binary index that this is a part of.</summary>
    internal void DisposeWithWhole() => Dispose(disposing: true);

    // The call holds its own index; others may have been disposed meanwhile.
    private void RefreshIfAlive()
    {
        try
        {
            Refresh();
        }
        catch (ObjectDisposedException) when (IsDisposed)
        {
        }
    }

    /// <summary>An index that another one takes in, and as what.</summary>
    internal readonly record struct NewPart(FaissIndex Index, IndexPart Kind, int Number = 0);
}
