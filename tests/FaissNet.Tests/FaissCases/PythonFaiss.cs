using System.Runtime.InteropServices;
using FaissNet.Tests.Parity;
using FaissNet.Tests.Support;

namespace FaissNet.Tests.FaissCases;

/// <summary>What Python's faiss makes of the cases: cases.py runs once, when a test first asks, and its results are kept.</summary>
internal static class PythonFaiss
{
    private static readonly Lazy<IReadOnlyDictionary<string, byte[]>> s_results = new(Run);

    public static byte[] File(string name)
    {
        Assert.SkipWhen(Witness.Skip, "FAISSNET_SKIP_PYTHON is 1");
        return s_results.Value[name];
    }

    public static float[] Floats(string name) => MemoryMarshal.Cast<byte, float>(File(name)).ToArray();

    public static long[] Longs(string name) => MemoryMarshal.Cast<byte, long>(File(name)).ToArray();

    private static Dictionary<string, byte[]> Run()
    {
        using var folder = new TemporaryFolder();
        Write("train", Given.Train);
        Write("base", Given.Base);
        Write("asked", Given.Asked);
        Write("ids", Given.Ids);
        foreach (var (name, subset) in Subsets.All)
            Write($"subset {name}", subset.Ids);

        Witness.RunPython(folder, [new { folder = folder.File(""), d = Given.D, k = Given.K }], Path.Combine("FaissCases", "cases.py"));
        return Directory.GetFiles(folder.File("")).ToDictionary(file => Path.GetFileName(file), System.IO.File.ReadAllBytes);

        void Write<T>(string name, T[] values)
            where T : unmanaged =>
            System.IO.File.WriteAllBytes(folder.File(name), MemoryMarshal.AsBytes<T>(values).ToArray());
    }
}
