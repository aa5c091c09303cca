using System.Numerics;
using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

/// <summary>The components of a vector that are not zero: products with the others add nothing to a sum.</summary>
internal static unsafe class NonzeroComponents
{
    private const int BitsPerWord = 64;

    /// <summary>Lists them in their order.</summary>
    /// <param name="x">d floats.</param>
    /// <param name="d">Components.</param>
    /// <param name="step">What a component's number is multiplied by.</param>
    /// <param name="offsets">Receives the numbers times <paramref name="step"/>; has room for d.</param>
    /// <param name="values">Receives the components; has room for d.</param>
    /// <returns>How many there are. What is not a number is not zero.</returns>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static int Compress(float* x, int d, int step, int* offsets, float* values)
    {
        int count = 0, j = 0;
        if (Vector512.IsHardwareAccelerated && Avx512F.IsSupported)
        {
            var offset = Vector512<int>.Indices * step;
            for (; j <= d - 16; j += 16, offset += Vector512.Create(16 * step))
            {
                var value = Vector512.Load(x + j);
                var isThere = ~Vector512.Equals(value, Vector512<float>.Zero);
                Avx512F.Compress(Vector512<float>.Zero, isThere, value).Store(values + count);
                Avx512F.Compress(Vector512<int>.Zero, isThere.AsInt32(), offset).Store(offsets + count);
                count += BitOperations.PopCount(isThere.ExtractMostSignificantBits());
            }
        }
        else if (Vector256.IsHardwareAccelerated)
        {
            // Many bits in a word: its end is what a processor predicts wrong.
            for (int words; j <= d - 8; j += words * 8)
            {
                words = Math.Min(BitsPerWord, d - j) / 8;
                var bits = 0UL;
                for (var i = 0; i < words; i++)
                    bits |= (ulong)(~Vector256.Equals(Vector256.Load(x + j + 8 * i), Vector256<float>.Zero)).ExtractMostSignificantBits() << 8 * i;

                for (; bits != 0; bits &= bits - 1)
                {
                    var i = j + BitOperations.TrailingZeroCount(bits);
                    offsets[count] = i * step;
                    values[count++] = x[i];
                }
            }
        }

        for (; j < d; j++)
        {
            offsets[count] = j * step;
            values[count] = x[j];
            count += x[j] != 0 ? 1 : 0;
        }

        return count;
    }

    /// <summary>How many components are zero.</summary>
    [MethodImpl(MethodImplOptions.AggressiveOptimization)]
    public static long CountZeros(float* x, long d)
    {
        long zeros = 0, j = 0;
        if (Vector256.IsHardwareAccelerated)
        {
            for (; j <= d - 8; j += 8)
                zeros += BitOperations.PopCount(Vector256.Equals(Vector256.Load(x + j), Vector256<float>.Zero).ExtractMostSignificantBits());
        }

        for (; j < d; j++)
            zeros += x[j] == 0 ? 1 : 0;

        return zeros;
    }
}
