using System.Runtime.CompilerServices;
using System.Runtime.Intrinsics;
using System.Runtime.Intrinsics.X86;

namespace FaissNet.Managed;

// What is summed, and how numbers come out of a code.
internal static unsafe partial class ScalarDistances
{
    /// <summary>Adds one number's share, on whatever width.</summary>
    private interface ISum
    {
        static abstract float Add(float term, float scale, float number, float sum);

        static abstract Vector128<float> Add(Vector128<float> term, Vector128<float> scale, Vector128<float> number, Vector128<float> sum);

        static abstract Vector256<float> Add(Vector256<float> term, Vector256<float> scale, Vector256<float> number, Vector256<float> sum);

        static abstract Vector512<float> Add(Vector512<float> term, Vector512<float> scale, Vector512<float> number, Vector512<float> sum);
    }

    /// <summary>Numbers of a code as floats, from the i-th on.</summary>
    private interface INumbers
    {
        static abstract float Load(byte* code, int i);

        static abstract Vector128<float> Load128(byte* code, int i);

        static abstract Vector256<float> Load256(byte* code, int i);

        static abstract Vector512<float> Load512(byte* code, int i);
    }

    /// <summary>(t + s·c)²</summary>
    private readonly struct Squares : ISum
    {
        public static float Add(float term, float scale, float number, float sum)
        {
            var difference = term + scale * number;
            return sum + difference * difference;
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Add(Vector128<float> term, Vector128<float> scale, Vector128<float> number, Vector128<float> sum)
        {
            var difference = Vector128.MultiplyAddEstimate(scale, number, term);
            return Vector128.MultiplyAddEstimate(difference, difference, sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Add(Vector256<float> term, Vector256<float> scale, Vector256<float> number, Vector256<float> sum)
        {
            var difference = Vector256.MultiplyAddEstimate(scale, number, term);
            return Vector256.MultiplyAddEstimate(difference, difference, sum);
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Add(Vector512<float> term, Vector512<float> scale, Vector512<float> number, Vector512<float> sum)
        {
            var difference = Vector512.MultiplyAddEstimate(scale, number, term);
            return Vector512.MultiplyAddEstimate(difference, difference, sum);
        }
    }

    /// <summary>s·c</summary>
    private readonly struct Products : ISum
    {
        public static float Add(float term, float scale, float number, float sum) => sum + scale * number;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Add(Vector128<float> term, Vector128<float> scale, Vector128<float> number, Vector128<float> sum) =>
            Vector128.MultiplyAddEstimate(scale, number, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Add(Vector256<float> term, Vector256<float> scale, Vector256<float> number, Vector256<float> sum) =>
            Vector256.MultiplyAddEstimate(scale, number, sum);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Add(Vector512<float> term, Vector512<float> scale, Vector512<float> number, Vector512<float> sum) =>
            Vector512.MultiplyAddEstimate(scale, number, sum);
    }

    private readonly struct ByteNumbers : INumbers
    {
        public static float Load(byte* code, int i) => code[i];

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Load128(byte* code, int i) => Vector128.ConvertToSingle(Integers128(code + i));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load256(byte* code, int i) => Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(code + i));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load512(byte* code, int i) =>
            Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(code + i)));
    }

    private readonly struct LowNibbleNumbers : INumbers
    {
        public static float Load(byte* code, int i) => code[i] & 15;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Load128(byte* code, int i) => Vector128.ConvertToSingle(Integers128(code + i) & Vector128.Create(15));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load256(byte* code, int i) =>
            Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(code + i) & Vector256.Create(15));

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load512(byte* code, int i) =>
            Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(code + i)) & Vector512.Create(15));
    }

    private readonly struct HighNibbleNumbers : INumbers
    {
        public static float Load(byte* code, int i) => code[i] >> 4;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Load128(byte* code, int i) => Vector128.ConvertToSingle(Integers128(code + i) >>> 4);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load256(byte* code, int i) => Vector256.ConvertToSingle(Avx2.ConvertToVector256Int32(code + i) >>> 4);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load512(byte* code, int i) =>
            Vector512.ConvertToSingle(Avx512F.ConvertToVector512Int32(Vector128.Load(code + i)) >>> 4);
    }

    /// <summary>
    /// .NET has no conversion of half-precision vectors: exponent and fraction are put in their place in a float and scaled by 2^112, the
    /// difference of the biases, which is exact for subnormal numbers too; infinity and NaN get the float's largest exponent.
    /// </summary>
    private readonly struct HalfNumbers : INumbers
    {
        private const int Magnitude = 0x7fff;
        private const int Sign = 0x8000;
        private const int LastFinite = 0x0f7fffff;
        private const int Infinity = 0x7f800000;
        private const float Scale = 5.192296858534828e33f;

        public static float Load(byte* code, int i) => (float)BitConverter.UInt16BitsToHalf(((ushort*)code)[i]);

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector128<float> Load128(byte* code, int i)
        {
            var bits = Vector128.WidenLower(Vector128.CreateScalarUnsafe(*(ulong*)(code + 2L * i)).AsUInt16()).AsInt32();
            var magnitude = (bits & Vector128.Create(Magnitude)) << 13;
            var special = Vector128.GreaterThan(magnitude, Vector128.Create(LastFinite)) & Vector128.Create(Infinity);
            var value = magnitude.AsSingle() * Vector128.Create(Scale);
            return (value.AsInt32() | special | ((bits & Vector128.Create(Sign)) << 16)).AsSingle();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector256<float> Load256(byte* code, int i)
        {
            var bits = Avx2.ConvertToVector256Int32((ushort*)code + i);
            var magnitude = (bits & Vector256.Create(Magnitude)) << 13;
            var special = Vector256.GreaterThan(magnitude, Vector256.Create(LastFinite)) & Vector256.Create(Infinity);
            var value = magnitude.AsSingle() * Vector256.Create(Scale);
            return (value.AsInt32() | special | ((bits & Vector256.Create(Sign)) << 16)).AsSingle();
        }

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public static Vector512<float> Load512(byte* code, int i)
        {
            var bits = Avx512F.ConvertToVector512Int32(Vector256.Load((ushort*)code + i));
            var magnitude = (bits & Vector512.Create(Magnitude)) << 13;
            var special = Vector512.GreaterThan(magnitude, Vector512.Create(LastFinite)) & Vector512.Create(Infinity);
            var value = magnitude.AsSingle() * Vector512.Create(Scale);
            return (value.AsInt32() | special | ((bits & Vector512.Create(Sign)) << 16)).AsSingle();
        }
    }

    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static Vector128<int> Integers128(byte* code)
    {
        var bytes = Vector128.CreateScalarUnsafe(*(uint*)code).AsByte();
        return Vector128.WidenLower(Vector128.WidenLower(bytes)).AsInt32();
    }
}
