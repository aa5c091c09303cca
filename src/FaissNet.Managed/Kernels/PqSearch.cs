using System.Numerics;
using System.Runtime.CompilerServices;

namespace FaissNet.Managed;

/// <summary>Codes in transposed blocks of <see cref="PqScan.BlockSize"/>, with what is needed to search them.</summary>
internal unsafe struct PqBlocks
{
    /// <summary>The first block. Blocks lie one after the other, each row by row.</summary>
    public byte* Codes;

    /// <summary>A term per code; null for none.</summary>
    public float* Terms;

    /// <summary>An id per code; null if the first has <see cref="FirstId"/> and the others follow.</summary>
    public long* Ids;

    /// <summary>The id of the first code where there are no <see cref="Ids"/>.</summary>
    public long FirstId;

    /// <summary>The number of codes.</summary>
    public int Size;

    /// <summary>Bytes per code.</summary>
    public int CodeSize;

    /// <summary>Bytes from row to row of the last block, if it is not full.</summary>
    public int TailStride;

    /// <summary>What is added to the distance of each code.</summary>
    public float Common;

    public readonly int FullBlocks => Size / PqScan.BlockSize;

    public readonly int Blocks => (Size + PqScan.BlockSize - 1) / PqScan.BlockSize;

    public readonly byte* Block(int block) => Codes + (long)block * PqScan.BlockSize * CodeSize;

    public readonly nint Stride(int block) => block < FullBlocks ? PqScan.BlockSize : TailStride;

    public readonly int Count(int block) => Math.Min(PqScan.BlockSize, Size - block * PqScan.BlockSize);

    public readonly float* TermsOf(int block) => Terms is null ? null : Terms + (long)block * PqScan.BlockSize;

    public readonly long Id(int index) => Ids is null ? FirstId + index : Ids[index];

    /// <summary>What is added to the sum of a code.</summary>
    public readonly float Base(int index) => Terms is null ? Common : Common + Terms[index];
}

/// <summary>The k nearest codes by a query's table: those that <see cref="PqFilter"/> leaves, or all of them. Both find the same.</summary>
internal unsafe struct PqSearch
{
    // Blocks that are filtered with one threshold: few while it still falls fast.
    private const int FirstBlocksPerStep = 2;
    private const int BlocksPerStep = 8;
    private const int FirstBlocks = 8;

    private readonly PqTable _table;
    private readonly PqFilter.Tables _filter;
    private readonly bool _isFiltered;
    private readonly IdSelector? _selector;
    private readonly float* _heap;
    private readonly long* _labels;
    private readonly int _k;
    private int _blocks;

    /// <param name="table">[codeSize][256] floats.</param>
    /// <param name="codeSize">Bytes per code.</param>
    /// <param name="bytes">Room for <see cref="ScratchBytes"/> bytes, aligned to 64.</param>
    /// <param name="selector">Only these ids count; null for all.</param>
    /// <param name="heap">k distances: a <see cref="NearestHeap"/>.</param>
    /// <param name="labels">Its ids.</param>
    /// <param name="k">Neighbours.</param>
    public PqSearch(float* table, int codeSize, byte* bytes, IdSelector? selector, float* heap, long* labels, int k)
    {
        _table = PqTable.Searched(table, codeSize, (int*)(bytes + PqFilter.TableBytes(codeSize)));
        _isFiltered = PqFilter.Prepare(table, codeSize, bytes, out _filter);
        _selector = selector;
        _heap = heap;
        _labels = labels;
        _k = k;
    }

    /// <summary>Bytes that a search needs.</summary>
    public static long ScratchBytes(int codeSize) => PqFilter.TableBytes(codeSize) + (codeSize / 4 + 1) * sizeof(int);

    /// <summary>Offers codes to the heap.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Scan(in PqBlocks codes)
    {
        if (!_isFiltered)
        {
            for (var block = 0; block < codes.Blocks; block++)
                OfferBlock(codes, block);

            return;
        }

        var masks = stackalloc ulong[BlocksPerStep];
        var tail = stackalloc float[PqScan.BlockSize];
        for (var block = 0; block < codes.Blocks;)
        {
            // Until k were found there is no threshold.
            if (float.IsPositiveInfinity(_heap[0]))
            {
                OfferBlock(codes, block++);
                continue;
            }

            var limit = _filter.Limit(_heap[0], codes.Common);
            var count = Math.Min(_blocks < FirstBlocks ? FirstBlocksPerStep : BlocksPerStep, codes.FullBlocks - block);
            if (count > 0)
            {
                PqFilter.Find(_filter, codes.Block(block), PqScan.BlockSize, count, codes.TermsOf(block), limit, masks);
            }
            else
            {
                // The kernel reads 64 terms; behind the last ones there is nothing.
                var left = codes.Count(block);
                var terms = codes.TermsOf(block);
                if (terms is not null)
                {
                    new ReadOnlySpan<float>(terms, left).CopyTo(new Span<float>(tail, left));
                    terms = tail;
                }

                count = 1;
                PqFilter.Find(_filter, codes.Block(block), codes.Stride(block), 1, terms, limit, masks);
                masks[0] &= (1ul << left) - 1;
            }

            _blocks += count;
            for (var j = 0; j < count; j++, block++)
            {
                if (masks[j] != 0)
                    OfferCodes(codes, block, masks[j]);
            }
        }
    }

    // The codes of a block that the filter left.
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void OfferCodes(in PqBlocks codes, int block, ulong mask)
    {
        var start = codes.Block(block);
        var stride = codes.Stride(block);
        var first = block * PqScan.BlockSize;
        for (; mask != 0; mask &= mask - 1)
        {
            var i = BitOperations.TrailingZeroCount(mask);
            var id = codes.Id(first + i);
            if (_selector is not null && !_selector.Contains(id))
                continue;

            var distance = PqScan.Sum(start + i, stride, codes.CodeSize, _table.Values) + codes.Base(first + i);
            NearestHeap.Offer(_heap, _labels, _k, distance, id);
        }
    }

    // All codes of a block.
    [SkipLocalsInit]
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    private readonly void OfferBlock(in PqBlocks codes, int block)
    {
        var count = codes.Count(block);
        var first = block * PqScan.BlockSize;
        var distances = stackalloc float[PqScan.BlockSize];
        var near = PqScan.Distances(
            _table, codes.Block(block), codes.Stride(block), count, codes.TermsOf(block), codes.Common, _heap[0], distances);
        // Most are too far: their ids are not even read.
        for (; near != 0; near &= near - 1)
        {
            var i = BitOperations.TrailingZeroCount(near);
            var id = codes.Id(first + i);
            if (_selector is null || _selector.Contains(id))
                NearestHeap.Offer(_heap, _labels, _k, distances[i], id);
        }
    }
}
