using System.Runtime.CompilerServices;

namespace FaissNet.Managed;

/// <summary>The components of several vectors that are not zero, and where parts of the components begin among them.</summary>
internal readonly unsafe struct NonzeroRows
{
    private readonly int* _offsets;
    private readonly float* _values;
    private readonly int* _firsts;
    private readonly int _d;
    private readonly int _partSize;

    /// <param name="scratch">Memory that outlives this.</param>
    /// <param name="rows">Vectors, at most.</param>
    /// <param name="d">Components of each.</param>
    /// <param name="partSize">Components per part.</param>
    public NonzeroRows(in Scratch scratch, int rows, int d, int partSize)
    {
        (_d, _partSize, Parts) = (d, partSize, (d + partSize - 1) / partSize);
        _offsets = scratch.Ints((long)rows * d);
        _values = scratch.Floats((long)rows * d);
        _firsts = scratch.Ints((long)rows * (Parts + 1));
    }

    /// <summary>Parts of each vector.</summary>
    public int Parts { get; }

    /// <summary>The numbers of a vector's components that are not zero, each times the step that it was taken with.</summary>
    public int* Offsets(int row) => _offsets + (long)row * _d;

    /// <summary>The components themselves.</summary>
    public float* Values(int row) => _values + (long)row * _d;

    /// <summary>How many of a vector's come before a part; before part <see cref="Parts"/>, all of them.</summary>
    public int First(int row, int part) => _firsts[row * (Parts + 1) + part];

    /// <summary>Takes a vector.</summary>
    /// <param name="x">d floats.</param>
    /// <param name="row">Its number here.</param>
    /// <param name="step">What the components' numbers are multiplied by.</param>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public void Compress(float* x, int row, int step)
    {
        var firsts = _firsts + row * (Parts + 1);
        *firsts = 0;
        for (var part = 0; part < Parts; part++)
        {
            var (first, size) = (part * _partSize, PartSize(part));
            firsts[part + 1] = firsts[part] + size - (int)NonzeroComponents.CountZeros(x + first, size);
        }

        NonzeroComponents.Compress(x, _d, step, Offsets(row), Values(row));
    }

    /// <summary>Takes a vector with its zeros.</summary>
    /// <inheritdoc cref="Compress"/>
    public void TakeAll(float* x, int row, int step)
    {
        for (var part = 0; part <= Parts; part++)
            _firsts[row * (Parts + 1) + part] = Math.Min(_d, part * _partSize);

        for (var j = 0; j < _d; j++)
            (Offsets(row)[j], Values(row)[j]) = (j * step, x[j]);
    }

    private int PartSize(int part) => Math.Min(_partSize, _d - part * _partSize);
}
