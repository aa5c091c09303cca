namespace FaissNet.Managed;

/// <summary>
/// FAISS's random numbers (<c>faiss/utils/random.cpp</c>), so that training from a seed samples, initialises and splits as FAISS does.
/// Underneath is the Mersenne Twister of C++'s <c>std::mt19937</c>: Matsumoto and Nishimura, 1998.
/// </summary>
internal sealed class FaissRandom
{
    private const int Size = 624;
    private const int Shift = 397;

    private readonly uint[] _state = new uint[Size];
    private int _next = Size;

    /// <param name="seed">FAISS passes 64 bits and keeps the lower 32.</param>
    public FaissRandom(long seed)
    {
        _state[0] = (uint)seed;
        for (var i = 1; i < Size; i++)
            _state[i] = 1812433253u * (_state[i - 1] ^ (_state[i - 1] >> 30)) + (uint)i;
    }

    /// <summary>0 up to 2^31 - 1.</summary>
    public int NextInt() => (int)(Next() & 0x7fffffff);

    /// <summary>0 up to, but not including, <paramref name="max"/>. A plain remainder, slightly uneven, as in FAISS.</summary>
    public int NextInt(int max) => (int)(Next() % (uint)max);

    /// <summary>0 up to and including 1.</summary>
    public float NextFloat() => Next() / (float)uint.MaxValue;

    /// <summary>0 up to and including 1.</summary>
    public double NextDouble() => Next() / (double)uint.MaxValue;

    /// <summary>The numbers from 0 to n - 1, shuffled. FAISS's <c>rand_perm</c>.</summary>
    public static int[] Permutation(int n, long seed)
    {
        var random = new FaissRandom(seed);
        var permutation = new int[n];
        for (var i = 0; i < n; i++)
            permutation[i] = i;

        for (var i = 0; i < n - 1; i++)
        {
            var other = i + random.NextInt(n - i);
            (permutation[i], permutation[other]) = (permutation[other], permutation[i]);
        }

        return permutation;
    }

    /// <summary>Normally distributed numbers by Marsaglia's polar method. FAISS's <c>float_randn</c>, which works in blocks so that its
    /// numbers do not depend on the thread count.</summary>
    public static void FillNormal(Span<float> values, long seed)
    {
        var blocks = values.Length < 1024 ? 1 : 1024;
        var seeds = new FaissRandom(seed);
        int first = seeds.NextInt(), step = seeds.NextInt();
        for (var block = 0; block < blocks; block++)
        {
            var random = new FaissRandom(first + (long)block * step);
            var end = (int)((long)(block + 1) * values.Length / blocks);
            for (var i = (int)((long)block * values.Length / blocks); i < end; i++)
            {
                double a, b, s;
                do
                {
                    a = 2.0 * random.NextDouble() - 1;
                    b = 2.0 * random.NextDouble() - 1;
                    s = a * a + b * b;
                }
                while (s >= 1.0);

                var scale = Math.Sqrt(-2.0 * Math.Log(s) / s);
                values[i] = (float)(a * scale);
                if (++i < end)
                    values[i] = (float)(b * scale);
            }
        }
    }

    private uint Next()
    {
        if (_next == Size)
            Twist();

        var y = _state[_next++];
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c5680u;
        y ^= (y << 15) & 0xefc60000u;
        return y ^ (y >> 18);
    }

    private void Twist()
    {
        for (var i = 0; i < Size; i++)
        {
            var y = (_state[i] & 0x80000000u) | (_state[(i + 1) % Size] & 0x7fffffffu);
            _state[i] = _state[(i + Shift) % Size] ^ (y >> 1) ^ ((y & 1) != 0 ? 0x9908b0dfu : 0);
        }

        _next = 0;
    }
}
