using System.Buffers;
using System.Numerics;
using System.Numerics.Tensors;
using System.Runtime.InteropServices;

namespace FaissNet;

/// <summary>Vectors of numbers of any type, given out as float32: where they lie if they are that, else converted, some rows at a time.</summary>
internal ref struct NumberRows<T>(ReadOnlySpan<T> numbers, int dimension)
    where T : unmanaged, INumberBase<T>
{
    // What is converted at once: a few megabytes, whatever the input.
    private const int MaxFloats = 1 << 20;

    private readonly ReadOnlySpan<T> _numbers = numbers;
    private float[]? _buffer;

    /// <summary>Whether the rows are float32 themselves.</summary>
    public static bool AreFloats => typeof(T) == typeof(float);

    /// <summary>The most rows that <see cref="Slice"/> gives.</summary>
    public readonly int MaxRows => AreFloats ? int.MaxValue : Math.Max(1, MaxFloats / dimension);

    /// <summary>Some rows. They are valid until the next call.</summary>
    public ReadOnlySpan<float> Slice(int first, int count)
    {
        var part = _numbers.Slice(first * dimension, count * dimension);
        if (AreFloats)
            return MemoryMarshal.Cast<T, float>(part);

        if (_buffer is null || _buffer.Length < part.Length)
        {
            Dispose();
            _buffer = ArrayPool<float>.Shared.Rent(part.Length);
        }

        TensorPrimitives.ConvertTruncating<T, float>(part, _buffer);
        return _buffer.AsSpan(0, part.Length);
    }

    /// <summary>Refuses what float32 or distances in it cannot hold.</summary>
    public void RequireFinite(int n, string name)
    {
        for (var first = 0; first < n; first += Math.Min(MaxRows, n - first))
            VectorArguments.RequireFinite(Slice(first, Math.Min(MaxRows, n - first)), dimension, name, first);
    }

    public void Dispose()
    {
        if (_buffer is not null)
            ArrayPool<float>.Shared.Return(_buffer);

        _buffer = null;
    }
}
