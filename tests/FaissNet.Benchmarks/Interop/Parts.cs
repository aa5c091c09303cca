using FaissNet.Interop;

namespace FaissNet.Benchmarks.Interop;

/// <summary>What a call from C# consists of besides FAISS, piece by piece.</summary>
internal static class Parts
{
    private const int Calls = 1_000_000;

    public static IReadOnlyList<PartResult> Measure(int rounds)
    {
        var gate = new ReaderWriterGate();
        var small = new float[32];
        var large = new float[784];
        using var index = new IndexFlatL2(32);
        var handle = index.Handle;
        var version = 0;
        (string Name, Action Run)[] parts =
        [
            ("an empty loop", () =>
            {
                for (var i = 0; i < Calls; i++)
                    Volatile.Read(ref version);
            }),
            ("the gate, in and out", () =>
            {
                for (var i = 0; i < Calls; i++)
                {
                    gate.EnterRead();
                    gate.ExitRead();
                }
            }),
            ("finite check, 32 floats", () =>
            {
                for (var i = 0; i < Calls; i++)
                    VectorArguments.RequireFinite(small, 32, nameof(small));
            }),
            ("finite check, 784 floats", () =>
            {
                for (var i = 0; i < Calls; i++)
                    VectorArguments.RequireFinite(large, 784, nameof(large));
            }),
            ("a native call", () =>
            {
                for (var i = 0; i < Calls; i++)
                    NativeMethods.faissnet_abi_version(out version).ThrowIfFailed();
            }),
            ("a native call with a handle", () =>
            {
                for (var i = 0; i < Calls; i++)
                    NativeMethods.faissnet_index_ntotal(handle, out _).ThrowIfFailed();
            }),
        ];

        foreach (var part in parts)
            WarmUp.Until(part.Run);

        var samples = parts.Select(_ => new List<double>()).ToArray();
        for (var round = 0; round < rounds; round++)
        {
            for (var p = 0; p < parts.Length; p++)
            {
                var start = Processors.ThreadSeconds();
                parts[p].Run();
                samples[p].Add((Processors.ThreadSeconds() - start) * 1e9 / Calls);
            }
        }

        return [.. parts.Zip(samples, (part, taken) => new PartResult(part.Name, Spread.Of(taken).Median))];
    }
}
