using System.Runtime.CompilerServices;
using System.Runtime.ExceptionServices;
using System.Runtime.InteropServices;

namespace FaissNet.Interop;

/// <summary>
/// Lays an <see cref="IdSelector"/> out as native code reads it, for as long as this lives. Nothing is copied: lists and bitmaps lie where
/// the garbage collector moves nothing. Without predicates it allocates nothing on the managed heap.
/// </summary>
internal unsafe ref struct SelectorBridge
{
    private const int MaxDepth = 500;
    private const int MaxParts = 10_000;

    private readonly IdSelector? _selector;
    private readonly NativeSelector* _parts;
    private readonly int _count;
    private int _used;
    private PredicateCalls? _calls;

    /// <summary>Takes <see langword="null"/> for no selector.</summary>
    /// <exception cref="ArgumentException">The selector consists of too many parts.</exception>
    public SelectorBridge(IdSelector? selector)
    {
        _selector = selector;
        if (selector is null)
            return;

        Count(selector, depth: 0, ref _count);
        _parts = (NativeSelector*)NativeMemory.AllocZeroed((nuint)_count, (nuint)sizeof(NativeSelector));
        Fill(selector, Take());
    }

    /// <summary>The selector, or null.</summary>
    public readonly NativeSelector* Root => _parts;

    /// <summary>Throws what a predicate threw: it could not go through native code.</summary>
    public readonly void ThrowIfFailed() => _calls?.ThrowIfFailed();

    public readonly void Dispose()
    {
        _calls?.Dispose();
        NativeMemory.Free(_parts);
        GC.KeepAlive(_selector);
    }

    private static void Count(IdSelector selector, int depth, ref int count)
    {
        if (depth > MaxDepth || ++count > MaxParts)
        {
            throw new ArgumentException(
                $"The selector is joined from more than {MaxParts} parts, or more than {MaxDepth} deep: put the ids into one {nameof(IdSelector.Batch)} " +
                $"or {nameof(IdSelector.Bitmap)}.");
        }

        switch (selector)
        {
            case IdSelectorNot not:
                Count(not.Selector, depth + 1, ref count);
                break;
            case IdSelectorPair pair:
                Count(pair.Left, depth + 1, ref count);
                Count(pair.Right, depth + 1, ref count);
                break;
        }
    }

    private NativeSelector* Take() => _parts + _used++;

    private void Fill(IdSelector selector, NativeSelector* part)
    {
        switch (selector)
        {
            case IdSelectorRange range:
                (part->Kind, part->Min, part->Max) = (NativeSelector.Range, range.Min, range.Max);
                break;
            case IdSelectorBatch batch:
                var ids = batch.Sorted;
                (part->Kind, part->Count) = (NativeSelector.Ids, ids.Length);
                part->IdsPointer = (long*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(ids));
                break;
            case IdSelectorBitmap bitmap:
                (part->Kind, part->Count) = (NativeSelector.Bitmap, bitmap.Bits.Length);
                part->BitsPointer = (byte*)Unsafe.AsPointer(ref MemoryMarshal.GetReference(bitmap.Bits));
                break;
            case IdSelectorAll:
                part->Kind = NativeSelector.All;
                break;
            case IdSelectorNot not:
                part->Kind = NativeSelector.Not;
                part->Left = Take();
                Fill(not.Selector, part->Left);
                break;
            case IdSelectorPair pair:
                part->Kind = pair switch
                {
                    IdSelectorAnd => NativeSelector.And,
                    IdSelectorOr => NativeSelector.Or,
                    _ => NativeSelector.XOr,
                };
                part->Left = Take();
                part->Right = Take();
                Fill(pair.Left, part->Left);
                Fill(pair.Right, part->Right);
                break;
            case IdSelectorPredicate predicate:
                _calls ??= new PredicateCalls();
                part->Kind = NativeSelector.Callback;
                part->Test = &PredicateCalls.Test;
                part->Context = _calls.Add(predicate);
                break;
        }
    }

    /// <summary>The way back from native code to the predicates of one selector.</summary>
    private sealed class PredicateCalls : IDisposable
    {
        private readonly List<GCHandle> _handles = [];
        private ExceptionDispatchInfo? _failure;

        public void* Add(IdSelectorPredicate predicate)
        {
            _handles.Add(GCHandle.Alloc(new PredicateCall(this, predicate)));
            return (void*)GCHandle.ToIntPtr(_handles[^1]);
        }

        public void ThrowIfFailed() => _failure?.Throw();

        public void Dispose()
        {
            foreach (var handle in _handles)
                handle.Free();
        }

        // On FAISS's threads.
        [UnmanagedCallersOnly]
        public static int Test(void* context, long id)
        {
            var (calls, predicate) = (PredicateCall)GCHandle.FromIntPtr((nint)context).Target!;
            try
            {
                return Volatile.Read(ref calls._failure) is null && predicate.Contains(id) ? 1 : 0;
            }
            catch (Exception e)
            {
                Interlocked.CompareExchange(ref calls._failure, ExceptionDispatchInfo.Capture(e), null);
                return 0;
            }
        }

        private sealed record PredicateCall(PredicateCalls Calls, IdSelectorPredicate Predicate);
    }
}
